package exchangesim

import (
	"crypto/rand"
	"net/http"
	"sync"
	"time"
)

// bearerOffer is how Exchange with modern authentication offers Bearer.
const bearerOffer = `Bearer client_id="00000002-0000-0ff1-ce00-000000000000", trusted_issuers="00000001-0000-0000-c000-000000000000@*"`

// tokens are those given out. The zero value is usable.
type tokens struct {
	mu  sync.Mutex
	out map[string]issued
}

type issued struct {
	user string
	end  time.Time
}

// IssueToken gives out an access token for a user that is good for a while, as an
// identity provider does.
func (s *Server) IssueToken(name string, lasts time.Duration) string {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	if s.tokens.out == nil {
		s.tokens.out = map[string]issued{}
	}
	t := rand.Text()
	s.tokens.out[t] = issued{lowerASCII(name), s.opt.Now().Add(lasts)}
	return t
}

// RevokeTokens ends all tokens given out so far.
func (s *Server) RevokeTokens() {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	clear(s.tokens.out)
}

func (s *Server) bearerOffered(r *http.Request) bool {
	return s.opt.Tokens && (r.TLS != nil || s.opt.BasicWithoutTLS)
}

func (s *Server) loginToken(value string) *account {
	s.tokens.mu.Lock()
	t, ok := s.tokens.out[value]
	s.tokens.mu.Unlock()
	if !ok || !s.opt.Now().Before(t.end) {
		s.loginFailed(nil, "(token)")
		return nil
	}
	a := s.byName[t.user]
	if a == nil || a.isLocked() {
		s.loginFailed(a, t.user)
		return nil
	}
	s.loginOK(a)
	return a
}

// tokenRefused is RFC 6750 3.1.
func (s *Server) tokenRefused(w http.ResponseWriter, _ *http.Request) {
	w.Header().Add("WWW-Authenticate", bearerOffer+`, error="invalid_token", error_description="the token is over, or never was one"`)
	w.WriteHeader(http.StatusUnauthorized)
}
