package exchangesim

import (
	"html"
	"strings"

	nethtml "golang.org/x/net/html"
)

// bodyHTML is the body as HTML, wrapped the way Exchange wraps plain text.
func bodyHTML(it *Item) string {
	if it.BodyIsHTML || it.Body == "" {
		return it.Body
	}
	text := strings.ReplaceAll(html.EscapeString(strings.ReplaceAll(it.Body, "\r\n", "\n")), "\n", "<br>\r\n")
	return "<html><head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\"></head><body><div class=\"PlainText\">" + text + "</div></body></html>"
}

// bodyText is the body as text.
func bodyText(it *Item) string {
	if !it.BodyIsHTML {
		return it.Body
	}
	var b strings.Builder
	skip := 0
	z := nethtml.NewTokenizer(strings.NewReader(it.Body))
	for {
		kind := z.Next()
		switch kind {
		case nethtml.ErrorToken:
			return strings.TrimRight(b.String(), "\r\n ")
		case nethtml.TextToken:
			if skip == 0 {
				b.WriteString(squeeze(string(z.Text()), b.Len() == 0 || strings.HasSuffix(b.String(), "\n")))
			}
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken, nethtml.EndTagToken:
			name, _ := z.TagName()
			switch string(name) {
			case "head", "style", "script", "title":
				if kind == nethtml.StartTagToken {
					skip++
				} else if kind == nethtml.EndTagToken && skip > 0 {
					skip--
				}
			case "br":
				b.WriteString("\r\n")
			case "p", "div", "tr", "li", "h1", "h2", "h3":
				if kind == nethtml.EndTagToken && b.Len() > 0 && !strings.HasSuffix(b.String(), "\n") {
					b.WriteString("\r\n")
				}
			}
		}
	}
}

// squeeze folds white space as a browser does.
func squeeze(s string, atStart bool) string {
	words := strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\n' || r == '\r' || r == '\t' }), " ")
	if words == "" {
		if s != "" && !atStart {
			return " "
		}
		return ""
	}
	if !atStart && strings.ContainsAny(s[:1], " \r\n\t") {
		words = " " + words
	}
	if strings.ContainsAny(s[len(s)-1:], " \r\n\t") {
		words += " "
	}
	return words
}
