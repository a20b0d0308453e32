package schema

import (
	"fmt"
	"strings"

	"abgleich/agent/exchangesim/xmltree"
)

const xsi = "http://www.w3.org/2001/XMLSchema-instance"

// Violation is the first thing wrong with an element.
type Violation struct {
	Pos    int    // byte offset of the element at fault
	Reason string // like Exchange's
}

// Known tells whether an element is one of those the schema covers.
func (s *Schema) Known(n *xmltree.Node) bool {
	return s.roots[name{n.Space, n.Name}] != nil
}

// Check answers the first violation in an element, nil when it is valid.
func (s *Schema) Check(n *xmltree.Node) *Violation {
	t := s.roots[name{n.Space, n.Name}]
	if t == nil {
		return &Violation{n.Pos, fmt.Sprintf("The element '%s' in namespace '%s' is not declared.", n.Name, n.Space)}
	}
	return t.node(n)
}

func (t *typ) node(n *xmltree.Node) *Violation {
	if v := t.attributes(n); v != nil {
		return v
	}
	if t.simple != nil {
		if n.First != nil {
			return &Violation{n.First.Pos, fmt.Sprintf("The element %s cannot contain child element %s because the parent element's content model is text only.", quoted(n), quoted(n.First))}
		}
		if why := t.check(n.Text); why != "" {
			return &Violation{n.Pos, fmt.Sprintf("The '%s' element is invalid - The value '%s' is invalid according to its datatype '%s' - %s", n.Name, n.Text, t.label(), why)}
		}
		return nil
	}
	if strings.Trim(n.Text, " \t\r\n") != "" {
		return &Violation{n.Pos, fmt.Sprintf("The element %s cannot contain text.", quoted(n))}
	}
	if t.abstract {
		return &Violation{n.Pos, fmt.Sprintf("The element %s is abstract or its type is abstract.", quoted(n))}
	}
	m := matcher{parent: n, cur: n.First}
	if m.match(t.content) && m.cur == nil {
		return nil
	}
	if m.inner != nil {
		return m.inner
	}
	// Once more, now noting what would have been possible.
	m = matcher{parent: n, cur: n.First, explain: true}
	m.match(t.content)
	return m.violation()
}

func (t *typ) label() string {
	kind, local, _ := strings.Cut(t.name, ":")
	switch {
	case strings.HasPrefix(t.name, "#"):
		return "(anonymous)"
	case kind == "m":
		return Messages + ":" + local
	case kind == "xs":
		return "http://www.w3.org/2001/XMLSchema:" + local
	}
	return Types + ":" + local
}

func (t *typ) attributes(n *xmltree.Node) *Violation {
	for i := range n.Attrs {
		a := &n.Attrs[i]
		if a.Space == xsi || t.anyAttr {
			continue
		}
		decl := t.attribute(a)
		if decl == nil {
			return &Violation{n.Pos, fmt.Sprintf("The '%s' attribute is not declared.", a.Name)}
		}
		if why := decl.typ.check(a.Value); why != "" {
			return &Violation{n.Pos, fmt.Sprintf("The '%s' attribute is invalid - The value '%s' is invalid according to its datatype '%s' - %s", a.Name, a.Value, decl.typ.label(), why)}
		}
	}
	for i := range t.attrs {
		if t.attrs[i].required {
			if _, ok := n.LookupAttr(t.attrs[i].name); !ok {
				return &Violation{n.Pos, fmt.Sprintf("The required attribute '%s' is missing.", t.attrs[i].name)}
			}
		}
	}
	return nil
}

func (t *typ) attribute(a *xmltree.Attr) *attribute {
	for i := range t.attrs {
		if t.attrs[i].name == a.Name && a.Space == "" {
			return &t.attrs[i]
		}
	}
	return nil
}

// matcher walks the children of one element along its type's particles. EWS's
// content models are deterministic, as XML Schema demands, so it never backs up.
type matcher struct {
	parent   *xmltree.Node
	cur      *xmltree.Node
	inner    *Violation
	explain  bool
	expected []name // with explain: what would have been possible at cur
}

func (m *matcher) violation() *Violation {
	if m.inner != nil {
		return m.inner
	}
	var list []string
	for _, e := range m.expected {
		if len(list) < 12 {
			list = append(list, e.local)
		}
	}
	expected := ""
	if len(list) > 0 {
		expected = fmt.Sprintf(" List of possible elements expected: '%s'.", strings.Join(list, ", "))
	}
	if m.cur == nil {
		return &Violation{m.parent.Pos, fmt.Sprintf("The element %s has incomplete content.%s", quoted(m.parent), expected)}
	}
	return &Violation{m.cur.Pos, fmt.Sprintf("The element %s has invalid child element %s.%s", quoted(m.parent), quoted(m.cur), expected)}
}

// match consumes what p allows; false: p is not satisfied.
func (m *matcher) match(p *particle) bool {
	for n := 0; p.high < 0 || n < p.high; n++ {
		before := m.cur
		if !p.starts(m.cur) {
			if m.explain {
				m.expect(p)
			}
			return n >= p.low || p.emptiable()
		}
		if !m.once(p) {
			return false
		}
		if m.cur == before {
			return true
		}
	}
	return true
}

func (m *matcher) once(p *particle) bool {
	switch p.kind {
	case element:
		if m.inner = p.typ.node(m.cur); m.inner != nil {
			return false
		}
		m.next()
	case wildcard:
		m.next()
	case sequence:
		for _, k := range p.kids {
			if !m.match(k) {
				return false
			}
		}
	case choice:
		for _, k := range p.kids {
			if k.starts(m.cur) {
				return m.match(k)
			}
		}
		return p.emptiable()
	}
	return true
}

func (m *matcher) next() {
	m.cur = m.cur.Next
	m.expected = m.expected[:0]
}

func (m *matcher) expect(p *particle) {
	if p.kind == element {
		m.expected = append(m.expected, p.name)
		return
	}
	for _, k := range p.kids {
		m.expect(k)
		if p.kind == sequence && !k.emptiable() {
			return
		}
	}
}

// starts tells whether the element can be the first that p consumes.
func (p *particle) starts(n *xmltree.Node) bool {
	if n == nil {
		return false
	}
	switch p.kind {
	case element:
		return p.name.local == n.Name && p.name.space == n.Space
	case wildcard:
		return true
	}
	for _, k := range p.kids {
		if k.starts(n) {
			return true
		}
		if p.kind == sequence && !k.emptiable() {
			return false
		}
	}
	return false
}

// emptiable tells whether p is satisfied by nothing.
func (p *particle) emptiable() bool {
	if p.low == 0 {
		return true
	}
	switch p.kind {
	case sequence:
		for _, k := range p.kids {
			if !k.emptiable() {
				return false
			}
		}
		return true
	case choice:
		for _, k := range p.kids {
			if k.emptiable() {
				return true
			}
		}
		return len(p.kids) == 0
	}
	return false
}

func quoted(n *xmltree.Node) string { return fmt.Sprintf("'%s' in namespace '%s'", n.Name, n.Space) }
