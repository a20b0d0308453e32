package exchangesim

import "strings"

// AddFolderUnder makes a folder beneath another one of the mailbox, for items of
// this kind; "" without such a parent.
func (m *Mailbox) AddFolderUnder(parent Folder, name string, kind Kind) Folder {
	m.mu.Lock()
	defer m.mu.Unlock()
	up := m.folder(parent)
	if up == nil {
		return ""
	}
	class := map[Kind]string{Appointment: "IPF.Appointment", Task: "IPF.Task", Message: "IPF.Note"}[kind]
	return m.addFolder(up, "", name, class).ref()
}

// effectiveRights says what the user may do in a folder: everything in his own, as
// much as he was given in another's.
func (c *call) effectiveRights(f *folder) string {
	all := strings.ReplaceAll(allRights, "false", "true")
	if !c.delegate {
		return all
	}
	given := c.box.rights[grant{lowerASCII(c.user.Mail), f.num}]
	for _, r := range []struct {
		element string
		need    Right
	}{{"CreateAssociated", Owner}, {"CreateContents", Editor}, {"CreateHierarchy", Owner}, {"Delete", Editor},
		{"Modify", Editor}, {"Read", Reader}, {"ViewPrivateItems", Owner}} {
		if given < r.need {
			all = strings.Replace(all, "<t:"+r.element+">true", "<t:"+r.element+">false", 1)
		}
	}
	return all
}
