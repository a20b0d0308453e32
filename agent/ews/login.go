package ews

import (
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"time"

	"abgleich/agent/ews/ntlm"
	"abgleich/agent/fault"
)

// Login is one way to log in with one credential. NTLM and Basic are here;
// Kerberos and OAuth fit behind the same two methods.
type Login interface {
	// Scheme is the word in WWW-Authenticate, "NTLM".
	Scheme() string
	// Begin starts a login bound to a connection.
	Begin(Binding) (Handshake, error)
}

// Handshake is one login under way.
type Handshake interface {
	// Next gives the Authorization header for the server's last challenge ("" at
	// first). final tells that the server's next answer decides; until then
	// requests go without a body.
	Next(challenge string) (authorization string, final bool, err error)
	// PerRequest tells that the header goes with every request. Otherwise the
	// connection is logged in, and later requests on it go without.
	PerRequest() bool
}

// Binding is what a login may be bound to.
type Binding struct {
	// Host is the server's name without port.
	Host string
	// Certificate is the server's; nil without TLS.
	Certificate *x509.Certificate
	Now         time.Time
}

// NTLM logs in with DOMAIN\user, user@domain or a plain user. Only the NT hash
// of the password is kept.
func NTLM(login, password string) Login {
	return ntlmLogin{ntlm.NewCredential(login, password)}
}

type ntlmLogin struct{ cred ntlm.Credential }

func (ntlmLogin) Scheme() string { return "NTLM" }

func (l ntlmLogin) Begin(b Binding) (Handshake, error) {
	return &ntlmHandshake{login: l, binding: b}, nil
}

type ntlmHandshake struct {
	login     ntlmLogin
	binding   Binding
	negotiate []byte
}

func (*ntlmHandshake) PerRequest() bool { return false }

func (h *ntlmHandshake) Next(challenge string) (string, bool, error) {
	if h.negotiate == nil {
		h.negotiate = ntlm.Negotiate()
		return "NTLM " + base64.StdEncoding.EncodeToString(h.negotiate), false, nil
	}
	raw, err := base64.StdEncoding.DecodeString(challenge)
	if err != nil {
		return "", false, ntlm.ErrChallenge
	}
	c, err := ntlm.ParseChallenge(raw)
	if err != nil {
		return "", false, err
	}
	s := ntlm.Session{Now: h.binding.Now, TargetName: "HTTP/" + h.binding.Host}
	if h.binding.Certificate != nil {
		s.ChannelBindings = ntlm.ChannelBindings(h.binding.Certificate)
	}
	msg, err := ntlm.Authenticate(h.login.cred, h.negotiate, c, s)
	if err != nil {
		return "", false, err
	}
	return "NTLM " + base64.StdEncoding.EncodeToString(msg), true, nil
}

// Basic logs in with name and password in clear, and so only over TLS.
func Basic(login, password string) Login {
	return &basicLogin{header: basicHeader(login, password)}
}

// BasicOverPlainHTTP is Basic without its safety catch: for tests on loopback.
func BasicOverPlainHTTP(login, password string) Login {
	return &basicLogin{header: basicHeader(login, password), plain: true}
}

func basicHeader(login, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(login+":"+password))
}

type basicLogin struct {
	header string
	plain  bool
}

func (*basicLogin) Scheme() string   { return "Basic" }
func (*basicLogin) PerRequest() bool { return true }

// Format hides the secret in every format.
func (*basicLogin) Format(w fmt.State, _ rune) { io.WriteString(w, "Basic •••") }

func (l *basicLogin) Begin(b Binding) (Handshake, error) {
	if b.Certificate == nil && !l.plain {
		return nil, &Error{Code: fault.PlainTextLoginRefused, Op: "Login",
			Message: "the server wants the password in clear over an unencrypted connection"}
	}
	return l, nil
}

func (l *basicLogin) Next(string) (string, bool, error) { return l.header, true, nil }

// challenges reads WWW-Authenticate headers: scheme in lower case -> token. A
// header may list several schemes; tokens of those used here hold no comma.
func challenges(headers []string) map[string]string {
	out := make(map[string]string, 4)
	for _, h := range headers {
		for part := range strings.SplitSeq(h, ",") {
			scheme, token, _ := strings.Cut(strings.TrimSpace(part), " ")
			if scheme == "" || strings.Contains(scheme, "=") {
				continue // a parameter of the scheme before
			}
			scheme = strings.ToLower(scheme)
			if token = strings.TrimSpace(token); out[scheme] == "" {
				out[scheme] = token
			}
		}
	}
	return out
}
