package xmltree

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestDocumentsAreReadOrRefused(t *testing.T) {
	for _, c := range []struct{ name, doc, want string }{
		{"an element", `<a/>`, `{}a()`},
		{"text with references", `<a>x &amp; y&#x20AC;&#10;</a>`, "{}a(x & y€\n)"},
		{"a CDATA section", `<a>1<![CDATA[<b>&amp;]]>2</a>`, `{}a(1<b>&amp;2)`},
		{"line ends become LF", "<a>x\r\ny\rz</a>", "{}a(x\ny\nz)"},
		{"a written CR stays", "<a>x&#13;</a>", "{}a(x\r)"},
		{"namespaces nest and end", `<p:a xmlns:p="u" xmlns="d"><b xmlns="e"/><c/></p:a>`, `{u}a({e}b(){d}c())`},
		{"a namespace taken back", `<a xmlns="d"><b xmlns=""/></a>`, `{d}a({}b())`},
		{"an attribute", `<a x='1"' y="&lt;"/>`, `{}a[x=1"][y=<]()`},
		{"white space in attributes is flattened", "<a x='1\n2&#10;3'/>", "{}a[x=1 2\n3]()"},
		{"a declaration, a comment, an instruction", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- x --><?p y?><a/>\n", `{}a()`},
		{"a byte order mark", "\uFEFF<a/>", `{}a()`},
		{"beyond the basic plane", "<a>😀</a>", "{}a(😀)"},

		{"nothing", ``, ""},
		{"two roots", `<a/><b/>`, ""},
		{"text beside the root", `<a/>x`, ""},
		{"an open element", `<a><b></b>`, ""},
		{"crossed elements", `<a><b></a></b>`, ""},
		{"a vertical tab", "<a>\x0b</a>", ""},
		{"a written vertical tab", "<a>&#xB;</a>", ""},
		{"a written zero", "<a>&#0;</a>", ""},
		{"a surrogate", "<a>&#xD800;</a>", ""},
		{"half a character", "<a>\xe2\x82</a>", ""},
		{"U+FFFE", "<a>\uFFFE</a>", ""},
		{"an unknown entity", `<a>&nbsp;</a>`, ""},
		{"an open reference", `<a>&amp</a>`, ""},
		{"a document type", `<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`, ""},
		{"an undeclared prefix", `<p:a/>`, ""},
		{"an attribute twice", `<a x="1" x="2"/>`, ""},
		{"an attribute twice by namespace", `<a xmlns:p="u" xmlns:q="u" p:x="1" q:x="2"/>`, ""},
		{"an attribute without quotes", `<a x=1/>`, ""},
		{"no space between attributes", `<a x="1"y="2"/>`, ""},
		{"< in an attribute", `<a x="<"/>`, ""},
		{"]]> in text", `<a>]]></a>`, ""},
		{"-- in a comment", `<a><!-- -- --></a>`, ""},
		{"another encoding", `<?xml version="1.0" encoding="ISO-8859-1"?><a/>`, ""},
		{"too deep", strings.Repeat("<a>", MaxDepth+1) + strings.Repeat("</a>", MaxDepth+1), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, err := Parse(c.doc)
			switch {
			case c.want == "" && err == nil:
				t.Fatalf("accepted as %s", show(n))
			case c.want == "" && !errors.Is(err, Err):
				t.Fatalf("%v is no Err", err)
			case c.want != "" && err != nil:
				t.Fatal(err)
			case c.want != "" && show(n) != c.want:
				t.Fatalf("read as %s, want %s", show(n), c.want)
			}
		})
	}
}

func TestAnErrorSaysWhere(t *testing.T) {
	_, err := Parse("<a>\n  <b x=1/>\n</a>")
	var s *SyntaxError
	if !errors.As(err, &s) || s.Line != 2 || s.Col != 8 {
		t.Fatalf("%v", err)
	}
}

func show(n *Node) string {
	var b strings.Builder
	b.WriteString("{" + n.Space + "}" + n.Name)
	for _, a := range n.Attrs {
		b.WriteString("[" + a.Name + "=" + a.Value + "]")
	}
	b.WriteString("(" + n.Text)
	for c := n.First; c != nil; c = c.Next {
		b.WriteString(show(c))
	}
	return b.String() + ")"
}

// reference reads a document with encoding/xml, as the independent opinion.
func byStandardLibrary(doc string) (string, error) {
	d := xml.NewDecoder(strings.NewReader(doc))
	type frame struct {
		head, text string
		kids       string
	}
	stack := []frame{{}}
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return stack[0].kids, nil
		}
		if err != nil {
			return "", err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			f := frame{head: "{" + tok.Name.Space + "}" + tok.Name.Local}
			for _, a := range tok.Attr {
				if a.Name.Space != "xmlns" && a.Name != (xml.Name{Local: "xmlns"}) {
					f.head += "[" + a.Name.Local + "=" + a.Value + "]"
				}
			}
			stack = append(stack, f)
		case xml.EndElement:
			f := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			stack[len(stack)-1].kids += f.head + "(" + f.text + f.kids + ")"
		case xml.CharData:
			if len(stack) > 1 {
				stack[len(stack)-1].text += string(tok)
			}
		}
	}
}

// FuzzParse: what we accept the standard library accepts too, and reads the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`<a/>`, `<p:a xmlns:p="u"><b x="1">t&amp;</b></p:a>`, `<a><![CDATA[x]]><!-- c --></a>`, "<?xml version=\"1.0\"?><a>\r\n</a>", `<a xmlns="u" xmlns:b='v' b:c="d"/>`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		n, err := Parse(doc)
		if err != nil {
			return
		}
		// The standard library keeps the mark, and white space in attributes.
		doc = strings.TrimPrefix(doc, "\uFEFF")
		want, err := byStandardLibrary(doc)
		if err != nil {
			t.Fatalf("accepted what encoding/xml refuses: %v", err)
		}
		flat := strings.NewReplacer("\t", " ", "\n", " ").Replace
		if got := show(n); flat(got) != flat(want) {
			t.Fatalf("read as %q, encoding/xml reads %q", got, want)
		}
	})
}
