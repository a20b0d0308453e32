package kerberos

import (
	"fmt"
	"time"

	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/messages"

	"abgleich/agent/fault"
)

// Error is a login that did not come about.
type Error struct {
	// Code is the stable code: fault.LoginRejected, fault.AccountLocked,
	// fault.PasswordExpired, fault.ClocksDisagree, or one of fault.Kerberos….
	Code fault.Code
	// Principal is whose login it was, "anna@FIRMA.EXAMPLE".
	Principal string
	// KDC is the error number of RFC 4120 7.5.9; 0 if the KDC said none.
	KDC int32
	// Skew is how far our clock is ahead, with fault.ClocksDisagree.
	Skew time.Duration
	// Err is the cause, nil when the KDC said no.
	Err error
}

// Error is for logs.
func (e *Error) Error() string {
	s := "kerberos " + e.Principal
	if e.KDC != 0 {
		s += ": " + errorcode.Lookup(e.KDC)
	}
	if e.Skew != 0 {
		s += fmt.Sprintf(": our clock differs by %s", e.Skew.Round(time.Second))
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Verdict tells that the KDC judged name and password: another way to log in with
// them would only count as one more failed attempt.
func (e *Error) Verdict() bool {
	switch e.Code {
	case fault.LoginRejected, fault.AccountLocked, fault.PasswordExpired:
		return true
	}
	return false
}

// codeOf gives a KDC's or server's error number its code. Active Directory says
// CLIENT_REVOKED for accounts that are locked, disabled or expired.
func codeOf(number int32) fault.Code {
	switch number {
	case errorcode.KDC_ERR_PREAUTH_FAILED:
		return fault.LoginRejected
	case errorcode.KDC_ERR_CLIENT_REVOKED, errorcode.KDC_ERR_NAME_EXP:
		return fault.AccountLocked
	case errorcode.KDC_ERR_KEY_EXPIRED:
		return fault.PasswordExpired
	case errorcode.KDC_ERR_C_PRINCIPAL_UNKNOWN:
		return fault.KerberosUserUnknown
	case errorcode.KDC_ERR_S_PRINCIPAL_UNKNOWN, errorcode.KDC_ERR_PRINCIPAL_NOT_UNIQUE:
		return fault.KerberosServiceUnknown
	case errorcode.KRB_AP_ERR_SKEW, errorcode.KRB_AP_ERR_TKT_NYV:
		return fault.ClocksDisagree
	case errorcode.KDC_ERR_WRONG_REALM:
		return fault.KerberosRealmUnknown
	case errorcode.KDC_ERR_SVC_UNAVAILABLE:
		return fault.KerberosUnreachable
	}
	return fault.KerberosFailed
}

// said makes an Error of what a KDC or server said at a time of ours.
func said(principal string, k messages.KRBError, now time.Time) *Error {
	e := &Error{Code: codeOf(k.ErrorCode), Principal: principal, KDC: k.ErrorCode}
	if e.Code == fault.ClocksDisagree {
		e.Skew = now.Sub(k.STime)
	}
	return e
}
