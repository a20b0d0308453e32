package executor

import (
	"context"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/store"
)

// patience is how often an item is looked for before a person is asked what
// became of it.
const patience = 3

// recheck is how often an item that was moved to another folder is looked for
// there: it may have been deleted since.
const recheck = 24 * time.Hour

// locate looks for the items of pairs that left their folder.
func (s *slice) locate(ctx context.Context) error {
	var after store.RowID
	for {
		units, next, err := s.lease.Lost(ctx, after, 200)
		if err != nil || len(units) == 0 {
			return err
		}
		after = next
		for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
			if err := s.locateSide(ctx, id, units); err != nil {
				return err
			}
		}
	}
}

func (s *slice) locateSide(ctx context.Context, id pim.SideID, units []store.Unit) error {
	var lost []side.Lost
	var of []store.Unit
	for _, u := range units {
		row := *u.Rows.At(id)
		if row == nil || !row.Gone || row.Place != side.PlaceUnknown || row.State != store.RowReady {
			continue
		}
		// An item may carry its key though nobody could record it.
		lost, of = append(lost, side.Lost{ID: row.ID, Key: u.Pair.Key}), append(of, u)
	}
	if len(lost) == 0 {
		return nil
	}
	found, err := s.folder(id).Whereabouts(ctx, lost)
	if err != nil {
		return s.blame(id, err)
	}
	if len(found) != len(lost) {
		return broken("locate", id, len(found), len(lost))
	}
	var b store.Batch
	for n, u := range of {
		row := *u.Rows.At(id)
		place := found[n].Place
		if place == side.PlaceNowhere && !u.Pair.Sides.At(id).Keyed {
			place = side.PlaceUnknown // it may be anywhere without a key
		}
		if place == side.PlaceHere {
			back, err := s.isHere(ctx, id, u, &b)
			if err != nil {
				return err
			}
			if back {
				continue
			}
			place = side.PlaceUnknown
		}
		isBroken := row.Broken
		if place == side.PlaceUnknown && row.Attempts+1 >= patience {
			place, isBroken = side.PlaceNowhere, true
		}
		c := store.PlaceChange{Seq: row.Seq, Place: place, Broken: isBroken}
		if place == side.PlaceUnknown || place == side.PlaceNowhere && isBroken {
			last := row.Item
			if last == nil {
				last = u.Pair.Sides.At(id).Base
			}
			item, err := pim.Unmarshal(last)
			if err != nil {
				return fault.New(fault.StoreCorrupt, "executor.locate", string(u.Pair.Key), err)
			}
			if item != nil {
				c.Hint, c.UID = s.rules.Hint(item), item.Shared().UID
			}
		}
		b.Places = append(b.Places, c)
		if place == side.PlaceUnknown {
			b.States = append(b.States, store.StateChange{Seq: row.Seq, State: store.RowWaiting,
				Attempts: row.Attempts + 1, NextTry: s.pause(row.Attempts)})
		}
	}
	return s.lease.Apply(ctx, &b)
}

// isHere brings an item that is in its folder after all back into the inbox: as
// it is, or under its new id for [slice.matchKeys] to recognise.
func (s *slice) isHere(ctx context.Context, id pim.SideID, u store.Unit, b *store.Batch) (bool, error) {
	half := u.Pair.Sides.At(id)
	got, err := s.get(ctx, id, []pim.ItemID{half.ID})
	if err != nil {
		return false, err
	}
	if fault.CodeOf(got[0].Err) == fault.ItemGone {
		found, err := s.folder(id).FindByKey(ctx, []pim.Key{u.Pair.Key})
		if err != nil {
			return false, s.blame(id, err)
		}
		if len(found) != 1 {
			return false, broken("locate", id, len(found), 1)
		}
		got = found[0].Items
	}
	ids := make([]pim.ItemID, len(got))
	for i, g := range got {
		ids[i] = g.ID
	}
	known, err := s.lease.Known(ctx, id, ids)
	if err != nil {
		return false, err
	}
	back := false
	for _, g := range got {
		pair := known[g.ID].Pair
		if g.Err != nil || pair != 0 && pair != u.Pair.ID {
			continue
		}
		row := store.Row{Side: id, ID: g.ID, Version: g.Version, Key: g.Key, Pair: pair, Seen: s.x.cfg.Now()}
		if err := s.fill(&row, g.Item); err != nil {
			return false, err
		}
		b.Rows, back = append(b.Rows, row), true
	}
	return back, nil
}

// matchRenewed recognises items that were made anew in the place of missing ones, by
// the key that the other item of the pair got then: a store that is an older one knows
// neither.
func (s *slice) matchRenewed(ctx context.Context) error {
	return eachOnce(ctx, s.lease.Renewed, s.lease.Renew)
}

// matchReturned recognises items that are missing without a trace among the
// unpaired ones that look the same: a restored mailbox gives new ids, and an item
// that left before it got its key comes back without one.
func (s *slice) matchReturned(ctx context.Context) error {
	return eachOnce(ctx, s.lease.Returned, s.lease.Relink)
}

// eachOnce settles hits, of which each item and each pair takes the first.
func eachOnce(ctx context.Context, find func(context.Context) ([]store.KeyHit, error), settle func(context.Context, *store.Pair, *store.Row) error) error {
	hits, err := find(ctx)
	if err != nil {
		return err
	}
	rows, pairs := make(map[store.RowID]bool), make(map[store.PairID]bool)
	for i := range hits {
		h := &hits[i]
		if rows[h.Row.Seq] || pairs[h.Pair.ID] {
			continue
		}
		rows[h.Row.Seq], pairs[h.Pair.ID] = true, true
		if err := settle(ctx, &h.Pair, &h.Row); err != nil {
			return err
		}
	}
	return nil
}
