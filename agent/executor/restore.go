package executor

import (
	"context"
	"errors"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/store"
)

// Bringing deleted items back: each keeps the key it had, so that a kill between
// making it and recording it is seen by looking the key up, and so that the two
// items of a pair find each other again.

// back is a deleted item on its way back.
type back struct {
	t    store.Trash
	item pim.Item
	done bool
}

// bringBack makes deleted items again that somebody wants back.
func (s *slice) bringBack(ctx context.Context) error {
	for after := store.TrashID(0); ; {
		list, err := s.lease.WantedGone(ctx, after, batchSize)
		if err != nil || len(list) == 0 {
			return err
		}
		after = list[len(list)-1].ID
		for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
			var of []*back
			for i := range list {
				if list[i].Side == id {
					of = append(of, &back{t: list[i]})
				}
			}
			if err := s.bringBackSide(ctx, id, of); err != nil {
				return err
			}
		}
	}
}

func (s *slice) bringBackSide(ctx context.Context, id pim.SideID, all []*back) error {
	if len(all) == 0 {
		return nil
	}
	if err := s.beginBack(ctx, id, all); err != nil {
		return err
	}
	// The other one first, where it was deleted too and is still kept whole: from then
	// on they are a pair again.
	if err := s.putBackPartners(ctx, id.Other(), all); err != nil {
		return err
	}
	if err := s.putBack(ctx, id, all, func(*back) bool { return true }, false); err != nil {
		return err
	}
	return s.makeAgain(ctx, id, all)
}

// beginBack finds out which are there already, and notes of the others that they are
// under way.
func (s *slice) beginBack(ctx context.Context, id pim.SideID, all []*back) error {
	var w wished
	var keys []pim.Key
	var of []*back
	one := onePerKey(all)
	for _, b := range all {
		if b.t.Key != "" && one[b.t.Key] != b {
			b.done = true
			w.left(&b.t, fault.AlreadyThere)
			continue
		}
		item, err := pim.Unmarshal(b.t.Content)
		if err != nil || item == nil {
			b.done = true
			w.left(&b.t, fault.ItemUnreadable)
			continue
		}
		b.item = item
		if b.t.Partner != "" && b.t.Wish == store.WishWanted {
			u, err := s.lease.UnitOf(ctx, store.Ref{Side: id.Other(), Item: b.t.Partner})
			if err != nil {
				return err
			}
			if u.Pair != nil {
				b.done = true
				w.left(&b.t, fault.AlreadyThere)
				continue
			}
		}
		if b.t.Key == "" {
			b.t.Key = s.x.cfg.NewKey(s.task.Account.User)
		}
		keys, of = append(keys, b.t.Key), append(of, b)
	}
	if len(keys) > 0 {
		found, err := s.folder(id).FindByKey(ctx, keys)
		if err == nil && len(found) != len(keys) {
			err = broken("undo", id, len(found), len(keys))
		}
		if err != nil {
			return s.blame(id, err)
		}
		for n, b := range of {
			switch {
			case len(found[n].Items) == 0:
				w.b.Wishes = append(w.b.Wishes, store.WishChange{Trash: b.t.ID, Wish: store.WishBegun, Key: b.t.Key})
			case b.t.Wish == store.WishBegun: // made, and not recorded any more
				b.done = true
				if err := s.isBack(ctx, id, &w, b, found[n].Items[0].ID, true); err != nil {
					return err
				}
			default:
				b.done = true
				w.left(&b.t, fault.AlreadyThere)
			}
		}
	}
	return s.lease.Apply(ctx, &w.b)
}

// onePerKey chooses of several copies of one item, which was edited while it was
// being deleted, the one to bring back: that which is under way, or else the last.
func onePerKey(all []*back) map[pim.Key]*back {
	one := make(map[pim.Key]*back)
	for _, b := range all {
		if was := one[b.t.Key]; was == nil || was.t.Wish != store.WishBegun {
			one[b.t.Key] = b
		}
	}
	return one
}

