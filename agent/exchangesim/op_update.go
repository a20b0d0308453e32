package exchangesim

import (
	"strings"

	"abgleich/agent/exchangesim/xmltree"
)

func (c *call) updateItem() {
	resolution := c.body.Attr("ConflictResolution")
	send, hasSend := c.body.LookupAttr("SendMeetingInvitationsOrCancellations")
	c.begin()
	for n := c.body.Child("ItemChanges").FirstChild(); n != nil; n = n.Next {
		c.items++
		it, code := c.updateOne(n, resolution, hasSend)
		if code != "" {
			c.fail(code)
			continue
		}
		if it.Kind == Appointment && send != "SendToNone" {
			c.s.count.change(func(st *Stats) { st.Mailed++ })
		}
		c.ok()
		c.out.s("<m:Items>")
		c.out.item(it, idShape())
		c.out.s("</m:Items><m:ConflictResults><t:Count>0</t:Count></m:ConflictResults>")
		c.done()
	}
	c.end()
}

func (c *call) updateOne(n *xmltree.Node, resolution string, hasSend bool) (*Item, string) {
	m := c.box
	m.mu.Lock()
	defer m.mu.Unlock()
	id := n.First
	old, code := c.itemOf(id)
	if code != "" {
		return nil, code
	}
	if old.Kind == Appointment && !hasSend {
		return nil, "ErrorSendMeetingInvitationsOrCancellationsRequired"
	}
	it := *old
	changed, code := c.changes(&it, n.Child("Updates"))
	if code != "" {
		return nil, code
	}
	if m.quirks == Grommunio {
		resolution = "AlwaysOverwrite"
	}
	if code := conflict(old, id.Attr("ChangeKey"), resolution, changed); code != "" {
		return nil, code
	}
	return m.save(old, &it, changed)
}

// conflict judges a save by the change key it was made with. AutoResolve merges
// what others saved meanwhile, unless it was the same fields of the same item or
// occurrence.
func conflict(old *Item, key, resolution string, changed fieldSet) string {
	if resolution == "AlwaysOverwrite" {
		return ""
	}
	if key == "" {
		return "ErrorChangeKeyRequired"
	}
	if key == old.ChangeKey {
		return ""
	}
	seq, ok := decodeChangeKey(key)
	if resolution == "NeverOverwrite" || !ok || seq > old.seq {
		return "ErrorIrresolvableConflict"
	}
	var since fieldSet
	for i := len(old.saves) - 1; i >= 0 && old.saves[i].seq > seq; i-- {
		if s := old.saves[i]; s.day == old.day || s.day == 0 {
			since = since.union(s.fields)
		}
		if i == 0 && len(old.saves) == keptSaves {
			return "ErrorIrresolvableConflict" // older than what is remembered
		}
	}
	if since.meets(changed) {
		return "ErrorIrresolvableConflict"
	}
	return ""
}

// changes applies the updates of one item in their order.
func (c *call) changes(it *Item, updates *xmltree.Node) (changed fieldSet, code string) {
	x := c.updateSetting(updates)
	for u := updates.FirstChild(); u != nil; u = u.Next {
		path := u.First
		var i int
		var ok bool
		switch path.Name {
		case "FieldURI":
			i, ok = fieldByURI[path.Attr("FieldURI")]
			if !ok || it.master != nil && (fields[i].elem == "Recurrence" || fields[i].elem == "UID") {
				return changed, "ErrorInvalidPropertySet"
			}
			changed.add(i)
		case "ExtendedFieldURI":
			i = -1
			changed.add(propertyBit)
		default:
			return changed, "ErrorInvalidPropertySet"
		}
		switch u.Name {
		case "DeleteItemField":
			code = deleteField(it, i, path)
		case "AppendToItemField":
			code = appendField(it, i, path.Next)
		default:
			code = c.setField(x, it, i, path)
		}
		if code != "" {
			return changed, code
		}
	}
	return changed, ""
}

func (c *call) updateSetting(updates *xmltree.Node) *setting {
	var start, end *xmltree.Node
	for u := updates.FirstChild(); u != nil; u = u.Next {
		if u.Name == "SetItemField" && u.First.Next != nil {
			if z := u.First.Next.Child("StartTimeZone"); z != nil {
				start = z
			}
			if z := u.First.Next.Child("EndTimeZone"); z != nil {
				end = z
			}
		}
	}
	return c.setting(start, end)
}

func deleteField(it *Item, i int, path *xmltree.Node) string {
	if i < 0 {
		name, code := propertyName(path)
		if code == "" {
			it.SetProperty(name)
		}
		return code
	}
	if fields[i].del == nil || fields[i].kinds&kindBit(it.Kind) == 0 {
		return "ErrorInvalidPropertyDelete"
	}
	fields[i].del(it)
	return ""
}

// payload is the one element in the item of a SetItemField.
func payload(it *Item, item *xmltree.Node) (*xmltree.Node, string) {
	if item == nil || item.First == nil || item.First.Next != nil {
		return nil, "ErrorIncorrectUpdatePropertyCount"
	}
	if item.Name != it.Kind.element() && item.Name != "Item" {
		return nil, "ErrorUpdatePropertyMismatch"
	}
	return item.First, ""
}

func (c *call) setField(x *setting, it *Item, i int, path *xmltree.Node) string {
	e, code := payload(it, path.Next)
	if code != "" {
		return code
	}
	if i < 0 {
		name, code := propertyName(path)
		if code != "" {
			return code
		}
		if e.Name != "ExtendedProperty" {
			return "ErrorUpdatePropertyMismatch"
		}
		p, code := readProperty(e)
		if code == "" && p.Name != name {
			code = "ErrorUpdatePropertyMismatch"
		}
		if code == "" {
			code = it.setProperty(p)
		}
		return code
	}
	f := &fields[i]
	if e.Name != f.elem {
		return "ErrorUpdatePropertyMismatch"
	}
	if f.set == nil || f.kinds&kindBit(it.Kind) == 0 {
		return "ErrorInvalidPropertySet"
	}
	return f.set(x, it, e)
}

// appendField adds to a body or to lists; other fields can't be appended to.
func appendField(it *Item, i int, item *xmltree.Node) string {
	e, code := payload(it, item)
	if code != "" {
		return code
	}
	if i < 0 {
		return "ErrorInvalidPropertyAppend"
	}
	if e.Name != fields[i].elem {
		return "ErrorUpdatePropertyMismatch"
	}
	switch fields[i].uri {
	case "item:Body":
		if html := e.Attr("BodyType") == "HTML"; html == it.BodyIsHTML || it.Body == "" {
			it.Body, it.BodyIsHTML = it.Body+e.Text, html
		} else {
			it.Body, it.BodyIsHTML = bodyHTML(it)+e.Text, true
		}
	case "item:Categories":
		list := append([]string(nil), it.Categories...)
		for s := e.First; s != nil; s = s.Next {
			list = append(list, strings.Clone(s.Text))
		}
		it.Categories = list
	default:
		return "ErrorInvalidPropertyAppend"
	}
	return ""
}
