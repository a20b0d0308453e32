package executor

import (
	"context"
	"errors"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/store"
)

// Removing what a run made: first, in one transaction, a copy goes to the trash, the
// pair ends, and the item it was made from is declined; then the item is deleted. In
// the other order a kill in between would look as if a person had deleted it, and
// the item it was made from would go too.

// removal is a created item on its way out.
type removal struct {
	c store.Created
	// got is the item as it is.
	got side.Got
	// partner is the item on the other side, "" where there is none.
	partner pim.ItemID
	// code says why it stays.
	code fault.Code
	done bool
	// left tells that it was gone when it was to be deleted.
	left bool
}

// removeCreated deletes what undone runs made, unless somebody edited it since.
func (s *slice) removeCreated(ctx context.Context) error {
	for after := store.CreatedID(0); ; {
		list, err := s.lease.WantedRemovals(ctx, after, batchSize)
		if err != nil || len(list) == 0 {
			return err
		}
		after = list[len(list)-1].ID
		all := make([]*removal, len(list))
		for i := range list {
			all[i] = &removal{c: list[i]}
		}
		if err := s.beginRemovals(ctx, all); err != nil {
			return err
		}
		for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
			if err := s.removeSide(ctx, id, all); err != nil {
				return err
			}
		}
	}
}

// readRemovals reads the items as they are.
func (s *slice) readRemovals(ctx context.Context, list []*removal) error {
	for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
		var of []*removal
		var ids []pim.ItemID
		for _, r := range list {
			if r.c.Side == id {
				of, ids = append(of, r), append(ids, r.c.Item)
			}
		}
		if len(ids) == 0 {
			continue
		}
		got, err := s.get(ctx, id, ids)
		if err != nil {
			return err
		}
		for n, r := range of {
			r.got = got[n]
		}
	}
	return nil
}

// beginRemovals takes out of the store what is to go, and leaves what must stay.
func (s *slice) beginRemovals(ctx context.Context, all []*removal) error {
	if err := s.readRemovals(ctx, all); err != nil {
		return err
	}
	var b store.Batch
	var unpaired []store.Ref
	for _, r := range all {
		if r.c.Wish == store.WishBegun {
			r.partner = r.c.Partner
			if err := s.lastOne(ctx, r); err != nil {
				return err
			}
			if r.code != "" {
				b.Wishes = append(b.Wishes, store.WishChange{Created: r.c.ID, Wish: store.WishLeft, Code: r.code})
				if err := s.giveBack(ctx, r, &b); err != nil {
					return err
				}
			}
			continue
		}
		if err := s.beginRemoval(ctx, r, &b); err != nil {
			return err
		}
		if r.code != "" {
			r.done = true
			b.Wishes = append(b.Wishes, store.WishChange{Created: r.c.ID, Wish: store.WishLeft, Code: r.code})
			continue
		}
		unpaired = append(unpaired, store.Ref{Side: r.c.Side, Item: r.c.Item})
	}
	if err := s.keepWhole(ctx, b.Trash); err != nil {
		return err
	}
	if err := s.lease.Apply(ctx, &b); err != nil {
		return err
	}
	// The feed may have named it while it was in no pair.
	return s.lease.DropUnpaired(ctx, unpaired)
}

// lastOne lets an item stay whose removal was begun before a kill, if what it was made
// from is not there any more and nobody wanted that removed: it was to stay, and has
// got lost since.
func (s *slice) lastOne(ctx context.Context, r *removal) error {
	if r.got.Err != nil || r.partner == "" {
		return nil
	}
	other := r.c.Side.Other()
	got, err := s.get(ctx, other, []pim.ItemID{r.partner})
	if err != nil || fault.CodeOf(got[0].Err) != fault.ItemGone {
		return err
	}
	goes, err := s.lease.WantedItem(ctx, store.Ref{Side: other, Item: r.partner})
	if err == nil && !goes {
		r.done, r.code = true, fault.EditedSince
	}
	return err
}

