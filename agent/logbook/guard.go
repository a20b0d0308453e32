package logbook

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// leastSecret is how long a value must be to be looked for, in bytes: shorter
// ones would make every line unreadable and protect nothing.
const leastSecret = 4

// guard replaces registered values in lines.
type guard struct {
	mu    sync.RWMutex
	known []string
	repl  *strings.Replacer
}

// add registers a value in the forms it may appear in: itself, quoted, in an
// address, in base64.
func (g *guard) add(secret string) {
	if len(secret) < leastSecret {
		return
	}
	forms := []string{secret, oneLine(secret), url.QueryEscape(secret), url.PathEscape(secret),
		base64.StdEncoding.EncodeToString([]byte(secret)), strings.ReplaceAll(secret, `"`, `\"`)}
	if b, err := json.Marshal(secret); err == nil {
		forms = append(forms, strings.Trim(string(b), `"`))
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if slices.Contains(g.known, secret) {
		return
	}
	g.known = append(g.known, forms...)
	slices.SortFunc(g.known, func(a, b string) int { return len(b) - len(a) })
	g.known = slices.Compact(g.known)
	pairs := make([]string, 0, 2*len(g.known))
	for _, k := range g.known {
		pairs = append(pairs, k, "•••")
	}
	g.repl = strings.NewReplacer(pairs...)
}

func (g *guard) clean(s string) string {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.repl == nil {
		return s
	}
	return g.repl.Replace(s)
}
