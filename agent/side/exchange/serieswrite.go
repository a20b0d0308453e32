package exchange

import (
	"context"

	"golang.org/x/sync/errgroup"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// seriesJob is a series whose occurrences are being brought to what is wanted. Its
// master carries the pending property until that is done.
type seriesJob struct {
	id     pim.ItemID
	target *pim.Appointment // projected
	is     *series          // nil until read
	known  known            // the exceptions it had when the write began
	// version is the master's after the first write of the job: one the item will
	// not have again. Who is given it looks again.
	version pim.Version
	formats formats // of the exceptions' bodies
	err     error
}

func (j *seriesJob) fail(err error) {
	if j.err == nil {
		j.err = err
	}
}

// finish writes the occurrences of series whose masters carry the pending property,
// takes that away, and reads back: the outcome of each names the version only when
// nobody, neither a person nor the server, made something else of it meanwhile.
func (f *folder) finish(ctx context.Context, jobs []*seriesJob) []side.Outcome {
	f.revive(ctx, jobs)
	var remove []occurrenceOp[ews.ItemID]
	var set []occurrenceOp[ews.ItemChange]
	for _, j := range working(jobs) {
		gone, changes, revive := j.is.difference(j.target, j.known)
		if revive {
			j.fail(fault.New(fault.ItemChanged, "exchange.finish", "an occurrence stays deleted", nil))
			continue
		}
		for _, n := range gone {
			remove = append(remove, occurrenceOp[ews.ItemID]{j, ews.ItemID{ID: ews.ID(j.id), Instance: n}})
		}
		for _, c := range changes {
			ch := f.m.occurrence(j.id, c, j.is.days)
			j.formats.dress(&ch, c.item.Body)
			set = append(set, occurrenceOp[ews.ItemChange]{j, ch})
		}
	}
	sendOccurrences(ctx, remove, f.client.DeleteItem)
	sendOccurrences(ctx, set, func(ctx context.Context, in []ews.ItemChange) ([]ews.ItemResult, error) {
		return f.client.UpdateItem(ctx, ews.AlwaysOverwrite, in)
	})
	var done []occurrenceOp[ews.ItemChange]
	for _, j := range working(jobs) {
		done = append(done, occurrenceOp[ews.ItemChange]{j, ews.ItemChange{
			ID: ews.ItemID{ID: ews.ID(j.id)}, Item: ews.Item{Element: ews.CalendarElement},
			ClearProperties: []ews.PropertyPath{pendingProperty()},
		}})
	}
	sendOccurrences(ctx, done, func(ctx context.Context, in []ews.ItemChange) ([]ews.ItemResult, error) {
		return f.client.UpdateItem(ctx, ews.AlwaysOverwrite, in)
	})
	return f.confirm(ctx, jobs)
}

// revive brings deleted occurrences back that are wanted again: the series ends and
// begins anew, since setting the pattern it has may keep them deleted. A write that
// stopped between the two is taken up here.
func (f *folder) revive(ctx context.Context, jobs []*seriesJob) {
	var again []*seriesJob
	var end, begin []occurrenceOp[ews.ItemChange]
	for _, j := range working(jobs) {
		revive := false
		if j.is != nil {
			if _, _, revive = j.is.difference(j.target, j.known); !revive {
				continue
			}
		}
		id := ews.ItemID{ID: ews.ID(j.id)}
		it, set, _ := f.m.write(j.target, pim.Fields(pim.FieldWhen, pim.FieldRecurrence))
		again = append(again, j)
		if revive {
			end = append(end, occurrenceOp[ews.ItemChange]{j, ews.ItemChange{
				ID: id, Item: ews.Item{Element: ews.CalendarElement}, Clear: ews.Fields(ews.FieldRecurrence)}})
		}
		begin = append(begin, occurrenceOp[ews.ItemChange]{j, ews.ItemChange{ID: id, Item: it, Set: set}})
	}
	for _, step := range [][]occurrenceOp[ews.ItemChange]{end, begin} {
		sendOccurrences(ctx, step, func(ctx context.Context, in []ews.ItemChange) ([]ews.ItemResult, error) {
			return f.client.UpdateItem(ctx, ews.AlwaysOverwrite, in)
		})
	}
	f.look(ctx, again)
	for _, j := range working(again) {
		if j.is == nil {
			j.fail(fault.New(fault.SeriesNotSupported, "exchange.finish", "", nil))
		}
	}
}

// look reads what the series are now.
func (f *folder) look(ctx context.Context, jobs []*seriesJob) {
	jobs = working(jobs)
	ids := make([]pim.ItemID, len(jobs))
	for i, j := range jobs {
		ids[i] = j.id
	}
	all, err := f.load(ctx, ids)
	for i, j := range jobs {
		switch {
		case err != nil:
			j.fail(uncertain(err))
		case all[i].got.Err != nil:
			j.fail(all[i].got.Err)
		default:
			j.is = all[i].series
		}
	}
}

// confirm reads the finished series back and makes their outcomes.
func (f *folder) confirm(ctx context.Context, jobs []*seriesJob) []side.Outcome {
	at := working(jobs)
	ids, along := make([]pim.ItemID, len(at)), make([][]int, len(at))
	for i, j := range at {
		ids[i], along[i] = j.id, j.listedNumbers()
	}
	all, err := f.loadTimes(ctx, ids, along, rereads)
	for i, j := range at {
		switch {
		case err != nil:
			j.fail(uncertain(err))
		case all[i].got.Err != nil:
			j.fail(all[i].got.Err)
		case all[i].pending == "" && pim.Diff(j.target, all[i].got.Item)&writable(pim.KindAppointment) == 0:
			j.version = all[i].got.Version
		}
	}
	out := make([]side.Outcome, len(jobs))
	for i, j := range jobs {
		out[i] = side.Outcome{ID: j.id, Version: j.version, Err: j.err}
		if j.err != nil {
			out[i].Version = ""
		}
	}
	return out
}

// uncertain is the error of a write that was begun: whoever gets it looks again.
func uncertain(err error) error {
	return fault.New(fault.ReplyLost, "exchange.finish", "", err)
}

func working(jobs []*seriesJob) []*seriesJob {
	var left []*seriesJob
	for _, j := range jobs {
		if j.err == nil {
			left = append(left, j)
		}
	}
	return left
}

// occurrenceOp is one step of a job.
type occurrenceOp[T any] struct {
	job *seriesJob
	in  T
}

// sendOccurrences sends steps, many in a request: those of one series in their order,
// several series side by side. A request refused as a whole is halved until the one
// bad step is found. Jobs that failed before are left out.
func sendOccurrences[T any](ctx context.Context, ops []occurrenceOp[T], call func(context.Context, []T) ([]ews.ItemResult, error)) {
	var g errgroup.Group
	g.SetLimit(parallel)
	for len(ops) > 0 {
		n := min(chunk, len(ops))
		for n < len(ops) && n > 0 && ops[n-1].job == ops[n].job { // a series stays whole
			n--
		}
		if n == 0 { // one with more steps than a request takes
			for n = 1; n < len(ops) && ops[n].job == ops[0].job; n++ {
			}
		}
		part := ops[:n]
		ops = ops[n:]
		g.Go(func() error {
			for len(part) > 0 {
				n := min(chunk, len(part))
				due := make([]occurrenceOp[T], 0, n)
				for _, o := range part[:n] {
					if o.job.err == nil {
						due = append(due, o)
					}
				}
				sendPart(ctx, due, call)
				part = part[n:]
			}
			return nil
		})
	}
	_ = g.Wait() // failures are told to the jobs
}

func sendPart[T any](ctx context.Context, ops []occurrenceOp[T], call func(context.Context, []T) ([]ews.ItemResult, error)) {
	if len(ops) == 0 {
		return
	}
	in := make([]T, len(ops))
	for i, o := range ops {
		in[i] = o.in
	}
	results, err := call(ctx, in)
	switch {
	case err == nil:
		for i, r := range results {
			if r.Err != nil && !alreadyDone(r.Err) {
				ops[i].job.fail(stepError(r.Err))
			}
		}
	case !divisible(err):
		for _, o := range ops {
			o.job.fail(uncertain(err))
		}
	case len(ops) > 1:
		sendPart(ctx, ops[:len(ops)/2], call)
		sendPart(ctx, ops[len(ops)/2:], call)
	default:
		ops[0].job.fail(fault.New(fault.ItemRefused, "exchange.finish", "", err))
	}
}

// alreadyDone tells that a deletion was done before, by the write that this one
// completes.
func alreadyDone(err error) bool {
	d := ews.Detail(err)
	return d != nil && d.ResponseCode == "ErrorCalendarOccurrenceIsDeletedFromRecurrence"
}

// stepError keeps what the server said about an item for good; all else leaves the
// write half done.
func stepError(err error) error {
	if fault.Has(err, fault.ItemRefused, fault.ItemGone, fault.BadRequest) && !ews.OutcomeUnknown(err) {
		return fault.New(fault.ItemRefused, "exchange.finish", "", err)
	}
	return uncertain(err)
}
