package exchange

import (
	"context"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// keysPerSearch bounds the restriction of one FindItem.
const keysPerSearch = 50

// foldersPerSearch bounds the folders of one FindItem.
const foldersPerSearch = 50

// FindByKey finds items of this folder by key, in FindItem requests with many
// keys each.
func (f *folder) FindByKey(ctx context.Context, keys []pim.Key) ([]side.Found, error) {
	if err := ctx.Err(); err != nil {
		return nil, fault.New(fault.Cancelled, "exchange.FindByKey", "", err)
	}
	items, err := f.search(ctx, []ews.FolderID{f.id}, keys)
	if err != nil {
		return nil, err
	}
	out := make([]side.Found, len(keys))
	for i, k := range keys {
		out[i].Key = k
		for _, it := range items[k] {
			if it.Element == f.m.element() {
				out[i].Items = append(out[i].Items, side.Got{ID: pim.ItemID(it.ID.ID), Version: pim.Version(it.ID.ChangeKey), Key: k})
			}
		}
	}
	return out, nil
}

// search finds items by key in folders. Servers compare without case; we don't.
func (f *folder) search(ctx context.Context, in []ews.FolderID, keys []pim.Key) (map[pim.Key][]ews.Item, error) {
	found := make(map[pim.Key][]ews.Item, len(keys))
	wanted := make(map[pim.Key]bool, len(keys))
	for _, k := range keys {
		if k != "" {
			wanted[k] = true
		}
	}
	list := make([]pim.Key, 0, len(wanted))
	for k := range wanted {
		list = append(list, k)
	}
	for len(list) > 0 {
		n := min(keysPerSearch, len(list))
		where := make([]ews.Restriction, n)
		for i, k := range list[:n] {
			where[i] = ews.PropertyEquals(keyProperty(), string(k))
		}
		list = list[n:]
		for at := 0; at < len(in); at += foldersPerSearch {
			q := ews.FindItemRequest{
				Folders: in[at:min(at+foldersPerSearch, len(in))], Where: ews.AnyOf(where...), Max: 250,
				Shape: ews.Shape{Fields: ews.Fields(ews.FieldParent), Properties: []ews.PropertyPath{keyProperty()}},
			}
			for {
				page, err := f.client.FindItem(ctx, q)
				if err != nil {
					return nil, err
				}
				for _, it := range page.Items {
					if k := keyOf(&it); wanted[k] {
						found[k] = append(found[k], it)
					}
				}
				if page.Last {
					break
				}
				q.Offset = page.Next
			}
		}
	}
	return found, nil
}

// Whereabouts finds out what became of items that left the folder: by their key,
// first here, then in Deleted Items and Recoverable Items, then everywhere.
func (f *folder) Whereabouts(ctx context.Context, lost []side.Lost) ([]side.Whereabouts, error) {
	ids := make([]pim.ItemID, len(lost))
	for i, l := range lost {
		ids[i] = l.ID
	}
	here, err := f.Get(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]side.Whereabouts, len(lost))
	open := map[pim.Key][]int{}
	for i, l := range lost {
		out[i].ID = l.ID
		switch {
		case here[i].Err == nil:
			out[i].Place = side.PlaceHere
		case l.Key != "":
			open[l.Key] = append(open[l.Key], i)
		}
	}
	if len(open) == 0 {
		return out, nil
	}
	blind, err := f.seek(ctx, open, out)
	if err != nil {
		return nil, err
	}
	if !blind {
		for _, at := range open {
			for _, i := range at {
				out[i].Place = side.PlaceNowhere
			}
		}
	}
	return out, nil
}

// seek takes what it finds out of open. blind tells that it could not look
// everywhere.
func (f *folder) seek(ctx context.Context, open map[pim.Key][]int, out []side.Whereabouts) (blind bool, err error) {
	look := func(folders []ews.FolderID, place side.Place) error {
		if len(folders) == 0 || len(open) == 0 {
			return nil
		}
		keys := make([]pim.Key, 0, len(open))
		for k := range open {
			keys = append(keys, k)
		}
		found, err := f.search(ctx, folders, keys)
		if err != nil {
			return err
		}
		for k := range found {
			for _, i := range open[k] {
				out[i].Place = place
			}
			delete(open, k)
		}
		return nil
	}
	if err := look([]ews.FolderID{f.id}, side.PlaceHere); err != nil {
		return false, err
	}
	deleted, elsewhere, err := f.tree(ctx)
	if fault.Has(err, fault.AccessDenied, fault.FolderUnavailable) {
		return true, nil // a delegate may see no more than this folder
	}
	if err != nil {
		return false, err
	}
	if err := look(deleted, side.PlaceDeleted); err != nil {
		return false, err
	}
	// Not every server has, or shows, Recoverable Items.
	err = look([]ews.FolderID{ews.Folder(ews.RecoverableItemsDeletions)}, side.PlaceDeleted)
	switch {
	case fault.Has(err, fault.AccessDenied):
		blind = true
	case err != nil && !fault.Has(err, fault.FolderUnavailable, fault.ItemRefused, fault.ItemGone):
		return false, err
	}
	return blind, look(elsewhere, side.PlaceElsewhere)
}

// tree parts the mailbox's folders into Deleted Items with what is beneath it,
// and all others but this one.
func (f *folder) tree(ctx context.Context) (deleted, elsewhere []ews.FolderID, err error) {
	bins, err := f.client.GetFolder(ctx, []ews.FolderID{ews.Folder(ews.DeletedItems)}, nil)
	if err == nil {
		err = bins[0].Err
	}
	if err != nil {
		return nil, nil, err
	}
	bin := map[ews.ID]bool{bins[0].Folder.ID.ID: true}
	var all []ews.FolderInfo
	for q := (ews.FindFolderRequest{Parent: ews.Folder(ews.MessageRoot), Deep: true}); ; {
		page, err := f.client.FindFolder(ctx, q)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, page.Folders...)
		if page.Last {
			break
		}
		q.Offset = page.Next
	}
	for grew := true; grew; { // a parent may be listed behind its children
		grew = false
		for i := range all {
			if !bin[all[i].ID.ID] && bin[all[i].Parent.ID] {
				bin[all[i].ID.ID], grew = true, true
			}
		}
	}
	deleted = append(deleted, bins[0].Folder.ID)
	for i := range all {
		switch id := all[i].ID; {
		case id.ID == f.id.ID || id.ID == bins[0].Folder.ID.ID || all[i].Element == "SearchFolder":
		case bin[id.ID]:
			deleted = append(deleted, id)
		default:
			elsewhere = append(elsewhere, id)
		}
	}
	return deleted, elsewhere, nil
}

// Claim leaves the installation's id on the user's calendar folder, whichever
// kind this folder holds, or on the folder itself where it was named.
func (f *folder) Claim(ctx context.Context, installation string, takeOver bool) error {
	const op = "exchange.Claim"
	at := f.marked()
	infos, err := f.client.GetFolder(ctx, []ews.FolderID{at}, []ews.PropertyPath{claimProperty()})
	if err == nil {
		err = infos[0].Err
	}
	if err != nil {
		return err
	}
	owner, claimed := infos[0].Folder.Property(claimProperty())
	switch {
	case claimed && owner == installation:
		return nil
	case claimed && owner != "" && !takeOver:
		return fault.New(fault.MailboxClaimed, op, owner, nil)
	}
	return f.client.UpdateFolder(ctx, at, []ews.Property{{Path: claimProperty(), Value: installation}}, nil)
}
