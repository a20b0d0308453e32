package executor

import (
	"context"
	"errors"
	"fmt"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/store"
)

// A pair's item can leave without a trace before it carries our key, and then be
// made anew in its folder: because a person decided so, or because the other
// side's item was edited. The old one may still come back, from another folder or
// an archive. The store therefore remembers it ([store.Former]), and when it comes
// it takes its old place in the pair: with the bases of then, so that nothing that
// was changed since is undone. What stood in for it goes to the trash, unless a
// person has worked on it meanwhile (docs/adr/0011).

// comebacks gives former items that came back to their pairs. It tells how many.
func (s *slice) comebacks(ctx context.Context) (int, error) {
	keep := make(map[store.RowID]bool)
	taken := 0
	has, err := s.lease.HasFormer(ctx)
	if err != nil {
		return 0, err
	}
	if has {
		if err := s.standIns(ctx); err != nil {
			return 0, err
		}
		if taken, err = s.takeBack(ctx, keep); err != nil {
			return taken, err
		}
	}
	waiting, err := s.lease.CountRows(ctx, store.RowReturned)
	if err != nil || waiting == 0 {
		return taken, err
	}
	return taken, s.lease.FreeReturned(ctx, keep)
}

// takeBack notes in keep the rows that must not be taken for new items.
func (s *slice) takeBack(ctx context.Context, keep map[store.RowID]bool) (taken int, err error) {
	list, err := s.lease.Comebacks(ctx)
	if err != nil {
		return 0, err
	}
	var b store.Batch
	var forget []store.FormerID
	formers, pairs := make(map[store.FormerID]bool), make(map[store.PairID]bool)
	for i := range list {
		c := &list[i]
		if keep[c.Row.Seq] || formers[c.Former.ID] {
			continue
		}
		same, err := unchanged(c.Former.Base, c.Row.Item)
		if err != nil {
			return taken, err
		}
		if !c.Sure && !same {
			continue
		}
		itself := c.Former.There && c.Row.ID == c.Former.Item
		if c.Pair == nil {
			switch {
			case itself && same:
				b.DropRows = append(b.DropRows, c.Row.Seq)
				keep[c.Row.Seq] = true
			case itself: // a person still needs it: it is an item of its own
				forget = append(forget, c.Former.ID)
			}
			continue
		}
		keep[c.Row.Seq], formers[c.Former.ID] = true, true
		own := *c.Rows.At(c.Former.Side)
		switch {
		case itself && same && (own == nil || !own.Gone):
			b.DropRows = append(b.DropRows, c.Row.Seq) // nothing new of the one that is to go
		case own != nil && !own.Gone, pairs[c.Pair.ID]:
			// What happened to the present item comes first.
			b.States = append(b.States, store.StateChange{Seq: c.Row.Seq, State: store.RowReturned})
		default:
			did, err := s.changePlaces(ctx, c, own == nil, &b)
			if err != nil {
				return taken, err
			}
			if did {
				taken++
				pairs[c.Pair.ID] = true
			}
		}
	}
	return taken, errors.Join(s.lease.FormerLeft(ctx, nil, forget), s.lease.Apply(ctx, &b))
}

// changePlaces gives one item back to its pair. A meeting with guests is never
// removed to make room: then a person must say which one is right.
func (s *slice) changePlaces(ctx context.Context, c *store.Comeback, there bool, b *store.Batch) (bool, error) {
	half := c.Pair.Sides.At(c.Former.Side)
	present, err := pim.Unmarshal(half.Base)
	if err != nil {
		return false, fault.New(fault.StoreCorrupt, "executor.comebacks", string(half.ID), err)
	}
	if a, ok := present.(*pim.Appointment); ok && there && a.Meeting != nil {
		b.States = append(b.States, store.StateChange{Seq: c.Row.Seq, State: store.RowReturned, Code: fault.ItemAmbiguous})
		if c.Row.Code != fault.ItemAmbiguous {
			b.Problems = append(b.Problems, s.problem(c.Former.Side, c.Row.ID, fault.ItemAmbiguous, present,
				fmt.Errorf("it came back after a meeting had taken its place")))
		}
		return false, nil
	}
	hint, uid := s.rules.Hint(present), ""
	if present != nil {
		uid = present.Shared().UID
	}
	return true, s.lease.TakeBack(ctx, c, s.x.cfg.NewKey(s.task.Account.User), hint, uid)
}

// unchanged tells that an item is as it was; false where it is not known how it was.
func unchanged(base, now []byte) (bool, error) {
	was, err := pim.Unmarshal(base)
	if err != nil {
		return false, fault.New(fault.StoreCorrupt, "executor.comebacks", "former", err)
	}
	is, err := pim.Unmarshal(now)
	if err != nil {
		return false, fault.New(fault.StoreCorrupt, "executor.comebacks", "inbox", err)
	}
	return was != nil && is != nil && pim.Diff(was, is) == 0, nil
}

// standIns brings items that are to go back into the inbox where the pair's own
// has left in the meantime: they are needed again.
func (s *slice) standIns(ctx context.Context) error {
	list, err := s.lease.Surplus(ctx)
	if err != nil {
		return err
	}
	return s.surplus(ctx, list, func(f *store.FormerUnit) bool {
		own := *f.Rows.At(f.Former.Side)
		return own != nil && own.Gone
	}, func(pim.SideID, *store.FormerUnit, side.Got) (bool, error) { return false, nil })
}

