package ews

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"syscall"

	"abgleich/agent/ews/kerberos"
	"abgleich/agent/fault"
)

// SSPI logs in with Kerberos through Windows: with name and password, or as the
// account the process runs as when the password is empty. scripts/wine-tests runs
// it against a real KDC, but never did it run in a real Windows domain
// (docs/real-windows.md).
func SSPI(login, password string) Login { return &sspiLogin{login, password} }

type sspiLogin struct{ login, password string }

// Format hides the secret in every format.
func (l *sspiLogin) Format(w fmt.State, _ rune) { io.WriteString(w, l.login+" •••") }

func (*sspiLogin) Scheme() string { return "Negotiate" }
func (*sspiLogin) Method() string { return "kerberos" }

// who is whose login it is, for people.
func (l *sspiLogin) who() string {
	if l.password == "" {
		return "the account the service runs as"
	}
	return l.login
}

func (l *sspiLogin) Begin(_ context.Context, b Binding) (Handshake, error) {
	return &sspiHandshake{login: l, binding: b}, nil
}

type sspiHandshake struct {
	login   *sspiLogin
	binding Binding
	context *securityContext // nil before Next and after the server's verdict
	dropped runtime.Cleanup
}

func (h *sspiHandshake) Next(ctx context.Context, _ Offer) (string, bool, error) {
	c, token, err := h.login.ask(ctx, h.binding)
	if err != nil {
		return "", false, err
	}
	h.context = c
	// A connection that breaks before the verdict takes the handshake with it, and
	// tells nobody.
	h.dropped = runtime.AddCleanup(h, (*securityContext).release, c)
	defer runtime.KeepAlive(h)
	msg, err := kerberos.WrapInit(token)
	if err != nil {
		return "", false, err
	}
	return "Negotiate " + base64.StdEncoding.EncodeToString(msg), true, nil
}

// ask gets a ticket for the server and the token that shows it. Windows can't be
// interrupted while it looks for a domain controller: who may wait no longer leaves
// it alone, and what it still brings is thrown away.
func (l *sspiLogin) ask(ctx context.Context, b Binding) (*securityContext, []byte, error) {
	type answer struct {
		context *securityContext
		token   []byte
		err     error
	}
	answers := make(chan answer)
	go func() {
		c, err := newSecurityContext(l.login, l.password, b)
		var token []byte
		if err == nil {
			if token, _, err = c.step(nil); err != nil {
				c.release()
				c = nil
			}
		}
		select {
		case answers <- answer{c, token, err}:
		case <-ctx.Done():
			if c != nil {
				c.release()
			}
		}
	}()
	select {
	case a := <-answers:
		if a.err != nil {
			return nil, nil, l.sspiError(a.err)
		}
		return a.context, a.token, nil
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
}

// release ends the context, which no later request needs: the connection itself is
// logged in.
func (h *sspiHandshake) release() {
	h.dropped.Stop()
	h.context.release()
	h.context = nil
}

// Refused: the ticket was not taken. Windows renews it by itself when it is over; one
// made for an old key of the server stays until `klist purge`.
func (h *sspiHandshake) Refused(_ context.Context, o Offer) (bool, error) {
	h.release()
	e := &Error{Code: fault.KerberosRefused, Op: "Login", Status: http.StatusUnauthorized,
		Message: "the mail server does not take the ticket of " + h.login.who() + " for HTTP/" + h.binding.Host}
	if raw, err := base64.StdEncoding.DecodeString(o.Token); err == nil {
		if said := kerberos.Refusal(h.login.who(), raw, h.binding.Now); said != nil {
			e.Code, e.Err = said.Code, said
		}
	}
	return false, PassOver(e)
}

// Accepted checks the server's proof, where it is needed as with [Kerberos].
func (h *sspiHandshake) Accepted(o Offer) error {
	defer h.release()
	if o.Token == "" && h.binding.Certificate != nil {
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(o.Token)
	if err == nil {
		var a kerberos.Answer
		if a, err = kerberos.ParseAnswer(raw); err == nil {
			err = h.context.prove(a.Token)
		}
	}
	if err != nil {
		return &Error{Code: fault.ServerUnproven, Op: "Login", Err: err}
	}
	return nil
}

func (*sspiHandshake) Header(context.Context) (string, error) { return "", nil }

// sspiError gives Windows' error its code, and decides whether another way may be
// tried: not where name and password were judged.
func (l *sspiLogin) sspiError(err error) error {
	n, _ := errors.AsType[syscall.Errno](err)
	status := uint32(n) // the upper half is what a register happened to hold
	code := sspiCode(status)
	if code == fault.KerberosNoTicket && l.password != "" {
		code = fault.KerberosRealmUnknown // nobody to ask for one
	}
	e := &Error{Code: code, Op: "Login", Message: "no ticket for " + l.who(), Err: fmt.Errorf("%w (%#x)", err, status)}
	if final(code) {
		return e
	}
	return PassOver(e)
}

// sspiCode knows the numbers of winerror.h and ntstatus.h that tell causes apart.
// Windows calls an unknown name and a wrong password the same, and often a locked
// account too.
func sspiCode(status uint32) fault.Code {
	switch status {
	case 0x8009030C: // SEC_E_LOGON_DENIED
		return fault.LoginRejected
	case 0xC0000234: // STATUS_ACCOUNT_LOCKED_OUT
		return fault.AccountLocked
	case 0xC0000071: // STATUS_PASSWORD_EXPIRED
		return fault.PasswordExpired
	case 0x80090303: // SEC_E_TARGET_UNKNOWN
		return fault.KerberosServiceUnknown
	case 0x80090311: // SEC_E_NO_AUTHENTICATING_AUTHORITY
		return fault.KerberosUnreachable
	case 0x80090324: // SEC_E_TIME_SKEW
		return fault.ClocksDisagree
	case 0x8009030E, 0x80090317: // SEC_E_NO_CREDENTIALS, SEC_E_CONTEXT_EXPIRED: none, or it is over
		return fault.KerberosNoTicket
	}
	return fault.KerberosFailed
}
