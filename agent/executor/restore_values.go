package executor

import (
	"context"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/store"
)

// Writing overwritten values back is an edit like one a person makes: the values of
// now go to the trash first, the item is written where it was overwritten, and the
// next feed tells of it. If the other side was edited meanwhile, the engine settles
// that as any conflict.

// value is an overwritten item on its way back to what it was.
type value struct {
	t    store.Trash
	got  side.Got
	want pim.Item
	// fields are to be written.
	fields pim.FieldSet
	done   bool
}

// writeBack writes overwritten values back that somebody wants back: of what was
// overwritten several times, the last time first.
func (s *slice) writeBack(ctx context.Context) error {
	for {
		list, err := s.lease.WantedValues(ctx, batchSize)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
			seen := make(map[pim.ItemID]bool)
			var of []*value
			for i := range list {
				if t := &list[i]; t.Side == id && !seen[t.Item] {
					seen[t.Item] = true
					of = append(of, &value{t: *t})
				}
			}
			if err := s.writeBackSide(ctx, id, of); err != nil {
				return err
			}
		}
	}
}

func (s *slice) writeBackSide(ctx context.Context, id pim.SideID, all []*value) error {
	for range rounds {
		var open []*value
		var ids []pim.ItemID
		for _, v := range all {
			if !v.done {
				open, ids = append(open, v), append(ids, v.t.Item)
			}
		}
		if len(open) == 0 {
			return nil
		}
		got, err := s.get(ctx, id, ids)
		if err != nil {
			return err
		}
		for n, v := range open {
			v.got = got[n]
		}
		if err := s.beginValues(ctx, id, open); err != nil {
			return err
		}
		if err := s.writeValues(ctx, id, open); err != nil {
			return err
		}
	}
	var w wished
	for _, v := range all {
		if !v.done { // somebody edits it all the time
			w.left(&v.t, fault.ItemChanged)
		}
	}
	return s.lease.Apply(ctx, &w.b)
}

// beginValues finds out what is to be written, and keeps what will be written over.
func (s *slice) beginValues(ctx context.Context, id pim.SideID, open []*value) error {
	var w wished
	for _, v := range open {
		code, err := s.judgeValue(id, v)
		if err != nil {
			return err
		}
		switch {
		case code != "":
			v.done = true
			w.left(&v.t, code)
			continue
		case v.fields == 0:
			v.done = true
			w.back(&v.t)
			continue
		}
		now, err := pim.Marshal(v.got.Item)
		if err != nil {
			return fault.New(fault.Internal, "executor.undo", string(v.t.Item), err)
		}
		after, err := pim.Marshal(s.x.side(id).Projection(s.task.Kind).Project(v.want))
		if err != nil {
			return fault.New(fault.Internal, "executor.undo", string(v.t.Item), err)
		}
		w.b.Trash = append(w.b.Trash, store.Trash{Side: id, Item: v.t.Item, Version: v.got.Version, Reason: store.TrashOverwritten,
			Fields: v.fields, Run: s.report.run().ID, Content: now, After: after, Key: v.t.Key, Partner: v.t.Partner})
	}
	if err := s.keepWhole(ctx, w.b.Trash); err != nil {
		return err
	}
	return s.lease.Apply(ctx, &w.b)
}

// judgeValue works out the write. The code says why there is none.
func (s *slice) judgeValue(id pim.SideID, v *value) (fault.Code, error) {
	switch c := fault.CodeOf(v.got.Err); c {
	case "":
	case fault.ItemGone:
		return fault.EditedSince, nil
	default:
		return c, nil
	}
	was, err := pim.Unmarshal(v.t.Content)
	if err != nil || was == nil {
		return fault.ItemUnreadable, nil
	}
	proj := s.x.side(id).Projection(s.task.Kind)
	fields := v.t.Fields & proj.Writable()
	want := v.got.Item.Clone()
	pim.Apply(want, was, fields)
	v.want = pim.Canonical(want)
	v.fields = pim.Diff(v.got.Item, proj.Project(v.want)) & fields
	if v.fields == 0 {
		return "", nil
	}
	if !v.t.Forced {
		after, err := pim.Unmarshal(v.t.After)
		if err != nil {
			return fault.ItemUnreadable, nil
		}
		if after == nil || pim.Diff(after, v.got.Item)&v.t.Fields != 0 {
			return fault.EditedSince, nil
		}
	}
	if v.fields&reserved(id, v.got.Item) != 0 {
		return fault.MeetingNeedsOutlook, nil
	}
	return "", nil
}

func (s *slice) writeValues(ctx context.Context, id pim.SideID, open []*value) error {
	var of []*value
	for _, v := range open {
		if !v.done {
			of = append(of, v)
		}
	}
	for size := max(s.folder(id).BatchSize(), 1); len(of) > 0; {
		part := of[:min(size, len(of))]
		of = of[len(part):]
		in := make([]side.Update, len(part))
		for i, v := range part {
			in[i] = side.Update{ID: v.t.Item, Version: v.got.Version, Fields: v.fields, Item: v.want, Was: v.got.Item, Whole: v.t.Whole}
		}
		out, err := s.folder(id).Update(ctx, in)
		if err == nil && len(out) != len(part) {
			err = broken("undo", id, len(out), len(part))
		}
		if err != nil {
			return s.blame(id, err)
		}
		var w wished
		written := 0
		for i, o := range out {
			v := part[i]
			switch c := fault.CodeOf(o.Err); {
			case o.Err == nil:
				v.done = true
				written++
				w.back(&v.t)
			case fleeting(c): // looked at again
			default:
				v.done = true
				w.left(&v.t, c)
			}
		}
		if err := s.lease.Apply(context.WithoutCancel(ctx), &w.b); err != nil {
			return err
		}
		s.report.change(func(p *Progress) { *p.Counts.Updated.At(id) += written })
	}
	return nil
}
