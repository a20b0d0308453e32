package executor

import (
	"context"
	"errors"
	"time"

	"abgleich/agent/engine"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/store"
)

// guardWindow is the time over which the guard adds deletions up.
const guardWindow = 24 * time.Hour

// deletions carries decided deletions out, if they are not too many. It tells
// whether it came to the end.
func (s *slice) deletions(ctx context.Context) (bool, error) {
	deleting, err := s.lease.CountRows(ctx, store.RowDeleting)
	if err != nil {
		return false, err
	}
	confirmed, err := s.lease.CountRows(ctx, store.RowConfirmed)
	if err != nil || deleting+confirmed == 0 {
		return true, err
	}
	s.report.change(func(p *Progress) { p.Stage, p.Waiting, p.Expected = StageDeleting, 0, p.Done+deleting+confirmed })
	states := []store.RowState{store.RowConfirmed}
	if deleting > 0 {
		many, err := s.tooMany(ctx, deleting)
		if err != nil {
			return false, err
		}
		if many {
			if err := s.lease.HoldDeletions(ctx); err != nil {
				return false, err
			}
			s.report.change(func(p *Progress) {
				p.Counts.Held += deleting
				p.Done += deleting
			})
		} else {
			states = append(states, store.RowDeleting)
		}
	}
	var failure error
	done, err := s.eachBatch(ctx, func(units []store.Unit) {
		if failure == nil {
			failure = s.deleteBatch(ctx, units)
		}
	}, states...)
	return done, errors.Join(failure, err)
}

// tooMany asks the guard. Deletions held already count as pending: they don't
// become fewer by being held.
func (s *slice) tooMany(ctx context.Context, deleting int) (bool, error) {
	held, err := s.lease.HeldDeletions(ctx)
	if err != nil {
		return false, err
	}
	before, err := s.lease.DeletedSince(ctx, s.x.cfg.Now().Add(-guardWindow))
	if err != nil {
		return false, err
	}
	st, err := s.lease.State(ctx)
	if err != nil {
		return false, err
	}
	return s.x.cfg.Guard.TooManyDeletions(deleting+held, before, st.Pairs), nil
}

// deleteBatch decides once more and deletes.
func (s *slice) deleteBatch(ctx context.Context, units []store.Unit) error {
	jobs := make([]*job, 0, len(units))
	var trash store.Batch
	l := &ledger{s: s, b: store.Batch{PairStates: make(map[store.PairID]store.PairState)}}
	for _, u := range units {
		j, err := newJob(u)
		if err != nil {
			return err
		}
		if u.Pair == nil {
			continue
		}
		s.decide(j)
		if j.d.Verdict == engine.Rest { // other options are in force since
			if err := l.rest(j); err != nil {
				return err
			}
			continue
		}
		if j.d.Verdict != engine.Delete && j.d.Verdict != engine.Hold {
			l.wake(j) // something has changed: decide it as anything else
			continue
		}
		h := j.half(j.d.Target)
		text, err := h.marshalled()
		if err != nil {
			return err
		}
		reason := store.TrashDeleted
		if gone := j.half(j.d.Target.Other()).row; gone.State == store.RowConfirmed {
			reason = store.TrashConfirmed
		} else if j.d.Verdict == engine.Hold {
			l.wake(j)
			continue
		}
		trash.Trash = append(trash.Trash, store.Trash{Side: j.d.Target, Item: h.id, Version: h.version, Reason: reason,
			Fields: pim.FieldsOf(s.task.Kind), Run: s.report.run().ID, Content: text,
			Key: j.key, Partner: j.half(j.d.Target.Other()).id})
		j.step = stepWrite
		jobs = append(jobs, j)
	}
	if err := s.keepWhole(ctx, trash.Trash); err != nil {
		return err
	}
	if err := s.lease.Apply(ctx, &trash); err != nil {
		return err
	}
	var errs []error
	for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
		errs = append(errs, s.deleteSide(ctx, id, jobs))
	}
	errs = append(errs, s.rereadDeleted(ctx, jobs))
	for _, j := range jobs {
		if err := l.deleted(j); err != nil {
			return errors.Join(append(errs, err)...)
		}
	}
	errs = append(errs, s.lease.Apply(context.WithoutCancel(ctx), &l.b))
	s.report.change(func(p *Progress) {
		add(&p.Counts, &l.counts)
		p.Done += l.done
	})
	return errors.Join(errs...)
}

func (s *slice) deleteSide(ctx context.Context, id pim.SideID, jobs []*job) error {
	list := pick(jobs, func(j *job) bool {
		if j.step != stepWrite || j.d.Target != id {
			return false
		}
		if j.half(id).version == "" {
			j.step, j.at = stepRead, id
			return false
		}
		return true
	})
	return inChunks(ctx, s, id, list,
		func(j *job) side.Deletion { return side.Deletion{ID: j.half(id).id, Version: j.half(id).version} },
		s.folder(id).Delete,
		func(j *job, o side.Outcome) {
			switch fault.CodeOf(o.Err) {
			case "", fault.ItemGone:
				j.step = stepDone
			case fault.ItemChanged, fault.ReplyLost:
				j.step, j.at = stepRead, id
			default:
				j.step, j.err, j.at = stepFailed, o.Err, id
			}
		}, quit)
}

// rereadDeleted reads items that changed before they could be deleted. One that
// is gone is deleted; another is decided again by the next slice.
func (s *slice) rereadDeleted(ctx context.Context, jobs []*job) error {
	if _, err := s.readAgain(ctx, jobs); err != nil {
		return err
	}
	for _, j := range jobs {
		if j.step == stepFailed && fault.CodeOf(j.err) == fault.ItemGone {
			j.step = stepDone
		}
	}
	return nil
}

// deleted records one deletion's outcome.
func (l *ledger) deleted(j *job) error {
	switch j.step {
	case stepDone:
		l.s.foretell(PlanItem{Action: PlanDelete, Side: j.d.Target, Item: j.half(j.d.Target).now(), Code: j.trouble()})
		l.b.DropPairs = append(l.b.DropPairs, j.pair.ID)
		l.clear(j)
		*l.counts.Deleted.At(j.d.Target)++
		l.done++
	case stepFailed:
		return l.postpone(j)
	case stepDecide:
		row, err := l.row(j, j.d.Target)
		if err != nil {
			return err
		}
		l.b.Rows = append(l.b.Rows, *row)
		l.again()
		l.wake(j)
	}
	return nil
}

// wake makes a deletion's row ready again, for the next slice to decide. One that
// a person confirmed stays confirmed: the item is decided through its own row.
func (l *ledger) wake(j *job) {
	for _, r := range j.rows() {
		if r.State == store.RowDeleting {
			l.b.States = append(l.b.States, store.StateChange{Seq: r.Seq, State: store.RowReady})
			l.again()
		}
	}
}
