package ews

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"time"

	"abgleich/agent/ews/kerberos"
	"abgleich/agent/ews/ntlm"
	"abgleich/agent/fault"
)

// Login is one way to log in with one credential.
type Login interface {
	// Scheme is the word in WWW-Authenticate, "NTLM".
	Scheme() string
	// Method is the way's name for people and logs: "kerberos", "ntlm", "basic",
	// "bearer".
	Method() string
	// Begin starts a login bound to a connection.
	Begin(context.Context, Binding) (Handshake, error)
}

// Handshake is one login under way, on one connection.
type Handshake interface {
	// Next gives the Authorization header for the server's last offer (an empty one
	// at first). final tells that the server's next answer decides; until then
	// requests go without a body. Errors are an *Error, or [PassOver] of one.
	Next(context.Context, Offer) (authorization string, final bool, err error)
	// Refused reads a 401 that offers the scheme again after a final message. again
	// tells that Next has something else to say; an error says what is wrong.
	// Neither is a refused secret.
	Refused(context.Context, Offer) (again bool, err error)
	// Accepted reads what came with the answer to the final message, and fails if
	// the server is not who it should be.
	Accepted(Offer) error
	// Header gives the Authorization header of every later request on the
	// connection; "" where the connection itself is logged in.
	Header(context.Context) (string, error)
}

// PassOver makes an error say that this way to log in can't be used here and now,
// which tells nothing of the secret: the next way is tried.
func PassOver(e *Error) error { return &passedOver{e} }

type passedOver struct{ why *Error }

func (p *passedOver) Error() string { return p.why.Error() }
func (p *passedOver) Unwrap() error { return p.why }

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
	return ntlmLogin{"NTLM", ntlm.NewCredential(login, password)}
}

// NTLMInNegotiate is NTLM for servers that offer Negotiate alone. The messages go
// bare, as Windows itself sends them where it has no ticket.
func NTLMInNegotiate(login, password string) Login {
	return ntlmLogin{"Negotiate", ntlm.NewCredential(login, password)}
}

type ntlmLogin struct {
	scheme string
	cred   ntlm.Credential
}

func (l ntlmLogin) Scheme() string { return l.scheme }
func (ntlmLogin) Method() string   { return "ntlm" }

func (l ntlmLogin) Begin(_ context.Context, b Binding) (Handshake, error) {
	return &ntlmHandshake{login: l, binding: b}, nil
}

type ntlmHandshake struct {
	login     ntlmLogin
	binding   Binding
	negotiate []byte
}

func (h *ntlmHandshake) Next(_ context.Context, o Offer) (string, bool, error) {
	if h.negotiate == nil {
		h.negotiate = ntlm.Negotiate()
		return h.header(h.negotiate), false, nil
	}
	raw, err := base64.StdEncoding.DecodeString(o.Token)
	if err != nil {
		return "", false, h.unreadable(ntlm.ErrChallenge)
	}
	if h.login.scheme == "Negotiate" {
		// Some servers answer a bare message inside a NegTokenResp.
		if a, err := kerberos.ParseAnswer(raw); err == nil && len(a.Token) > 0 {
			raw = a.Token
		}
	}
	c, err := ntlm.ParseChallenge(raw)
	if err != nil {
		return "", false, h.unreadable(err)
	}
	s := ntlm.Session{Now: h.binding.Now, TargetName: "HTTP/" + h.binding.Host}
	if h.binding.Certificate != nil {
		s.ChannelBindings = ntlm.ChannelBindings(h.binding.Certificate)
	}
	msg, err := ntlm.Authenticate(h.login.cred, h.negotiate, c, s)
	if err != nil {
		return "", false, h.unreadable(err)
	}
	return h.header(msg), true, nil
}

func (h *ntlmHandshake) header(msg []byte) string {
	return h.login.scheme + " " + base64.StdEncoding.EncodeToString(msg)
}

func (h *ntlmHandshake) unreadable(err error) error {
	return &Error{Code: fault.NotSOAP, Op: "Login", Err: err}
}

// Refused: a new challenge is no verdict. Something between us and the server
// spread the login over two connections.
func (h *ntlmHandshake) Refused(_ context.Context, o Offer) (bool, error) {
	raw, err := base64.StdEncoding.DecodeString(o.Token)
	if err != nil || !bytes.HasPrefix(raw, []byte("NTLMSSP\x00")) {
		return false, nil
	}
	return false, &Error{Code: fault.ServerFailed, Op: "Login", Status: http.StatusUnauthorized,
		Message: "the server begins the NTLM login anew instead of judging it; a proxy may spread it over several connections"}
}

func (*ntlmHandshake) Accepted(Offer) error                   { return nil }
func (*ntlmHandshake) Header(context.Context) (string, error) { return "", nil }

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

func (*basicLogin) Scheme() string { return "Basic" }
func (*basicLogin) Method() string { return "basic" }

// Format hides the secret in every format.
func (*basicLogin) Format(w fmt.State, _ rune) { io.WriteString(w, "Basic •••") }

func (l *basicLogin) Begin(_ context.Context, b Binding) (Handshake, error) {
	if b.Certificate == nil && !l.plain {
		return nil, &Error{Code: fault.PlainTextLoginRefused, Op: "Login",
			Message: "the server wants the password in clear over an unencrypted connection"}
	}
	return l, nil
}

func (l *basicLogin) Next(context.Context, Offer) (string, bool, error) {
	return l.header, true, nil
}

func (*basicLogin) Refused(context.Context, Offer) (bool, error) { return false, nil }
func (*basicLogin) Accepted(Offer) error                         { return nil }
func (l *basicLogin) Header(context.Context) (string, error)     { return l.header, nil }
