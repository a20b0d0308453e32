// Package xmltree reads one XML document into a small tree, quickly.
//
// It owns well-formedness as far as SOAP needs it: namespaces, references, CDATA,
// and the characters XML 1.0 allows. It promises that whatever it accepts
// encoding/xml in strict mode accepts too, with the same content, and that it
// never panics. It refuses document types, which SOAP forbids. It must not know
// EWS.
package xmltree

import (
	"errors"
	"fmt"
	"strings"
)

// Node is one element.
type Node struct {
	Space string // namespace URI, "" for none
	Name  string // local name
	Text  string // all character data directly inside, references resolved
	Attrs []Attr // without namespace declarations
	First *Node  // first child element
	Next  *Node  // next sibling element
	Pos   int    // byte offset of the start tag in the document
	last  *Node
}

// Attr is one attribute.
type Attr struct{ Space, Name, Value string }

// Attr answers the value of an attribute without namespace, "" when absent.
func (n *Node) Attr(name string) string {
	v, _ := n.LookupAttr(name)
	return v
}

// LookupAttr tells an empty attribute from an absent one.
func (n *Node) LookupAttr(name string) (string, bool) {
	if n == nil {
		return "", false
	}
	for i := range n.Attrs {
		if n.Attrs[i].Name == name && n.Attrs[i].Space == "" {
			return n.Attrs[i].Value, true
		}
	}
	return "", false
}

// Child answers the first child of that local name, nil when there is none.
// A nil node has no children.
func (n *Node) Child(name string) *Node {
	if n == nil {
		return nil
	}
	for c := n.First; c != nil; c = c.Next {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Path follows child names.
func (n *Node) Path(names ...string) *Node {
	for _, name := range names {
		n = n.Child(name)
	}
	return n
}

// ChildText answers the text of a child, "" when there is none.
func (n *Node) ChildText(name string) string {
	if c := n.Child(name); c != nil {
		return c.Text
	}
	return ""
}

// Err is what every error of Parse is.
var Err = errors.New("not well-formed XML")

// SyntaxError says where the document is broken.
type SyntaxError struct {
	Line, Col int // both from 1
	Reason    string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s. Line %d, position %d.", e.Reason, e.Line, e.Col)
}

// Unwrap makes errors.Is(err, Err) hold.
func (e *SyntaxError) Unwrap() error { return Err }

// Position turns a byte offset into line and column, both from 1.
func Position(doc string, pos int) (line, col int) {
	pos = min(max(pos, 0), len(doc))
	head := doc[:pos]
	return strings.Count(head, "\n") + 1, pos - strings.LastIndexByte(head, '\n')
}

// MaxDepth is the deepest nesting accepted.
const MaxDepth = 64

// FirstChild answers the first child element; a nil node has none.
func (n *Node) FirstChild() *Node {
	if n == nil {
		return nil
	}
	return n.First
}
