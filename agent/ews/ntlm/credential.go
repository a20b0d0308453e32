package ntlm

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode/utf16"

	//lint:ignore SA1019 MS-NLMP 3.3.1 defines the NT hash as MD4.
	"golang.org/x/crypto/md4"
)

// Credential is a Windows login. It holds the NT hash of the password and shows
// neither in any format.
type Credential struct {
	// User is the account name; user@domain stays whole.
	User string
	// Domain is the NetBIOS or DNS domain; empty for user@domain, and empty
	// when the person gave none (the server's own domain is taken then).
	Domain string

	hash [16]byte
}

// NewCredential reads DOMAIN\user, DOMAIN/user, user@domain or plain user.
func NewCredential(login, password string) Credential {
	domain, user := SplitLogin(login)
	return Credential{User: user, Domain: domain, hash: ntHash(password)}
}

// SplitLogin parts a login into domain and user. A user principal name
// (user@domain) is not parted: servers expect it whole, with an empty domain.
func SplitLogin(login string) (domain, user string) {
	login = strings.TrimSpace(login)
	if i := strings.IndexAny(login, `\/`); i >= 0 {
		return login[:i], login[i+1:]
	}
	return "", login
}

// Format prints the name and hides the hash, for every verb.
func (c Credential) Format(w fmt.State, _ rune) { io.WriteString(w, c.text()) }

// LogValue hides the hash from structured logs.
func (c Credential) LogValue() slog.Value { return slog.StringValue(c.text()) }

// MarshalJSON hides the hash.
func (c Credential) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "%q", c.text()), nil }

func (c Credential) text() string {
	if c.Domain == "" {
		return c.User + " •••"
	}
	return c.Domain + `\` + c.User + " •••"
}

// ntHash is NTOWFv1, MS-NLMP 3.3.1: MD4 of the password in UTF-16.
func ntHash(password string) (out [16]byte) {
	h := md4.New()
	h.Write(utf16le(password))
	h.Sum(out[:0])
	return out
}

func utf16le(s string) []byte {
	units := utf16.Encode([]rune(s))
	out := make([]byte, 0, 2*len(units))
	for _, u := range units {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

func fromUTF16le(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i]) | uint16(b[2*i+1])<<8
	}
	return string(utf16.Decode(units))
}
