package executor

import (
	"context"
	"fmt"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/store"
)

// matchKeys deals with unpaired items that carry the key of a pair. Where the
// pair's own item is in the folder too, the newcomer is a copy made by a person;
// otherwise it is the pair's item under a new id.
func (s *slice) matchKeys(ctx context.Context) error {
	var after store.RowID
	moved := make(map[store.PairID]pim.ItemID) // where a pair's item went in this call
	for {
		hits, err := s.lease.KeyHits(ctx, after, 200)
		if err != nil || len(hits) == 0 {
			return err
		}
		after = hits[len(hits)-1].Row.Seq
		for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
			if err := s.matchKeysSide(ctx, id, hits, moved); err != nil {
				return err
			}
		}
	}
}

func (s *slice) matchKeysSide(ctx context.Context, id pim.SideID, all []store.KeyHit, moved map[store.PairID]pim.ItemID) error {
	var hits []store.KeyHit
	var keys []pim.Key
	for _, h := range all {
		if h.Row.Side == id {
			hits, keys = append(hits, h), append(keys, h.Pair.Key)
		}
	}
	if len(hits) == 0 {
		return nil
	}
	found, err := s.folder(id).FindByKey(ctx, keys)
	if err != nil {
		return s.blame(id, err)
	}
	if len(found) != len(keys) {
		return broken("match", id, len(found), len(keys))
	}
	var copies []store.RowID
	for n, h := range hits {
		half := h.Pair.Sides.At(id)
		own := half.ID
		if now, ok := moved[h.Pair.ID]; ok {
			own = now
		}
		there, still := false, false
		for _, g := range found[n].Items {
			there = there || g.ID == own
			still = still || g.ID == h.Row.ID
		}
		if !there && !half.Keyed {
			// It never got its key: ask for it by its id.
			got, err := s.get(ctx, id, []pim.ItemID{own})
			if err != nil {
				return err
			}
			there = fault.CodeOf(got[0].Err) != fault.ItemGone
		}
		switch {
		case there:
			copies = append(copies, h.Row.Seq)
		case !still:
			// Neither is there any more: the feed will tell.
			copies = append(copies, h.Row.Seq)
		default:
			if err := s.lease.Relink(ctx, &h.Pair, &h.Row); err != nil {
				return err
			}
			moved[h.Pair.ID] = h.Row.ID
		}
	}
	return s.lease.ForgetKeys(ctx, copies)
}

// match pairs unpaired items of both sides: by key, then by UID, then by content.
func (s *slice) match(ctx context.Context) error {
	can, err := s.lease.CanMatch(ctx)
	if err != nil {
		return err
	}
	ambiguous := make(map[store.RowID]bool)
	if can {
		if err := s.pairSingles(ctx, store.ByKey); err != nil {
			return err
		}
		if err := s.pairKin(ctx); err != nil {
			return err
		}
		back, err := s.lease.BroughtBack(ctx)
		if err != nil {
			return err
		}
		if err := s.pair(ctx, back); err != nil {
			return err
		}
	}
	if err := s.matchStrayed(ctx); err != nil {
		return err
	}
	if can {
		for _, by := range []store.MatchBy{store.ByUID, store.ByHint} {
			if err := s.pairSingles(ctx, by); err != nil {
				return err
			}
		}
		if err := s.pairGroups(ctx, ambiguous); err != nil {
			return err
		}
		if !s.state.FirstDone {
			if err := s.pairCut(ctx, ambiguous); err != nil {
				return err
			}
		}
	}
	if err := s.lease.FreeBlocked(ctx, fault.ItemAmbiguous, ambiguous); err != nil {
		return err
	}
	if s.state.CreationsChecked {
		return nil
	}
	held, err := s.lease.CheckCreations(ctx, s.x.cfg.CreationGuard.Items, s.x.cfg.CreationGuard.Percent)
	if err != nil {
		return err
	}
	s.report.change(func(p *Progress) { p.Counts.Held += held })
	return nil
}

func (s *slice) pairSingles(ctx context.Context, by store.MatchBy) error {
	groups, err := s.lease.Groups(ctx, by, true)
	if err != nil {
		return err
	}
	matches := make([]store.Match, 0, len(groups))
	for _, g := range groups {
		m := store.Match{Business: g.Business[0], Exchange: g.Exchange[0]}
		if by != store.ByKey {
			m.Key = s.x.cfg.NewKey(s.task.Account.User)
		}
		matches = append(matches, m)
	}
	return s.pair(ctx, matches)
}

