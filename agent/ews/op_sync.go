package ews

import (
	"context"
	"fmt"
	"strconv"
)

// ChangeKind says what a change feed tells of an item or folder.
type ChangeKind uint8

// The kinds of change. ReadFlag comes for items only.
const (
	Created ChangeKind = iota + 1
	Updated
	Deleted // deleted, or moved out of the folder
	ReadFlag
)

// ItemChanged is one entry of SyncFolderItems. After Deleted and ReadFlag, Item
// holds its id only.
type ItemChanged struct {
	Kind ChangeKind
	Item Item
}

// SyncItemsRequest asks for the changes of a folder since State ("" for all).
type SyncItemsRequest struct {
	Folder FolderID
	State  string
	// Max is 1 to 512 changes; 0 is 512.
	Max int
	// Shape may ask for neither body nor attendees nor attachments.
	Shape Shape
}

// SyncItemsPage is one page of SyncFolderItems.
type SyncItemsPage struct {
	Changes []ItemChanged
	State   string
	Last    bool
}

// SyncFolderItems reads one page of a folder's change feed.
// fault.CursorLost: start again from the empty state.
func (c *Client) SyncFolderItems(ctx context.Context, q SyncItemsRequest) (SyncItemsPage, error) {
	if q.Max <= 0 || q.Max > 512 {
		q.Max = 512
	}
	w := c.request("SyncFolderItems", "")
	w.itemShape(q.Shape)
	w.raw("<m:SyncFolderId>")
	w.folderID(q.Folder)
	w.raw("</m:SyncFolderId>")
	w.syncState(q.State)
	w.raw("<m:MaxChangesReturned>" + strconv.Itoa(q.Max) + "</m:MaxChangesReturned>")
	var page SyncItemsPage
	err := c.do(ctx, operation{name: "SyncFolderItems"}, w.end("SyncFolderItems"), func(r *reader) error {
		page = SyncItemsPage{}
		err := r.single("SyncFolderItemsResponse", func(name string) {
			switch name {
			case "SyncState":
				page.State = r.text()
			case "IncludesLastItemInRange":
				page.Last = r.bool()
			case "Changes":
				for kind := range r.children() {
					page.Changes = append(page.Changes, r.itemChanged(kind))
				}
			}
		})
		if err == nil && page.State == "" {
			err = fmt.Errorf("%w: no sync state", errMalformed)
		}
		for _, ch := range page.Changes {
			if err == nil && (ch.Item.ID.ID == "" || ch.Kind == 0) {
				err = fmt.Errorf("%w: a change that names no item", errMalformed)
			}
		}
		// A page that moves nothing on would be asked for without end.
		if err == nil && !page.Last && len(page.Changes) == 0 && page.State == q.State {
			err = fmt.Errorf("%w: an empty page that says more follows", errMalformed)
		}
		return err
	})
	if err != nil {
		return SyncItemsPage{}, err
	}
	return page, nil
}

func (w *writer) syncState(state string) {
	if state == "" {
		return
	}
	w.raw("<m:SyncState>")
	w.escape(state, false)
	w.raw("</m:SyncState>")
}

func changeKind(name string) ChangeKind {
	switch name {
	case "Create":
		return Created
	case "Update":
		return Updated
	case "Delete":
		return Deleted
	case "ReadFlagChange":
		return ReadFlag
	}
	return 0
}

func (r *reader) itemChanged(name string) ItemChanged {
	ch := ItemChanged{Kind: changeKind(name)}
	for element := range r.children() {
		switch {
		case element == "ItemId":
			ch.Item.ID = ItemID{ID: ID(r.attr("Id")), ChangeKey: ChangeKey(r.attr("ChangeKey"))}
		case itemElement(element):
			ch.Item = r.item(element)
		}
	}
	return ch
}

// FolderChanged is one entry of SyncFolderHierarchy.
type FolderChanged struct {
	Kind   ChangeKind
	Folder FolderInfo
}

// SyncFoldersPage is one page of SyncFolderHierarchy.
type SyncFoldersPage struct {
	Changes []FolderChanged
	State   string
	Last    bool
}

// SyncFolderHierarchy reads one page of the changes beneath a folder.
func (c *Client) SyncFolderHierarchy(ctx context.Context, root FolderID, state string) (SyncFoldersPage, error) {
	w := c.request("SyncFolderHierarchy", "")
	w.folderShape(nil)
	w.raw("<m:SyncFolderId>")
	w.folderID(root)
	w.raw("</m:SyncFolderId>")
	w.syncState(state)
	var page SyncFoldersPage
	err := c.do(ctx, operation{name: "SyncFolderHierarchy"}, w.end("SyncFolderHierarchy"), func(r *reader) error {
		page = SyncFoldersPage{}
		err := r.single("SyncFolderHierarchyResponse", func(name string) {
			switch name {
			case "SyncState":
				page.State = r.text()
			case "IncludesLastFolderInRange":
				page.Last = r.bool()
			case "Changes":
				for kind := range r.children() {
					ch := FolderChanged{Kind: changeKind(kind)}
					for element := range r.children() {
						if element == "FolderId" {
							ch.Folder.ID = FolderID{ID: ID(r.attr("Id")), ChangeKey: ChangeKey(r.attr("ChangeKey"))}
						} else {
							ch.Folder = r.folder(element)
						}
					}
					page.Changes = append(page.Changes, ch)
				}
			}
		})
		if err == nil && page.State == "" {
			err = fmt.Errorf("%w: no sync state", errMalformed)
		}
		return err
	})
	if err != nil {
		return SyncFoldersPage{}, err
	}
	return page, nil
}
