package executor

import (
	"context"
	"errors"
	"sync"

	"abgleich/agent/engine"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/store"
)

// Effect is what the next run would do by other options, for one kind. Nothing is
// deleted by options.
type Effect struct {
	// JoinBusiness and JoinExchange are items that begin to travel, by the side they
	// are on now. Held are those of them a guard would ask about first.
	JoinBusiness, JoinExchange, Held int
	// UpdateBusiness and UpdateExchange are items that would be changed there.
	UpdateBusiness, UpdateExchange int
	// Leave are pairs that begin to rest: both items stay. Stay are the others.
	Leave, Stay int
	// OutsideBusiness and OutsideExchange are items of one side only that stay where
	// they are.
	OutsideBusiness, OutsideExchange int
}

// add counts one line of a plan.
func (e *Effect) add(p PlanItem) {
	held := p.Action == PlanHold && p.Code == fault.CreationsHeld
	switch {
	case held || p.Action == PlanCreate:
		if held {
			e.Held++
		}
		if p.Side == pim.Business {
			e.JoinExchange++
		} else {
			e.JoinBusiness++
		}
	case p.Action == PlanUpdate && p.Side == pim.Business:
		e.UpdateBusiness++
	case p.Action == PlanUpdate:
		e.UpdateExchange++
	}
}

// Preview counts what a run would do by other options; nil stands for those of the
// parameters. It writes nothing: the run is rehearsed on a copy.
func (x *Executor) Preview(ctx context.Context, t Task, o *engine.Options) (e Effect, err error) {
	text := ""
	if o != nil {
		if err := o.Check(); err != nil {
			return e, fault.New(fault.BadRequest, "executor.Preview", string(t.Account.User), err)
		}
		if text, err = MarshalOptions(*o); err != nil {
			return e, err
		}
	}
	copied, err := x.cfg.Store.Copy(ctx, t.Account.User, t.Kind)
	if err != nil {
		return e, err
	}
	defer func() { err = errors.Join(err, copied.Close()) }()
	pairs, rested, err := resting(ctx, t, copied)
	if err != nil {
		return e, err
	}
	own, err := copied.UserOptions(ctx, t.Account.User)
	if err != nil {
		return e, err
	}
	*own.Of(t.Kind) = text
	if err := copied.SetUserOptions(ctx, own); err != nil {
		return e, err
	}
	var mu sync.Mutex // a rehearsal tells from several goroutines
	add := func(p PlanItem) {
		mu.Lock()
		defer mu.Unlock()
		e.add(p)
	}
	if err := x.rehearse(ctx, t, copied, add); err != nil {
		return e, err
	}
	if err := foretellHolds(ctx, t, copied, add); err != nil {
		return e, err
	}
	_, rests, err := resting(ctx, t, copied)
	if err != nil {
		return e, err
	}
	e.Leave, e.Stay = max(0, rests-rested), max(0, pairs-rests)
	l, err := copied.Look(ctx, t.Account.User, t.Kind)
	if err != nil {
		return e, err
	}
	outside, err := l.Outside(ctx)
	e.OutsideBusiness, e.OutsideExchange = *outside.At(pim.Business), *outside.At(pim.Exchange)
	return e, err
}

// resting counts a user's pairs of a kind, and those the options let rest.
func resting(ctx context.Context, t Task, s *store.Store) (pairs, rests int, err error) {
	l, err := s.Look(ctx, t.Account.User, t.Kind)
	if fault.Has(err, fault.NotFound) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, err
	}
	return l.Resting(ctx)
}
