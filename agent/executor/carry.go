package executor

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"abgleich/agent/engine"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/store"
)

const (
	// batchSize is how many units are decided, written and recorded together: a
	// commit to disk costs as much as many rows.
	batchSize = 250
	// batches is how many of them are under way at once.
	batches = 3
	// rounds is how often a unit is decided again at once because an item changed
	// under our hands.
	rounds = 3
)

// carry decides and writes all that is ready, but deletions. It tells whether it
// came to the end.
func (s *slice) carry(ctx context.Context) (bool, error) {
	ready, err := s.lease.CountUnits(ctx, store.RowReady, store.RowRestoring)
	if err != nil || ready == 0 {
		return true, err
	}
	s.report.change(func(p *Progress) { p.Stage, p.Waiting, p.Expected = StageWriting, 0, p.Done+ready })
	var later slow
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(batches)
	done, err := s.eachBatch(inner, func(units []store.Unit) { g.Go(func() error { return s.batch(inner, units, &later) }) },
		store.RowReady, store.RowRestoring)
	if err = errors.Join(g.Wait(), err); err == nil {
		err = s.carrySlow(ctx, later.jobs)
	}
	return done, err
}

// eachBatch reads units to the end, or until the slice's time is over.
func (s *slice) eachBatch(ctx context.Context, do func([]store.Unit), states ...store.RowState) (bool, error) {
	var after store.RowID
	for {
		units, next, more, err := s.lease.Work(ctx, after, batchSize, states...)
		if err != nil {
			return false, err
		}
		if len(units) > 0 {
			do(units)
		}
		if !more || ctx.Err() != nil {
			return true, nil
		}
		if after = next; s.expired() {
			return false, nil
		}
	}
}

// batch takes units through their decisions and writes, and records the outcome.
// An error of a whole call ends it, but what is known is recorded.
func (s *slice) batch(ctx context.Context, units []store.Unit, later *slow) error {
	jobs := make([]*job, 0, len(units))
	for _, u := range units {
		j, err := newJob(u)
		if err != nil {
			return err
		}
		jobs = append(jobs, j)
	}
	quick, full := later.add(jobs)
	if err := s.through(ctx, quick); err != nil || full == nil {
		return err
	}
	return s.through(ctx, full)
}

// through is the work of a batch.
func (s *slice) through(ctx context.Context, jobs []*job) error {
	if len(jobs) == 0 {
		return nil
	}
	if err := s.readUnread(ctx, jobs); err != nil {
		return err
	}
	var failure error
	for range rounds {
		for _, j := range jobs {
			if j.step == stepDecide {
				s.decide(j)
			}
		}
		if failure = s.intend(ctx, jobs); failure != nil {
			for _, j := range jobs {
				if j.step == stepWrite {
					j.step = stepQuit
				}
			}
			break
		}
		failure = s.writeAll(ctx, jobs)
		if failure != nil {
			break
		}
		if again, err := s.readAgain(ctx, jobs); err != nil || !again {
			failure = err
			break
		}
	}
	return errors.Join(failure, s.record(context.WithoutCancel(ctx), jobs))
}

// decide asks the engine what to do about one job.
func (s *slice) decide(j *job) {
	if j.left = j.ignored(); j.left {
		j.step = stepIdle
		return
	}
	b, e := j.half(pim.Business), j.half(pim.Exchange)
	switch {
	case j.pair != nil:
		j.d = s.rules.Decide(b.Half, e.Half)
	case b.row != nil:
		j.d = s.rules.DecideNew(pim.Business, b.Item)
	default:
		j.d = s.rules.DecideNew(pim.Exchange, e.Item)
	}
	if d := &j.d; d.Verdict == engine.Delete || d.Verdict == engine.Hold {
		// A person may have said that the item is to come back.
		gone := j.half(d.Target.Other()).row
		switch {
		case gone != nil && gone.State == store.RowRestoring:
			*d = engine.Decision{Verdict: engine.Recreate, Target: d.Target.Other()}
		case gone != nil && gone.Code == fault.OutsideOptions:
			// It was deleted where the options of then let it delete nothing; other options
			// don't make it delete something now.
			*d = engine.Decision{Verdict: engine.Rest, Code: fault.OutsideOptions}
		}
	}
	switch j.d.Verdict {
	case engine.Create, engine.Recreate:
		j.key = s.x.cfg.NewKey(s.task.Account.User)
		j.half(j.d.Target.Other()).keyed = false
		j.step = stepWrite
	case engine.Settle:
		j.step = stepWrite
	default:
		j.step = stepIdle
	}
	if j.d.Verdict != engine.Wait {
		return
	}
	for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
		if h := j.half(id); h.Presence == engine.Present && h.id != "" && h.now() == nil {
			j.step, j.at = stepRead, id
		}
	}
}

