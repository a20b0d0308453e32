package exchangesim

import (
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
			return f, ""
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
		return f, ""
	}
	return nil, "ErrorFolderNotFound"
}

// itemOf finds the item an ItemId names; the lock is held. Occurrences are not
// there yet, so their ids name nothing.
func (c *call) itemOf(n *xmltree.Node) (*Item, string) {
	if n.Name != "ItemId" {
		return nil, "ErrorItemNotFound"
	}
	if key := n.Attr("ChangeKey"); key != "" {
		if _, ok := decodeChangeKey(key); !ok {
			return nil, "ErrorInvalidChangeKey"
		}
	}
	return c.box.lookup(ItemID(n.Attr("Id")))
}
