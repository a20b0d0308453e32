package exchangesim

import (
	"fmt"
	"strings"

	"abgleich/agent/exchangesim/xmltree"
)

// Right is what a person may do in a folder of another's mailbox.
type Right uint8

// The rights; each includes the ones before it.
const (
	NoRight Right = iota
	Reader        // sees folder and items
	Editor        // creates, changes and deletes items
	Owner         // changes the folder too
)

// grant names who was given a right and where.
type grant struct {
	mail   string // lower case
	folder uint64
}

// Grant lets the person with this address work in a folder of the mailbox, as a
// delegate does; NoRight takes the right away.
func (m *Mailbox) Grant(mail string, in Folder, right Right) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.folder(in)
	if f == nil {
		return fmt.Errorf("grant on %q: %w", in, ErrNoFolder)
	}
	if m.rights == nil {
		m.rights = map[grant]Right{}
	}
	m.rights[grant{lowerASCII(mail), f.num}] = right
	return nil
}

// may tells what stands against the user's doing something in a folder, as a
// response code; the lock is held, or the folder was found under it.
func (c *call) may(f *folder, need Right) string {
	if !c.delegate || c.box.rights[grant{lowerASCII(c.user.Mail), f.num}] >= need {
		return ""
	}
	return "ErrorAccessDenied"
}

// needed is the right an operation asks for in the folders it names.
func (c *call) needed() Right {
	switch c.op {
	case "CreateItem", "MoveItem", "CopyItem":
		return Editor
	case "CreateFolder", "UpdateFolder", "DeleteFolder":
		return Owner
	}
	return Reader
}

// asDelegate turns a request that names another's folders or items to that mailbox,
// if its owner gave the user any right there. One request works in one mailbox.
func (c *call) asDelegate() {
	if c.body == nil || c.box != c.user.box {
		return
	}
	other := c.s.named(c.body)
	if other == nil || other == c.box {
		return
	}
	other.mu.RLock()
	defer other.mu.RUnlock()
	for g, right := range other.rights {
		if g.mail == lowerASCII(c.user.Mail) && right > NoRight {
			c.box, c.delegate = other, true
			break
		}
	}
}

// named is the mailbox the first id in a request belongs to; nil for none.
func (s *Server) named(n *xmltree.Node) *Mailbox {
	switch n.Name {
	case "DistinguishedFolderId":
		if mail := n.Path("Mailbox", "EmailAddress"); mail != nil {
			return s.boxes[lowerASCII(mail.Text)]
		}
		return nil
	case "FolderId":
		box, _, _ := decodeID(idFolder, n.Attr("Id"), 1)
		return s.byHash[box]
	case "SubscriptionId":
		box, _, _ := decodeID(idSub, strings.TrimSpace(n.Text), 1)
		return s.byHash[box]
	case "AttachmentId":
		box, _, _ := decodeID(idAttachment, n.Attr("Id"), 3)
		return s.byHash[box]
	case "ItemId", "ParentItemId", "OccurrenceItemId", "RecurringMasterItemId":
		for _, name := range []string{"Id", "RecurringMasterId", "OccurrenceId"} {
			if id := n.Attr(name); id != "" {
				box, _, ok := decodeID(idItem, id, 1)
				if !ok {
					box, _, _ = decodeID(idOccurrence, id, 2)
				}
				return s.byHash[box]
			}
		}
	}
	for k := n.First; k != nil; k = k.Next {
		if box := s.named(k); box != nil {
			return box
		}
	}
	return nil
}
