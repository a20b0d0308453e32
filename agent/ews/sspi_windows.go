package ews

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"syscall"

	"github.com/alexbrainman/sspi"
	windows "github.com/alexbrainman/sspi/kerberos"

	"abgleich/agent/ews/kerberos"
	"abgleich/agent/ews/ntlm"
	"abgleich/agent/fault"
)

// SSPI logs in with Kerberos through Windows: with name and password, or as the
// account the process runs as when the password is empty. It compiles and is
// vetted, but was never run in a real domain.
func SSPI(login, password string) Login { return &sspiLogin{login, password} }

type sspiLogin struct{ login, password string }

// Format hides the secret in every format.
func (l *sspiLogin) Format(w fmt.State, _ rune) { io.WriteString(w, l.login+" •••") }

func (*sspiLogin) Scheme() string { return "Negotiate" }
func (*sspiLogin) Method() string { return "kerberos" }

func (l *sspiLogin) Begin(_ context.Context, b Binding) (Handshake, error) {
	var cred *sspi.Credentials
	var err error
	if l.password == "" {
		cred, err = windows.AcquireCurrentUserCredentials()
	} else {
		domain, user := ntlm.SplitLogin(l.login)
		cred, err = windows.AcquireUserCredentials(domain, user, l.password)
	}
	if err != nil {
		return nil, sspiError(err)
	}
	h := &sspiHandshake{cred: cred, binding: b}
	// A handshake lives as long as its connection, and nothing tells it the end.
	runtime.AddCleanup(h, func(c *sspi.Credentials) { c.Release() }, cred)
	return h, nil
}

type sspiHandshake struct {
	cred    *sspi.Credentials
	binding Binding
	context *windows.ClientContext
}

func (h *sspiHandshake) Next(context.Context, Offer) (string, bool, error) {
	c, _, token, err := windows.NewClientContextWithChannelBindings(h.cred, "HTTP/"+h.binding.Host,
		sspi.ISC_REQ_CONNECTION|sspi.ISC_REQ_MUTUAL_AUTH, channelBindings(h.binding))
	if err != nil {
		return "", false, sspiError(err)
	}
	h.context = c
	runtime.AddCleanup(h, func(c *windows.ClientContext) { c.Release() }, c)
	msg, err := kerberos.WrapInit(token)
	if err != nil {
		return "", false, err
	}
	return "Negotiate " + base64.StdEncoding.EncodeToString(msg), true, nil
}

// channelBindings is SEC_CHANNEL_BINDINGS (sspi.h): four pairs of words, the last
// of them length and offset of the application data behind.
func channelBindings(b Binding) []byte {
	if b.Certificate == nil {
		return nil
	}
	data := ntlm.EndPoint(b.Certificate)
	out := make([]byte, 32, 32+len(data))
	binary.LittleEndian.PutUint32(out[24:], uint32(len(data)))
	binary.LittleEndian.PutUint32(out[28:], 32)
	return append(out, data...)
}

func (h *sspiHandshake) Refused(context.Context, Offer) (bool, error) {
	return false, PassOver(&Error{Code: fault.KerberosRefused, Op: "Login", Status: http.StatusUnauthorized})
}

func (h *sspiHandshake) Accepted(o Offer) error {
	if o.Token == "" && h.binding.Certificate != nil {
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(o.Token)
	if err == nil {
		var a kerberos.Answer
		if a, err = kerberos.ParseAnswer(raw); err == nil {
			_, _, err = h.context.Update(a.Token)
		}
	}
	if err != nil {
		return &Error{Code: fault.ServerUnproven, Op: "Login", Err: err}
	}
	return nil
}

func (*sspiHandshake) Header(context.Context) (string, error) { return "", nil }

// Status codes of winerror.h that tell causes apart. Windows calls an unknown name
// and a wrong password the same, and keeps locked and expired accounts behind it.
const (
	secLogonDenied    = 0x8009030C
	secTargetUnknown  = 0x80090303
	secNoAuthority    = 0x80090311
	secTimeSkew       = 0x80090324
	secNoCredentials  = 0x8009030E
	secAccountLocked  = 0xC0000234
	secPasswordExpire = 0xC0000071
)

func sspiError(err error) error {
	e := &Error{Code: fault.KerberosFailed, Op: "Login", Err: err}
	n, _ := errors.AsType[syscall.Errno](err)
	switch uint32(n) {
	case secLogonDenied:
		e.Code = fault.LoginRejected
		return e
	case secAccountLocked:
		e.Code = fault.AccountLocked
		return e
	case secPasswordExpire:
		e.Code = fault.PasswordExpired
		return e
	case secTargetUnknown:
		e.Code = fault.KerberosServiceUnknown
	case secNoAuthority:
		e.Code = fault.KerberosUnreachable
	case secTimeSkew:
		e.Code = fault.ClocksDisagree
	case secNoCredentials:
		e.Code = fault.KerberosRealmUnknown
	}
	return PassOver(e)
}
