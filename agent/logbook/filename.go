package logbook

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is how long a user's part of a file name gets, in bytes.
const maxName = 100

// UserFile is the name of a user's error log: "Err-LAB+anna.log" for LAB\anna.
// Different users never share a file: letters, digits, '.', '-', '_' and '@'
// stand for themselves, the backslash is '+', everything else is %XX, and a
// name too long is cut and ends in a hash.
func UserFile(user string) string {
	var b strings.Builder
	for _, r := range user {
		switch {
		case r == utf8.RuneError:
			b.WriteString("%FFFD")
		case unicode.IsLetter(r), unicode.IsDigit(r), strings.ContainsRune(".-_@", r):
			b.WriteRune(r)
		case r == '\\':
			b.WriteByte('+')
		default:
			for _, c := range []byte(string(r)) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		}
	}
	name := b.String()
	if len(name) > maxName {
		sum := sha256.Sum256([]byte(user))
		cut := strings.ToValidUTF8(name[:maxName], "")
		name = cut + "%" + hex.EncodeToString(sum[:6])
	}
	return "Err-" + name + ".log"
}
