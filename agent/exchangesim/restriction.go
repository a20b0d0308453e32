package exchangesim

import (
	"strings"

	"abgleich/agent/exchangesim/xmltree"
)

// restriction builds a test from a search expression; nil for none.
func (c *call) restriction(n *xmltree.Node) (func(*Item) bool, string) {
	if n == nil {
		return nil, ""
	}
	switch n.Name {
	case "And", "Or":
		var all []func(*Item) bool
		for k := n.First; k != nil; k = k.Next {
			f, code := c.restriction(k)
			if code != "" {
				return nil, code
			}
			all = append(all, f)
		}
		and := n.Name == "And"
		return func(it *Item) bool {
			for _, f := range all {
				if f(it) != and {
					return !and
				}
			}
			return and
		}, ""
	case "Not":
		f, code := c.restriction(n.First)
		if code != "" {
			return nil, code
		}
		return func(it *Item) bool { return !f(it) }, ""
	case "Exists":
		get, code := c.path(n.First)
		if code != "" {
			return nil, code
		}
		return func(it *Item) bool { return len(get(it)) > 0 }, ""
	case "Contains":
		return c.contains(n)
	case "Excludes":
		return nil, "ErrorUnsupportedQueryFilter"
	}
	return c.comparison(n)
}

func (c *call) comparison(n *xmltree.Node) (func(*Item) bool, string) {
	get, code := c.path(n.First)
	if code != "" {
		return nil, code
	}
	var other func(*Item) []string
	if k := n.Child("FieldURIOrConstant").FirstChild(); k.Name == "Constant" {
		value := []string{k.Attr("Value")}
		other = func(*Item) []string { return value }
	} else if other, code = c.path(k); code != "" {
		return nil, code
	}
	test := map[string]func(int) bool{
		"IsEqualTo":              func(d int) bool { return d == 0 },
		"IsNotEqualTo":           func(d int) bool { return d != 0 },
		"IsGreaterThan":          func(d int) bool { return d > 0 },
		"IsGreaterThanOrEqualTo": func(d int) bool { return d >= 0 },
		"IsLessThan":             func(d int) bool { return d < 0 },
		"IsLessThanOrEqualTo":    func(d int) bool { return d <= 0 },
	}[n.Name]
	if test == nil {
		return nil, "ErrorUnsupportedQueryFilter"
	}
	negative := n.Name == "IsNotEqualTo"
	return func(it *Item) bool {
		values, want := get(it), first(other(it))
		for _, v := range values {
			if test(compareValues(v, want)) != negative {
				return !negative
			}
		}
		return negative
	}, ""
}

func (c *call) contains(n *xmltree.Node) (func(*Item) bool, string) {
	get, code := c.path(n.First)
	if code != "" {
		return nil, code
	}
	want, mode := n.Child("Constant").Attr("Value"), n.Attr("ContainmentMode")
	fold := strings.HasPrefix(n.Attr("ContainmentComparison"), "IgnoreCase")
	if fold {
		want = strings.ToLower(want)
	}
	return func(it *Item) bool {
		for _, v := range get(it) {
			if fold {
				v = strings.ToLower(v)
			}
			switch mode {
			case "FullString":
				if v == want {
					return true
				}
			case "Prefixed", "PrefixOnWords", "ExactPhrase":
				if strings.HasPrefix(v, want) || mode == "ExactPhrase" && strings.Contains(v, want) {
					return true
				}
			default:
				if strings.Contains(v, want) {
					return true
				}
			}
		}
		return false
	}, ""
}

// path answers how to read a field's values as text; no value means absent.
func (c *call) path(n *xmltree.Node) (func(*Item) []string, string) {
	switch n.Name {
	case "ExtendedFieldURI":
		name, code := propertyName(n)
		return func(it *Item) []string { return it.values(name) }, code
	case "FieldURI":
		uri := n.Attr("FieldURI")
		i, ok := fieldByURI[uri]
		if uri == "item:ItemId" {
			return func(it *Item) []string { return []string{string(it.ID)} }, ""
		}
		if !ok || fields[i].flags&isBody != 0 {
			return nil, "ErrorUnsupportedPathForQuery"
		}
		return fields[i].values, ""
	}
	return nil, "ErrorUnsupportedPathForQuery"
}

// values reads a field back out of what it writes: the text of its element, or of
// the elements in it.
func (f *field) values(it *Item) []string {
	if f.kinds&kindBit(it.Kind) == 0 {
		return nil
	}
	var w writer
	w.s(`<r xmlns:t="t">`)
	f.put(&w, it, &render{bodyType: "Text"})
	w.s("</r>")
	root, err := xmltree.Parse(string(w.b))
	if err != nil || root.First == nil {
		return nil
	}
	if root.First.First == nil {
		return []string{root.First.Text}
	}
	var list []string
	for k := root.First.First; k != nil; k = k.Next {
		list = append(list, k.Text)
	}
	return list
}

// folderMatches is the same for folders, for their names and classes only.
func folderMatches(n *xmltree.Node, f *folder) bool {
	text := func(p *xmltree.Node) string {
		switch p.Attr("FieldURI") {
		case "folder:DisplayName":
			return f.name
		case "folder:FolderClass":
			return f.class
		}
		return ""
	}
	switch n.Name {
	case "And", "Or":
		and := n.Name == "And"
		for k := n.First; k != nil; k = k.Next {
			if folderMatches(k, f) != and {
				return !and
			}
		}
		return and
	case "Not":
		return !folderMatches(n.First, f)
	case "IsEqualTo":
		return strings.EqualFold(text(n.First), n.Path("FieldURIOrConstant", "Constant").Attr("Value"))
	case "Contains":
		return strings.Contains(strings.ToLower(text(n.First)), strings.ToLower(n.Child("Constant").Attr("Value")))
	case "Exists":
		return text(n.First) != ""
	}
	return false
}
