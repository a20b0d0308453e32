package ews

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

type markupKind uint8

const (
	otherMarkup markupKind = iota // comment, instruction, or an error
	startTag
	endTag
)

// markup reads what starts at '<' and moves behind it.
func (r *reader) markup() (string, markupKind) {
	special := r.end-r.pos < 2 || r.buf[r.pos+1] == '!' || r.buf[r.pos+1] == '?'
	switch {
	case !special: // nearly always
	case r.peek("<!--"):
		r.skipPast("-->")
		return "", otherMarkup
	case r.peek("<?"):
		r.skipPast("?>")
		return "", otherMarkup
	case r.peek("<![CDATA["):
		r.skipPast("]]>")
		return "", otherMarkup
	case r.peek("<!"):
		// No SOAP reply has a document type; HTML has, and entity bombs have.
		r.fail(errNotSOAP)
		return "", otherMarkup
	}
	tag, ok := r.tag()
	if !ok {
		return "", otherMarkup
	}
	if tag[0] == '/' {
		name := bytes.TrimRight(tag[1:], " \t\r\n")
		if r.depth == 0 || r.intern(name) != r.open[r.depth-1] {
			r.malformed("end tag does not match")
			return "", otherMarkup
		}
		r.pop()
		return "", endTag
	}
	r.empty = tag[len(tag)-1] == '/'
	if r.empty {
		tag = tag[:len(tag)-1]
	}
	i := bytes.IndexAny(tag, " \t\r\n")
	name := tag
	if i >= 0 {
		name = tag[:i]
	}
	if len(name) == 0 {
		r.malformed("element without name")
		return "", otherMarkup
	}
	local := r.intern(name)
	r.attrs = r.attrs[:0]
	if i >= 0 {
		r.attributes(tag[i:])
	}
	if r.err != nil || !r.push(local) {
		return "", otherMarkup
	}
	return local, startTag
}

// tag gives the bytes between '<' and '>' and moves behind them. They are
// valid until the next read.
func (r *reader) tag() ([]byte, bool) {
	i := r.pos + 1
	var quote byte
	for r.err == nil {
		for ; i < r.end; i++ {
			switch c := r.buf[i]; {
			case quote != 0:
				if c == quote {
					quote = 0
				}
			case c == '"' || c == '\'':
				quote = c
			case c == '>':
				tag := r.buf[r.pos+1 : i]
				r.pos = i + 1
				if len(tag) == 0 {
					r.malformed("empty tag")
					return nil, false
				}
				return tag, true
			case c == '<':
				r.malformed("'<' inside a tag")
				return nil, false
			}
		}
		i -= r.pos // fill moves pos to 0
		r.more()
		i += r.pos
	}
	return nil, false
}

func (r *reader) attributes(b []byte) {
	for {
		b = bytes.TrimLeft(b, " \t\r\n")
		if len(b) == 0 {
			return
		}
		eq := bytes.IndexByte(b, '=')
		if eq < 1 || len(r.attrs) == maxAttrs {
			r.malformed("broken attribute")
			return
		}
		name := bytes.TrimRight(b[:eq], " \t\r\n")
		b = bytes.TrimLeft(b[eq+1:], " \t\r\n")
		if len(b) == 0 || b[0] != '"' && b[0] != '\'' {
			r.malformed("attribute without quotes")
			return
		}
		stop := bytes.IndexByte(b[1:], b[0])
		if stop < 0 {
			r.malformed("attribute without end")
			return
		}
		if !bytes.HasPrefix(name, []byte("xmlns")) {
			r.attrs = append(r.attrs, attribute{r.intern(name), r.unescape(b[1 : 1+stop])})
		}
		b = b[stop+2:]
	}
}

// skipPast moves behind the next s.
func (r *reader) skipPast(s string) {
	for r.err == nil {
		if i := bytes.Index(r.buf[r.pos:r.end], []byte(s)); i >= 0 {
			r.pos += i + len(s)
			return
		}
		r.pos = max(r.pos, r.end-len(s)+1)
		r.more()
	}
}

// appendReference resolves the name between '&' and ';'. Characters that XML
// forbids are dropped: Exchange sends them for control characters in texts.
func appendReference(out []byte, name string) ([]byte, bool) {
	switch name {
	case "lt":
		return append(out, '<'), true
	case "gt":
		return append(out, '>'), true
	case "amp":
		return append(out, '&'), true
	case "quot":
		return append(out, '"'), true
	case "apos":
		return append(out, '\''), true
	}
	if len(name) < 2 || name[0] != '#' {
		return out, false
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil {
		return out, false
	}
	if c := rune(n); n <= utf8.MaxRune && allowed(c) {
		out = utf8.AppendRune(out, c)
	}
	return out, true
}

// allowed is XML 1.0 2.2, Char.
func allowed(c rune) bool {
	return c == '\t' || c == '\n' || c == '\r' ||
		c >= 0x20 && c <= 0xD7FF || c >= 0xE000 && c <= 0xFFFD || c >= 0x10000 && c <= 0x10FFFF
}
