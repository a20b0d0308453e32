package exchangesim

import (
	"strconv"
	"strings"
)

// itemState is what a SyncState of items holds: the folder, the position a whole
// pass last ended at, the position in this pass; the epoch is folded in.
func (m *Mailbox) itemState(f *folder, base, pos uint64) string {
	return encodeID(idState, m.hash, f.num^m.epoch<<40, base, pos)
}

func (m *Mailbox) readState(f *folder, s string) (base, pos uint64, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, 0, true
	}
	box, nums, ok := decodeID(idState, s, 3)
	if !ok || box != m.hash || nums[0] != f.num^m.epoch<<40 || nums[2] > m.seq {
		return 0, 0, false
	}
	return nums[1], nums[2], true
}

func (c *call) syncFolderItems() {
	shape, code := c.itemShape(c.body.Child("ItemShape"), true)
	limit, _ := strconv.Atoi(strings.TrimSpace(c.body.ChildText("MaxChangesReturned")))
	m := c.box
	m.mu.RLock()
	defer m.mu.RUnlock()
	var f *folder
	if code == "" {
		f, code = c.folderLocked(c.body.Child("SyncFolderId").FirstChild())
	}
	var base, pos uint64
	if code == "" {
		var ok bool
		if base, pos, ok = m.readState(f, c.body.ChildText("SyncState")); !ok {
			code = "ErrorInvalidSyncStateData"
		}
	}
	if code != "" {
		c.failAll(code, 0)
		return
	}
	list, newPos, last := f.changes(base, pos, limit)
	if last {
		newPos = m.seq
		base = newPos
	}
	c.items += len(list)
	w := c.out
	c.begin()
	c.ok()
	w.s("<m:SyncState>" + m.itemState(f, base, newPos) + "</m:SyncState><m:IncludesLastItemInRange>")
	w.bool(last)
	w.s("</m:IncludesLastItemInRange><m:Changes>")
	for _, ch := range list {
		switch {
		case ch.item == nil:
			w.s("<t:Delete>")
			w.itemID("ItemId", ItemID(encodeID(idItem, m.hash, ch.num)), "")
			w.s("</t:Delete>")
		case ch.created:
			w.s("<t:Create>")
			w.item(ch.item, shape)
			w.s("</t:Create>")
		default:
			w.s("<t:Update>")
			w.item(ch.item, shape)
			w.s("</t:Update>")
		}
	}
	w.s("</m:Changes>")
	c.done()
	c.end()
}

func (c *call) syncFolderHierarchy() {
	shape, code := folderShape(c.body.Child("FolderShape"))
	m := c.box
	m.mu.RLock()
	defer m.mu.RUnlock()
	top := m.dist["msgfolderroot"]
	if n := c.body.Child("SyncFolderId"); n != nil && code == "" {
		top, code = c.folderLocked(n.First)
	}
	var pos uint64
	if code == "" {
		var ok bool
		if _, pos, ok = m.readState(top, c.body.ChildText("SyncState")); !ok {
			code = "ErrorInvalidSyncStateData"
		}
	}
	if code != "" {
		c.failAll(code, 0)
		return
	}
	w := c.out
	c.begin()
	c.ok()
	w.s("<m:SyncState>" + m.itemState(top, m.seq, m.seq) + "</m:SyncState><m:IncludesLastFolderInRange>true</m:IncludesLastFolderInRange><m:Changes>")
	for _, f := range m.under(top, true) {
		switch {
		case f.entered > pos:
			w.s("<t:Create>")
			c.folder(f, shape)
			w.s("</t:Create>")
		case f.seq > pos:
			w.s("<t:Update>")
			c.folder(f, shape)
			w.s("</t:Update>")
		}
	}
	for num, t := range m.goneDir {
		if t.left > pos && t.entered <= pos {
			w.s("<t:Delete>")
			w.itemID("FolderId", ItemID(encodeID(idFolder, m.hash, num)), "")
			w.s("</t:Delete>")
		}
	}
	w.s("</m:Changes>")
	c.done()
	c.end()
}