// creates tells that the job makes an item on a side.
func (j *job) creates(id pim.SideID) bool {
	return j.step == stepWrite && j.d.Target == id && (j.d.Verdict == engine.Create || j.d.Verdict == engine.Recreate)
}

// outgoing is what a creation on a side makes.
func (s *slice) outgoing(j *job, to pim.SideID) pim.Item {
	return s.rules.Outgoing(to, j.half(to.Other()).now(), j.half(to).Base)
}

// updates tells that the job writes fields on a side.
func (j *job) updates(id pim.SideID) bool {
	return j.step == stepWrite && j.d.Verdict == engine.Settle && j.d.Of(id).Write.Fields != 0
}

// intend writes down what must be in the store before the sides are asked:
// intents of creations, and copies of what will be overwritten.
func (s *slice) intend(ctx context.Context, jobs []*job) error {
	var b store.Batch
	for _, j := range jobs {
		for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
			if j.creates(id) {
				src := j.half(id.Other())
				text, err := src.marshalled()
				if err != nil {
					return err
				}
				b.Intents = append(b.Intents, store.Intent{Key: j.key, Target: id, Source: src.id, Version: src.version, Item: text})
			}
			if !j.updates(id) {
				continue
			}
			h, o := j.half(id), j.d.Of(id)
			text, err := h.marshalled()
			if err != nil {
				return err
			}
			t := store.Trash{Side: id, Item: h.id, Version: h.version, Reason: store.TrashOverwritten,
				Fields: o.Write.Fields, Run: s.report.run().ID, Content: text, Key: j.key, Partner: j.half(id.Other()).id}
			if t.After, err = pim.Marshal(s.x.side(id).Projection(s.task.Kind).Project(o.Write.Item)); err != nil {
				return fault.New(fault.Internal, "executor.intend", string(h.id), err)
			}
			if o.Lost != 0 {
				t.Reason, t.Fields = store.TrashConflict, o.Lost
				p := s.problem(id, h.id, fault.ConflictSettled, h.now(), nil)
				p.Notice, p.Detail = true, o.Lost.String()
				b.Problems = append(b.Problems, p)
			}
			b.Trash = append(b.Trash, t)
		}
	}
	if err := s.keepWhole(ctx, b.Trash); err != nil {
		return err
	}
	return s.lease.Apply(ctx, &b)
}

// readUnread reads the items of rows that could not be read before.
func (s *slice) readUnread(ctx context.Context, jobs []*job) error {
	for _, j := range jobs {
		for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
			h := j.half(id)
			if r := h.row; r != nil && !r.Gone && r.Item == nil && r.State == store.RowReady {
				j.step, j.at = stepRead, id
			}
		}
	}
	_, err := s.readAgain(ctx, jobs)
	return err
}

// readAgain reads what changed under our hands. It tells whether there is
// anything to decide again.
func (s *slice) readAgain(ctx context.Context, jobs []*job) (bool, error) {
	again := false
	for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
		var of []*job
		var ids []pim.ItemID
		for _, j := range jobs {
			if j.step == stepRead && j.at == id {
				of, ids = append(of, j), append(ids, j.half(id).id)
			}
		}
		if len(of) == 0 {
			continue
		}
		got, err := s.get(ctx, id, ids)
		if err != nil {
			for _, j := range of {
				j.step = stepQuit
			}
			return false, err
		}
		for n, j := range of {
			if got[n].Err != nil {
				j.step, j.err = stepFailed, got[n].Err
				continue
			}
			j.half(id).reread(got[n], j.key, s.x.cfg.Now())
			j.step, again = stepDecide, true
		}
	}
	return again, nil
}

