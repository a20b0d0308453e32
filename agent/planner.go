package agent

import (
	"context"
	"errors"
	"time"

	"abgleich/agent/engine"
	"abgleich/agent/executor"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/business"
	"abgleich/agent/status"
	"abgleich/agent/store"
)

// planner foretells runs for the API. It logs in, and so keeps to what is known of
// refused logins.
type planner struct {
	executor  *executor.Executor
	employees interface {
		Employee(context.Context, pim.UserID) (business.Employee, error)
	}
	ties interface {
		Tie(context.Context, pim.UserID) (store.Tie, error)
	}
	book  *opener
	board *status.Board
}

// Plan implements api.Planner.
func (p *planner) Plan(ctx context.Context, user pim.UserID, kind pim.Kind, each func(executor.PlanItem) error) error {
	return p.look(ctx, user, kind, func(t executor.Task) error {
		var broken error
		err := p.executor.Plan(ctx, t, func(it executor.PlanItem) bool {
			broken = each(it)
			return broken == nil
		})
		if broken != nil {
			return broken
		}
		return err
	})
}

// Compare implements api.Comparer.
func (p *planner) Compare(ctx context.Context, user pim.UserID, kind pim.Kind, each func(executor.Compared) error) error {
	return p.look(ctx, user, kind, func(t executor.Task) error {
		var broken error
		err := p.executor.Compare(ctx, t, func(c executor.Compared) bool {
			broken = each(c)
			return broken == nil
		})
		if broken != nil {
			return broken
		}
		return err
	})
}

// look calls f with what a run of the user would be given, and keeps the book on
// the login.
func (p *planner) look(ctx context.Context, user pim.UserID, kind pim.Kind, f func(executor.Task) error) error {
	e, err := p.employees.Employee(ctx, user)
	if err != nil {
		return err
	}
	if err := p.book.MayTry(ctx, user, false); err != nil {
		return err
	}
	login, err := p.book.Login(ctx, user)
	if err != nil {
		return err
	}
	tie, err := p.ties.Tie(ctx, e.User)
	if err != nil {
		return err
	}
	err = f(executor.Task{Account: accountOf(e, tie), Kind: kind, Cause: "plan", Asked: true})
	if fault.Has(err, fault.LoginRejected) {
		err = errors.Join(p.book.judge(err), p.book.Rejected(context.WithoutCancel(ctx), user, login))
	}
	return err
}

// Show implements api.Comparer. Where the user has left, or his login may not be
// tried, it is what the agent knows.
func (p *planner) Show(ctx context.Context, user pim.UserID, kind pim.Kind, r store.Ref) (executor.Shown, error) {
	var out executor.Shown
	var failed error
	asked := false
	err := p.look(ctx, user, kind, func(t executor.Task) error {
		asked = true
		if out, failed = p.executor.Show(ctx, t, r); failed != nil {
			return failed
		}
		return *out.Failed.At(pim.Exchange) // look must hear of a refused login
	})
	if asked || fault.Has(err, fault.Cancelled) {
		return out, failed
	}
	t := executor.Task{Account: side.Account{User: user, Zone: time.UTC}, Kind: kind}
	if e, err := p.employees.Employee(ctx, user); err == nil {
		t.Account = accountOf(e, store.Tie{})
	}
	return p.executor.Show(ctx, t, r, pim.Exchange)
}

// Options implements api.Chooser.
func (p *planner) Options(ctx context.Context, user pim.UserID, kind pim.Kind) (engine.Options, bool, error) {
	return p.executor.Options(ctx, user, kind)
}

// SetOptions implements api.Chooser.
func (p *planner) SetOptions(ctx context.Context, user pim.UserID, by map[pim.Kind]*engine.Options) error {
	if err := p.executor.SetOptions(ctx, user, by); err != nil {
		return err
	}
	direct(ctx, p.board, p.executor.Options, user)
	return nil
}

// Preview implements api.Chooser.
func (p *planner) Preview(ctx context.Context, user pim.UserID, kind pim.Kind, o *engine.Options) (e executor.Effect, err error) {
	err = p.look(ctx, user, kind, func(t executor.Task) (err error) {
		e, err = p.executor.Preview(ctx, t, o)
		return err
	})
	return e, err
}
