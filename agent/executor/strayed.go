package executor

import (
	"context"

	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/store"
)

// matchStrayed deals with items that an undo brought back, and with which nothing here
// shares its key, before anything is made of them: the item they belong to may be in
// another folder, moved there while an earlier undo had parted the two. They are a pair
// again, which rests until the one that is away comes back: made anew it would be there
// twice then. A first sync does not ask: it can't know what another folder is.
func (s *slice) matchStrayed(ctx context.Context) error {
	if !s.state.FirstDone {
		return nil
	}
	var after store.RowID
	for {
		rows, err := s.lease.KeyedAlone(ctx, after, 200)
		if err != nil || len(rows) == 0 {
			return err
		}
		after = rows[len(rows)-1].Seq
		for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
			if err := s.matchStrayedSide(ctx, id, rows); err != nil {
				return err
			}
		}
	}
}

// matchStrayedSide looks on one side for what belongs to the other side's items.
func (s *slice) matchStrayedSide(ctx context.Context, id pim.SideID, rows []store.Row) error {
	var lost []side.Lost
	var of []store.Row
	for _, r := range rows {
		if r.Side == id.Other() {
			lost, of = append(lost, side.Lost{ID: nameless(r.Key), Key: r.Key}), append(of, r)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	where, err := s.folder(id).Whereabouts(ctx, lost)
	if err != nil {
		return s.blame(id, err)
	}
	if len(where) != len(lost) {
		return broken("stray", id, len(where), len(lost))
	}
	var b store.Batch
	var copies []store.RowID
	paired := make(map[pim.Key]bool)
	for n, r := range of {
		switch {
		case where[n].Place != side.PlaceElsewhere:
		case paired[r.Key]:
			copies = append(copies, r.Seq)
		default:
			paired[r.Key] = true
			b.Adopted = append(b.Adopted, s.restingPair(id, &r))
		}
	}
	if err := s.lease.Apply(ctx, &b); err != nil {
		return err
	}
	return s.lease.ForgetKeys(ctx, copies)
}

// restingPair makes a pair of an item and the one on side away that carries its key in
// another folder. Nobody has compared the two.
func (s *slice) restingPair(away pim.SideID, r *store.Row) store.Adoption {
	a := store.Adoption{Source: r.Side, Pair: store.Pair{Key: r.Key, State: store.PairLinked},
		Missing: &store.Row{Side: away, ID: nameless(r.Key), Gone: true, Place: side.PlaceElsewhere, State: store.RowBlocked, Seen: s.x.cfg.Now()}}
	*a.Pair.Sides.At(r.Side) = store.PairSide{ID: r.ID, Keyed: true}
	*a.Pair.Sides.At(away) = store.PairSide{ID: nameless(r.Key), Keyed: true}
	return a
}
