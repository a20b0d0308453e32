package ews

import (
	"context"
	"encoding/base64"
	"errors"

	"abgleich/agent/ews/kerberos"
	"abgleich/agent/ews/ntlm"
	"abgleich/agent/fault"
)

// Kerberos logs in with a ticket of the credential, inside Negotiate. It is passed
// over where no ticket can be had or the server takes none, but not where the KDC
// judged name and password: then NTLM would only count as a second failure.
func Kerberos(c *kerberos.Credential) Login { return &kerberosLogin{c} }

type kerberosLogin struct{ cred *kerberos.Credential }

func (*kerberosLogin) Scheme() string { return "Negotiate" }
func (*kerberosLogin) Method() string { return "kerberos" }

func (l *kerberosLogin) Begin(_ context.Context, b Binding) (Handshake, error) {
	return &kerberosHandshake{login: l, binding: b}, nil
}

type kerberosHandshake struct {
	login   *kerberosLogin
	binding Binding
	proof   *kerberos.Proof
	fresh   bool // the ticket was got for this login
}

func (h *kerberosHandshake) service() string { return "HTTP/" + h.binding.Host }

func (h *kerberosHandshake) Next(ctx context.Context, _ Offer) (string, bool, error) {
	var bindings []byte
	if h.binding.Certificate != nil {
		// The same hash as NTLM's: RFC 4121 4.1.1.2 and MS-NLMP agree.
		bindings = ntlm.ChannelBindings(h.binding.Certificate)
	}
	token, proof, err := h.login.cred.Token(ctx, h.service(), bindings)
	if err != nil {
		return "", false, kerberosError(err)
	}
	h.proof = proof
	return "Negotiate " + base64.StdEncoding.EncodeToString(token), true, nil
}

// Refused: the ticket was not taken. The server may have a new key, so a new
// ticket is tried once; the password itself is good, since the KDC took it.
func (h *kerberosHandshake) Refused(ctx context.Context, o Offer) (bool, error) {
	e := &Error{Code: fault.KerberosRefused, Op: "Login", Status: 401,
		Message: "the mail server does not take the ticket of " + h.login.cred.Principal() + " for " + h.service()}
	if raw, err := base64.StdEncoding.DecodeString(o.Token); err == nil {
		if said := h.proof.Refusal(raw); said != nil {
			e.Code, e.Err = said.Code, said
		}
	}
	h.login.cred.Forget(ctx, h.service())
	if !h.fresh && e.Code == fault.KerberosRefused {
		h.fresh = true
		return true, nil
	}
	return false, PassOver(e)
}

// Accepted checks the server's proof. Over TLS the certificate says who the server
// is, and one that sends no proof (a proxy took it away) is believed.
func (h *kerberosHandshake) Accepted(o Offer) error {
	if o.Token == "" && h.binding.Certificate != nil {
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(o.Token)
	if err == nil {
		err = h.proof.Check(raw)
	}
	if err != nil {
		return &Error{Code: fault.ServerUnproven, Op: "Login", Err: err}
	}
	return nil
}

func (*kerberosHandshake) Header(context.Context) (string, error) { return "", nil }

// kerberosError decides whether another way may be tried.
func kerberosError(err error) error {
	k, ok := errors.AsType[*kerberos.Error](err)
	if !ok {
		return err
	}
	e := &Error{Code: k.Code, Op: "Login", Err: k}
	if k.Verdict() {
		return e
	}
	return PassOver(e)
}

// Unusable is a way to log in that is known beforehand not to work: it is passed
// over with the reason, which is told where no other way is left.
func Unusable(method string, why *Error) Login { return unusable{method, why} }

type unusable struct {
	method string
	why    *Error
}

func (unusable) Scheme() string   { return "Negotiate" }
func (u unusable) Method() string { return u.method }

func (u unusable) Begin(context.Context, Binding) (Handshake, error) { return nil, PassOver(u.why) }
