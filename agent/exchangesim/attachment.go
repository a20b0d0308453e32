package exchangesim

import (
	"bytes"
	"slices"
	"time"
)

// Attachment is a file, or another item, that hangs on an item. An occurrence has
// those of its series until its own are changed; then it keeps its own.
type Attachment struct {
	Name        string
	ContentType string // application/octet-stream, or message/rfc822 of an item, when empty
	ContentID   string // how an HTML body names an inline file
	Location    string
	Inline      bool // shown in the body: HasAttachments doesn't count it
	// Content is the file's; Item is the item's. Exactly one of them is set.
	Content  []byte
	Item     *Item
	Modified time.Time // given by the mailbox

	num uint64 // in the mailbox
}

// number gives new attachments their numbers; the item's slice is not written to.
func (m *Mailbox) number(it *Item) {
	isNew := func(a Attachment) bool { return a.num == 0 }
	if !slices.ContainsFunc(it.Attachments, isNew) {
		return
	}
	it.Attachments = slices.Clone(it.Attachments)
	for i, a := range it.Attachments {
		if !isNew(a) {
			continue
		}
		m.nextNum++
		a.num, a.Modified = m.nextNum, m.now().UTC()
		if a.Item != nil {
			inner := *a.Item
			m.finish(&inner)
			inner.ID = ""
			a.Item = &inner
		}
		a.Content = bytes.Clone(a.Content)
		it.Attachments[i] = a
	}
}

// attachmentID names the item, the occurrence's day, and the attachment in it: the
// move of an item changes the ids of its attachments, too.
func (it *Item) attachmentID(a *Attachment) ItemID {
	box, _, ok := decodeID(idItem, string(it.ID), 1)
	if !ok {
		box, _, _ = decodeID(idOccurrence, string(it.ID), 2)
	}
	return ItemID(encodeID(idAttachment, box, it.num, uint64(it.day), a.num))
}

// attachment finds an item, or an occurrence, with its attachment.
func (m *Mailbox) attachment(id string) (*Item, *Attachment, string) {
	box, nums, ok := decodeID(idAttachment, id, 3)
	if !ok || box != m.hash {
		return nil, nil, "ErrorInvalidAttachmentId"
	}
	it := m.items[nums[0]]
	if it == nil {
		return nil, nil, "ErrorItemNotFound"
	}
	if nums[1] != 0 {
		var code string
		if it, code = it.occurrenceOn(int(nums[1])); code != "" {
			return nil, nil, code
		}
	}
	for i := range it.Attachments {
		if it.Attachments[i].num == nums[2] {
			return it, &it.Attachments[i], ""
		}
	}
	return nil, nil, "ErrorItemNotFound"
}

// attached are the fields a change of attachments changes.
func attached() (set fieldSet) {
	set.add(fieldByURI["item:Attachments"])
	return set
}

// hasAttachments is PidTagHasAttachments: inline files don't count.
func (it *Item) hasAttachments() bool {
	return slices.ContainsFunc(it.Attachments, func(a Attachment) bool { return !a.Inline })
}

func (it *Item) attachedBytes() (n int) {
	for i := range it.Attachments {
		n += it.Attachments[i].size()
	}
	return n
}

func (a *Attachment) size() int {
	if a.Item != nil {
		return 1024 + 2*(len(a.Item.Subject)+len(a.Item.Body)) + a.Item.attachedBytes()
	}
	return len(a.Content) + len(a.Name)
}

// putAttachments lists attachments without what is in them, as GetItem does.
func putAttachments(w *writer, it *Item, r *render) {
	if len(it.Attachments) == 0 {
		return
	}
	w.open("Attachments")
	for i := range it.Attachments {
		a := &it.Attachments[i]
		elem := a.element()
		w.open(elem)
		w.itemID("AttachmentId", it.attachmentID(a), "")
		w.attachmentHead(a, r.loc)
		if a.Item == nil {
			w.elemBool("IsContactPhoto", false)
		}
		w.close(elem)
	}
	w.close("Attachments")
}

func (a *Attachment) element() string {
	if a.Item != nil {
		return "ItemAttachment"
	}
	return "FileAttachment"
}

func (w *writer) attachmentHead(a *Attachment, loc *time.Location) {
	kind := a.ContentType
	if kind == "" && a.Item == nil {
		kind = "application/octet-stream"
	}
	w.elem("Name", a.Name)
	for _, e := range []struct{ name, value string }{{"ContentType", kind}, {"ContentId", a.ContentID}, {"ContentLocation", a.Location}} {
		if e.value != "" {
			w.elem(e.name, e.value)
		}
	}
	w.elemInt("Size", a.size())
	w.elemTime("LastModifiedTime", a.Modified, loc)
	w.elemBool("IsInline", a.Inline)
}
