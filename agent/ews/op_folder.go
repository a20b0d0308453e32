package ews

import (
	"context"
	"fmt"
	"strconv"
)

// FolderInfo is a folder as the server describes it.
type FolderInfo struct {
	ID         FolderID
	Parent     FolderID
	Element    string // CalendarFolder, TasksFolder, Folder, …
	Class      string // IPF.Appointment, IPF.Task
	Name       string
	Total      int
	Children   int
	Rights     Rights
	Properties []Property
}

// Property gives the value of an extended property.
func (f *FolderInfo) Property(path PropertyPath) (string, bool) {
	for i := range f.Properties {
		if f.Properties[i].Path.Same(path) {
			return f.Properties[i].Value, true
		}
	}
	return "", false
}

// Rights are the caller's effective rights on a folder.
type Rights struct {
	// Told is false when the server sent none.
	Told                         bool
	Create, Modify, Delete, Read bool
}

// FolderResult is the outcome for one folder of a batch.
type FolderResult struct {
	Folder FolderInfo
	Err    error
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

func (r *reader) folder(element string) FolderInfo {
	f := FolderInfo{Element: element}
	for name := range r.children() {
		switch name {
		case "FolderId":
			f.ID = FolderID{ID: ID(r.attr("Id")), ChangeKey: ChangeKey(r.attr("ChangeKey"))}
		case "ParentFolderId":
			f.Parent = FolderID{ID: ID(r.attr("Id")), ChangeKey: ChangeKey(r.attr("ChangeKey"))}
		case "FolderClass":
			f.Class = r.text()
		case "DisplayName":
			f.Name = r.text()
		case "TotalCount":
			f.Total = r.int()
		case "ChildFolderCount":
			f.Children = r.int()
		case "ExtendedProperty":
			f.Properties = append(f.Properties, r.property())
		case "EffectiveRights":
			f.Rights.Told = true
			for right := range r.children() {
				switch right {
				case "CreateContents":
					f.Rights.Create = r.bool()
				case "Modify":
					f.Rights.Modify = r.bool()
				case "Delete":
					f.Rights.Delete = r.bool()
				case "Read":
					f.Rights.Read = r.bool()
				}
			}
		}
	}
	return f
}

func (w *writer) folderIDs(name string, ids []FolderID) {
	w.raw("<m:" + name + ">")
	for _, id := range ids {
		w.folderID(id)
	}
	w.raw("</m:" + name + ">")
}

func (c *Client) folders(ctx context.Context, op operation, n int, body []byte) ([]FolderResult, error) {
	var results []FolderResult
	err := c.do(ctx, op, body, func(r *reader) error {
		results = make([]FolderResult, n)
		return r.batch(op.name+"Response", n, func(i int, name string) {
			if name == "Folders" {
				for element := range r.children() {
					results[i].Folder = r.folder(element)
				}
			}
		}, func(i int, e *Error) {
			if e != nil {
				results[i].Err = c.itemError(op, e, r)
			}
		})
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// GetFolder reads folders with their rights and these properties.
func (c *Client) GetFolder(ctx context.Context, ids []FolderID, props []PropertyPath) ([]FolderResult, error) {
	w := c.request("GetFolder", "")
	w.folderShape(props)
	w.folderIDs("FolderIds", ids)
	return c.folders(ctx, operation{name: "GetFolder"}, len(ids), w.end("GetFolder"))
}

// FindFolderRequest asks for a page of the folders beneath a folder.
type FindFolderRequest struct {
	Parent     FolderID
	Deep       bool
	Where      Restriction
	Properties []PropertyPath
	Offset     int
	Max        int // 0 is 1000
}

// FolderPage is one page of FindFolder.
type FolderPage struct {
	Folders []FolderInfo
	Next    int
	Last    bool
}

// FindFolder reads one page.
func (c *Client) FindFolder(ctx context.Context, q FindFolderRequest) (FolderPage, error) {
	if q.Max <= 0 {
		q.Max = 1000
	}
	traversal := ` Traversal="Shallow"`
	if q.Deep {
		traversal = ` Traversal="Deep"`
	}
	w := c.request("FindFolder", traversal)
	w.folderShape(q.Properties)
	fmt.Fprintf(w, `<m:IndexedPageFolderView MaxEntriesReturned="%d" Offset="%d" BasePoint="Beginning"/>`, q.Max, q.Offset)
	w.restriction(q.Where)
	w.folderIDs("ParentFolderIds", []FolderID{q.Parent})
	var page FolderPage
	err := c.do(ctx, operation{name: "FindFolder"}, w.end("FindFolder"), func(r *reader) error {
		page = FolderPage{Last: true}
		return r.single("FindFolderResponse", func(name string) {
			if name != "RootFolder" {
				return
			}
			last := r.attr("IncludesLastItemInRange")
			next := atoi(r.attr("IndexedPagingOffset"))
			for list := range r.children() {
				if list != "Folders" {
					continue
				}
				for element := range r.children() {
					page.Folders = append(page.Folders, r.folder(element))
				}
			}
			if last == "false" && len(page.Folders) > 0 {
				page.Last = false
				page.Next = next
				if next <= q.Offset {
					page.Next = q.Offset + len(page.Folders)
				}
			}
		})
	})
	return page, err
}

// UpdateFolder sets and deletes extended properties of a folder, and nothing else.
func (c *Client) UpdateFolder(ctx context.Context, id FolderID, set []Property, clear []PropertyPath) error {
	w := c.request("UpdateFolder", "")
	w.raw("<m:FolderChanges><t:FolderChange>")
	w.folderID(id)
	w.open("Updates")
	for i := range set {
		w.open("SetFolderField")
		w.path(set[i].Path)
		w.open("Folder")
		w.property(&set[i])
		w.close("Folder")
		w.close("SetFolderField")
	}
	for _, p := range clear {
		w.open("DeleteFolderField")
		w.path(p)
		w.close("DeleteFolderField")
	}
	w.raw("</t:Updates></t:FolderChange></m:FolderChanges>")
	results, err := c.folders(ctx, operation{name: "UpdateFolder", write: true}, 1, w.end("UpdateFolder"))
	if err != nil {
		return err
	}
	return results[0].Err
}

// ResolveNames finds people by name or address in the directory; none is no
// error.
func (c *Client) ResolveNames(ctx context.Context, entry string) ([]Mailbox, error) {
	w := c.request("ResolveNames", ` ReturnFullContactData="false" SearchScope="ActiveDirectory"`)
	w.raw("<m:UnresolvedEntry>")
	w.escape(entry, false)
	w.raw("</m:UnresolvedEntry>")
	var found []Mailbox
	err := c.do(ctx, operation{name: "ResolveNames"}, w.end("ResolveNames"), func(r *reader) error {
		found = nil
		return r.single("ResolveNamesResponse", func(name string) {
			if name != "ResolutionSet" {
				return
			}
			for range r.children() {
				for part := range r.children() {
					if part == "Mailbox" {
						found = append(found, r.mailbox())
					}
				}
			}
		})
	})
	if e := Detail(err); e != nil && e.ResponseCode == "ErrorNameResolutionNoResults" {
		return nil, nil
	}
	return found, err
}
