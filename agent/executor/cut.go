package executor

import (
	"context"

	"abgleich/agent/engine"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/store"
)

// loose is what is remembered of an unpaired item: memory stays small where nothing
// is paired.
type loose struct {
	seq     store.RowID
	subject string
}

// pairCut pairs, at a first sync, what is left over at the same time under a subject
// that was cut on one side. It takes only what has exactly one counterpart, on both
// sides: anything else stays as it is.
func (s *slice) pairCut(ctx context.Context, ambiguous map[store.RowID]bool) error {
	groups, err := s.looseItems(ctx, ambiguous)
	if err != nil {
		return err
	}
	var matches []store.Match
	for _, g := range groups {
		bs, es := *g.At(pim.Business), *g.At(pim.Exchange)
		if len(bs) == 0 || len(es) == 0 || len(bs) > groupMost || len(es) > groupMost {
			continue
		}
		for _, b := range bs {
			if e, ok := onlyAlike(b, es); ok {
				if back, ok := onlyAlike(e, bs); ok && back.seq == b.seq {
					matches = append(matches, store.Match{Business: b.seq, Exchange: e.seq, Key: s.x.cfg.NewKey(s.task.Account.User)})
				}
			}
		}
	}
	return s.pair(ctx, matches)
}

// onlyAlike finds the one item whose subject may be the same.
func onlyAlike(a loose, list []loose) (found loose, ok bool) {
	for _, l := range list {
		if !engine.SubjectsAlike(a.subject, l.subject) {
			continue
		}
		if ok {
			return loose{}, false
		}
		found, ok = l, true
	}
	return found, ok
}

// looseItems are the unpaired items by their times.
func (s *slice) looseItems(ctx context.Context, ambiguous map[store.RowID]bool) (map[int64]*store.PerSide[[]loose], error) {
	groups := make(map[int64]*store.PerSide[[]loose])
	var after store.RowID
	for {
		rows, err := s.lease.Unmatched(ctx, after, 500)
		if err != nil || len(rows) == 0 {
			return groups, err
		}
		after = rows[len(rows)-1].Seq
		for _, r := range rows {
			item, err := pim.Unmarshal(r.Item)
			if err != nil {
				return nil, fault.New(fault.StoreCorrupt, "executor.match", string(r.ID), err)
			}
			times := s.rules.Times(item)
			if times == 0 || ambiguous[r.Seq] {
				continue
			}
			g := groups[times]
			if g == nil {
				g = &store.PerSide[[]loose]{}
				groups[times] = g
			}
			*g.At(r.Side) = append(*g.At(r.Side), loose{r.Seq, item.Shared().Subject})
		}
	}
}