// tidy removes the items that stood in for others which are back, once these are
// settled and carry their keys: they can't get lost any more.
func (s *slice) tidy(ctx context.Context) error {
	list, err := s.lease.Surplus(ctx)
	if err != nil {
		return err
	}
	var todo [2][]surplus
	err = s.surplus(ctx, list, func(f *store.FormerUnit) bool {
		return f.Pair == nil || f.Rows[0] == nil && f.Rows[1] == nil && f.Pair.Sides.At(f.Former.Side).Keyed
	}, func(id pim.SideID, f *store.FormerUnit, g side.Got) (bool, error) {
		text, err := pim.Marshal(g.Item)
		if err != nil {
			return false, fault.New(fault.Internal, "executor.tidy", string(g.ID), err)
		}
		same, err := unchanged(f.Former.Base, text)
		if same {
			todo[id-1] = append(todo[id-1], surplus{f.Former.ID, g, text})
		}
		return same, err
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
		errs = append(errs, s.remove(ctx, id, todo[id-1]))
	}
	taken, err := s.comebacks(ctx)
	if taken > 0 {
		s.again = true
	}
	return errors.Join(append(errs, err)...)
}

// surplus is an item that is to go.
type surplus struct {
	id   store.FormerID
	got  side.Got
	text []byte
}

// surplus reads those of the list that want says. What has left is recorded; what
// good does not take goes into the inbox.
func (s *slice) surplus(ctx context.Context, list []store.FormerUnit, want func(*store.FormerUnit) bool,
	good func(pim.SideID, *store.FormerUnit, side.Got) (bool, error)) error {
	var left, forget []store.FormerID
	var b store.Batch
	for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
		var of []*store.FormerUnit
		var ids []pim.ItemID
		for i := range list {
			if f := &list[i]; f.Former.Side == id && want(f) {
				of, ids = append(of, f), append(ids, f.Former.Item)
			}
		}
		if len(of) == 0 {
			continue
		}
		got, err := s.get(ctx, id, ids)
		if err != nil {
			return err
		}
		for n, f := range of {
			switch {
			case fault.CodeOf(got[n].Err) == fault.ItemGone:
				left = append(left, f.Former.ID)
				continue
			case got[n].Err != nil:
				continue // unreadable: the next run tries again
			}
			if ok, err := good(id, f, got[n]); ok || err != nil {
				if err != nil {
					return err
				}
				continue
			}
			row := store.Row{Side: id, ID: got[n].ID, Version: got[n].Version, Key: got[n].Key, Seen: s.x.cfg.Now()}
			if err := s.fill(&row, got[n].Item); err != nil {
				return err
			}
			b.Rows = append(b.Rows, row)
			if f.Pair == nil {
				forget = append(forget, f.Former.ID)
			}
			s.again = true
		}
	}
	if err := s.lease.FormerLeft(ctx, left, forget); err != nil {
		return err
	}
	return s.lease.Apply(ctx, &b)
}

// remove deletes items, with copies in the trash.
func (s *slice) remove(ctx context.Context, id pim.SideID, list []surplus) error {
	if len(list) == 0 {
		return nil
	}
	var b store.Batch
	for _, x := range list {
		b.Trash = append(b.Trash, store.Trash{Side: id, Item: x.got.ID, Version: x.got.Version, Reason: store.TrashReplaced,
			Fields: pim.FieldsOf(s.task.Kind), Run: s.report.run().ID, Content: x.text, Key: x.got.Key})
	}
	if err := s.lease.Apply(ctx, &b); err != nil {
		return err
	}
	b = store.Batch{}
	var forget []store.FormerID
	for size := max(s.folder(id).BatchSize(), 1); len(list) > 0; {
		part := list[:min(size, len(list))]
		list = list[len(part):]
		in := make([]side.Deletion, len(part))
		for i, x := range part {
			in[i] = side.Deletion{ID: x.got.ID, Version: x.got.Version}
		}
		out, err := s.folder(id).Delete(ctx, in)
		if err == nil && len(out) != len(part) {
			err = broken("tidy", id, len(out), len(part))
		}
		if err != nil {
			return errors.Join(s.blame(id, err), s.lease.FormerLeft(context.WithoutCancel(ctx), nil, forget))
		}
		for i, o := range out {
			switch c := fault.CodeOf(o.Err); {
			case o.Err == nil:
				forget = append(forget, part[i].id)
				s.foretell(PlanItem{Action: PlanDelete, Side: id, Item: part[i].got.Item})
				b.Clear = append(b.Clear, store.Ref{Side: id, Item: part[i].got.ID})
			case fleeting(c):
				s.again = true
			default:
				b.Problems = append(b.Problems, s.problem(id, part[i].got.ID, c, part[i].got.Item, o.Err))
			}
		}
	}
	ctx = context.WithoutCancel(ctx)
	s.report.change(func(p *Progress) { *p.Counts.Deleted.At(id) += len(forget) })
	return errors.Join(s.lease.FormerLeft(ctx, nil, forget), s.lease.Apply(ctx, &b))
}
