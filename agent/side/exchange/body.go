package exchange

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"abgleich/agent/ews"
)

// bodyText gives a body as text. Servers are asked for text; some send HTML all
// the same.
func bodyText(b ews.Body) string {
	if !b.HTML {
		return b.Value
	}
	t := &textMaker{}
	z := html.NewTokenizer(strings.NewReader(b.Value))
	z.SetMaxBuf(1 << 20)
	for {
		switch z.Next() {
		case html.ErrorToken:
			return strings.TrimSpace(t.out.String())
		case html.TextToken:
			t.text(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			t.start(z.Token())
		case html.EndTagToken:
			t.end(z.Token().DataAtom)
		}
	}
}

// textMaker writes paragraphs as lines, table cells with a tab between them, list
// items with a dash, and links with their address behind the words.
type textMaker struct {
	out    strings.Builder
	hidden int // inside elements without visible text
	pre    int
	href   string
	breaks int  // line breaks due before the next word
	space  bool // a blank due before the next word
	begun  bool
}

func (t *textMaker) text(s string) {
	if t.hidden > 0 {
		return
	}
	if t.pre > 0 {
		t.flush()
		t.out.WriteString(s)
		return
	}
	words := strings.Fields(s)
	if len(words) == 0 {
		t.space = t.space || s != ""
		return
	}
	if strings.ContainsAny(s[:1], " \t\r\n") {
		t.space = true
	}
	for i, w := range words {
		t.space = t.space || i > 0
		t.flush()
		t.out.WriteString(w)
	}
	t.space = strings.ContainsAny(s[len(s)-1:], " \t\r\n")
}

// flush writes the breaks and blanks that are due.
func (t *textMaker) flush() {
	switch {
	case !t.begun:
	case t.breaks > 0:
		t.out.WriteString(strings.Repeat("\n", min(t.breaks, 2)))
	case t.space:
		t.out.WriteByte(' ')
	}
	t.begun, t.breaks, t.space = true, 0, false
}

func (t *textMaker) line() { t.breaks = max(t.breaks, 1) }

func (t *textMaker) start(k html.Token) {
	switch k.DataAtom {
	case atom.Head, atom.Style, atom.Script, atom.Title:
		if k.Type == html.StartTagToken {
			t.hidden++
		}
	case atom.Br:
		t.breaks++
	case atom.P, atom.Div, atom.Tr, atom.Ul, atom.Ol, atom.Table, atom.H1, atom.H2, atom.H3, atom.H4:
		t.line()
	case atom.Pre:
		t.line()
		t.pre++
	case atom.Li:
		t.line()
		t.flush()
		t.out.WriteString("- ")
	case atom.A:
		t.href = ""
		for _, a := range k.Attr {
			if a.Key == "href" && (strings.HasPrefix(a.Val, "http") || strings.HasPrefix(a.Val, "mailto:")) {
				t.href = a.Val
			}
		}
	}
}

func (t *textMaker) end(a atom.Atom) {
	switch a {
	case atom.Head, atom.Style, atom.Script, atom.Title:
		t.hidden = max(t.hidden-1, 0)
	case atom.P, atom.Div, atom.Tr, atom.Ul, atom.Ol, atom.Table, atom.Li, atom.H1, atom.H2, atom.H3, atom.H4:
		t.line()
	case atom.Pre:
		t.pre = max(t.pre-1, 0)
		t.line()
	case atom.Td, atom.Th:
		if t.begun && t.breaks == 0 {
			t.out.WriteByte('\t')
			t.space = false
		}
	case atom.A:
		if t.href != "" && !strings.HasSuffix(t.out.String(), strings.TrimPrefix(t.href, "mailto:")) {
			t.out.WriteString(" <" + t.href + ">")
		}
		t.href = ""
	}
}
