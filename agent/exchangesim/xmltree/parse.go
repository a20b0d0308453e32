package xmltree

import "strings"

const xmlSpace = "http://www.w3.org/XML/1998/namespace"

// Parse reads a whole document. The nodes share memory with doc.
func Parse(doc string) (*Node, error) {
	p := &parser{doc: doc}
	if strings.HasPrefix(doc, "\uFEFF") {
		p.pos = 3
	}
	if err := p.document(); err != nil {
		return nil, err
	}
	return p.root, nil
}

type binding struct{ prefix, uri string }

type parser struct {
	doc   string
	pos   int
	root  *Node
	stack []open
	binds []binding
	slab  []Node
	attrs []Attr
}

type open struct {
	node  *Node
	raw   string // name as written
	binds int    // bindings before this element
}

func (p *parser) fail(reason string) error {
	line, col := Position(p.doc, p.pos)
	return &SyntaxError{line, col, reason}
}

func (p *parser) document() error {
	if strings.HasPrefix(p.doc[p.pos:], "<?xml") && p.pos+5 < len(p.doc) && isSpace(p.doc[p.pos+5]) {
		if err := p.declaration(); err != nil {
			return err
		}
	}
	for p.pos < len(p.doc) {
		if p.doc[p.pos] != '<' {
			if err := p.text(); err != nil {
				return err
			}
			continue
		}
		if err := p.markup(); err != nil {
			return err
		}
	}
	if p.root == nil {
		return p.fail("Root element is missing")
	}
	if len(p.stack) > 0 {
		return p.fail("Unexpected end of file. The element '" + p.stack[len(p.stack)-1].raw + "' is not closed")
	}
	return nil
}

func (p *parser) declaration() error {
	end := strings.Index(p.doc[p.pos:], "?>")
	if end < 0 {
		return p.fail("The XML declaration is not closed")
	}
	decl := strings.ReplaceAll(p.doc[p.pos:p.pos+end], "'", `"`)
	if !strings.Contains(decl, `version="1.0"`) {
		return p.fail("Only XML 1.0 is supported")
	}
	if _, rest, ok := strings.Cut(decl, `encoding="`); ok && !strings.EqualFold(rest[:max(strings.IndexByte(rest, '"'), 0)], "utf-8") {
		return p.fail("Only UTF-8 is supported")
	}
	if !cleanChars(decl) {
		return p.fail("Invalid character")
	}
	p.pos += end + 2
	return nil
}

func (p *parser) markup() error {
	rest := p.doc[p.pos:]
	switch {
	case strings.HasPrefix(rest, "</"):
		return p.endTag()
	case strings.HasPrefix(rest, "<!--"):
		end := strings.Index(rest[4:], "--")
		if end < 0 || !strings.HasPrefix(rest[4+end:], "-->") || !cleanChars(rest[4:4+end]) {
			return p.fail("Invalid comment")
		}
		p.pos += 4 + end + 3
		return nil
	case strings.HasPrefix(rest, "<![CDATA["):
		end := strings.Index(rest, "]]>")
		if end < 0 || len(p.stack) == 0 {
			return p.fail("Invalid CDATA section")
		}
		body := rest[9:end]
		if !cleanChars(body) {
			return p.fail("Invalid character")
		}
		p.addText(newlines(body))
		p.pos += end + 3
		return nil
	case strings.HasPrefix(rest, "<!"):
		return p.fail("For security reasons DTD is prohibited in this XML document")
	case strings.HasPrefix(rest, "<?"):
		end := strings.Index(rest, "?>")
		n := nameLen(rest[2:])
		if end < 0 || n == 0 || strings.EqualFold(rest[2:2+n], "xml") || strings.Contains(rest[2:2+n], ":") || 2+n < end && !isSpace(rest[2+n]) || !cleanChars(rest[:end]) {
			return p.fail("Invalid processing instruction")
		}
		p.pos += end + 2
		return nil
	}
	return p.startTag()
}

// text reads character data up to the next '<'.
func (p *parser) text() error {
	end := strings.IndexByte(p.doc[p.pos:], '<')
	if end < 0 {
		end = len(p.doc) - p.pos
	}
	raw := p.doc[p.pos : p.pos+end]
	if len(p.stack) == 0 {
		if strings.Trim(raw, " \t\r\n") != "" {
			return p.fail("Data at the root level is invalid")
		}
		p.pos += end
		return nil
	}
	if strings.Contains(raw, "]]>") {
		return p.fail("']]>' is not allowed in character data")
	}
	s, ok := unescape(raw, false)
	if !ok {
		return p.fail("Invalid character or reference")
	}
	p.addText(s)
	p.pos += end
	return nil
}

func (p *parser) addText(s string) {
	n := p.stack[len(p.stack)-1].node
	if n.Text == "" {
		n.Text = s
	} else {
		n.Text += s
	}
}

func (p *parser) newNode() *Node {
	if len(p.slab) == 0 {
		p.slab = make([]Node, min(max(16, len(p.doc)/64), 512))
	}
	n := &p.slab[0]
	p.slab = p.slab[1:]
	return n
}

