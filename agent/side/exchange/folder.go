package exchange

import (
	"context"
	"strings"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// folder is one user's calendar or tasks folder.
type folder struct {
	client *ews.Client
	meter  *ews.Meter // of client
	id     ews.FolderID
	named  bool // it isn't the default folder of its kind
	shape  ews.Shape
	m      mapping
	// looking completes no half-written series, but shows it as it was meant.
	looking bool
	zones   *zoneMemory // of the side
}

// BatchSize is what goes through in about one round trip.
func (f *folder) BatchSize() int { return chunk * parallel }

// Spent implements side.Metered.
func (f *folder) Spent() side.Spent {
	return side.Spent{Requests: f.meter.Requests(), Sent: f.meter.Sent(), Received: f.meter.Received(), Throttled: f.meter.Throttled()}
}

// Close gives nothing back: connections belong to the side.
func (f *folder) Close() error { return nil }

// cursorVersion stands before the server's sync state in our cursors.
const cursorVersion = "1."

// Changes reads one page of SyncFolderItems: ids, versions and keys; items are
// fetched by Get.
func (f *folder) Changes(ctx context.Context, from side.Cursor) (side.Page, error) {
	state, ok := strings.CutPrefix(string(from), cursorVersion)
	if !ok && from != "" {
		return side.Page{}, fault.New(fault.CursorLost, "exchange.Changes", "", nil)
	}
	p, err := f.client.SyncFolderItems(ctx, ews.SyncItemsRequest{
		Folder: f.id, State: state, Shape: ews.Shape{Properties: []ews.PropertyPath{keyProperty()}},
	})
	if err != nil {
		return side.Page{}, err
	}
	page := side.Page{Next: side.Cursor(cursorVersion + p.State), More: !p.Last, Changes: make([]side.Change, 0, len(p.Changes))}
	for i := range p.Changes {
		it := &p.Changes[i].Item
		switch p.Changes[i].Kind {
		case ews.Deleted:
			page.Changes = append(page.Changes, side.Change{ID: pim.ItemID(it.ID.ID), Gone: true})
		case ews.Created, ews.Updated:
			if it.Element == f.m.element() && it.ID.ChangeKey != "" {
				page.Changes = append(page.Changes, side.Change{
					ID: pim.ItemID(it.ID.ID), Version: pim.Version(it.ID.ChangeKey), Key: keyOf(it),
				})
			}
		case ews.ReadFlag: // nobody's field
		}
	}
	return page, nil
}

func keyOf(it *ews.Item) pim.Key {
	v, _ := it.Property(keyProperty())
	return pim.Key(v)
}

func itemIDs(ids []pim.ItemID) []ews.ItemID {
	out := make([]ews.ItemID, len(ids))
	for i, id := range ids {
		out[i].ID = ews.ID(id)
	}
	return out
}

// SetKeys writes keys, refusing items with another version.
func (f *folder) SetKeys(ctx context.Context, in []side.KeyAssignment) ([]side.Outcome, error) {
	return batch(ctx, in, func(ctx context.Context, in []side.KeyAssignment) ([]side.Outcome, error) {
		changes := make([]ews.ItemChange, len(in))
		ids := make([]pim.ItemID, len(in))
		for i, k := range in {
			ids[i] = k.ID
			changes[i] = ews.ItemChange{ID: ews.ItemID{ID: ews.ID(k.ID), ChangeKey: ews.ChangeKey(k.Version)},
				Item: ews.Item{Element: f.m.element(), Properties: []ews.Property{{Path: keyProperty(), Value: string(k.Key)}}}}
		}
		results, err := f.client.UpdateItem(ctx, ews.NeverOverwrite, changes)
		return outcomes(ids, results, err)
	}, func(k side.KeyAssignment, err error) side.Outcome {
		return side.Outcome{ID: k.ID, Err: writeError(err)}
	})
}

// outcomes turns results into outcomes; ids holds the items' ids, empty for new
// ones.
func outcomes(ids []pim.ItemID, results []ews.ItemResult, err error) ([]side.Outcome, error) {
	if err != nil {
		return nil, err
	}
	out := make([]side.Outcome, len(results))
	for i, r := range results {
		out[i] = side.Outcome{ID: ids[i], Err: writeError(r.Err)}
		if r.Err == nil {
			out[i].ID, out[i].Version = pim.ItemID(r.Item.ID.ID), pim.Version(r.Item.ID.ChangeKey)
		}
	}
	return out, nil
}

// Delete moves items of the given versions to Deleted Items.
func (f *folder) Delete(ctx context.Context, in []side.Deletion) ([]side.Outcome, error) {
	return batch(ctx, in, func(ctx context.Context, in []side.Deletion) ([]side.Outcome, error) {
		out := make([]side.Outcome, len(in))
		ids := make([]ews.ItemID, len(in))
		for i, d := range in {
			out[i].ID, ids[i].ID = d.ID, ews.ID(d.ID)
		}
		seen, err := f.client.GetItem(ctx, ids, ews.Shape{Fields: ews.Fields(ews.FieldParent)})
		if err != nil {
			return nil, err
		}
		var due []ews.ItemID
		var at []int
		for i, r := range seen {
			switch {
			case r.Err != nil:
				out[i].Err = r.Err
			case r.Item.Parent.ID != "" && r.Item.Parent.ID != f.id.ID:
				out[i].Err = fault.New(fault.ItemGone, "exchange.Delete", "", nil)
			case r.Item.ID.ChangeKey != ews.ChangeKey(in[i].Version):
				out[i].Err = fault.New(fault.ItemChanged, "exchange.Delete", "", nil)
			default:
				due, at = append(due, r.Item.ID), append(at, i)
			}
		}
		if len(due) == 0 {
			return out, nil
		}
		results, err := f.client.DeleteItem(ctx, due)
		if err != nil {
			return nil, err
		}
		for n, i := range at {
			out[i].Err = writeError(results[n].Err)
		}
		return out, nil
	}, func(d side.Deletion, err error) side.Outcome { return side.Outcome{ID: d.ID, Err: writeError(err)} })
}
