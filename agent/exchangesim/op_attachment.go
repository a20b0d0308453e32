package exchangesim

import (
	"encoding/base64"
	"slices"
	"strings"

	"abgleich/agent/exchangesim/xmltree"
)

// createAttachment saves the item once for each attachment: its change key is new
// each time, and the last answer has the one that holds.
func (c *call) createAttachment() {
	c.begin()
	parent := c.body.Child("ParentItemId")
	for n := c.body.Child("Attachments").FirstChild(); n != nil; n = n.Next {
		c.items++
		a, code := c.newAttachment(n)
		if code != "" {
			c.fail(code)
			continue
		}
		m := c.box
		m.mu.Lock()
		it, code := c.parentOf(parent)
		if code == "" {
			next := *it
			next.Attachments = append(slices.Clip(it.Attachments), a)
			m.number(&next)
			a = next.Attachments[len(next.Attachments)-1]
			it, code = m.save(it, &next, attached())
		}
		m.mu.Unlock()
		if code != "" {
			c.fail(code)
			continue
		}
		c.ok()
		elem := a.element()
		c.out.s("<m:Attachments>")
		c.out.open(elem)
		c.out.s("<t:AttachmentId")
		c.out.attr("Id", string(it.attachmentID(&a)))
		c.out.rootItem(it)
		c.out.s("/>")
		c.out.close(elem)
		c.out.s("</m:Attachments>")
		c.done()
	}
	c.end()
}

// parentOf finds the item or occurrence attachments are made on; the lock is held.
// ParentItemId is an ItemId by another name.
func (c *call) parentOf(n *xmltree.Node) (*Item, string) {
	named := *n
	named.Name = "ItemId"
	return c.itemOf(&named)
}

func (w *writer) rootItem(it *Item) {
	w.attr("RootItemId", string(it.ID))
	w.attr("RootItemChangeKey", it.ChangeKey)
}

// newAttachment reads an attachment; nothing is stored yet.
func (c *call) newAttachment(n *xmltree.Node) (a Attachment, code string) {
	a = Attachment{
		Name: strings.Clone(n.ChildText("Name")), ContentType: strings.Clone(n.ChildText("ContentType")),
		ContentID: strings.Clone(n.ChildText("ContentId")), Location: strings.Clone(n.ChildText("ContentLocation")),
		Inline: isTrue(n.ChildText("IsInline")),
	}
	switch n.Name {
	case "FileAttachment":
		content := n.Child("Content")
		if a.Name == "" || content == nil {
			return a, "ErrorRequiredPropertyMissing"
		}
		var err error
		if a.Content, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(content.Text), "")); err != nil {
			return a, "ErrorInvalidPropertySet"
		}
		return a, ""
	case "ItemAttachment":
		for e := n.First; e != nil; e = e.Next {
			switch e.Name {
			case "Item", "Message", "CalendarItem", "Task":
				a.Item, code = c.readItem(e)
				return a, code
			case "Contact", "PostItem":
				return a, "ErrorInvalidItemForOperationCreateItemAttachment"
			}
		}
		return a, "ErrorMissingItemForCreateItemAttachment"
	}
	return a, "ErrorInvalidOperation" // a link to a file elsewhere: not in this server's version
}

// newAttachments reads those that a new item comes with.
func (c *call) newAttachments(it *Item, n *xmltree.Node) string {
	for e := n.First; e != nil; e = e.Next {
		a, code := c.newAttachment(e)
		if code != "" {
			return code
		}
		it.Attachments = append(it.Attachments, a)
	}
	return ""
}

func (c *call) getAttachment() {
	shape, code := c.attachmentShape(c.body.Child("AttachmentShape"))
	if code != "" {
		c.failAll(code, 0)
		return
	}
	c.begin()
	for n := c.body.Child("AttachmentIds").FirstChild(); n != nil; n = n.Next {
		c.items++
		c.box.mu.RLock()
		it, a, code := c.box.attachment(n.Attr("Id"))
		if code == "" {
			code = c.may(it.folder, Reader)
		}
		c.box.mu.RUnlock()
		if code != "" {
			c.fail(code)
			continue
		}
		c.ok()
		c.out.s("<m:Attachments>")
		elem := a.element()
		c.out.open(elem)
		c.out.itemID("AttachmentId", it.attachmentID(a), "")
		c.out.attachmentHead(a, c.loc())
		if a.Item != nil {
			c.out.item(a.Item, shape)
		} else {
			c.out.elemBool("IsContactPhoto", false)
			c.out.elem("Content", base64.StdEncoding.EncodeToString(a.Content))
		}
		c.out.close(elem)
		c.out.s("</m:Attachments>")
		c.done()
	}
	c.end()
}

// attachmentShape is what an attached item is told in: all of it, since it can't be
// asked for by an id of its own.
func (c *call) attachmentShape(n *xmltree.Node) (*render, string) {
	shape, code := c.itemShape(n, false)
	if code != "" {
		return nil, code
	}
	for i := range fields {
		if fields[i].flags&notInAll == 0 {
			shape.fields.add(i)
		}
	}
	shape.idOnly = false
	return shape, ""
}

func (c *call) deleteAttachment() {
	c.begin()
	for n := c.body.Child("AttachmentIds").FirstChild(); n != nil; n = n.Next {
		c.items++
		m := c.box
		m.mu.Lock()
		it, a, code := m.attachment(n.Attr("Id"))
		if code == "" {
			code = c.may(it.folder, Editor)
		}
		if code == "" {
			next := *it
			num := a.num
			next.Attachments = slices.DeleteFunc(slices.Clone(it.Attachments), func(x Attachment) bool { return x.num == num })
			it, code = m.save(it, &next, attached())
		}
		m.mu.Unlock()
		if code != "" {
			c.fail(code)
			continue
		}
		c.ok()
		c.out.s("<m:RootItemId")
		c.out.rootItem(it)
		c.out.s("/>")
		c.done()
	}
	c.end()
}