func (p *parser) startTag() error {
	start := p.pos
	p.pos++
	raw, ok := p.qname()
	if !ok {
		return p.fail("Name cannot begin here")
	}
	if len(p.stack) == 0 && p.root != nil {
		return p.fail("There are multiple root elements")
	}
	if len(p.stack) >= MaxDepth {
		return p.fail("The document is nested too deeply")
	}
	o := open{node: p.newNode(), raw: raw, binds: len(p.binds)}
	o.node.Pos = start
	first := len(p.attrs)
	closed := false
	for {
		had := p.skipSpace()
		if p.pos >= len(p.doc) {
			return p.fail("Unexpected end of file in a start tag")
		}
		if c := p.doc[p.pos]; c == '>' {
			p.pos++
			break
		} else if c == '/' {
			if !strings.HasPrefix(p.doc[p.pos:], "/>") {
				return p.fail("Unexpected '/'")
			}
			p.pos += 2
			closed = true
			break
		}
		if !had {
			return p.fail("White space is missing before an attribute")
		}
		if err := p.attribute(first); err != nil {
			return err
		}
	}
	if err := p.resolve(o.node, raw, first); err != nil {
		return err
	}
	if len(p.stack) == 0 {
		p.root = o.node
	} else if up := p.stack[len(p.stack)-1].node; up.last == nil {
		up.First, up.last = o.node, o.node
	} else {
		up.last.Next, up.last = o.node, o.node
	}
	if closed {
		p.binds = p.binds[:o.binds]
		return nil
	}
	p.stack = append(p.stack, o)
	return nil
}

func (p *parser) endTag() error {
	rest := p.doc[p.pos+2:]
	if len(p.stack) == 0 {
		return p.fail("Unexpected end tag")
	}
	o := p.stack[len(p.stack)-1]
	if !strings.HasPrefix(rest, o.raw) {
		return p.fail("The '" + o.raw + "' start tag does not match the end tag")
	}
	p.pos += 2 + len(o.raw)
	p.skipSpace()
	if p.pos >= len(p.doc) || p.doc[p.pos] != '>' {
		return p.fail("The '" + o.raw + "' start tag does not match the end tag")
	}
	p.pos++
	p.stack = p.stack[:len(p.stack)-1]
	p.binds = p.binds[:o.binds]
	return nil
}

func (p *parser) attribute(first int) error {
	raw, ok := p.qname()
	if !ok {
		return p.fail("Invalid attribute name")
	}
	p.skipSpace()
	if p.pos >= len(p.doc) || p.doc[p.pos] != '=' {
		return p.fail("'=' is missing after an attribute name")
	}
	p.pos++
	p.skipSpace()
	if p.pos >= len(p.doc) || p.doc[p.pos] != '"' && p.doc[p.pos] != '\'' {
		return p.fail("An attribute value must be quoted")
	}
	quote := p.doc[p.pos]
	end := strings.IndexByte(p.doc[p.pos+1:], quote)
	if end < 0 {
		return p.fail("An attribute value is not closed")
	}
	body := p.doc[p.pos+1 : p.pos+1+end]
	value, ok := unescape(body, true)
	if !ok || strings.IndexByte(body, '<') >= 0 {
		return p.fail("Invalid character or reference in an attribute value")
	}
	p.pos += end + 2
	prefix, local := split(raw)
	switch {
	case raw == "xmlns":
		if value == xmlSpace {
			return p.fail("Reserved namespace")
		}
		return p.bind("", value)
	case prefix == "xmlns":
		if value == "" || local == "xmlns" || (local == "xml") != (value == xmlSpace) {
			return p.fail("Invalid namespace declaration")
		}
		return p.bind(local, value)
	}
	p.attrs = append(p.attrs, Attr{Space: prefix, Name: local, Value: value})
	return nil
}

func (p *parser) bind(prefix, uri string) error {
	p.binds = append(p.binds, binding{prefix, uri})
	return nil
}

func (p *parser) lookup(prefix string) (string, bool) {
	for i := len(p.binds) - 1; i >= 0; i-- {
		if p.binds[i].prefix == prefix {
			return p.binds[i].uri, true
		}
	}
	if prefix == "xml" {
		return xmlSpace, true
	}
	return "", prefix == ""
}

// resolve gives names their namespaces and refuses an attribute given twice.
func (p *parser) resolve(n *Node, raw string, first int) error {
	prefix, local := split(raw)
	uri, ok := p.lookup(prefix)
	if !ok {
		return p.fail("'" + prefix + "' is an undeclared prefix")
	}
	n.Space, n.Name = uri, local
	list := p.attrs[first:len(p.attrs):len(p.attrs)]
	for i := range list {
		if list[i].Space != "" {
			if list[i].Space, ok = p.lookup(list[i].Space); !ok {
				return p.fail("An attribute has an undeclared prefix")
			}
		}
		for j := range i {
			if list[j].Name == list[i].Name && list[j].Space == list[i].Space {
				return p.fail("'" + list[i].Name + "' is a duplicate attribute name")
			}
		}
	}
	if len(list) > 0 {
		n.Attrs = list
	}
	return nil
}

func (p *parser) skipSpace() bool {
	start := p.pos
	for p.pos < len(p.doc) && isSpace(p.doc[p.pos]) {
		p.pos++
	}
	return p.pos > start
}

// qname reads a name with at most one colon, not at an end.
func (p *parser) qname() (string, bool) {
	n := nameLen(p.doc[p.pos:])
	s := p.doc[p.pos : p.pos+n]
	if n == 0 {
		return "", false
	}
	if i := strings.IndexByte(s, ':'); i >= 0 {
		if i == 0 || i == n-1 || strings.IndexByte(s[i+1:], ':') >= 0 || nameLen(s[i+1:]) == 0 {
			return "", false
		}
	}
	p.pos += n
	return s, true
}
