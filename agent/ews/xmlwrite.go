package ews

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// writer appends XML. It knows nothing of the schema: who calls it writes the
// elements in the schema's order.
type writer struct {
	b []byte
	// mailbox is put into well-known folders that name none.
	mailbox string
}

// Write makes a writer an io.Writer for fmt.Fprintf.
func (w *writer) Write(p []byte) (int, error) {
	w.b = append(w.b, p...)
	return len(p), nil
}

func (w *writer) raw(s string) { w.b = append(w.b, s...) }

// open writes <t:name>; the other helpers follow it.
func (w *writer) open(name string) {
	w.raw("<t:")
	w.raw(name)
	w.raw(">")
}

func (w *writer) close(name string) {
	w.raw("</t:")
	w.raw(name)
	w.raw(">")
}

func (w *writer) text(name, value string) {
	w.open(name)
	w.escape(value, false)
	w.close(name)
}

func (w *writer) bool(name string, v bool) { w.text(name, strconv.FormatBool(v)) }
func (w *writer) int(name string, v int)   { w.text(name, strconv.Itoa(v)) }
func (w *writer) time(name string, t time.Time) {
	w.open(name)
	w.b = t.UTC().AppendFormat(w.b, "2006-01-02T15:04:05Z")
	w.close(name)
}

func (w *writer) attr(name, value string) {
	w.raw(" ")
	w.raw(name)
	w.raw(`="`)
	w.escape(value, true)
	w.raw(`"`)
}

// escape writes text, without what XML 1.0 cannot carry: Exchange refuses the
// whole request otherwise.
func (w *writer) escape(s string, attr bool) {
	for i, c := range s {
		switch {
		case c == '&':
			w.raw("&amp;")
		case c == '<':
			w.raw("&lt;")
		case c == '>':
			w.raw("&gt;")
		case c == '"' && attr:
			w.raw("&quot;")
		case c == '\r':
			w.raw("&#13;") // a bare one would be read as a line feed (2.11)
		case attr && (c == '\n' || c == '\t'):
			w.raw("&#")
			w.raw(strconv.Itoa(int(c)))
			w.raw(";")
		case c == utf8.RuneError:
			if _, n := utf8.DecodeRuneInString(s[i:]); n > 1 {
				w.b = utf8.AppendRune(w.b, c)
			}
		case c < utf8.RuneSelf && c >= 0x20:
			w.b = append(w.b, byte(c))
		case allowed(c):
			w.b = utf8.AppendRune(w.b, c)
		}
	}
}
