package ical

import (
	"errors"
	"fmt"
	"io"
	"strings"

	ics "github.com/arran4/golang-ical"
)

// Limits on what a file may ask of us.
const (
	maxLine  = 4 << 20 // bytes of one unfolded line
	maxHead  = 8 << 10 // bytes of name and parameters of a line
	maxDepth = 8
)

// component is one BEGIN … END with its properties in order.
type component struct {
	name       string
	number     int // of the items (VEVENT, VTODO) in the file, from 1; 0 for others
	properties []property
	inner      []*component
}

// property is one content line.
type property struct {
	name   string // upper case
	params map[string][]string
	value  string // unescaped where it is text
	raw    string // as it stands in the file
}

func (c *component) get(name string) (property, bool) {
	for _, p := range c.properties {
		if p.name == name {
			return p, true
		}
	}
	return property{}, false
}

func (c *component) text(name string) string {
	p, _ := c.get(name)
	return p.value
}

func (p property) param(name string) string {
	for k, v := range p.params {
		if strings.EqualFold(k, name) && len(v) > 0 {
			return v[0]
		}
	}
	return ""
}

// read reads a file into its calendars. The library unfolds and takes lines apart;
// its own tree of components loses the commas between categories.
func read(r io.Reader) ([]*component, error) {
	lines := ics.NewCalendarStream(r)
	var (
		done  []*component
		stack []*component
		items int
	)
	for n := 1; ; n++ {
		line, err := lines.ReadLine()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if line != nil && len(*line) > 0 {
			text := strings.TrimPrefix(string(*line), "\ufeff")
			if len(text) > maxLine {
				return nil, fmt.Errorf("line %d: too long", n)
			}
			p, bad := parse(text)
			if bad != nil {
				return nil, fmt.Errorf("line %d%s: %w", n, where(stack), bad)
			}
			if stack, done, bad = nest(stack, done, p, &items); bad != nil {
				return nil, fmt.Errorf("line %d%s: %w", n, where(stack), bad)
			}
		}
		if err != nil {
			break
		}
	}
	if len(stack) > 0 {
		return nil, fmt.Errorf("the file ends inside %s%s", stack[len(stack)-1].name, where(stack))
	}
	if len(done) == 0 {
		return nil, errors.New("no VCALENDAR in the file")
	}
	return done, nil
}

// where names the item a mistake is in.
func where(stack []*component) string {
	for _, c := range stack {
		if c.number > 0 {
			return fmt.Sprintf(" (component %d, %s)", c.number, c.name)
		}
	}
	return ""
}

func nest(stack, done []*component, p property, items *int) ([]*component, []*component, error) {
	name := strings.ToUpper(strings.TrimSpace(p.value))
	switch {
	case p.name == "BEGIN":
		if len(stack) == 0 && name != "VCALENDAR" {
			return stack, done, fmt.Errorf("%s outside a VCALENDAR", name)
		}
		if len(stack) >= maxDepth {
			return stack, done, errors.New("components too deep in each other")
		}
		c := &component{name: name}
		if len(stack) == 1 && (name == "VEVENT" || name == "VTODO") {
			*items++
			c.number = *items
		}
		return append(stack, c), done, nil
	case len(stack) == 0:
		return stack, done, fmt.Errorf("%s outside a VCALENDAR", p.name)
	case p.name == "END":
		top := stack[len(stack)-1]
		if top.name != name {
			return stack, done, fmt.Errorf("END:%s inside %s", name, top.name)
		}
		stack = stack[:len(stack)-1]
		if len(stack) == 0 {
			return stack, append(done, top), nil
		}
		out := stack[len(stack)-1]
		out.inner = append(out.inner, top)
		return stack, done, nil
	}
	top := stack[len(stack)-1]
	top.properties = append(top.properties, p)
	return stack, done, nil
}

// parse takes a line apart. The library sees no value and no long list of parameters:
// it copies what is left of the line for each of them.
func parse(line string) (property, error) {
	n := valueAt(line)
	if n < 0 {
		return property{}, errors.New("not a property")
	}
	if n > maxHead {
		return property{}, errors.New("too many parameters")
	}
	b, err := ics.ParseProperty(ics.ContentLine(line[:n]))
	if err != nil {
		return property{}, err
	}
	if b == nil || !strings.HasPrefix(line, b.IANAToken) {
		return property{}, errors.New("not a property")
	}
	p := property{name: strings.ToUpper(b.IANAToken), params: b.ICalParameters, value: line[n:], raw: line[n:]}
	if b.GetValueType() == ics.ValueDataTypeText {
		p.value = ics.FromText(p.raw)
	}
	return p, nil
}

// valueAt is where the value begins: behind the first colon outside quotes; -1 for
// none.
func valueAt(line string) int {
	quoted := false
	for i := range len(line) {
		switch line[i] {
		case '"':
			quoted = !quoted
		case ':':
			if !quoted {
				return i + 1
			}
		}
	}
	return -1
}

// split takes a list of texts apart at its unescaped commas.
func split(raw string) []string {
	var (
		all   []string
		start int
	)
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '\\':
			i++
		case ',':
			all = append(all, ics.FromText(raw[start:i]))
			start = i + 1
		}
	}
	return append(all, ics.FromText(raw[min(start, len(raw)):]))
}
