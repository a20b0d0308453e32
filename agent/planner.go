package agent

import (
	"context"
	"errors"

	"abgleich/agent/executor"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/business"
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
	book *opener
}

// Plan implements api.Planner.
func (p *planner) Plan(ctx context.Context, user pim.UserID, kind pim.Kind, each func(executor.PlanItem) error) error {
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
	t := executor.Task{Account: accountOf(e, tie), Kind: kind, Cause: "plan"}
	var broken error
	err = p.executor.Plan(ctx, t, func(it executor.PlanItem) bool {
		broken = each(it)
		return broken == nil
	})
	if fault.Has(err, fault.LoginRejected) {
		err = errors.Join(p.book.judge(err), p.book.Rejected(context.WithoutCancel(ctx), user, login))
	}
	if broken != nil {
		return broken
	}
	return err
}
