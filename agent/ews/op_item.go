package ews

import (
	"context"
	"fmt"

	"abgleich/agent/fault"
)

// ItemResult is the outcome for one input of a batch. After a write, Item holds
// its id and change key only.
type ItemResult struct {
	Item Item
	Err  error
}

// items runs a batch operation whose messages carry an Items element.
func (c *Client) items(ctx context.Context, op operation, n int, body []byte, needID bool) ([]ItemResult, error) {
	if n == 0 {
		return nil, nil
	}
	var results []ItemResult
	err := c.do(ctx, op, body, func(r *reader) error {
		results = make([]ItemResult, n)
		return r.batch(op.name+"Response", n, func(i int, name string) {
			if name != "Items" {
				return
			}
			for element := range r.children() {
				results[i].Item = r.item(element)
			}
		}, func(i int, e *Error) {
			if e == nil && needID && results[i].Item.ID.ID == "" {
				e = &Error{Code: fault.ReplyInvalid, Message: "the reply holds no item id", OutcomeUnknown: op.write}
			}
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

// itemError completes the error of one item in a batch.
func (c *Client) itemError(op operation, e *Error, r *reader) error {
	e.Op = op.name
	e.fromHeader(r.resp)
	e.ClientRequestID = r.resp.Request.Header.Get("Client-Request-Id")
	e.OutcomeUnknown = e.OutcomeUnknown || op.write && unsure(e)
	if e.Code == fault.ServerBusy && e.ResponseCode != "ErrorBatchProcessingStopped" {
		e.BackOff = c.server.busy(r.turn, e)
	}
	if e.Code == fault.TooManyConnections {
		c.server.crowded(r.turn)
	}
	return e.wrap(c.server.Host())
}

// GetItem reads items, one result for each id.
func (c *Client) GetItem(ctx context.Context, ids []ItemID, shape Shape) ([]ItemResult, error) {
	w := c.request("GetItem", "")
	w.itemShape(shape)
	w.itemIDs(ids)
	return c.items(ctx, operation{name: "GetItem"}, len(ids), w.end("GetItem"), true)
}

func (w *writer) itemIDs(ids []ItemID) {
	w.raw("<m:ItemIds>")
	for _, id := range ids {
		w.anyID(id)
	}
	w.raw("</m:ItemIds>")
}

// NewItem is an item to make: the fields of Set are taken from Item, and all its
// Properties.
type NewItem struct {
	Item Item
	Set  FieldSet
}

// CreateItem makes items in a folder. Nobody is invited.
func (c *Client) CreateItem(ctx context.Context, folder FolderID, items []NewItem) ([]ItemResult, error) {
	w := c.request("CreateItem", ` MessageDisposition="SaveOnly" SendMeetingInvitations="SendToNone"`)
	w.raw("<m:SavedItemFolderId>")
	w.folderID(folder)
	w.raw("</m:SavedItemFolderId><m:Items>")
	for i := range items {
		it := &items[i]
		if err := checkWrite(&it.Item, it.Set, 0); err != nil {
			return nil, c.misuse("CreateItem", err)
		}
		w.item(&it.Item, it.Set, it.Item.Properties)
	}
	w.raw("</m:Items>")
	return c.items(ctx, operation{name: "CreateItem", write: true}, len(items), w.end("CreateItem"), true)
}

// Conflict says what to do when the item has a newer version than the change.
type Conflict string

// The conflict resolutions. NeverOverwrite answers ErrorIrresolvableConflict.
const (
	NeverOverwrite  Conflict = "NeverOverwrite"
	AutoResolve     Conflict = "AutoResolve"
	AlwaysOverwrite Conflict = "AlwaysOverwrite"
)

// ItemChange changes one item: the fields of Set and the properties are set to
// what Item holds, the fields of Clear and the paths of ClearProperties deleted.
type ItemChange struct {
	ID              ItemID
	Item            Item
	Set             FieldSet
	Clear           FieldSet
	ClearProperties []PropertyPath
}

// UpdateItem changes items. Nobody is told.
func (c *Client) UpdateItem(ctx context.Context, conflict Conflict, changes []ItemChange) ([]ItemResult, error) {
	w := c.request("UpdateItem", ` ConflictResolution="`+string(conflict)+
		`" MessageDisposition="SaveOnly" SendMeetingInvitationsOrCancellations="SendToNone"`)
	w.raw("<m:ItemChanges>")
	for i := range changes {
		ch := &changes[i]
		if err := checkWrite(&ch.Item, ch.Set, ch.Clear); err != nil {
			return nil, c.misuse("UpdateItem", err)
		}
		if ch.Set|ch.Clear == 0 && len(ch.Item.Properties)+len(ch.ClearProperties) == 0 {
			return nil, c.misuse("UpdateItem", fmt.Errorf("a change without content"))
		}
		w.change(ch)
	}
	w.raw("</m:ItemChanges>")
	return c.items(ctx, operation{name: "UpdateItem", write: true}, len(changes), w.end("UpdateItem"), true)
}

func (w *writer) change(ch *ItemChange) {
	w.open("ItemChange")
	w.anyID(ch.ID)
	w.open("Updates")
	element := string(ch.Item.Element)
	for f := range fieldCount {
		switch {
		case ch.Clear.Has(f):
			w.open("DeleteItemField")
			w.fieldURI(f)
			w.close("DeleteItemField")
		case ch.Set.Has(f):
			w.open("SetItemField")
			w.fieldURI(f)
			w.open(element)
			w.field(&ch.Item, f)
			w.close(element)
			w.close("SetItemField")
		}
	}
	for i := range ch.Item.Properties {
		p := &ch.Item.Properties[i]
		w.open("SetItemField")
		w.path(p.Path)
		w.open(element)
		w.property(p)
		w.close(element)
		w.close("SetItemField")
	}
	for _, p := range ch.ClearProperties {
		w.open("DeleteItemField")
		w.path(p)
		w.close("DeleteItemField")
	}
	w.close("Updates")
	w.close("ItemChange")
}

func checkWrite(it *Item, set, clear FieldSet) error {
	switch it.Element {
	case CalendarElement:
		if it.Calendar == nil && set&calendarFields != 0 {
			return fmt.Errorf("calendar fields without a calendar item")
		}
	case TaskElement:
		if it.Task == nil && set&taskFields != 0 {
			return fmt.Errorf("task fields without a task")
		}
	default:
		return fmt.Errorf("element %q can't be written", it.Element)
	}
	if bad := (set | clear) &^ writable(it.Element); bad != 0 {
		return fmt.Errorf("read-only fields %b of %s", bad, it.Element)
	}
	switch {
	case set.Has(FieldRecurrence) && it.Calendar.Recurrence == nil, set.Has(FieldTaskRecurrence) && it.Task.Recurrence == nil:
		return fmt.Errorf("a recurrence to set that is none")
	}
	return nil
}

func (c *Client) misuse(op string, err error) error {
	return (&Error{Code: fault.Internal, Op: op, Err: err}).wrap(c.server.Host())
}

// DeleteItem moves items to Deleted Items. Nobody gets a cancellation. A recurring
// task goes with all its occurrences: the other choice would only move it on to the
// next date. An id with Instance takes one occurrence out of its series.
func (c *Client) DeleteItem(ctx context.Context, ids []ItemID) ([]ItemResult, error) {
	w := c.request("DeleteItem", ` DeleteType="MoveToDeletedItems" SendMeetingCancellations="SendToNone" AffectedTaskOccurrences="AllOccurrences"`)
	w.itemIDs(ids)
	return c.items(ctx, operation{name: "DeleteItem", write: true}, len(ids), w.end("DeleteItem"), false)
}

// MoveItem moves items; each result holds the new id.
func (c *Client) MoveItem(ctx context.Context, to FolderID, ids []ItemID) ([]ItemResult, error) {
	w := c.request("MoveItem", "")
	w.raw("<m:ToFolderId>")
	w.folderID(to)
	w.raw("</m:ToFolderId>")
	w.itemIDs(ids)
	w.raw("<m:ReturnNewItemIds>true</m:ReturnNewItemIds>")
	return c.items(ctx, operation{name: "MoveItem", write: true}, len(ids), w.end("MoveItem"), false)
}

// FindItemRequest asks for a page of a folder's items.
type FindItemRequest struct {
	Folders []FolderID
	Shape   Shape
	Where   Restriction
	// Offset and Max make the page; Max 0 is 1000, what servers give at most.
	Offset int
	Max    int
}

// ItemPage is one page of FindItem.
type ItemPage struct {
	Items []Item
	// Next is the offset of the next page.
	Next int
	// Last tells that there is none.
	Last bool
}

// FindItem reads one page. Bodies and attendees don't come with it (use GetItem).
func (c *Client) FindItem(ctx context.Context, q FindItemRequest) (ItemPage, error) {
	if q.Max <= 0 {
		q.Max = 1000
	}
	w := c.request("FindItem", ` Traversal="Shallow"`)
	w.itemShape(q.Shape)
	fmt.Fprintf(w, `<m:IndexedPageItemView MaxEntriesReturned="%d" Offset="%d" BasePoint="Beginning"/>`, q.Max, q.Offset)
	w.restriction(q.Where)
	w.folderIDs("ParentFolderIds", q.Folders)
	var page ItemPage
	err := c.do(ctx, operation{name: "FindItem"}, w.end("FindItem"), func(r *reader) error {
		page = ItemPage{}
		return r.findItems(&page, q.Offset)
	})
	return page, err
}

// findItems reads one response message for each folder; pages of several folders
// are only whole when every folder's is.
func (r *reader) findItems(page *ItemPage, offset int) error {
	page.Last = true
	var failure *Error
	err := r.envelope("FindItemResponse", func() {
		if e := r.message(func(name string) {
			if name != "RootFolder" {
				return
			}
			last := r.attr("IncludesLastItemInRange")
			next := atoi(r.attr("IndexedPagingOffset"))
			before := len(page.Items)
			for list := range r.children() {
				if list != "Items" { // grommunio sends empty Groups
					continue
				}
				for element := range r.children() {
					page.Items = append(page.Items, r.item(element))
				}
			}
			if got := len(page.Items) - before; last == "false" && got > 0 {
				page.Last = false
				if next <= offset { // no offset, or one that would loop
					next = offset + got
				}
				page.Next = max(page.Next, next)
			}
		}); e != nil && failure == nil {
			failure = e
		}
	})
	if err == nil && failure != nil {
		return failure
	}
	return err
}
