package agent

import (
	"context"

	"abgleich/agent/executor"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/business"
)

// planner foretells runs for the API.
type planner struct {
	executor  *executor.Executor
	employees interface {
		Employee(context.Context, pim.UserID) (business.Employee, error)
	}
}

// Plan implements api.Planner.
func (p *planner) Plan(ctx context.Context, user pim.UserID, kind pim.Kind, each func(executor.PlanItem) error) error {
	e, err := p.employees.Employee(ctx, user)
	if err != nil {
		return err
	}
	t := executor.Task{Account: side.Account{User: e.User, Mail: e.Mail, Zone: zoneOf(e)}, Kind: kind, Cause: "plan"}
	var broken error
	err = p.executor.Plan(ctx, t, func(it executor.PlanItem) bool {
		broken = each(it)
		return broken == nil
	})
	if broken != nil {
		return broken
	}
	return err
}
