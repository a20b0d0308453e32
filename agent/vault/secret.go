package vault

import (
	"fmt"
	"io"
	"log/slog"
)

// hidden is what every printed secret looks like.
const hidden = "•••"

// Secret is a password or key. Printed, logged or encoded in any format it is
// "•••"; only [Secret.Reveal] gives it away. The zero value is the empty
// secret. Secrets are compared with [Secret.Equal], since == compares places.
//
// The value stands behind a pointer, so that printing a struct that holds a
// Secret in an unexported field, where fmt can't see the methods, shows an
// address and nothing else.
type Secret struct{ v *string }

// NewSecret keeps s.
func NewSecret(s string) Secret { return Secret{v: &s} }

// Reveal gives the secret itself: to the login or the seal that needs it, and
// never to anything that keeps, prints or sends it.
func (s Secret) Reveal() string {
	if s.v == nil {
		return ""
	}
	return *s.v
}

// Empty tells whether there is nothing in it.
func (s Secret) Empty() bool { return s.Reveal() == "" }

// Equal compares the values. It is for the agent's own bookkeeping, such as
// "has the person entered the same again", not for checking logins.
func (s Secret) Equal(o Secret) bool { return s.Reveal() == o.Reveal() }

// String is "•••".
func (Secret) String() string { return hidden }

// GoString is "•••".
func (Secret) GoString() string { return hidden }

// Format prints "•••" for every verb and flag.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, hidden) }

// MarshalJSON gives "•••".
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// MarshalText gives "•••"; TOML, XML and flags use it.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue gives "•••" to slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }
