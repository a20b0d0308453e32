package autodiscover

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// Limits of a reply.
const (
	mostBytes = 1 << 20
	mostDepth = 32
	mostNodes = 20000
)

var (
	errDoctype = errors.New("a document type is not accepted")
	errLimits  = errors.New("the reply is too deep, too long or too manifold")
	errShape   = errors.New("the reply is no Autodiscover reply")
)

// node is one element. Names are without namespace: servers differ in theirs.
type node struct {
	name string
	text string
	kids []*node
}

// parse reads a whole document into a tree within the limits.
func parse(doc []byte) (*node, error) {
	if len(doc) > mostBytes {
		return nil, errLimits
	}
	d := xml.NewDecoder(bytes.NewReader(doc))
	// An encoding other than UTF-8 is read as it is: only the ASCII in it is used.
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	top := &node{}
	open := []*node{top}
	for count := 0; ; count++ {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if count > mostNodes {
			return nil, errLimits
		}
		here := open[len(open)-1]
		switch t := t.(type) {
		case xml.Directive:
			return nil, errDoctype
		case xml.StartElement:
			if len(open) > mostDepth {
				return nil, errLimits
			}
			n := &node{name: t.Name.Local}
			here.kids = append(here.kids, n)
			open = append(open, n)
		case xml.EndElement:
			here.text = strings.TrimSpace(here.text)
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 1 && len(here.text)+len(t) <= 8<<10 {
				here.text += string(t)
			}
		}
	}
	if len(top.kids) != 1 {
		return nil, errShape
	}
	return top.kids[0], nil
}

// child is the first child of that name; a nil node has none.
func (n *node) child(names ...string) *node {
	for _, name := range names {
		var next *node
		if n != nil {
			for _, k := range n.kids {
				if k.name == name {
					next = k
					break
				}
			}
		}
		n = next
	}
	return n
}

// all are the children of that name.
func (n *node) all(name string) []*node {
	if n == nil {
		return nil
	}
	var out []*node
	for _, k := range n.kids {
		if k.name == name {
			out = append(out, k)
		}
	}
	return out
}

// at is a child's text, "" without one.
func (n *node) at(names ...string) string {
	if c := n.child(names...); c != nil {
		return c.text
	}
	return ""
}