// writeAll carries a round's writes out: Exchange first, then business, then
// keys. Errors of whole calls are joined; the jobs they concern quit.
func (s *slice) writeAll(ctx context.Context, jobs []*job) error {
	var errs []error
	for _, id := range []pim.SideID{pim.Exchange, pim.Business} {
		errs = append(errs, s.create(ctx, id, jobs), s.update(ctx, id, jobs))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, id := range []pim.SideID{pim.Exchange, pim.Business} {
		errs = append(errs, s.setKeys(ctx, id, jobs))
	}
	for _, j := range jobs {
		if j.step == stepWrite {
			j.step = stepDone
		}
	}
	return errors.Join(errs...)
}

func (s *slice) create(ctx context.Context, id pim.SideID, jobs []*job) error {
	list := pick(jobs, func(j *job) bool { return j.creates(id) })
	return inChunks(ctx, s, id, list,
		func(j *job) side.Creation { return side.Creation{Key: j.key, Item: s.outgoing(j, id)} },
		s.folder(id).Create,
		func(j *job, o side.Outcome) {
			switch fault.CodeOf(o.Err) {
			case "":
				h := j.half(id)
				h.id, h.version, h.keyed, h.wrote = o.ID, o.Version, true, true
			case fault.ReplyLost:
				j.step = stepLost
			default:
				j.step, j.err, j.at = stepFailed, o.Err, id
			}
		}, quit)
}

func (s *slice) update(ctx context.Context, id pim.SideID, jobs []*job) error {
	list := pick(jobs, func(j *job) bool {
		if j.updates(id) && j.half(id).version == "" {
			j.step, j.at = stepRead, id // a version nobody knows
			return false
		}
		return j.updates(id)
	})
	return inChunks(ctx, s, id, list,
		func(j *job) side.Update {
			h, w := j.half(id), &j.d.Of(id).Write
			return side.Update{ID: h.id, Version: h.version, Fields: w.Fields, Item: w.Item, Was: h.now()}
		},
		s.folder(id).Update,
		func(j *job, o side.Outcome) {
			switch fault.CodeOf(o.Err) {
			case "":
				j.half(id).wasWritten(j.d.Of(id).After, o.Version, s.x.cfg.Now())
			case fault.ItemChanged, fault.ReplyLost:
				j.step, j.at = stepRead, id
			default:
				j.step, j.err, j.at = stepFailed, o.Err, id
			}
		}, quit)
}

// setKeys stamps the pair's key on items that do not carry it. A failure is no
// failure of the job: the pair is recorded, and [slice.stamp] tries again.
func (s *slice) setKeys(ctx context.Context, id pim.SideID, jobs []*job) error {
	list := pick(jobs, func(j *job) bool {
		h := j.half(id)
		return j.step == stepWrite && !h.keyed && h.version != ""
	})
	return inChunks(ctx, s, id, list,
		func(j *job) side.KeyAssignment {
			return side.KeyAssignment{ID: j.half(id).id, Version: j.half(id).version, Key: j.key}
		},
		s.folder(id).SetKeys,
		func(j *job, o side.Outcome) {
			if o.Err == nil {
				h := j.half(id)
				h.version, h.keyed, h.fresh, h.stamped = o.Version, true, true, true
			}
		}, func(*job) {})
}

func pick(jobs []*job, want func(*job) bool) []*job {
	var out []*job
	for _, j := range jobs {
		if want(j) {
			out = append(out, j)
		}
	}
	return out
}

// quit is for jobs of a call that failed: nothing is known of their items.
func quit(j *job) { j.step = stepQuit }

// inChunks calls a side with as many items at once as it wants, several calls
// side by side, and hands each job its outcome, or to failed.
func inChunks[T any](ctx context.Context, s *slice, id pim.SideID, jobs []*job, input func(*job) T,
	call func(context.Context, []T) ([]side.Outcome, error), take func(*job, side.Outcome), failed func(*job)) error {
	if len(jobs) == 0 {
		return nil
	}
	size := max(s.folder(id).BatchSize(), 1)
	var g errgroup.Group
	g.SetLimit(readers)
	for from := 0; from < len(jobs); from += size {
		part := jobs[from:min(from+size, len(jobs))]
		g.Go(func() error {
			in := make([]T, len(part))
			for i, j := range part {
				in[i] = input(j)
			}
			out, err := call(ctx, in)
			if err == nil && len(out) != len(part) {
				err = broken("write", id, len(out), len(part))
			}
			for i, j := range part {
				if err != nil {
					failed(j)
					continue
				}
				take(j, out[i])
			}
			return s.blame(id, err)
		})
	}
	return g.Wait()
}
