package exchangesim

import (
	"slices"
	"strconv"
	"strings"

	"abgleich/agent/exchangesim/xmltree"
)

// folderRender is what of a folder is written.
type folderRender struct {
	all    bool
	fields map[string]bool
	props  []wantedProperty
}

func (r *folderRender) has(uri string) bool { return r.all || r.fields[uri] }

func folderShape(n *xmltree.Node) (*folderRender, string) {
	r := &folderRender{fields: map[string]bool{}}
	switch n.ChildText("BaseShape") {
	case "AllProperties":
		r.all = true
	case "Default":
		for _, uri := range []string{"folder:DisplayName", "folder:TotalCount", "folder:ChildFolderCount", "folder:UnreadCount", "folder:FolderClass"} {
			r.fields[uri] = true
		}
	}
	for p := n.Child("AdditionalProperties").FirstChild(); p != nil; p = p.Next {
		switch p.Name {
		case "FieldURI":
			r.fields[p.Attr("FieldURI")] = true
		case "ExtendedFieldURI":
			name, code := propertyName(p)
			if code != "" {
				return nil, code
			}
			r.props = append(r.props, wantedProperty{name, pathOf(p)})
		}
	}
	return r, ""
}

func (f *folder) element() string {
	switch {
	case strings.HasPrefix(f.class, "IPF.Appointment"):
		return "CalendarFolder"
	case strings.HasPrefix(f.class, "IPF.Task"):
		return "TasksFolder"
	case strings.HasPrefix(f.class, "IPF.Contact"):
		return "ContactsFolder"
	}
	return "Folder"
}

// folder writes a folder; the mailbox's lock is held.
func (c *call) folder(f *folder, r *folderRender) {
	w, elem := c.out, f.element()
	w.open(elem)
	w.itemID("FolderId", ItemID(f.id), f.changeKey())
	if r.has("folder:ParentFolderId") && f.parent != nil {
		w.itemID("ParentFolderId", ItemID(f.parent.id), f.parent.changeKey())
	}
	if r.has("folder:FolderClass") && f.class != "" {
		w.elem("FolderClass", f.class)
	}
	if r.has("folder:DisplayName") {
		w.elem("DisplayName", f.name)
	}
	if r.has("folder:TotalCount") {
		w.elemInt("TotalCount", len(f.items))
	}
	if r.has("folder:ChildFolderCount") {
		w.elemInt("ChildFolderCount", len(c.box.under(f, false)))
	}
	holder := Item{Properties: f.props}
	for i := range r.props {
		if v := holder.folderValues(r.props[i].name, f); len(v) > 0 {
			w.property(r.props[i].path, &r.props[i].name, v)
		}
	}
	if r.has("folder:EffectiveRights") {
		w.s(c.effectiveRights(f))
	}
	if r.has("folder:DistinguishedFolderId") && f.dist != "" {
		w.elem("DistinguishedFolderId", string(f.dist))
	}
	if r.has("folder:UnreadCount") && (elem == "Folder" || elem == "TasksFolder") {
		w.s("<t:UnreadCount>0</t:UnreadCount>")
	}
	w.close(elem)
}

func (it *Item) folderValues(name PropertyName, f *folder) []string {
	if name.Tag == tagFolderContainer && f.class != "" {
		return []string{f.class}
	}
	for i := range it.Properties {
		if it.Properties[i].Name == name {
			return it.Properties[i].Values
		}
	}
	return nil
}

// under lists the folders below one, in a stable order; the lock is held.
func (m *Mailbox) under(top *folder, deep bool) []*folder {
	var list []*folder
	for _, f := range m.folders {
		for up := f.parent; up != nil; up = up.parent {
			if up == top {
				list = append(list, f)
				break
			}
			if !deep {
				break
			}
		}
	}
	slices.SortFunc(list, func(a, b *folder) int { return int(a.num) - int(b.num) })
	return list
}

func (c *call) getFolder() {
	shape, code := folderShape(c.body.Child("FolderShape"))
	if code != "" {
		c.failAll(code, 0)
		return
	}
	c.box.mu.RLock()
	defer c.box.mu.RUnlock()
	c.begin()
	for n := c.body.Child("FolderIds").FirstChild(); n != nil; n = n.Next {
		c.items++
		f, code := c.folderLocked(n)
		if code != "" {
			c.fail(code)
			continue
		}
		c.ok()
		c.out.s("<m:Folders>")
		c.folder(f, shape)
		c.out.s("</m:Folders>")
		c.done()
	}
	c.end()
}

func (c *call) findFolder() {
	shape, code := folderShape(c.body.Child("FolderShape"))
	if code != "" {
		c.failAll(code, 0)
		return
	}
	deep := c.body.Attr("Traversal") != "Shallow"
	offset, limit := 0, 1<<30
	if v := c.body.Child("IndexedPageFolderView"); v != nil {
		offset, _ = strconv.Atoi(v.Attr("Offset"))
		if s, ok := v.LookupAttr("MaxEntriesReturned"); ok {
			limit, _ = strconv.Atoi(s)
		}
	}
	c.box.mu.RLock()
	defer c.box.mu.RUnlock()
	c.begin()
	for n := c.body.Child("ParentFolderIds").FirstChild(); n != nil; n = n.Next {
		top, code := c.folderLocked(n)
		if code != "" {
			c.fail(code)
			continue
		}
		list := c.box.under(top, deep)
		if r := c.body.Child("Restriction"); r != nil {
			list = slices.DeleteFunc(list, func(f *folder) bool { return !folderMatches(r.First, f) })
		}
		total := len(list)
		from := min(max(offset, 0), total)
		to := min(from+max(limit, 0), total)
		c.ok()
		c.out.s("<m:RootFolder")
		c.page(to, total)
		c.out.s("><t:Folders>")
		for _, f := range list[from:to] {
			c.folder(f, shape)
			c.items++
		}
		c.out.s("</t:Folders></m:RootFolder>")
		c.done()
	}
	c.end()
}

// page writes the paging attributes of a found set.
func (c *call) page(to, total int) {
	w := c.out
	w.s(` IndexedPagingOffset="`)
	w.int(to)
	w.s(`" TotalItemsInView="`)
	w.int(total)
	w.s(`" IncludesLastItemInRange="`)
	w.bool(to >= total)
	w.s(`"`)
}