func (s *slice) pair(ctx context.Context, matches []store.Match) error {
	const most = 500
	for len(matches) > 0 {
		n := min(len(matches), most)
		if err := s.lease.Pair(ctx, matches[:n]); err != nil {
			return err
		}
		if err := s.foretellPairs(ctx, matches[:n]); err != nil {
			return err
		}
		matches = matches[n:]
		s.report.change(func(p *Progress) { p.Counts.Paired += n })
	}
	return nil
}

// pairGroups looks into groups that look the same from outside. Items that are
// the same in every field are paired, whichever with whichever; if then there are
// some left on both sides, nobody can tell.
func (s *slice) pairGroups(ctx context.Context, ambiguous map[store.RowID]bool) error {
	groups, err := s.lease.Groups(ctx, store.ByHint, false)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if err := s.pairGroup(ctx, g, ambiguous); err != nil {
			return err
		}
	}
	return nil
}

// groupMost bounds the work of comparing each with each.
const groupMost = 200

func (s *slice) pairGroup(ctx context.Context, g store.Group, ambiguous map[store.RowID]bool) error {
	if len(g.Business) > groupMost || len(g.Exchange) > groupMost {
		return s.blockGroup(ctx, g, ambiguous)
	}
	bs, err := s.readGroup(ctx, g.Business)
	if err != nil {
		return err
	}
	es, err := s.readGroup(ctx, g.Exchange)
	if err != nil {
		return err
	}
	matches := s.pairMembers(bs, es, s.rules.Equal)
	matches = append(matches, s.pairMembers(bs, es, s.rules.Alike)...)
	if err := s.pair(ctx, matches); err != nil {
		return err
	}
	if !anyLeft(bs) || !anyLeft(es) {
		return nil // what is left has no counterpart: it is created
	}
	return s.block(ctx, append(bs, es...), g, ambiguous)
}

// pairMembers pairs what is the same, and takes it out of the lists.
func (s *slice) pairMembers(bs, es []member, same func(b, e pim.Item) bool) (matches []store.Match) {
	for i := range bs {
		for j := range es {
			if bs[i].item != nil && es[j].item != nil && same(bs[i].item, es[j].item) {
				matches = append(matches, store.Match{Business: bs[i].row.Seq, Exchange: es[j].row.Seq,
					Key: s.x.cfg.NewKey(s.task.Account.User)})
				bs[i].item, es[j].item = nil, nil
			}
		}
	}
	return matches
}

// block makes items problems: nobody can tell which belong together.
func (s *slice) block(ctx context.Context, list []member, g store.Group, ambiguous map[store.RowID]bool) error {
	var b store.Batch
	for _, m := range list {
		if m.item == nil {
			continue
		}
		ambiguous[m.row.Seq] = true
		if m.row.Code != fault.ItemAmbiguous {
			b.States = append(b.States, store.StateChange{Seq: m.row.Seq, State: store.RowBlocked, Code: fault.ItemAmbiguous})
			b.Problems = append(b.Problems, s.problem(m.row.Side, m.row.ID, fault.ItemAmbiguous, m.item,
				fmt.Errorf("%d business and %d Exchange items look the same", len(g.Business), len(g.Exchange))))
		}
	}
	return s.lease.Apply(ctx, &b)
}

// blockGroup leaves a group alone that is too large to look into.
func (s *slice) blockGroup(ctx context.Context, g store.Group, ambiguous map[store.RowID]bool) error {
	for _, seqs := range [][]store.RowID{g.Business, g.Exchange} {
		for len(seqs) > 0 {
			n := min(len(seqs), groupMost)
			list, err := s.readGroup(ctx, seqs[:n])
			if err != nil {
				return err
			}
			seqs = seqs[n:]
			if err := s.block(ctx, list, g, ambiguous); err != nil {
				return err
			}
		}
	}
	return nil
}

type member struct {
	row  store.Row
	item pim.Item
}

func anyLeft(list []member) bool {
	for _, m := range list {
		if m.item != nil {
			return true
		}
	}
	return false
}

func (s *slice) readGroup(ctx context.Context, seqs []store.RowID) ([]member, error) {
	rows, err := s.lease.RowsBySeq(ctx, seqs)
	if err != nil {
		return nil, err
	}
	out := make([]member, 0, len(rows))
	for _, r := range rows {
		item, err := pim.Unmarshal(r.Item)
		if err != nil {
			return nil, fault.New(fault.StoreCorrupt, "executor.match", string(r.ID), err)
		}
		out = append(out, member{row: r, item: item})
	}
	return out, nil
}
