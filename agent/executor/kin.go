package executor

import (
	"context"

	"abgleich/agent/pim"
	"abgleich/agent/store"
)

// pairKin pairs among unpaired items that carry one key, where a side has several: a
// person copied one, or took it out of Deleted Items, while nobody knew which belong
// together (the store was lost or is an older one, an undo had just brought it back).
// The two that are most alike are the pair; the others are copies, items of their own.
func (s *slice) pairKin(ctx context.Context) error {
	groups, err := s.lease.Groups(ctx, store.ByKey, false)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if len(g.Business) > groupMost || len(g.Exchange) > groupMost {
			continue // looked at by content
		}
		bs, err := s.readGroup(ctx, g.Business)
		if err != nil {
			return err
		}
		es, err := s.readGroup(ctx, g.Exchange)
		if err != nil {
			return err
		}
		b, e := s.closest(bs, es)
		if b == nil {
			continue
		}
		if err := s.pair(ctx, []store.Match{{Business: b.row.Seq, Exchange: e.row.Seq}}); err != nil {
			return err
		}
		var copies []store.RowID
		for _, m := range append(bs, es...) {
			if m.row.Seq != b.row.Seq && m.row.Seq != e.row.Seq {
				copies = append(copies, m.row.Seq)
			}
		}
		if err := s.lease.ForgetKeys(ctx, copies); err != nil {
			return err
		}
	}
	return nil
}

// closest gives the two that differ in the fewest fields, of several such ones the
// first.
func (s *slice) closest(bs, es []member) (b, e *member) {
	least := -1
	for i := range bs {
		for j := range es {
			if bs[i].item == nil || es[j].item == nil {
				continue
			}
			differ := pim.FieldsOf(s.task.Kind) &^ s.rules.Same(bs[i].item, es[j].item)
			if n := len(differ.List()); least < 0 || n < least {
				least, b, e = n, &bs[i], &es[j]
			}
		}
	}
	return b, e
}
