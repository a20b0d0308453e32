package exchangesim

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// writer appends a reply. Markup is written as constants; only what people or
// clients entered goes through the escaping methods.
type writer struct {
	b []byte
}

func (w *writer) s(markup string) { w.b = append(w.b, markup...) }

func (w *writer) int(n int) { w.b = strconv.AppendInt(w.b, int64(n), 10) }

func (w *writer) bool(v bool) { w.b = strconv.AppendBool(w.b, v) }

// text escapes character data. Characters XML 1.0 can't hold become '?', so that
// no content can make a reply unreadable.
func (w *writer) text(s string) {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 || r == 0xfffe || r == 0xffff {
				w.b = append(append(w.b, s[start:i]...), '?')
				start = i + n
			}
			i += n
			continue
		}
		esc := escapes[c]
		if esc != "" {
			w.b = append(append(w.b, s[start:i]...), esc...)
			start = i + 1
		}
		i++
	}
	w.b = append(w.b, s[start:]...)
}

// escapes holds what an ASCII character is written as, "" for itself.
var escapes = func() (t [utf8.RuneSelf]string) {
	for c := range 0x20 {
		t[c] = "?"
	}
	t['\t'], t['\n'], t['\r'] = "&#x9;", "\n", "&#xD;"
	t['<'], t['>'], t['&'], t['"'] = "&lt;", "&gt;", "&amp;", "&quot;"
	return t
}()

// elem writes <t:name>text</t:name>.
func (w *writer) elem(name, text string) {
	w.open(name)
	w.text(text)
	w.close(name)
}

func (w *writer) open(name string) {
	w.b = append(w.b, "<t:"...)
	w.b = append(w.b, name...)
	w.b = append(w.b, '>')
}

func (w *writer) close(name string) {
	w.b = append(w.b, "</t:"...)
	w.b = append(w.b, name...)
	w.b = append(w.b, '>')
}

// attr writes ` name="value"`.
func (w *writer) attr(name, value string) {
	w.b = append(w.b, ' ')
	w.b = append(w.b, name...)
	w.b = append(w.b, `="`...)
	w.text(value)
	w.b = append(w.b, '"')
}

func (w *writer) elemInt(name string, n int) {
	w.open(name)
	w.int(n)
	w.close(name)
}

func (w *writer) elemBool(name string, v bool) {
	w.open(name)
	w.bool(v)
	w.close(name)
}

// time writes an instant: in UTC, or with the offset of the caller's zone.
func (w *writer) time(t time.Time, loc *time.Location) {
	if loc != nil && loc != time.UTC {
		w.b = t.In(loc).AppendFormat(w.b, "2006-01-02T15:04:05Z07:00")
		return
	}
	t = t.UTC()
	y, mo, d := t.Date()
	h, mi, s := t.Clock()
	if y < 1000 || y > 9999 {
		w.b = t.AppendFormat(w.b, "2006-01-02T15:04:05Z")
		return
	}
	w.b = strconv.AppendInt(w.b, int64(y), 10)
	w.b = append(w.b, '-', byte('0'+mo/10), byte('0'+mo%10), '-', byte('0'+d/10), byte('0'+d%10), 'T',
		byte('0'+h/10), byte('0'+h%10), ':', byte('0'+mi/10), byte('0'+mi%10), ':', byte('0'+s/10), byte('0'+s%10), 'Z')
}

func (w *writer) elemTime(name string, t time.Time, loc *time.Location) {
	w.open(name)
	w.time(t, loc)
	w.close(name)
}

// itemID writes an ItemId element.
func (w *writer) itemID(name string, id ItemID, key string) {
	w.b = append(w.b, "<t:"...)
	w.b = append(w.b, name...)
	w.b = append(w.b, ` Id="`...)
	w.b = append(w.b, id...)
	if key != "" {
		w.b = append(w.b, `" ChangeKey="`...)
		w.b = append(w.b, key...)
	}
	w.b = append(w.b, `"/>`...)
}