func (s *slice) beginRemoval(ctx context.Context, r *removal, b *store.Batch) error {
	switch {
	case fault.CodeOf(r.got.Err) == fault.ItemGone:
		r.code = fault.EditedSince
	case r.got.Err != nil:
		r.code = fault.CodeOf(r.got.Err)
	case !sameSum(r.got.Item, r.c.Sum):
		r.code = fault.EditedSince
	case reserved(r.c.Side, r.got.Item) != 0:
		r.code = fault.MeetingNeedsOutlook
	}
	if r.code != "" {
		return nil
	}
	u, err := s.lease.UnitOf(ctx, store.Ref{Side: r.c.Side, Item: r.c.Item})
	if err != nil {
		return err
	}
	other := r.c.Side.Other()
	partner := r.c.Partner
	if u.Pair != nil {
		partner = u.Pair.Sides.At(other).ID
	}
	text, err := pim.Marshal(r.got.Item)
	if err != nil {
		return fault.New(fault.Internal, "executor.undo", string(r.c.Item), err)
	}
	t := store.Trash{Side: r.c.Side, Item: r.c.Item, Version: r.got.Version, Reason: store.TrashConfirmed,
		Fields: pim.FieldsOf(s.task.Kind), Run: s.report.run().ID, Content: text, Key: r.got.Key, Partner: partner}
	r.c.Version = r.got.Version
	w := store.WishChange{Created: r.c.ID, Wish: store.WishBegun, Version: r.got.Version}
	switch {
	case u.Pair != nil:
		row, code, err := s.remaining(ctx, other, u.Pair)
		if err != nil || code != "" {
			r.code = code
			return err
		}
		t.Key = u.Pair.Key
		b.DropPairs = append(b.DropPairs, u.Pair.ID)
		// Though it may be among those to be removed: it may turn out to stay.
		r.partner, w.Other = row.ID, row.Item
		b.Rows = append(b.Rows, row)
	case partner != "":
		goes, err := s.lease.WantedItem(ctx, store.Ref{Side: other, Item: partner}) // an undone run made it, too
		if err != nil {
			return err
		}
		if !goes {
			r.code = fault.EditedSince // it is paired with it no more: something has happened
			return nil
		}
	}
	b.Trash = append(b.Trash, t)
	b.Wishes = append(b.Wishes, w)
	return nil
}

// remaining is the row of the item that stays of a pair. A person does not want it
// on the other side as long as nobody edits it.
func (s *slice) remaining(ctx context.Context, id pim.SideID, p *store.Pair) (store.Row, fault.Code, error) {
	half := p.Sides.At(id)
	got, err := s.get(ctx, id, []pim.ItemID{half.ID})
	if err != nil {
		return store.Row{}, "", err
	}
	g := got[0]
	if g.Err != nil {
		if fault.CodeOf(g.Err) == fault.ItemGone {
			return store.Row{}, fault.EditedSince, nil
		}
		return store.Row{}, fault.CodeOf(g.Err), nil
	}
	text, err := pim.Marshal(g.Item)
	if err != nil {
		return store.Row{}, "", fault.New(fault.Internal, "executor.undo", string(half.ID), err)
	}
	same, err := unchanged(half.Base, text)
	if err != nil {
		return store.Row{}, "", err
	}
	if !same {
		return store.Row{}, fault.EditedSince, nil
	}
	row := store.Row{Side: id, ID: g.ID, Version: g.Version, Key: g.Key, State: store.RowDeclined, Seen: s.x.cfg.Now()}
	return row, "", s.fill(&row, g.Item)
}

// removeSide deletes the items on one side. One that somebody edited in this very
// moment stays, and is given back.
func (s *slice) removeSide(ctx context.Context, id pim.SideID, all []*removal) error {
	var open []*removal
	for _, r := range all {
		if r.c.Side == id && !r.done {
			open = append(open, r)
		}
	}
	var b store.Batch
	removed := 0
	err := s.deleteOpen(ctx, id, open)
	if err == nil {
		err = s.movedAway(ctx, id, open)
	}
	for _, r := range open {
		switch {
		case !r.done:
		case r.code == "":
			removed++
			b.Wishes = append(b.Wishes, store.WishChange{Created: r.c.ID, Wish: store.WishDone})
		default:
			b.Wishes = append(b.Wishes, store.WishChange{Created: r.c.ID, Wish: store.WishLeft, Code: r.code})
			if e := s.giveBack(ctx, r, &b); e != nil {
				return errors.Join(err, e)
			}
		}
	}
	err = errors.Join(err, s.lease.Apply(context.WithoutCancel(ctx), &b))
	s.report.change(func(p *Progress) { *p.Counts.Deleted.At(id) += removed })
	return err
}

