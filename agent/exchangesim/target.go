package exchangesim

import (
	"strconv"
	"strings"

	"abgleich/agent/exchangesim/xmltree"
)

// folderOf finds the folder a FolderId or DistinguishedFolderId names. The lock of
// c.box need not be held: which folders exist is asked under it here.
func (c *call) folderOf(n *xmltree.Node) (*folder, string) {
	if n == nil {
		return nil, "ErrorFolderNotFound"
	}
	c.box.mu.RLock()
	defer c.box.mu.RUnlock()
	return c.folderLocked(n)
}

func (c *call) folderLocked(n *xmltree.Node) (*folder, string) {
	if n.Name == "DistinguishedFolderId" {
		if mail := n.Path("Mailbox", "EmailAddress"); mail != nil {
			switch box := c.s.boxes[lowerASCII(mail.Text)]; {
			case box == nil:
				return nil, "ErrorNonExistentMailbox"
			case box != c.box:
				return nil, "ErrorAccessDenied"
			}
		}
		if f := c.box.dist[Folder(n.Attr("Id"))]; f != nil {
			return f, c.may(f, c.needed())
		}
		return nil, "ErrorFolderNotFound"
	}
	id := n.Attr("Id")
	if id == "" {
		return nil, "ErrorInvalidIdEmpty"
	}
	box, nums, ok := decodeID(idFolder, id, 1)
	switch {
	case !ok:
		return nil, "ErrorInvalidIdMalformed"
	case box != c.box.hash:
		return nil, "ErrorAccessDenied"
	}
	if f := c.box.folders[nums[0]]; f != nil {
		return f, c.may(f, c.needed())
	}
	return nil, "ErrorFolderNotFound"
}

// itemOf finds the item or the occurrence an id names, if the user may read it, or
// write it where the operation does; the lock is held.
func (c *call) itemOf(n *xmltree.Node) (*Item, string) {
	it, code := c.itemNamed(n)
	if code == "" {
		need := Reader
		if c.op == "UpdateItem" || c.op == "DeleteItem" || c.op == "MoveItem" || c.op == "CreateAttachment" {
			need = Editor
		}
		code = c.may(it.folder, need)
	}
	return it, code
}

func (c *call) itemNamed(n *xmltree.Node) (*Item, string) {
	if key := n.Attr("ChangeKey"); key != "" {
		if _, ok := decodeChangeKey(key); !ok {
			return nil, "ErrorInvalidChangeKey"
		}
	}
	switch n.Name {
	case "ItemId":
		return c.box.lookup(ItemID(n.Attr("Id")))
	case "OccurrenceItemId":
		master, code := c.box.lookup(ItemID(n.Attr("RecurringMasterId")))
		if code != "" {
			return nil, code
		}
		index, err := strconv.Atoi(strings.TrimSpace(n.Attr("InstanceIndex")))
		if err != nil || index < 1 {
			return nil, "ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange"
		}
		return master.occurrenceAt(index)
	case "RecurringMasterItemId":
		o, code := c.box.lookup(ItemID(n.Attr("OccurrenceId")))
		switch {
		case code != "":
			return nil, code
		case o.master == nil:
			return nil, "ErrorCalendarCannotUseIdForRecurringMasterId"
		}
		return o.master, ""
	}
	return nil, "ErrorItemNotFound"
}
