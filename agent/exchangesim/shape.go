package exchangesim

import "abgleich/agent/exchangesim/xmltree"

// itemShape reads an ItemShape (nil: ids only) for one kind of operation.
func (c *call) itemShape(n *xmltree.Node, list bool) (*render, string) {
	r := &render{bodyType: "Best", list: list, loc: c.loc(), quirks: c.s.opt.Quirks}
	if t := n.ChildText("BodyType"); t != "" {
		r.bodyType = t
	}
	switch n.ChildText("BaseShape") {
	case "Default":
		for i := range fields {
			if fields[i].flags&inDefault != 0 {
				r.fields.add(i)
			}
		}
	case "AllProperties":
		for i := range fields {
			if fields[i].flags&notInAll == 0 {
				r.fields.add(i)
			}
		}
	}
	for p := n.Child("AdditionalProperties").FirstChild(); p != nil; p = p.Next {
		switch p.Name {
		case "FieldURI":
			if i, ok := fieldByURI[p.Attr("FieldURI")]; ok {
				r.fields.add(i)
			}
		case "ExtendedFieldURI":
			name, code := propertyName(p)
			if code != "" {
				return nil, code
			}
			r.props = append(r.props, wantedProperty{name, pathOf(p)})
		}
	}
	if isTrue(n.ChildText("IncludeMimeContent")) {
		r.fields.add(fieldByURI[mimeURI])
	}
	if list {
		for i := range fields {
			if fields[i].flags&isBody != 0 {
				r.fields[i>>6] &^= 1 << (i & 63)
			}
		}
	}
	r.mime = r.fields.has(fieldByURI[mimeURI])
	r.zones = c.s.zones
	r.idOnly = r.fields == (fieldSet{}) && len(r.props) == 0
	return r, ""
}

// item writes an item in a shape.
func (w *writer) item(it *Item, r *render) {
	elem := it.Kind.element()
	w.open(elem)
	if r.mime {
		w.mimeContent(it, r.zones)
	}
	if it.ID != "" { // an attached item has none
		w.itemID("ItemId", it.ID, it.ChangeKey)
	}
	if !r.idOnly {
		kind := kindBit(it.Kind)
		for i := range fields {
			f := &fields[i]
			if f.uri == propertiesAfter {
				for j := range r.props {
					if v := it.values(r.props[j].name); len(v) > 0 {
						w.property(r.props[j].path, &r.props[j].name, v)
					}
				}
			}
			if f.kinds&kind != 0 && r.fields.has(i) && (r.quirks == NoQuirks || f.elem != "StartTimeZone") {
				f.put(w, it, r)
			}
		}
		if i := fieldByURI["calendar:StartTimeZone"]; r.quirks == Grommunio && fields[i].kinds&kind != 0 && r.fields.has(i) {
			fields[i].put(w, it, r)
		}
	}
	w.close(elem)
}

// idShape writes nothing but the id.
func idShape() *render { return &render{idOnly: true} }