// deleteOpen deletes, reading again what changed under our hands.
func (s *slice) deleteOpen(ctx context.Context, id pim.SideID, open []*removal) error {
	for range rounds {
		var now []*removal
		for _, r := range open {
			switch {
			case r.done:
			case fault.CodeOf(r.got.Err) == fault.ItemGone:
				r.done = true
			case r.got.Err != nil:
				r.done, r.code = true, fault.CodeOf(r.got.Err)
			case !sameSum(r.got.Item, r.c.Sum):
				r.done, r.code = true, fault.EditedSince
			default:
				now = append(now, r)
			}
		}
		if len(now) == 0 {
			return nil
		}
		var again []*removal
		for size := max(s.folder(id).BatchSize(), 1); len(now) > 0; {
			part := now[:min(size, len(now))]
			now = now[len(part):]
			in := make([]side.Deletion, len(part))
			for i, r := range part {
				in[i] = side.Deletion{ID: r.c.Item, Version: r.got.Version}
			}
			out, err := s.folder(id).Delete(ctx, in)
			if err == nil && len(out) != len(part) {
				err = broken("undo", id, len(out), len(part))
			}
			if err != nil {
				return s.blame(id, err)
			}
			for i, o := range out {
				switch c := fault.CodeOf(o.Err); c {
				case "", fault.ItemGone:
					part[i].done, part[i].left = true, c != ""
				case fault.ItemChanged, fault.ReplyLost:
					again = append(again, part[i])
				default:
					part[i].done, part[i].code = true, c
				}
			}
		}
		if len(again) == 0 {
			return nil
		}
		if err := s.readRemovals(ctx, again); err != nil {
			return err
		}
	}
	return nil // it is looked at once more
}

// movedAway lets those stay that somebody moved to another folder in this very moment:
// nobody removed them, and a copy that is brought back would be a second one.
func (s *slice) movedAway(ctx context.Context, id pim.SideID, open []*removal) error {
	var lost []side.Lost
	var of []*removal
	for _, r := range open {
		if r.left && r.got.Key != "" {
			lost, of = append(lost, side.Lost{ID: r.c.Item, Key: r.got.Key}), append(of, r)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	found, err := s.folder(id).Whereabouts(ctx, lost)
	if err == nil && len(found) != len(lost) {
		err = broken("undo", id, len(found), len(lost))
	}
	for n, r := range of {
		switch {
		case err != nil:
			r.done = false // it is looked at once more
		case found[n].Place == side.PlaceElsewhere:
			r.code, r.got.Err = fault.EditedSince, fault.New(fault.ItemGone, "executor.undo", string(r.c.Item), nil)
		}
	}
	if err != nil {
		return s.blame(id, err)
	}
	return nil
}

// giveBack puts an item that stays into the inbox again, with the one it belongs to:
// they are paired anew. Its copy is none of something that is gone: brought back it
// would be there twice.
func (s *slice) giveBack(ctx context.Context, r *removal, b *store.Batch) error {
	b.DropTrash = append(b.DropTrash, store.Copy{Ref: store.Ref{Side: r.c.Side, Item: r.c.Item}, Version: r.c.Version})
	if r.got.Err == nil {
		row := store.Row{Side: r.c.Side, ID: r.got.ID, Version: r.got.Version, Key: r.got.Key, Seen: s.x.cfg.Now()}
		if err := s.fill(&row, r.got.Item); err != nil {
			return err
		}
		b.Rows = append(b.Rows, row)
	}
	if r.partner == "" || r.left {
		return nil // one in another folder is paired by its key when it is back
	}
	row, err := s.lease.RowOf(ctx, store.Ref{Side: r.c.Side.Other(), Item: r.partner})
	if err == nil && row != nil && row.Pair == 0 && row.State == store.RowDeclined {
		b.States = append(b.States, store.StateChange{Seq: row.Seq})
	}
	return err
}
