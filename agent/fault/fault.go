// Package fault owns the one error type that crosses the agent's rooms, and the
// stable codes that stand in it.
//
// A [Code] is a promise: it goes over the wire, into the database, into log
// files and into the texts a person reads (assets/text, keys "fault.<code>.text"
// and "fault.<code>.hint"). A code is never renamed and never reused with
// another meaning. Callers branch on codes, never on error texts.
//
// The package knows nothing of languages, transports or sides, and must not
// hold a secret: Op, Subject and Err are printed and logged as they are.
package fault

import (
	"context"
	"errors"
	"strings"
)

// Code names one kind of failure, stable across versions.
type Code string

// Error says what failed (Code), while doing what (Op), with what (Subject),
// and why (Err).
type Error struct {
	// Code is the stable name of the failure.
	Code Code
	// Op is what was being done, as "room.operation", such as "ews.CreateItem".
	Op string
	// Subject is what it was done to: a user, a server, a parameter. Never an
	// appointment's content and never a secret.
	Subject string
	// Err is the cause; nil when the code says it all.
	Err error
}

// New makes an *Error. The cause may be nil.
func New(code Code, op, subject string, cause error) *Error {
	return &Error{Code: code, Op: op, Subject: subject, Err: cause}
}

// Error is for logs and developers: "op subject: code: cause".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Subject != "" {
		b.WriteString(" ")
		b.WriteString(e.Subject)
	}
	b.WriteString(": ")
	b.WriteString(string(e.Code))
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

// Is matches another *Error of the same code, so that
// errors.Is(err, &fault.Error{Code: c}) asks for a code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Op == "" && t.Subject == "" && t.Err == nil && t.Code == e.Code
}

// CodeOf finds the outermost code in an error chain: "" for nil, [Cancelled]
// for a cancelled or expired context, [Internal] for an error without a code.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Cancelled
	}
	return Internal
}

// Has tells whether the outermost code of err is one of codes.
func Has(err error, codes ...Code) bool {
	c := CodeOf(err)
	for _, want := range codes {
		if c == want && c != "" {
			return true
		}
	}
	return false
}
