package executor

import (
	"context"
	"errors"
	"sync"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/store"
)

// rehearsals is how many slices a run is foretold for: one more follows only where
// the one before found out that something is to be decided anew.
const rehearsals = 20

// Plan is a dry run: it gives what the next run would do, item by item, and writes
// nothing: neither to a side nor to the store. It is the run itself, with a copy of
// what the store knows, between sides that only read and remember what they were
// asked to write (docs/adr/0018). yield is called by one goroutine at a time, and
// may end the plan by returning false.
//
// Writes and pairings come first, as the run would do them; then what is held and
// what is a problem after it, be it from before or new.
func (x *Executor) Plan(ctx context.Context, t Task, yield func(PlanItem) bool) (err error) {
	copied, err := x.cfg.Store.Copy(ctx, t.Account.User, t.Kind)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, copied.Close()) }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex
	ended := false
	tell := func(p PlanItem) {
		mu.Lock()
		defer mu.Unlock()
		if !ended && !yield(p) {
			ended = true
			cancel()
		}
	}
	if err := x.rehearse(ctx, t, copied, tell); err != nil {
		if ended {
			return nil
		}
		return err
	}
	if err := foretellHolds(ctx, t, copied, tell); err != nil && !ended {
		return err
	}
	if err := foretellProblems(ctx, t, copied, tell); err != nil && !ended {
		return err
	}
	return nil
}

// rehearse does the run as often as it wants to go on.
func (x *Executor) rehearse(ctx context.Context, t Task, copied *store.Store, tell func(PlanItem)) error {
	c := x.cfg
	c.Store, c.Progress = copied, nil
	c.Business = newRehearsal(c.Business, x.cfg.Store.Installation(), t.TakeOver)
	c.Exchange = newRehearsal(c.Exchange, x.cfg.Store.Installation(), t.TakeOver)
	y := New(c)
	y.foretell = tell
	for range rehearsals {
		res, err := y.Slice(ctx, t)
		if err != nil || !res.More {
			return err
		}
		t.Asked = false
	}
	return nil
}

// foretell tells of what was written in a rehearsal.
func (s *slice) foretell(p PlanItem) {
	if s.x.foretell != nil {
		s.x.foretell(p)
	}
}

// foretellPairs tells of items that were found to belong together.
func (s *slice) foretellPairs(ctx context.Context, matches []store.Match) error {
	if s.x.foretell == nil {
		return nil
	}
	for _, m := range matches {
		list, err := s.readGroup(ctx, []store.RowID{m.Business})
		if err != nil {
			return err
		}
		for _, x := range list {
			s.foretell(PlanItem{Action: PlanPair, Side: pim.Exchange, Item: x.item})
		}
	}
	return nil
}

// foretellHolds tells what guards keep back, with the items that would be written.
func foretellHolds(ctx context.Context, t Task, s *store.Store, tell func(PlanItem)) error {
	holds, err := s.Holds(ctx, t.Account.User)
	if err != nil {
		return err
	}
	for _, h := range holds {
		if h.Kind != t.Kind {
			continue
		}
		for after := store.RowID(0); ; {
			items, err := s.HeldItems(ctx, h.ID, after, 200)
			if err != nil {
				return err
			}
			if len(items) == 0 {
				break
			}
			for _, it := range items {
				after = it.Seq
				item, err := pim.Unmarshal(it.Content)
				if err != nil {
					return fault.New(fault.StoreCorrupt, "executor.Plan", string(it.Item), err)
				}
				tell(PlanItem{Action: PlanHold, Side: it.Side.Other(), Item: item, Code: h.Code})
			}
		}
	}
	return nil
}

// foretellProblems tells of the items that would not go on, but for those a person
// wants left alone.
func foretellProblems(ctx context.Context, t Task, s *store.Store, tell func(PlanItem)) error {
	lease, err := s.Look(ctx, t.Account.User, t.Kind)
	if err != nil {
		return err
	}
	q := store.ProblemQuery{User: t.Account.User, Kind: t.Kind, Limit: 200}
	for {
		problems, err := s.Problems(ctx, q)
		if err != nil || len(problems) == 0 {
			return err
		}
		for _, p := range problems {
			q.After = p.ID
			if p.Item == "" || p.Ignored {
				continue
			}
			u, err := lease.UnitOf(ctx, store.Ref{Side: p.Side, Item: p.Item})
			if err != nil {
				return err
			}
			j, err := newJob(u)
			if err != nil {
				return err
			}
			item := j.half(p.Side).now()
			if item == nil {
				item = j.either()
			}
			tell(PlanItem{Action: PlanProblem, Side: p.Side, Item: item, Code: p.Code})
		}
	}
}

// either is the item of whichever half has one.
func (j *job) either() pim.Item {
	if b := j.half(pim.Business).now(); b != nil {
		return b
	}
	return j.half(pim.Exchange).now()
}
