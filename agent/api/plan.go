package api

import (
	"context"

	"connectrpc.com/connect"

	"abgleich/agent/executor"
	"abgleich/agent/pim"
	"abgleich/ipc/contract"
)

// mostPlanned is how many actions of a dry run are listed; all are counted. A first
// sync of a large mailbox fits.
const mostPlanned = 20_000

// PlanRun foretells a user's next run. For the user himself; administrators see
// the titles hidden.
func (s *server) PlanRun(ctx context.Context, r *connect.Request[contract.PlanRunRequest]) (*connect.Response[contract.PlanRunResponse], error) {
	c, user, err := s.subject(ctx, r.Msg.GetUser())
	if err != nil {
		return nil, err
	}
	if err := s.recordLook(ctx, c, user, "plan"); err != nil {
		return nil, err
	}
	kinds := kindsOf(r.Msg.GetKind())
	if kinds == nil {
		kinds = pim.Kinds()
	}
	out := &contract.PlanRunResponse{Counts: &contract.Counts{}}
	for _, k := range kinds {
		err := s.Planner.Plan(ctx, user, k, func(it executor.PlanItem) error {
			count(out.Counts, it)
			if len(out.Actions) == mostPlanned {
				out.Truncated = true
				return nil
			}
			out.Actions = append(out.Actions, planned(c, user, k, it))
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return connect.NewResponse(out), nil
}

func planned(c caller, user pim.UserID, k pim.Kind, it executor.PlanItem) *contract.PlannedAction {
	a := &contract.PlannedAction{Side: contract.SideId(it.Side), Action: actionName(it.Action), Kind: contract.Kind(k), Code: string(it.Code)}
	if it.Item != nil {
		a.Title = c.itemTitle(user, it.Item)
		a.Start, a.StartIsDay = startOf(it.Item)
	}
	for _, f := range it.Fields.List() {
		a.Fields = append(a.Fields, f.String())
	}
	return a
}

func actionName(a executor.PlanAction) string {
	switch a {
	case executor.PlanCreate:
		return "create"
	case executor.PlanUpdate:
		return "update"
	case executor.PlanDelete:
		return "delete"
	case executor.PlanHold:
		return "hold"
	case executor.PlanProblem:
		return "problem"
	case executor.PlanPair:
		return "pair"
	}
	return "unknown"
}

func count(c *contract.Counts, it executor.PlanItem) {
	business := it.Side == pim.Business
	pick := func(b, e *uint64) *uint64 {
		if business {
			return b
		}
		return e
	}
	switch it.Action {
	case executor.PlanCreate:
		*pick(&c.CreatedBusiness, &c.CreatedExchange)++
	case executor.PlanUpdate:
		*pick(&c.UpdatedBusiness, &c.UpdatedExchange)++
	case executor.PlanDelete:
		*pick(&c.DeletedBusiness, &c.DeletedExchange)++
	case executor.PlanHold:
		c.Held++
	case executor.PlanProblem:
		c.Problems++
	case executor.PlanPair:
		c.Paired++
	}
}
