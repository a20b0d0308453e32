package exchange

import (
	"context"
	"errors"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// loaded is an item as it was read.
type loaded struct {
	got side.Got
	// series is set for a recurring appointment whose pattern is understood.
	series *series
	// pending is what is still to be written of it.
	pending string
}

// rereads is how often a series is read that changes while it is.
const rereads = 3

var errUnsteady = errors.New("the series kept changing while it was read")

// load reads items: the masters of series first, then all their changed occurrences
// together.
func (f *folder) load(ctx context.Context, ids []pim.ItemID) ([]loaded, error) {
	return f.loadTimes(ctx, ids, rereads)
}

func (f *folder) loadTimes(ctx context.Context, ids []pim.ItemID, times int) ([]loaded, error) {
	masters, err := batch(ctx, ids, f.getter(f.shape), failedItem[pim.ItemID])
	if err != nil {
		return nil, err
	}
	out := make([]loaded, len(ids))
	var changed []pim.ItemID
	from := make([]int, len(ids))
	for i := range masters {
		out[i] = f.got(ids[i], &masters[i])
		from[i] = len(changed)
		if c := masters[i].Item.Calendar; masters[i].Err == nil && c != nil {
			for _, o := range c.Modifications {
				changed = append(changed, pim.ItemID(o.ID.ID))
			}
		}
	}
	if len(changed) == 0 {
		return out, nil
	}
	occurrences, err := batch(ctx, changed, f.getter(occurrenceShape()), failedItem[pim.ItemID])
	if err != nil {
		return nil, err
	}
	var again []int
	for i := range masters {
		c := masters[i].Item.Calendar
		if out[i].got.Err != nil || c == nil || len(c.Modifications) == 0 {
			continue
		}
		part := occurrences[from[i] : from[i]+len(c.Modifications)]
		items := make([]ews.Item, len(part))
		var bad error
		for n := range part {
			items[n] = part[n].Item
			if part[n].Err != nil {
				bad = part[n].Err
			}
		}
		switch {
		case bad == nil:
			out[i].got.Item, out[i].series = f.m.readSeries(&masters[i].Item, items)
		case itemError(bad):
			again = append(again, i) // it changed since its master was read
		default:
			out[i].got.Err = bad
		}
	}
	return out, f.loadAgain(ctx, ids, out, again, times-1)
}

func (f *folder) loadAgain(ctx context.Context, ids []pim.ItemID, out []loaded, again []int, times int) error {
	if len(again) == 0 {
		return nil
	}
	part := make([]pim.ItemID, len(again))
	for n, i := range again {
		part[n] = ids[i]
		out[i] = loaded{got: side.Got{ID: ids[i], Err: fault.New(fault.ItemUnreadable, "exchange.Get", "", errUnsteady)}}
	}
	if times <= 0 {
		return nil
	}
	fresh, err := f.loadTimes(ctx, part, times)
	if err != nil {
		return err
	}
	for n, i := range again {
		out[i] = fresh[n]
	}
	return nil
}

func (f *folder) getter(shape ews.Shape) func(context.Context, []pim.ItemID) ([]ews.ItemResult, error) {
	return func(ctx context.Context, ids []pim.ItemID) ([]ews.ItemResult, error) {
		return f.client.GetItem(ctx, itemIDs(ids), shape)
	}
}

func failedItem[In any](_ In, err error) ews.ItemResult { return ews.ItemResult{Err: err} }

// itemError tells an answer about the item itself.
func itemError(err error) bool {
	return fault.Has(err, fault.ItemGone, fault.ItemRefused, fault.AccessDenied, fault.ReplyInvalid, fault.ItemUnreadable)
}

func (f *folder) got(id pim.ItemID, r *ews.ItemResult) loaded {
	const op = "exchange.Get"
	l := loaded{got: side.Got{ID: id}}
	g := &l.got
	switch {
	case fault.Has(r.Err, fault.ItemRefused, fault.AccessDenied, fault.ReplyInvalid):
		g.Err = fault.New(fault.ItemUnreadable, op, "", r.Err)
	case r.Err != nil:
		g.Err = r.Err
	case r.Item.Parent.ID != "" && r.Item.Parent.ID != f.id.ID:
		g.Err = fault.New(fault.ItemGone, op, "", nil)
	case r.Item.Element != f.m.element():
		g.Err = fault.New(fault.ItemUnreadable, op, "", nil)
	default:
		g.Version, g.Key = pim.Version(r.Item.ID.ChangeKey), keyOf(&r.Item)
		l.pending, _ = r.Item.Property(pendingProperty())
		switch {
		case f.m.kind == pim.KindTask:
			if g.Item = f.m.read(&r.Item); g.Item.Shared().Recurrence != nil {
				g.Item = project(g.Item)
			}
		case len(r.Item.Calendar.Modifications) == 0: // else its occurrences must be read first
			g.Item, l.series = f.m.readSeries(&r.Item, nil)
		}
	}
	return l
}

// Get reads items. What is in another folder now is gone: its id is no longer one
// of ours, though some servers still answer to it. A series found half-written is
// completed first: nobody meant it as it is.
func (f *folder) Get(ctx context.Context, ids []pim.ItemID) ([]side.Got, error) {
	all, err := f.load(ctx, ids)
	if err != nil {
		return nil, err
	}
	if err := f.complete(ctx, ids, all); err != nil {
		return nil, err
	}
	out := make([]side.Got, len(all))
	for i := range all {
		out[i] = all[i].got
		// What says nothing about the item itself is no answer for it.
		if err := out[i].Err; err != nil && !fault.Has(err, fault.ItemGone, fault.ItemUnreadable) {
			return nil, err
		}
	}
	return out, nil
}

// complete finishes the half-written series among items that were read, and reads
// those again. One that cannot be finished is unreadable.
func (f *folder) complete(ctx context.Context, ids []pim.ItemID, all []loaded) error {
	var jobs []*seriesJob
	var at []int
	for i := range all {
		if all[i].got.Err != nil || all[i].pending == "" {
			continue
		}
		j := &seriesJob{id: ids[i]}
		f.resume(j, &all[i])
		jobs, at = append(jobs, j), append(at, i)
	}
	if len(jobs) == 0 {
		return nil
	}
	f.finish(ctx, jobs)
	part := make([]pim.ItemID, len(at))
	for n, i := range at {
		part[n] = ids[i]
	}
	fresh, err := f.load(ctx, part)
	if err != nil {
		return err
	}
	for n, i := range at {
		all[i] = fresh[n]
		if all[i].pending != "" && all[i].got.Err == nil {
			all[i].got = side.Got{ID: ids[i], Err: fault.New(fault.ItemUnreadable, "exchange.Get", "half-written series", jobs[n].err)}
		}
	}
	return nil
}

// resume makes the job of a half-written series from what it carries.
func (f *folder) resume(j *seriesJob, l *loaded) {
	a, ok := l.got.Item.(*pim.Appointment)
	if !ok {
		j.fail(fault.New(fault.ItemUnreadable, "exchange.Get", "", nil))
		return
	}
	target, k, err := intended(a, l.pending)
	if err != nil {
		j.fail(fault.New(fault.ItemUnreadable, "exchange.Get", "", err))
		return
	}
	j.target, j.is, j.known = target, l.series, k
}
