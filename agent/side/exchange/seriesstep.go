package exchange

import (
	"context"
	"maps"
	"slices"

	"abgleich/agent/ews"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// step is an update of a series that one request carries out whole: one occurrence
// gets other fields, or is deleted. It needs no pending property, because there is
// nothing between the series from before and the one that is wanted.
type step struct {
	target *pim.Appointment
	number int
	remove bool
}

// stepOf finds out by what the item was whether an update is such a step.
func stepOf(u side.Update) (step, bool) {
	was, ok := project(u.Was).(*pim.Appointment)
	if !ok || was == nil || was.Recurrence == nil {
		return step{}, false
	}
	i := was.Clone()
	pim.Apply(i, project(u.Item), u.Fields&writable(pim.KindAppointment))
	target, ok := project(i).(*pim.Appointment)
	if !ok || target.Recurrence == nil || pim.Diff(bare(was), bare(target))&writable(pim.KindAppointment) != 0 {
		return step{}, false
	}
	timing, err := target.Recurrence.Timing(target.When)
	if err != nil {
		return step{}, false
	}
	st := step{target: target}
	before, after := numbersOf(timing, was.Recurrence.Deleted), numbersOf(timing, target.Recurrence.Deleted)
	touched := map[int]bool{}
	for n := range after {
		if !before[n] {
			st.remove, touched[n] = true, true
		}
	}
	for n := range before {
		if !after[n] {
			return step{}, false // it must come back
		}
	}
	old, wanted := changedBy(timing, was), changedBy(timing, target)
	for n, o := range old {
		if w := wanted[n]; w == nil || pim.Diff(o, w) != 0 {
			touched[n] = true
		}
	}
	for n := range wanted {
		if old[n] == nil {
			touched[n] = true
		}
	}
	for n := range touched {
		st.number = n
	}
	return st, len(touched) == 1
}

func changedBy(timing *pim.Timing, a *pim.Appointment) map[int]*pim.Appointment {
	out := map[int]*pim.Appointment{}
	for _, e := range a.Recurrence.Changed {
		if n, ok := timing.Index(e.Original); ok && e.Item != nil {
			out[n] = e.Item
		}
	}
	return out
}

// updateSteps carries out updates that are one step each: it reads the masters with
// the occurrences concerned, writes, and for deletions, whose answers hold no
// version, reads back. What turns out to be more is left to updateWhole.
func (f *folder) updateSteps(ctx context.Context, in []side.Update, steps []step) ([]side.Outcome, error) {
	ids, along := make([]pim.ItemID, len(in)), make([][]int, len(in))
	for i, u := range in {
		ids[i] = u.ID
		if !steps[i].remove {
			along[i] = []int{steps[i].number}
		}
	}
	masters, near, err := f.readMasters(ctx, ids, along)
	if err != nil {
		return nil, err
	}
	out := make([]side.Outcome, len(in))
	var rest, sets, removals []int
	var changes []ews.ItemChange
	for i, u := range in {
		out[i] = side.Outcome{ID: u.ID, Version: u.Version}
		l := f.got(u.ID, &masters[i])
		switch s := l.series; {
		case l.got.Err != nil:
			out[i] = side.Outcome{ID: u.ID, Err: l.got.Err}
		case l.pending != "" || l.got.Version != u.Version || s == nil || s.deleted[steps[i].number] ||
			pim.Diff(bare(s.master), bare(steps[i].target))&writable(pim.KindAppointment) != 0:
			rest = append(rest, i)
		case f.checkSeries(steps[i].target, s) != nil:
			out[i] = side.Outcome{ID: u.ID, Err: refused("exchange.Update", f.checkSeries(steps[i].target, s))}
		case steps[i].remove:
			removals = append(removals, i)
		default:
			ch, must := f.setOne(u, steps[i], s, near[i][steps[i].number])
			switch {
			case ch == nil:
				rest = append(rest, i)
			case must:
				sets, changes = append(sets, i), append(changes, *ch)
			}
		}
	}
	if err := f.changeOccurrences(ctx, ids, masters, sets, changes, out); err != nil {
		return nil, err
	}
	f.removeOccurrences(ctx, in, steps, removals, out)
	return out, f.updateRest(ctx, in, rest, out)
}

// setOne makes the change of one occurrence as it was read: nil when that did not
// work, must tells whether there is anything to write.
func (f *folder) setOne(u side.Update, st step, s *series, r ews.ItemResult) (ch *ews.ItemChange, must bool) {
	want := changedBy(s.timing, st.target)[st.number]
	if want == nil {
		want, _ = st.target.Occurrence(s.timing, st.number)
	}
	if want == nil || r.Err != nil || r.Item.Calendar == nil {
		return nil, false
	}
	c := f.m.occurrence(u.ID, occurrenceChange{
		number: st.number, item: want, fields: pim.Diff(f.m.readOccurrence(&r.Item, s.master), want),
	}, s.days)
	c.ID.ChangeKey = r.Item.ID.ChangeKey
	return &c, c.Set|c.Clear != 0
}

// changeOccurrences writes one occurrence of each series, if it is still as it was
// read. Its new version is the master's too, where the server gives both the same;
// else the outcome names one the item no longer has, and the next feed is looked at.
func (f *folder) changeOccurrences(ctx context.Context, ids []pim.ItemID, masters []ews.ItemResult, at []int, changes []ews.ItemChange, out []side.Outcome) error {
	if len(at) == 0 {
		return nil
	}
	results, err := f.client.UpdateItem(ctx, ews.NeverOverwrite, changes)
	part := make([]pim.ItemID, len(at))
	for n, i := range at {
		part[n] = ids[i]
	}
	written, err := outcomes(part, results, err)
	if err != nil {
		return err
	}
	for n, i := range at {
		written[n].ID = ids[i]
		if written[n].Err == nil && changes[n].ID.ChangeKey != masters[i].Item.ID.ChangeKey {
			written[n].Version = pim.Version(masters[i].Item.ID.ChangeKey)
		}
		out[i] = written[n]
	}
	return nil
}

// removeOccurrences deletes one occurrence of each series and reads them back.
func (f *folder) removeOccurrences(ctx context.Context, in []side.Update, steps []step, at []int, out []side.Outcome) {
	var jobs []*seriesJob
	var remove []occurrenceOp[ews.ItemID]
	for _, i := range at {
		j := &seriesJob{id: in[i].ID, target: steps[i].target, version: in[i].Version}
		jobs = append(jobs, j)
		remove = append(remove, occurrenceOp[ews.ItemID]{j, ews.ItemID{ID: ews.ID(j.id), Instance: steps[i].number}})
	}
	sendOccurrences(ctx, remove, f.client.DeleteItem)
	for n, o := range f.confirm(ctx, jobs) {
		out[at[n]] = o
	}
}

// updateRest takes up what was no single step after all.
func (f *folder) updateRest(ctx context.Context, in []side.Update, rest []int, out []side.Outcome) error {
	if len(rest) == 0 {
		return nil
	}
	part := make([]side.Update, len(rest))
	for n, i := range rest {
		part[n] = in[i]
	}
	done, err := f.updateWhole(ctx, part)
	if err != nil && len(rest) == len(in) {
		return err
	}
	for n, i := range rest {
		if err != nil {
			out[i] = side.Outcome{ID: in[i].ID, Err: writeError(err)}
			continue
		}
		out[i] = done[n]
	}
	return nil
}

// updateSeries parts the updates that are one step from those that are more.
func (f *folder) updateSeries(ctx context.Context, in []side.Update) ([]side.Outcome, error) {
	out := make([]side.Outcome, len(in))
	var small, rest []int
	var part []side.Update
	var steps []step
	for i, u := range in {
		if st, ok := stepOf(u); ok {
			small, part, steps = append(small, i), append(part, u), append(steps, st)
		} else {
			rest = append(rest, i)
		}
	}
	if len(small) > 0 {
		done, err := f.updateSteps(ctx, part, steps)
		if err != nil {
			return nil, err
		}
		for n, i := range small {
			out[i] = done[n]
		}
	}
	return out, f.updateRest(ctx, in, rest, out)
}

// listedNumbers are the numbers of a series' changed occurrences, and of those it is
// to have.
func (j *seriesJob) listedNumbers() []int {
	out := changedNumbers(j.target)
	if j.is != nil {
		out = append(out, slices.Collect(maps.Keys(j.is.listed))...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
