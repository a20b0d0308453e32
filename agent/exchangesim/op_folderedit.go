package exchangesim

import (
	"strings"

	"abgleich/agent/exchangesim/xmltree"
)

func (c *call) createFolder() {
	m := c.box
	m.mu.Lock()
	defer m.mu.Unlock()
	parent, code := c.folderLocked(c.body.Child("ParentFolderId").FirstChild())
	if code != "" {
		c.failAll(code, 0)
		return
	}
	shape := &folderRender{}
	c.begin()
	for n := c.body.Child("Folders").FirstChild(); n != nil; n = n.Next {
		c.items++
		name := strings.Clone(n.ChildText("DisplayName"))
		class := strings.Clone(n.ChildText("FolderClass"))
		if class == "" {
			class = map[string]string{"CalendarFolder": "IPF.Appointment", "TasksFolder": "IPF.Task", "ContactsFolder": "IPF.Contact"}[n.Name]
		}
		if class == "" {
			class = "IPF.Note"
		}
		if name == "" {
			c.fail("ErrorFolderSaveFailed")
			continue
		}
		if m.childNamed(parent, name) != nil {
			c.fail("ErrorFolderExists")
			continue
		}
		f := m.addFolder(parent, "", name, class)
		c.ok()
		c.out.s("<m:Folders>")
		c.folder(f, shape)
		c.out.s("</m:Folders>")
		c.done()
	}
	c.end()
}

func (m *Mailbox) childNamed(parent *folder, name string) *folder {
	for _, f := range m.under(parent, false) {
		if strings.EqualFold(f.name, name) {
			return f
		}
	}
	return nil
}

func (c *call) updateFolder() {
	c.box.mu.Lock()
	defer c.box.mu.Unlock()
	c.begin()
	for n := c.body.Child("FolderChanges").FirstChild(); n != nil; n = n.Next {
		c.items++
		f, code := c.folderLocked(n.First)
		if code == "" {
			code = c.updateOneFolder(f, n.Child("Updates"))
		}
		if code != "" {
			c.fail(code)
			continue
		}
		c.ok()
		c.out.s("<m:Folders>")
		c.folder(f, &folderRender{})
		c.out.s("</m:Folders>")
		c.done()
	}
	c.end()
}

func (c *call) updateOneFolder(f *folder, updates *xmltree.Node) string {
	holder := Item{Properties: f.props}
	name := f.name
	for u := updates.FirstChild(); u != nil; u = u.Next {
		path := u.First
		if u.Name == "AppendToFolderField" {
			return "ErrorInvalidPropertyAppend"
		}
		if path.Name == "FieldURI" && path.Attr("FieldURI") == "folder:DisplayName" && u.Name == "SetFolderField" && f.dist == "" {
			name = strings.Clone(path.Next.ChildText("DisplayName"))
			continue
		}
		if path.Name != "ExtendedFieldURI" {
			return "ErrorInvalidPropertySet"
		}
		key, code := propertyName(path)
		if code != "" {
			return code
		}
		if u.Name == "DeleteFolderField" {
			holder.SetProperty(key)
			continue
		}
		if path.Next == nil || path.Next.First == nil || path.Next.First.Next != nil {
			return "ErrorIncorrectUpdatePropertyCount"
		}
		if path.Next.First.Name != "ExtendedProperty" {
			return "ErrorUpdatePropertyMismatch"
		}
		p, code := readProperty(path.Next.First)
		if code != "" {
			return code
		}
		if p.Name != key {
			return "ErrorUpdatePropertyMismatch"
		}
		holder.SetProperty(p.Name, p.Values...)
	}
	c.box.seq++
	f.props, f.name, f.seq = holder.Properties, name, c.box.seq
	return ""
}

func (c *call) deleteFolder() {
	m := c.box
	m.mu.Lock()
	defer m.mu.Unlock()
	c.begin()
	for n := c.body.Child("FolderIds").FirstChild(); n != nil; n = n.Next {
		c.items++
		f, code := c.folderLocked(n)
		if code == "" && f.dist != "" {
			code = "ErrorDeleteDistinguishedFolder"
		}
		if code != "" {
			c.fail(code)
			continue
		}
		m.dropFolder(f)
		c.ok()
		c.done()
	}
	c.end()
}

// dropFolder removes a folder with everything in it.
func (m *Mailbox) dropFolder(f *folder) {
	for _, sub := range m.under(f, false) {
		m.dropFolder(sub)
	}
	for _, it := range f.sorted() {
		m.remove(it)
	}
	m.seq++
	m.goneDir[f.num] = tombstone{f.entered, m.seq}
	delete(m.folders, f.num)
}
