package xmltree

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// newlines turns CR LF and CR into LF (XML 1.0 section 2.11).
func newlines(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// unescape resolves references and normalises line ends, in attribute values
// white space too (XML 1.0 section 3.3.3).
func unescape(raw string, attr bool) (string, bool) {
	if !cleanChars(raw) {
		return "", false
	}
	if strings.IndexByte(raw, '&') < 0 {
		return normal(raw, attr), true
	}
	var b strings.Builder
	b.Grow(len(raw))
	for {
		i := strings.IndexByte(raw, '&')
		if i < 0 {
			b.WriteString(normal(raw, attr))
			return b.String(), true
		}
		b.WriteString(normal(raw[:i], attr))
		end := strings.IndexByte(raw[i:], ';')
		if end < 0 {
			return "", false
		}
		r, ok := reference(raw[i+1 : i+end])
		if !ok {
			return "", false
		}
		b.WriteRune(r)
		raw = raw[i+end+1:]
	}
}

func normal(s string, attr bool) string {
	s = newlines(s)
	if attr && strings.ContainsAny(s, "\t\n") {
		return strings.Map(func(r rune) rune {
			if r == '\t' || r == '\n' {
				return ' '
			}
			return r
		}, s)
	}
	return s
}

func reference(name string) (rune, bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	if digits == "" || strings.ContainsAny(digits, "+-_") {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune || !allowed(rune(n)) {
		return 0, false
	}
	return rune(n), true
}
