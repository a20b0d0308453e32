package ews

import (
	"net/http"
	"strings"
)

// Offer is one login scheme in WWW-Authenticate (RFC 9110 11.6.1).
type Offer struct {
	// Token is the scheme's own message (token68); may be empty.
	Token string
	// Params are its parameters by lower-case name, "error": "invalid_token".
	Params map[string]string
}

// maxOffers bounds what is read of a server's headers.
const maxOffers = 64

// offers reads WWW-Authenticate headers, by scheme in lower case. A header may
// list several schemes, and a scheme several parameters; a scheme that is there
// twice counts with its first token.
func offers(h http.Header) map[string]Offer {
	out := make(map[string]Offer, 4)
	read := 0
	for _, line := range h.Values("WWW-Authenticate") {
		scheme := ""
		for part := range unquotedParts(line) {
			if read++; read > maxOffers {
				return out
			}
			first, rest, spaced := strings.Cut(part, " ")
			if strings.Contains(first, "=") && scheme != "" {
				addParam(out, scheme, part) // a further one of the scheme before
				continue
			}
			if first == "" || strings.ContainsFunc(first, notInScheme) {
				continue
			}
			scheme = strings.ToLower(first)
			if _, twice := out[scheme]; !twice {
				out[scheme] = Offer{Params: map[string]string{}}
			}
			if rest = strings.TrimSpace(rest); !spaced || rest == "" {
				continue
			}
			if name, value, ok := strings.Cut(rest, "="); ok && strings.Trim(value, "=") != "" && !strings.ContainsAny(name, "+/") {
				addParam(out, scheme, rest)
			} else if o := out[scheme]; o.Token == "" {
				o.Token = rest
				out[scheme] = o
			}
		}
	}
	return out
}

// notInScheme is stricter than RFC 9110's token: no scheme has other letters.
func notInScheme(r rune) bool {
	return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

func addParam(out map[string]Offer, scheme, text string) {
	name, value, _ := strings.Cut(text, "=")
	name = strings.ToLower(strings.TrimSpace(name))
	if _, twice := out[scheme].Params[name]; !twice && name != "" {
		out[scheme].Params[name] = strings.Trim(strings.TrimSpace(value), `"`)
	}
}

// unquotedParts splits at the commas outside of quotes.
func unquotedParts(line string) func(func(string) bool) {
	return func(yield func(string) bool) {
		start, quoted := 0, false
		for i := 0; i <= len(line); i++ {
			switch {
			case i == len(line) || line[i] == ',' && !quoted:
				if !yield(strings.TrimSpace(line[start:i])) {
					return
				}
				start = i + 1
			case line[i] == '"':
				quoted = !quoted
			case line[i] == '\\' && quoted:
				i++
			}
		}
	}
}
