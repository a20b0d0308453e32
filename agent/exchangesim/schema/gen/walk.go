package main

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"os"
	"strings"
)

// node is any element of a schema document.
type node struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Kids    []node     `xml:",any"`
}

func (n *node) attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

func (n *node) kid(name string) *node {
	for i := range n.Kids {
		if n.Kids[i].XMLName.Local == name {
			return &n.Kids[i]
		}
	}
	return nil
}

type generator struct {
	out     *bufio.Writer
	named   map[string]*node // "t:Name" of types, groups, attribute groups
	elems   map[string]*node
	prefix  map[*node]string    // the document an element is written in
	subst   map[string][]string // head element -> members
	queue   []string
	queued  map[string]bool
	anon    map[string]*node
	anonNum int
	home    map[string]string // anonymous type -> prefix of its document
}

func newGenerator() *generator {
	return &generator{
		named: map[string]*node{}, prefix: map[*node]string{}, elems: map[string]*node{}, subst: map[string][]string{},
		queued: map[string]bool{}, anon: map[string]*node{}, home: map[string]string{},
	}
}

func (g *generator) load(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var doc node
	if err := xml.Unmarshal(data, &doc); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	p := "t:"
	if strings.HasSuffix(doc.attr("targetNamespace"), "/messages") {
		p = "m:"
	}
	g.mark(&doc, p)
	for i := range doc.Kids {
		k := &doc.Kids[i]
		name := p + k.attr("name")
		switch k.XMLName.Local {
		case "element":
			g.elems[name] = k
			if head := k.attr("substitutionGroup"); head != "" {
				g.subst[head] = append(g.subst[head], name)
			}
		case "complexType", "simpleType", "group", "attributeGroup":
			g.named[name] = k
		}
	}
	return nil
}

func (g *generator) mark(n *node, prefix string) {
	g.prefix[n] = prefix
	for i := range n.Kids {
		g.mark(&n.Kids[i], prefix)
	}
}

func (g *generator) homeOf(n *node) string { return g.prefix[n] }

// ref writes a reference as t:Name, m:Name or xs:name.
func ref(s string) string { return strings.Replace(s, "tns:", "m:", 1) }

func (g *generator) want(typ string) string {
	if !strings.HasPrefix(typ, "xs:") && !g.queued[typ] {
		g.queued[typ] = true
		g.queue = append(g.queue, typ)
	}
	return typ
}

// typeOf names the type of an element or attribute declaration.
func (g *generator) typeOf(n *node, home string) string {
	if t := n.attr("type"); t != "" {
		return g.want(ref(t))
	}
	for _, kind := range []string{"complexType", "simpleType"} {
		if k := n.kid(kind); k != nil {
			g.anonNum++
			name := fmt.Sprintf("#%d", g.anonNum)
			g.anon[name], g.home[name] = k, home
			return g.want(name)
		}
	}
	return "xs:anyType"
}

func (g *generator) root(name string) {
	e := g.elems[name]
	if e == nil {
		panic("the schema has no element " + name)
	}
	fmt.Fprintf(g.out, "E %s %s\n", name, g.typeOf(e, name[:2]))
}

func (g *generator) drain() {
	for len(g.queue) > 0 {
		name := g.queue[0]
		g.queue = g.queue[1:]
		n, home := g.named[name], name[:2]
		if n == nil {
			n, home = g.anon[name], g.home[name]
		}
		if n == nil {
			panic("the schema has no type " + name)
		}
		if n.XMLName.Local == "simpleType" {
			g.simple(name, n, home)
		} else {
			g.complex(name, n, home)
		}
	}
}

func (g *generator) simple(name string, n *node, home string) {
	switch {
	case n.kid("union") != nil:
		u := n.kid("union")
		members := strings.Fields(ref(u.attr("memberTypes")))
		for i := range u.Kids {
			if u.Kids[i].XMLName.Local == "simpleType" {
				g.anonNum++
				a := fmt.Sprintf("#%d", g.anonNum)
				g.anon[a], g.home[a] = &u.Kids[i], home
				members = append(members, a)
			}
		}
		for _, m := range members {
			g.want(m)
		}
		fmt.Fprintf(g.out, "U %s %s\n", name, strings.Join(members, " "))
	case n.kid("list") != nil:
		l := n.kid("list")
		item := ref(l.attr("itemType"))
		if item == "" {
			item = g.typeOf(l, home)
		}
		fmt.Fprintf(g.out, "L %s %s\n", name, g.want(item))
	default:
		r := n.kid("restriction")
		fmt.Fprintf(g.out, "S %s %s\n", name, g.want(ref(r.attr("base"))))
		g.facets(r)
	}
}

