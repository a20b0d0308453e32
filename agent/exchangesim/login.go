package exchangesim

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net"
	"net/http"
	"strings"
	"sync"

	"abgleich/agent/exchangesim/ntlmserver"
)

// connection is what NTLM ties to a TCP connection: the login under way, and the
// account it ended in.
type connection struct {
	mu        sync.Mutex
	handshake *ntlmserver.Handshake
	user      *account
	broken    bool // the next reply on it is, see Grommunio
}

type connKey struct{}

// ConnContext ties logins to their connection; give it to http.Server.ConnContext
// where Handler runs outside Serve.
func (s *Server) ConnContext(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, &connection{})
}

// login answers the account of a request, or writes 401 and answers nil.
func (s *Server) login(w http.ResponseWriter, r *http.Request) *account {
	conn, _ := r.Context().Value(connKey{}).(*connection)
	header := r.Header.Get("Authorization")
	scheme, value, _ := strings.Cut(header, " ")
	switch {
	case header == "":
		if conn != nil {
			conn.mu.Lock()
			defer conn.mu.Unlock()
			if conn.user != nil {
				return conn.user
			}
		}
	case strings.EqualFold(scheme, "Basic") && s.basicOffered(r):
		if a := s.loginBasic(strings.TrimSpace(value)); a != nil {
			return a
		}
	case strings.EqualFold(scheme, "Bearer") && s.bearerOffered(r):
		if a := s.loginToken(strings.TrimSpace(value)); a != nil {
			return a
		}
		s.tokenRefused(w, r)
		return nil
	case strings.EqualFold(scheme, "Negotiate") && s.tickets != nil && conn != nil && !isNTLM(value):
		return s.loginKerberos(w, r, conn, strings.TrimSpace(value))
	case (strings.EqualFold(scheme, "NTLM") && !s.opt.NegotiateOnly || strings.EqualFold(scheme, "Negotiate")) && !s.opt.NoNTLM && conn != nil:
		return s.loginNTLM(w, r, conn, scheme, strings.TrimSpace(value))
	}
	s.unauthorized(w, r, "", "")
	return nil
}

func (s *Server) basicOffered(r *http.Request) bool {
	return r.TLS != nil || s.opt.BasicWithoutTLS
}

func (s *Server) loginBasic(value string) *account {
	raw, err := base64.StdEncoding.DecodeString(value)
	name, pass, ok := strings.Cut(string(raw), ":")
	if err != nil || !ok {
		return nil
	}
	a := s.account(name, "")
	if a == nil {
		s.loginFailed(nil, name)
		return nil
	}
	given, want := sha256.Sum256([]byte(pass)), sha256.Sum256([]byte(a.password()))
	if subtle.ConstantTimeCompare(given[:], want[:]) != 1 || a.isLocked() {
		s.loginFailed(a, name)
		return nil
	}
	s.loginOK(a)
	return a
}

func (s *Server) loginNTLM(w http.ResponseWriter, r *http.Request, conn *connection, scheme, value string) *account {
	msg, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		s.unauthorized(w, r, "", "")
		return nil
	}
	conn.mu.Lock()
	defer conn.mu.Unlock()
	conn.user = nil
	if ntlmserver.MessageType(msg) == 1 {
		h, challenge, err := ntlmserver.Start(s.ntlmHost(r), msg)
		if err != nil {
			s.unauthorized(w, r, "", "")
			return nil
		}
		conn.handshake = h
		s.unauthorized(w, r, scheme, base64.StdEncoding.EncodeToString(challenge))
		return nil
	}
	h := conn.handshake
	conn.handshake = nil
	if h == nil || ntlmserver.MessageType(msg) != 3 {
		s.unauthorized(w, r, "", "")
		return nil
	}
	var a *account
	name, _, err := h.Finish(msg, func(user, domain string) (string, bool) {
		if a = s.account(user, domain); a == nil {
			return "", false
		}
		return a.password(), true
	})
	if err != nil || a.isLocked() {
		s.loginFailed(a, name)
		s.unauthorized(w, r, "", "")
		return nil
	}
	conn.user = a
	s.loginOK(a)
	return a
}

func (s *Server) ntlmHost(r *http.Request) ntlmserver.Host {
	h := ntlmserver.Host{
		Domain: strings.ToUpper(s.opt.Domain), Computer: "EXCHSIM",
		DNSDomain: lowerASCII(s.opt.Domain) + ".test", DNSComputer: "exchsim." + lowerASCII(s.opt.Domain) + ".test",
		Now: s.opt.Now,
	}
	if r.TLS != nil && s.opt.ExtendedProtection != ProtectionOff {
		h.Binding = s.binding
		h.BindingRequired = s.opt.ExtendedProtection == ProtectionRequired
	}
	return h
}

// unauthorized answers 401 with all logins on offer, or with an NTLM challenge.
func (s *Server) unauthorized(w http.ResponseWriter, r *http.Request, scheme, challenge string) {
	h := w.Header()
	switch {
	case challenge != "":
		h.Add("WWW-Authenticate", scheme+" "+challenge)
	default:
		if !s.opt.NoNTLM || s.tickets != nil {
			h.Add("WWW-Authenticate", "Negotiate")
		}
		if !s.opt.NoNTLM && !s.opt.NegotiateOnly {
			h.Add("WWW-Authenticate", "NTLM")
		}
		if s.bearerOffered(r) {
			h.Add("WWW-Authenticate", bearerOffer)
		}
		if s.basicOffered(r) {
			h.Add("WWW-Authenticate", `Basic realm="`+r.Host+`"`)
		}
	}
	h.Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = w.Write([]byte("<html><head><title>401 - Unauthorized</title></head><body><h1>401 - Unauthorized: Access is denied due to invalid credentials.</h1></body></html>"))
}
