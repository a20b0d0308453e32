package exchange

import (
	"context"
	"encoding/json"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// mostKept is how long a formatted body may be to be kept beside its text, in bytes.
const mostKept = 1 << 20

// whole is what an item holds beyond its fields. It is stored: names are fixed.
type whole struct {
	HTML string `json:"html,omitempty"`
}

// Keep implements side.Keeper: the formatted body. Attachments stay with the item,
// whatever is written to it, and go with it into Deleted Items and back.
func (f *folder) Keep(ctx context.Context, ids []pim.ItemID) ([][]byte, error) {
	got, err := batch(ctx, ids, f.getter(ews.Shape{Fields: ews.Fields(ews.FieldBody)}), failedItem[pim.ItemID])
	if err != nil {
		return nil, err
	}
	out := make([][]byte, len(ids))
	for i, r := range got {
		if b := r.Item.Body; r.Err == nil && b.HTML && b.Value != "" && len(b.Value) <= mostKept {
			if out[i], err = json.Marshal(whole{HTML: b.Value}); err != nil {
				return nil, fault.New(fault.Internal, "exchange.Keep", string(ids[i]), err)
			}
		}
	}
	return out, nil
}

// dress gives an item that is about to be written the formatted body it once had, if
// its body is written.
func dress(it *ews.Item, set ews.FieldSet, kept []byte) {
	var w whole
	if len(kept) == 0 || !set.Has(ews.FieldBody) || json.Unmarshal(kept, &w) != nil || w.HTML == "" {
		return
	}
	it.Body = ews.Body{HTML: true, Value: w.HTML}
}

// PutBack implements side.Keeper: items are moved out of Deleted Items, what is
// beneath it, and Recoverable Items.
func (f *folder) PutBack(ctx context.Context, keys []pim.Key) ([]side.Outcome, error) {
	const op = "exchange.PutBack"
	out := make([]side.Outcome, len(keys))
	here, err := f.search(ctx, []ews.FolderID{f.id}, keys)
	if err != nil {
		return nil, err
	}
	bin, err := f.inBin(ctx, keys)
	if err != nil {
		return nil, err
	}
	var ids []ews.ItemID
	var at []int
	for i, k := range keys {
		if it := f.oneOf(here[k]); it != nil {
			out[i] = side.Outcome{ID: pim.ItemID(it.ID.ID), Version: pim.Version(it.ID.ChangeKey)}
		} else if it := f.oneOf(bin[k]); it != nil {
			ids, at = append(ids, it.ID), append(at, i)
		} else {
			out[i].Err = fault.New(fault.ItemGone, op, string(k), nil)
		}
	}
	moved, err := batch(ctx, ids, func(ctx context.Context, in []ews.ItemID) ([]ews.ItemResult, error) {
		return f.client.MoveItem(ctx, f.id, in)
	}, failedItem[ews.ItemID])
	if err != nil {
		return nil, err
	}
	for n, i := range at {
		switch r := moved[n]; {
		case r.Err != nil:
			out[i].Err = writeError(r.Err)
		case r.Item.ID.ID == "": // not every server tells the new id
			out[i].Err = uncertain(nil)
		default:
			out[i] = side.Outcome{ID: pim.ItemID(r.Item.ID.ID), Version: pim.Version(r.Item.ID.ChangeKey)}
		}
	}
	return out, nil
}

// inBin finds items by key where deleted ones are kept, as far as the login sees that.
func (f *folder) inBin(ctx context.Context, keys []pim.Key) (map[pim.Key][]ews.Item, error) {
	bins, _, err := f.tree(ctx)
	if fault.Has(err, fault.AccessDenied, fault.FolderUnavailable) {
		return nil, nil // a delegate may see no more than this folder
	}
	if err != nil {
		return nil, err
	}
	found, err := f.search(ctx, bins, keys)
	if err != nil {
		return nil, err
	}
	more, err := f.search(ctx, []ews.FolderID{ews.Folder(ews.RecoverableItemsDeletions)}, keys)
	if err != nil && !fault.Has(err, fault.AccessDenied, fault.FolderUnavailable, fault.ItemRefused, fault.ItemGone) {
		return nil, err
	}
	for k, items := range more {
		found[k] = append(found[k], items...)
	}
	return found, nil
}

// oneOf is the first item of this folder's kind, nil for none.
func (f *folder) oneOf(items []ews.Item) *ews.Item {
	for i := range items {
		if items[i].Element == f.m.element() {
			return &items[i]
		}
	}
	return nil
}

var _ side.Keeper = (*folder)(nil)