func (g *generator) facets(r *node) {
	for i := range r.Kids {
		k := &r.Kids[i]
		switch f := k.XMLName.Local; f {
		case "enumeration", "pattern", "minInclusive", "maxInclusive", "length", "minLength", "maxLength":
			fmt.Fprintf(g.out, "f %s %s\n", f, k.attr("value"))
		}
	}
}

func (g *generator) complex(name string, n *node, home string) {
	abstract := 0
	if n.attr("abstract") == "true" {
		abstract = 1
	}
	fmt.Fprintf(g.out, "C %s %d\n", name, abstract)
	if sc := n.kid("simpleContent"); sc != nil {
		x := sc.kid("extension")
		if x == nil {
			x = sc.kid("restriction")
		}
		fmt.Fprintf(g.out, "x %s\n", g.want(ref(x.attr("base"))))
		g.attributes(x)
		return
	}
	g.attributesOf(n)
	fmt.Fprintln(g.out, "s 1 1")
	g.contentOf(n)
	fmt.Fprintln(g.out, ".")
}

// body is the part of a complex type that holds particles and attributes, and its
// base type where it extends one.
func (g *generator) body(n *node) (*node, *node) {
	cc := n.kid("complexContent")
	if cc == nil {
		return n, nil
	}
	if x := cc.kid("extension"); x != nil {
		return x, g.named[ref(x.attr("base"))]
	}
	return cc.kid("restriction"), nil
}

func (g *generator) attributesOf(n *node) {
	b, base := g.body(n)
	if base != nil {
		g.attributesOf(base)
	}
	g.attributes(b)
}

func (g *generator) contentOf(n *node) {
	b, base := g.body(n)
	if base != nil {
		g.contentOf(base)
	}
	for i := range b.Kids {
		g.particle(&b.Kids[i])
	}
}

func (g *generator) attributes(n *node) {
	for i := range n.Kids {
		k := &n.Kids[i]
		switch k.XMLName.Local {
		case "attribute":
			if k.attr("ref") != "" || k.attr("use") == "prohibited" {
				continue
			}
			req := 0
			if k.attr("use") == "required" {
				req = 1
			}
			fmt.Fprintf(g.out, "a %s %s %d\n", k.attr("name"), g.typeOf(k, "t:"), req)
		case "attributeGroup":
			g.attributes(g.named[ref(k.attr("ref"))])
		case "anyAttribute":
			fmt.Fprintln(g.out, "A")
		}
	}
}

func occurs(n *node) (low, high string) {
	low, high = n.attr("minOccurs"), n.attr("maxOccurs")
	if low == "" {
		low = "1"
	}
	switch high {
	case "":
		high = "1"
	case "unbounded":
		high = "-1"
	}
	return low, high
}

func (g *generator) particle(n *node) {
	low, high := occurs(n)
	switch n.XMLName.Local {
	case "sequence", "choice":
		fmt.Fprintf(g.out, "%c %s %s\n", n.XMLName.Local[0], low, high)
		for i := range n.Kids {
			g.particle(&n.Kids[i])
		}
		fmt.Fprintln(g.out, ".")
	case "all":
		panic("xs:all is not used in this schema")
	case "group":
		def := g.named[ref(n.attr("ref"))]
		fmt.Fprintf(g.out, "s %s %s\n", low, high)
		for i := range def.Kids {
			g.particle(&def.Kids[i])
		}
		fmt.Fprintln(g.out, ".")
	case "any":
		fmt.Fprintf(g.out, "* %s %s\n", low, high)
	case "element":
		g.element(n, low, high)
	}
}

func (g *generator) element(n *node, low, high string) {
	r := ref(n.attr("ref"))
	if r == "" {
		home := g.homeOf(n)
		fmt.Fprintf(g.out, "e %s%s %s %s %s\n", home, n.attr("name"), g.typeOf(n, home), low, high)
		return
	}
	members := g.subst[r]
	if len(members) == 0 {
		fmt.Fprintf(g.out, "e %s %s %s %s\n", r, g.typeOf(g.elems[r], r[:2]), low, high)
		return
	}
	fmt.Fprintf(g.out, "c %s %s\n", low, high)
	if g.elems[r].attr("abstract") != "true" {
		fmt.Fprintf(g.out, "e %s %s 1 1\n", r, g.typeOf(g.elems[r], r[:2]))
	}
	for _, m := range members {
		fmt.Fprintf(g.out, "e %s %s 1 1\n", m, g.typeOf(g.elems[m], m[:2]))
	}
	fmt.Fprintln(g.out, ".")
}
