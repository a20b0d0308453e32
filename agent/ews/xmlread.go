package ews

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"unicode/utf8"
)

// Bounds of a reply. A hostile or broken server can cost this much and no more.
const (
	maxDepth   = 64
	maxTag     = 256 << 10 // one start tag with its attributes
	maxText    = 16 << 20  // one text value
	maxAttrs   = 64
	readBuffer = 32 << 10
)

var (
	errTruncated = errors.New("the reply ends in the middle")
	errMalformed = errors.New("the reply is not well-formed XML")
	errTooLarge  = errors.New("the reply exceeds a size limit")
	errNotSOAP   = errors.New("the reply is no SOAP envelope")
)

type attribute struct{ name, value string }

// reader is a pull parser for the subset of XML that SOAP allows. It compares
// local names only: servers differ in prefixes, none differs in meaning. The
// first error sticks; after it every element looks finished.
//
// encoding/xml costs several times as much; BenchmarkGetItemReply watches the
// speed.
type reader struct {
	src      io.Reader
	buf      []byte
	pos, end int
	left     int64 // bytes that may still be read
	depth    int
	open     [maxDepth]string
	attrs    []attribute
	empty    bool // the current element was <a/>
	scratch  []byte
	names    map[string]string
	version  string         // ServerVersionInfo of the last envelope
	resp     *http.Response // the answer src belongs to; nil for a push
	turn     *turn          // the request's; nil for a push
	err      error
	eof      bool
}

func newReader(src io.Reader, limit int64) *reader {
	return &reader{src: src, buf: make([]byte, readBuffer), left: limit, names: make(map[string]string, 128)}
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *reader) malformed(what string) {
	r.fail(fmt.Errorf("%w: %s", errMalformed, what))
}

// fill reads more bytes behind end, and tells whether there are any.
func (r *reader) fill() bool {
	if r.err != nil || r.eof {
		return false
	}
	if r.pos > 0 {
		copy(r.buf, r.buf[r.pos:r.end])
		r.end -= r.pos
		r.pos = 0
	}
	if r.end == len(r.buf) {
		if len(r.buf) >= maxTag {
			r.fail(errTooLarge)
			return false
		}
		r.buf = append(r.buf, make([]byte, len(r.buf))...)
	}
	for range 100 {
		n, err := r.src.Read(r.buf[r.end:])
		r.end += n
		if r.left -= int64(n); r.left < 0 {
			r.fail(errTooLarge)
			return false
		}
		if err == io.EOF {
			r.eof = true
		} else if err != nil {
			r.fail(err)
			return false
		}
		if n > 0 {
			return true
		}
		if r.eof {
			return false
		}
	}
	r.fail(io.ErrNoProgress)
	return false
}

// document moves to the next root element: false at a clean end of the input.
// Streamed replies hold one document after the other.
func (r *reader) document() (string, bool) {
	for r.err == nil {
		for r.pos < r.end && r.buf[r.pos] != '<' {
			switch r.buf[r.pos] {
			case ' ', '\t', '\r', '\n', 0xEF, 0xBB, 0xBF:
				r.pos++
			default:
				r.fail(errNotSOAP)
				return "", false
			}
		}
		if r.pos == r.end {
			if !r.fill() {
				return "", false
			}
			continue
		}
		if name, kind := r.markup(); kind == startTag {
			return name, true
		} else if kind == endTag {
			r.malformed("end tag without element")
		}
	}
	return "", false
}

// child moves to the next child of the current element; false once the element
// has ended. The caller then either descends into the child or skips it; what
// it leaves unread of it must be skipped.
func (r *reader) child() (string, bool) {
	if r.empty {
		r.empty = false
		r.pop()
		return "", false
	}
	for r.err == nil {
		i := bytes.IndexByte(r.buf[r.pos:r.end], '<')
		if i < 0 {
			r.pos = r.end
			if !r.more() {
				return "", false
			}
			continue
		}
		r.pos += i
		switch name, kind := r.markup(); kind {
		case startTag:
			return name, true
		case endTag:
			return "", false
		}
	}
	return "", false
}

// children ranges over the children of the current element and leaves it. What
// the loop's body leaves unread of a child is skipped. The body must not break.
func (r *reader) children() iter.Seq[string] {
	return func(yield func(string) bool) {
		level := r.depth
		for {
			name, ok := r.child()
			if !ok || !yield(name) {
				return
			}
			if r.depth > level {
				r.skip()
			}
		}
	}
}

