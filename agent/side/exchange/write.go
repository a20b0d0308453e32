package exchange

import (
	"context"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// Create makes items that carry their keys from the start. A series with exceptions
// carries with it what is still to be written, until that is done.
func (f *folder) Create(ctx context.Context, in []side.Creation) ([]side.Outcome, error) {
	parts := byText(in, func(c side.Creation) pim.Item { return c.Item })
	return batchIn(ctx, parts, in, f.create, func(_ side.Creation, err error) side.Outcome { return side.Outcome{Err: writeError(err)} })
}

func (f *folder) create(ctx context.Context, in []side.Creation) ([]side.Outcome, error) {
	out := make([]side.Outcome, len(in))
	var items []ews.NewItem
	var at []int
	jobs := map[int]*seriesJob{}
	var pack packer
	for i, c := range in {
		target := project(c.Item)
		n := f.m.create(target, c.Key)
		dress(&n.Item, n.Set, c.Whole)
		j, err := f.seriesOf(target)
		if err == nil && j != nil {
			n.Item.Properties, err = pack.withPending(n.Item.Properties, j)
			jobs[i] = j
		}
		if err != nil {
			out[i].Err = refused("exchange.Create", err)
			continue
		}
		items, at = append(items, n), append(at, i)
	}
	if len(items) == 0 {
		return out, nil
	}
	results, err := f.client.CreateItem(ctx, f.id, items)
	made, err := outcomes(make([]pim.ItemID, len(items)), results, err)
	if err != nil {
		return nil, err
	}
	var begun []*seriesJob
	var of []int
	for n, i := range at {
		out[i] = made[n]
		if j := jobs[i]; j != nil && made[n].Err == nil {
			j.id, j.version = made[n].ID, made[n].Version
			begun, of = append(begun, j), append(of, i)
		}
	}
	if len(begun) == 0 {
		return out, nil
	}
	for n, o := range f.finish(ctx, begun) {
		if o.Err != nil { // the item is there: look it up before making it again
			o = side.Outcome{Err: uncertain(o.Err)}
		}
		out[of[n]] = o
	}
	return out, nil
}

// seriesOf makes the job of a series that is to be made with exceptions; nil for
// all other items.
func (f *folder) seriesOf(target pim.Item) (*seriesJob, error) {
	if err := f.checkSeries(target, nil); err != nil {
		return nil, err
	}
	a, ok := target.(*pim.Appointment)
	if !ok || a.Recurrence == nil || len(a.Recurrence.Changed)+len(a.Recurrence.Deleted) == 0 {
		return nil, nil
	}
	return &seriesJob{target: a, is: f.m.fresh(a)}, nil
}

// checkSeries tells whether Exchange takes a series; is is what it is now, if
// anything.
func (f *folder) checkSeries(target pim.Item, is *series) error {
	if err := pim.CheckSeries(target); err != nil {
		return err
	}
	a, ok := target.(*pim.Appointment)
	if !ok || a.Recurrence == nil {
		return nil
	}
	timing, err := a.Recurrence.Timing(a.When)
	if err != nil {
		return err
	}
	days := f.m.seriesDays(a, "")
	if is != nil {
		days = is.days
	}
	return pim.CheckMoves(a, timing, days)
}

func (x *packer) withPending(props []ews.Property, j *seriesJob) ([]ews.Property, error) {
	packed, err := x.pendingOf(j.target, j.known, j.formats)
	return append(props, ews.Property{Path: pendingProperty(), Value: packed}), err
}

// refused is the answer for a series that nobody can write.
func refused(op string, err error) error { return fault.New(fault.SeriesNotSupported, op, "", err) }

// Update sets fields, refusing items with another version.
func (f *folder) Update(ctx context.Context, in []side.Update) ([]side.Outcome, error) {
	isSeries, err := f.seriesAmong(ctx, in)
	if err != nil {
		return nil, err
	}
	var parts [2][]side.Update
	var at [2][]int
	for i, u := range in {
		p := 0
		if isSeries[i] {
			p = 1
		}
		parts[p], at[p] = append(parts[p], u), append(at[p], i)
	}
	failed := func(u side.Update, err error) side.Outcome { return side.Outcome{ID: u.ID, Err: writeError(err)} }
	out := make([]side.Outcome, len(in))
	written := false
	for p, call := range [2]func(context.Context, []side.Update) ([]side.Outcome, error){f.updatePlain, f.updateSeries} {
		sizes := byText(parts[p], func(u side.Update) pim.Item { return u.Item })
		done, err := batchIn(ctx, sizes, parts[p], call, failed)
		if err != nil && !written {
			return nil, err
		}
		for n, i := range at[p] {
			if err != nil {
				out[i] = failed(in[i], err)
				continue
			}
			out[i], written = done[n], true
		}
	}
	return out, nil
}

// seriesAmong finds the updates of series: where a pattern is concerned, and where
// Exchange says so. A series is never written without looking at its occurrences.
func (f *folder) seriesAmong(ctx context.Context, in []side.Update) ([]bool, error) {
	is := make([]bool, len(in))
	if f.m.kind == pim.KindTask {
		return is, nil
	}
	var ask []pim.ItemID
	var at []int
	for i, u := range in {
		is[i] = u.Fields.Has(pim.FieldRecurrence) || u.Item.Shared().Recurrence != nil
		if !is[i] {
			ask, at = append(ask, u.ID), append(at, i)
		}
	}
	kinds, err := batch(ctx, ask, f.getter(ews.Shape{Fields: ews.Fields(ews.FieldCalendarType, ews.FieldRecurring)}), failedItem[pim.ItemID])
	if err != nil {
		return nil, err
	}
	for n, i := range at {
		if c := kinds[n].Item.Calendar; kinds[n].Err == nil && c != nil {
			is[i] = c.Series()
		}
	}
	return is, nil
}

// updatePlain updates single appointments and tasks, in one request.
func (f *folder) updatePlain(ctx context.Context, in []side.Update) ([]side.Outcome, error) {
	out := make([]side.Outcome, len(in))
	var changes []ews.ItemChange
	var ids []pim.ItemID
	var at []int
	for i, u := range in {
		out[i] = side.Outcome{ID: u.ID, Version: u.Version}
		target, fields := project(u.Item), u.Fields
		if reopens(u) {
			fields |= pim.Fields(pim.FieldRecurrence)
		}
		if err := f.checkSeries(target, nil); err != nil && fields.Has(pim.FieldRecurrence) {
			out[i] = side.Outcome{ID: u.ID, Err: refused("exchange.Update", err)}
			continue
		}
		if ch := f.m.change(u.ID, u.Version, target, fields); ch.Set|ch.Clear != 0 {
			dress(&ch.Item, ch.Set, u.Whole)
			changes, ids, at = append(changes, ch), append(ids, u.ID), append(at, i)
		}
	}
	if len(changes) == 0 {
		return out, nil
	}
	results, err := f.client.UpdateItem(ctx, ews.NeverOverwrite, changes)
	written, err := outcomes(ids, results, err)
	if err != nil {
		return nil, err
	}
	for n, i := range at {
		out[i] = written[n]
		if out[i].Err == nil && completes(in[i]) {
			// Exchange may have moved the task on: whoever has the old version looks.
			out[i].Version = in[i].Version
		}
	}
	return out, nil
}

// completes tells a write that completes a recurring task. Exchange then leaves a
// completed copy and moves the task on to its next date.
func completes(u side.Update) bool {
	t, ok := pim.Canonical(u.Item).(*pim.Task)
	return ok && t.Recurrence != nil && t.Status == pim.Completed &&
		u.Fields.Has(pim.FieldProgress) && !u.Fields.Has(pim.FieldRecurrence)
}

// reopens tells a write after which a recurring task is not done (any more):
// Exchange may have lost its pattern when it was.
func reopens(u side.Update) bool {
	t, ok := pim.Canonical(u.Item).(*pim.Task)
	return ok && t.Recurrence != nil && t.Status != pim.Completed && u.Fields.Has(pim.FieldProgress)
}
