package ews

import (
	"errors"
	"net/http"
	"strings"

	"abgleich/agent/fault"
)

func (c *Client) refusedLogin() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refusal == nil {
		return nil
	}
	return c.refusal
}

// rejected remembers a 401 after a complete login: this client sends the secret
// never again.
func (c *Client) rejected(resp *http.Response) error {
	e := refusalOf(resp)
	drain(resp)
	return c.refuse(e)
}

// refuse remembers an error that judges the secret or the account; others, and
// nil, go through.
func (c *Client) refuse(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || !final(e.Code) {
		return err
	}
	if e.Code == fault.MailboxDisabled && (c.view.Impersonate || c.view.Delegate) {
		return err // one mailbox of the many this login opens
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refusal = e
	for _, cn := range c.kept {
		cn.http.Close()
	}
	c.kept = nil
	return e
}

// final tells that trying the same login again would be pointless or cost a
// failed attempt.
func final(code fault.Code) bool {
	switch code {
	case fault.LoginRejected, fault.AccountLocked, fault.PasswordExpired, fault.MailboxDisabled, fault.TokenRefused:
		return true
	}
	return false
}

// refusalOf makes an error of a 401.
func refusalOf(resp *http.Response) *Error {
	e := &Error{Op: "Login"}
	e.fromHeader(resp)
	e.Code = loginCode(e, resp.Header)
	return e
}

// loginCode tells a 401 apart as far as the server does: IIS says nothing, the
// Exchange application behind it leaves a reason in x-ms-diagnostics. A front end
// names the back end it asked only for callers it knows: then the login was good
// and the mailbox or its EWS access is off.
func loginCode(e *Error, h http.Header) fault.Code {
	d := strings.ToLower(e.Diagnostics)
	switch {
	case strings.Contains(strings.ReplaceAll(d, "blocked", ""), "locked"):
		return fault.AccountLocked
	case strings.Contains(d, "expired") && strings.Contains(d, "password"), strings.Contains(d, "must change"):
		return fault.PasswordExpired
	case strings.Contains(d, "mailbox"), strings.Contains(d, "disabled"), strings.Contains(d, "blocked"),
		strings.Contains(d, "not allowed"):
		return fault.MailboxDisabled
	}
	for _, name := range [...]string{"X-CalculatedBETarget", "X-BEServer", "X-DiagInfo"} {
		if h.Get(name) != "" {
			return fault.MailboxDisabled
		}
	}
	return fault.LoginRejected
}