// skip leaves the current element.
func (r *reader) skip() {
	for level := r.depth; r.err == nil && r.depth >= level && level > 0; {
		r.child()
	}
}

// text gives the current element's text and leaves it. Child elements are
// skipped.
func (r *reader) text() string {
	if r.empty {
		r.empty = false
		r.pop()
		return ""
	}
	r.scratch = r.scratch[:0]
	for r.err == nil {
		i := bytes.IndexByte(r.buf[r.pos:r.end], '<')
		stop := r.end
		if i >= 0 {
			stop = r.pos + i
		}
		r.scratch = append(r.scratch, r.buf[r.pos:stop]...)
		r.pos = stop
		if len(r.scratch) > maxText {
			r.fail(errTooLarge)
			return ""
		}
		if i < 0 {
			if !r.more() {
				return ""
			}
			continue
		}
		if (r.end-r.pos < 2 || r.buf[r.pos+1] == '!') && r.peek("<![CDATA[") {
			r.cdata()
			continue
		}
		switch _, kind := r.markup(); kind {
		case startTag:
			keep := r.scratch
			r.scratch = nil
			r.skip()
			r.scratch = keep
		case endTag:
			return r.unescape(r.scratch)
		}
	}
	return ""
}

// more is fill inside an element, where the end of input is a truncation.
func (r *reader) more() bool {
	if r.fill() {
		return true
	}
	r.fail(errTruncated)
	return false
}

// peek tells whether s comes next, filling as needed.
func (r *reader) peek(s string) bool {
	for r.end-r.pos < len(s) {
		if !strings.HasPrefix(s, string(r.buf[r.pos:r.end])) || !r.fill() {
			return false
		}
	}
	return string(r.buf[r.pos:r.pos+len(s)]) == s
}

// cdata appends a CDATA section to scratch, its specials escaped as in text.
func (r *reader) cdata() {
	r.pos += len("<![CDATA[")
	for r.err == nil {
		i := bytes.Index(r.buf[r.pos:r.end], []byte("]]>"))
		stop := r.pos + i
		if i < 0 {
			stop = max(r.pos, r.end-2)
		}
		for _, b := range r.buf[r.pos:stop] {
			if b == '&' {
				r.scratch = append(r.scratch, "&amp;"...)
			} else {
				r.scratch = append(r.scratch, b)
			}
		}
		r.pos = stop
		if len(r.scratch) > maxText {
			r.fail(errTooLarge)
		}
		if i >= 0 {
			r.pos += 3
			return
		}
		r.more()
	}
}

// attr gives an attribute of the element last entered.
func (r *reader) attr(name string) string {
	for _, a := range r.attrs {
		if a.name == name {
			return a.value
		}
	}
	return ""
}

func (r *reader) push(name string) bool {
	if r.depth == maxDepth {
		r.fail(fmt.Errorf("%w: nested deeper than %d", errTooLarge, maxDepth))
		return false
	}
	r.open[r.depth] = name
	r.depth++
	return true
}

func (r *reader) pop() {
	if r.depth > 0 {
		r.depth--
	}
}

// intern makes one string of each name, so that names cost no allocation.
func (r *reader) intern(b []byte) string {
	if i := bytes.LastIndexByte(b, ':'); i >= 0 {
		b = b[i+1:]
	}
	if s, ok := r.names[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(r.names) < 1024 {
		r.names[s] = s
	}
	return s
}

// unescape resolves references and line ends, and makes the result valid UTF-8.
func (r *reader) unescape(b []byte) string {
	if bytes.IndexByte(b, '&') < 0 && bytes.IndexByte(b, '\r') < 0 {
		if utf8.Valid(b) {
			return string(b)
		}
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\r': // XML 1.0 2.11
			out = append(out, '\n')
			if i+1 < len(b) && b[i+1] == '\n' {
				i++
			}
		case '&':
			j := bytes.IndexByte(b[i:min(len(b), i+12)], ';')
			if j < 0 {
				r.malformed("broken reference")
				return ""
			}
			var ok bool
			if out, ok = appendReference(out, string(b[i+1:i+j])); !ok {
				r.malformed("unknown reference")
				return ""
			}
			i += j
		default:
			out = append(out, b[i])
		}
	}
	if utf8.Valid(out) {
		return string(out)
	}
	return strings.ToValidUTF8(string(out), "\uFFFD")
}