// isBack records an item that is back. It is one this run made: undoing the run
// removes it again.
func (s *slice) isBack(ctx context.Context, id pim.SideID, w *wished, b *back, item pim.ItemID, whole bool) error {
	made := s.x.side(id).Projection(s.task.Kind).Project(b.item)
	if whole {
		got, err := s.get(ctx, id, []pim.ItemID{item})
		if err != nil {
			return err
		}
		if got[0].Err == nil {
			made = got[0].Item
		}
	}
	w.b.Created = append(w.b.Created, s.created(id, item, "", made))
	if id == b.t.Side {
		w.back(&b.t)
		s.report.change(func(p *Progress) { *p.Counts.Created.At(id)++ })
	}
	return nil
}

// putBackPartners takes the other items out of where their side keeps deleted ones.
// Those that never left are none this run brings back: undoing it would remove them.
func (s *slice) putBackPartners(ctx context.Context, id pim.SideID, all []*back) error {
	if _, ok := s.folder(id).(side.Keeper); !ok {
		return nil
	}
	var keys []pim.Key
	for _, b := range all {
		if !b.done && b.t.Partner != "" {
			keys = append(keys, b.t.Key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	found, err := s.folder(id).FindByKey(ctx, keys)
	if err == nil && len(found) != len(keys) {
		err = broken("undo", id, len(found), len(keys))
	}
	if err != nil {
		return s.blame(id, err)
	}
	left := make(map[pim.Key]bool)
	for _, f := range found {
		left[f.Key] = len(f.Items) == 0
	}
	return s.putBack(ctx, id, all, func(b *back) bool { return left[b.t.Key] }, true)
}

// putBack takes items out of where the side keeps deleted ones. gently leaves alone
// what does not work.
func (s *slice) putBack(ctx context.Context, id pim.SideID, all []*back, want func(*back) bool, gently bool) error {
	k, ok := s.folder(id).(side.Keeper)
	if !ok {
		return nil
	}
	var of []*back
	for _, b := range all {
		if !b.done && want(b) {
			of = append(of, b)
		}
	}
	for size := max(s.folder(id).BatchSize(), 1); len(of) > 0; {
		part := of[:min(size, len(of))]
		of = of[len(part):]
		keys := make([]pim.Key, len(part))
		for i, b := range part {
			keys[i] = b.t.Key
		}
		out, err := k.PutBack(ctx, keys)
		if err == nil && len(out) != len(part) {
			err = broken("undo", id, len(out), len(part))
		}
		if err != nil {
			return s.blame(id, err)
		}
		var w wished
		for i, o := range out {
			b := part[i]
			switch c := fault.CodeOf(o.Err); {
			case o.Err == nil:
				b.done = b.done || id == b.t.Side
				if err := s.isBack(ctx, id, &w, b, o.ID, true); err != nil {
					return err
				}
			case gently || c == fault.ItemGone:
			case c == fault.ReplyLost:
				b.done = true // it is looked up
			default:
				b.done = true
				w.left(&b.t, c)
			}
		}
		if err := s.lease.Apply(context.WithoutCancel(ctx), &w.b); err != nil {
			return err
		}
	}
	return nil
}

// makeAgain creates what there is no trace of.
func (s *slice) makeAgain(ctx context.Context, id pim.SideID, all []*back) error {
	var of []*back
	for _, b := range all {
		if !b.done {
			of = append(of, b)
		}
	}
	var failure error
	for size := max(s.folder(id).BatchSize(), 1); len(of) > 0 && failure == nil; {
		part := of[:min(size, len(of))]
		of = of[len(part):]
		in := make([]side.Creation, len(part))
		for i, b := range part {
			in[i] = side.Creation{Key: b.t.Key, Item: b.item, Whole: b.t.Whole}
		}
		out, err := s.folder(id).Create(ctx, in)
		if err == nil && len(out) != len(part) {
			err = broken("undo", id, len(out), len(part))
		}
		if err != nil {
			return s.blame(id, err)
		}
		var w wished
		for i, o := range out {
			switch c := fault.CodeOf(o.Err); {
			case o.Err == nil:
				failure = errors.Join(failure, s.isBack(ctx, id, &w, part[i], o.ID, false))
			case c == fault.ReplyLost: // it is looked up
			default:
				w.left(&part[i].t, c)
			}
		}
		failure = errors.Join(failure, s.lease.Apply(context.WithoutCancel(ctx), &w.b))
	}
	return failure
}
