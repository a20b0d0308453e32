package exchange

import (
	"context"
	"slices"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// seriesPlan is one update of a series, or of what becomes or was one.
type seriesPlan struct {
	change ews.ItemChange // of the master; empty when nothing is to be written
	look   bool           // the master's change may have touched the occurrences
	job    *seriesJob     // nil when the master is all there is to write
	// erases tells that the changed occurrences go before they are written again;
	// extras, that what they hold beyond their fields is to be looked at first.
	erases, extras bool
}

// updateWhole reads the series and writes what differs from what is wanted: of the
// master in the first request, of the occurrences in those that follow.
func (f *folder) updateWhole(ctx context.Context, in []side.Update) ([]side.Outcome, error) {
	const op = "exchange.Update"
	ids, along := make([]pim.ItemID, len(in)), make([][]int, len(in))
	for i, u := range in {
		ids[i], along[i] = u.ID, changedNumbers(u.Item, u.Was)
	}
	all, err := f.loadTimes(ctx, ids, along, rereads)
	if err != nil {
		return nil, err
	}
	out := make([]side.Outcome, len(in))
	plans := make([]seriesPlan, len(in))
	for i, u := range in {
		out[i] = side.Outcome{ID: u.ID, Version: u.Version}
		var err error
		switch {
		case all[i].got.Err != nil:
			err = all[i].got.Err
		case all[i].got.Version != u.Version || all[i].pending != "":
			err = fault.New(fault.ItemChanged, op, "", nil)
		default:
			plans[i], err = f.plan(u, &all[i])
		}
		if err != nil {
			out[i] = side.Outcome{ID: u.ID, Err: err}
		}
	}
	if err := f.keepExtras(ctx, plans, out); err != nil {
		return nil, err
	}
	changes, at := firstChanges(in, plans, out)
	if err := f.complete(ctx, ids, all); err != nil {
		return nil, err
	}
	if len(changes) == 0 {
		return out, nil
	}
	written := make([]pim.ItemID, len(at))
	for n, i := range at {
		written[n] = ids[i]
	}
	results, err := f.client.UpdateItem(ctx, ews.NeverOverwrite, changes)
	first, err := outcomes(written, results, err)
	if err != nil {
		return nil, err
	}
	f.finishUpdates(ctx, plans, at, first, out)
	return out, nil
}

// firstChanges are the changes of masters, with what is still to be written of their
// occurrences, and where they belong.
func firstChanges(in []side.Update, plans []seriesPlan, out []side.Outcome) (changes []ews.ItemChange, at []int) {
	var pack packer
	for i, u := range in {
		ch := plans[i].change
		if j := plans[i].job; j != nil {
			var err error
			if ch.Item.Properties, err = pack.withPending(ch.Item.Properties, j); err != nil {
				out[i] = side.Outcome{ID: u.ID, Err: refused("exchange.Update", err)}
				continue
			}
		}
		if ch.Set|ch.Clear != 0 || len(ch.Item.Properties) > 0 {
			dress(&ch.Item, ch.Set, u.Whole)
			changes, at = append(changes, ch), append(at, i)
		}
	}
	return changes, at
}

// finishUpdates goes on behind the first request.
func (f *folder) finishUpdates(ctx context.Context, plans []seriesPlan, at []int, first, out []side.Outcome) {
	var jobs, look []*seriesJob
	var of []int
	for n, i := range at {
		out[i] = first[n]
		p := plans[i]
		if p.job == nil || first[n].Err != nil {
			continue
		}
		p.job.version = first[n].Version
		jobs, of = append(jobs, p.job), append(of, i)
		if p.look {
			look = append(look, p.job)
		}
	}
	if len(jobs) == 0 {
		return
	}
	f.look(ctx, look)
	for n, o := range f.finish(ctx, jobs) {
		out[of[n]] = o
	}
}

// plan compares a series as it is with what an update makes of it.
func (f *folder) plan(u side.Update, l *loaded) (seriesPlan, error) {
	const op = "exchange.Update"
	is := l.got.Item
	i := is.Clone()
	pim.Apply(i, project(u.Item), u.Fields&writable(f.m.kind))
	target, ok := project(i).(*pim.Appointment)
	if !ok {
		return seriesPlan{}, fault.New(fault.ItemRefused, op, "", nil)
	}
	fields := pim.Diff(is, target) & writable(f.m.kind)
	if fields == 0 {
		return seriesPlan{}, nil
	}
	if target.Recurrence == nil {
		return seriesPlan{change: f.m.change(u.ID, u.Version, target, fields)}, nil
	}
	together := pim.Fields(pim.FieldWhen, pim.FieldRecurrence)
	rewrite := l.series == nil || pim.Diff(bare(l.series.master), bare(target))&together != 0
	fields &^= together
	stays := l.series
	if rewrite {
		stays = nil // its zone may be another then
	}
	if err := f.checkSeries(target, stays); err != nil {
		return seriesPlan{}, refused(op, err)
	}
	if rewrite {
		fields |= together
	}
	erases, extras := false, false
	work := len(target.Recurrence.Changed)+len(target.Recurrence.Deleted) > 0
	if s := l.series; s != nil {
		remove, set, revive := s.difference(target, s.known())
		switch {
		case rewrite:
			work = work || len(s.listed)+len(s.deleted) > 0
		case fields != 0 && len(s.listed) > 0: // they may follow the master
			work = true
		default:
			work = revive || len(remove)+len(set) > 0
		}
		erases = rewrite || revive
		extras = len(s.listed) > 0 && (erases || fields.Has(pim.FieldBody))
	}
	p := seriesPlan{change: f.m.change(u.ID, u.Version, target, fields)}
	if !work {
		return p, nil
	}
	p.job = &seriesJob{id: u.ID, target: target, is: l.series, known: l.series.known()}
	p.look, p.erases, p.extras = fields != 0, erases, extras
	return p, nil
}

// changedNumbers are the numbers of the occurrences that are changed ones in any of
// some canonical items.
func changedNumbers(items ...pim.Item) []int {
	var out []int
	for _, i := range items {
		a, ok := i.(*pim.Appointment)
		if !ok || a == nil || a.Recurrence == nil || len(a.Recurrence.Changed) == 0 {
			continue
		}
		timing, err := a.Recurrence.Timing(a.When)
		if err != nil {
			continue
		}
		for _, e := range a.Recurrence.Changed {
			if n, ok := timing.Index(e.Original); ok && !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	return out
}

// bare is a series without its exceptions.
func bare(a *pim.Appointment) *pim.Appointment {
	c := *a
	r := *a.Recurrence
	r.Deleted, r.Changed = nil, nil
	c.Recurrence = &r
	return &c
}
