// Package schema checks requests against the EWS schema the way Exchange does:
// element order, unknown elements and attributes, enumerations, simple types.
//
// It owns the compact schema in ews.txt, which the generator in gen makes out of
// the official one. It promises that what it accepts is valid for the elements it
// covers, and that its violations read like Exchange's. It must not know what any
// element means.
package schema

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

//go:generate sh -c "go run ./gen ../../../../shared/ews-schema > ews.txt"

//go:embed ews.txt
var compact string

// The namespaces of EWS.
const (
	Types    = "http://schemas.microsoft.com/exchange/services/2006/types"
	Messages = "http://schemas.microsoft.com/exchange/services/2006/messages"
)

// Schema is the schema, read; it is safe for concurrent use.
type Schema struct {
	roots map[name]*typ
}

type name struct{ space, local string }

// typ is a complex type, or a simple one.
type typ struct {
	name     string
	abstract bool
	attrs    []attribute
	anyAttr  bool
	content  *particle // nil: simple content
	simple   *simple   // of simple types and simple content
}

type attribute struct {
	name     string
	typ      *typ
	required bool
}

type particleKind uint8

const (
	sequence particleKind = iota
	choice
	element
	wildcard
)

type particle struct {
	kind      particleKind
	low, high int // high -1: unbounded
	name      name
	typ       *typ
	kids      []*particle
}

// Load reads the embedded schema.
func Load() (*Schema, error) {
	l := &loader{types: map[string]*typ{}, roots: map[name]*typ{}}
	num := 0
	for line := range strings.Lines(compact) {
		num++
		if err := l.line(strings.TrimSuffix(line, "\n")); err != nil {
			return nil, fmt.Errorf("ews.txt line %d: %w", num, err)
		}
	}
	for n, t := range l.types {
		if t.name == "" {
			return nil, fmt.Errorf("ews.txt: type %s is missing", n)
		}
	}
	return &Schema{roots: l.roots}, nil
}

type loader struct {
	types map[string]*typ
	roots map[name]*typ
	cur   *typ
	stack []*particle
}

func (l *loader) typ(n string) *typ {
	t := l.types[n]
	if t == nil {
		t = &typ{}
		if b, ok := builtins(n); ok {
			t.name, t.simple = n, &simple{base: b}
		} else if n == "xs:anyType" {
			t.name, t.anyAttr = n, true
			t.content = &particle{kind: sequence, low: 1, high: 1, kids: []*particle{{kind: wildcard, high: -1}}}
		}
		l.types[n] = t
	}
	return t
}

func qualified(s string) name {
	if rest, ok := strings.CutPrefix(s, "m:"); ok {
		return name{Messages, rest}
	}
	return name{Types, strings.TrimPrefix(s, "t:")}
}

func (l *loader) line(s string) error {
	f := strings.Split(s, " ")
	switch f[0] {
	case "E":
		l.roots[qualified(f[1])] = l.typ(f[2])
	case "C":
		l.cur = l.typ(f[1])
		l.cur.name, l.cur.abstract = f[1], f[2] == "1"
	case "x":
		base := l.typ(f[1])
		l.cur.simple = &simple{of: base}
	case "a":
		l.cur.attrs = append(l.cur.attrs, attribute{f[1], l.typ(f[2]), f[3] == "1"})
	case "A":
		l.cur.anyAttr = true
	case "S":
		l.cur = l.typ(f[1])
		l.cur.name, l.cur.simple = f[1], &simple{of: l.typ(f[2])}
	case "U", "L":
		l.cur = l.typ(f[1])
		l.cur.name, l.cur.simple = f[1], &simple{list: f[0] == "L"}
		for _, m := range f[2:] {
			l.cur.simple.members = append(l.cur.simple.members, l.typ(m))
		}
	case "f":
		return l.cur.simple.facet(f[1], strings.Join(f[2:], " "))
	case "s", "c", "e", "*":
		return l.particle(f)
	case ".":
		l.stack = l.stack[:len(l.stack)-1]
	default:
		return fmt.Errorf("unknown line %q", s)
	}
	return nil
}

func (l *loader) particle(f []string) error {
	low, err := strconv.Atoi(f[len(f)-2])
	if err != nil {
		return err
	}
	high, err := strconv.Atoi(f[len(f)-1])
	if err != nil {
		return err
	}
	p := &particle{low: low, high: high}
	switch f[0] {
	case "c":
		p.kind = choice
	case "e":
		p.kind, p.name, p.typ = element, qualified(f[1]), l.typ(f[2])
	case "*":
		p.kind = wildcard
	}
	if len(l.stack) == 0 {
		l.cur.content = p
	} else {
		up := l.stack[len(l.stack)-1]
		up.kids = append(up.kids, p)
	}
	if p.kind == sequence || p.kind == choice {
		l.stack = append(l.stack, p)
	}
	return nil
}
