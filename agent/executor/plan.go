package executor

import (
	"context"
	"errors"

	"abgleich/agent/engine"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/store"
)

// Plan is a dry run: it gives what the next run would do, item by item, and
// writes to neither side. What it reads, it keeps in the store, where the next
// run goes on from; yield may end it by returning false.
func (x *Executor) Plan(ctx context.Context, t Task, yield func(PlanItem) bool) error {
	s, err := x.begin(ctx, t)
	if s == nil {
		return err
	}
	if err == nil {
		err = s.plan(ctx, yield)
	}
	return errors.Join(err, s.close())
}

func (s *slice) plan(ctx context.Context, yield func(PlanItem) bool) error {
	if done, err := s.prepare(ctx); err != nil || !done {
		return err
	}
	going := true
	var failure error
	_, err := s.eachBatch(ctx, func(units []store.Unit) {
		for _, u := range units {
			if !going || failure != nil {
				return
			}
			j, err := newJob(u)
			if err != nil {
				failure = err
				return
			}
			s.decide(j)
			for _, p := range j.plan() {
				going = going && yield(p)
			}
		}
	}, store.RowReady, store.RowRestoring, store.RowDeleting, store.RowConfirmed, store.RowHeld)
	return errors.Join(failure, err)
}

// plan puts a decision into the words of a dry run.
func (j *job) plan() []PlanItem {
	d := j.d
	for _, r := range j.rows() {
		if r.State == store.RowHeld {
			code, target := r.Code, r.Side.Other()
			return []PlanItem{{Action: PlanHold, Side: target, Item: j.either(), Code: code}}
		}
	}
	switch d.Verdict {
	case engine.Create, engine.Recreate:
		return []PlanItem{{Action: PlanCreate, Side: d.Target, Item: j.half(d.Target.Other()).now()}}
	case engine.Delete:
		return []PlanItem{{Action: PlanDelete, Side: d.Target, Item: j.half(d.Target).now()}}
	case engine.Hold:
		return []PlanItem{{Action: PlanHold, Side: d.Target, Item: j.half(d.Target).now(), Code: fault.DeletionsHeld}}
	case engine.Settle:
		var out []PlanItem
		for _, id := range []pim.SideID{pim.Business, pim.Exchange} {
			if w := d.Of(id).Write; w.Fields != 0 {
				out = append(out, PlanItem{Action: PlanUpdate, Side: id, Item: w.Item, Fields: w.Fields})
			}
		}
		if d.Code != "" {
			out = append(out, PlanItem{Action: PlanProblem, Side: pim.Business, Item: j.either(), Code: d.Code})
		}
		return out
	}
	if d.Code != "" {
		return []PlanItem{{Action: PlanProblem, Side: d.Target, Item: j.either(), Code: d.Code}}
	}
	return nil
}

// either is the item of whichever half has one.
func (j *job) either() pim.Item {
	if b := j.half(pim.Business).now(); b != nil {
		return b
	}
	return j.half(pim.Exchange).now()
}
