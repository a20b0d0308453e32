package api

import (
	"context"

	"connectrpc.com/connect"

	"abgleich/agent/pim"
	"abgleich/agent/store"
	"abgleich/ipc/contract"
)

// IgnoreProblem leaves a problem's item alone until somebody edits it. A notice is
// put away. For the user himself and administrators.
func (s *server) IgnoreProblem(ctx context.Context, r *connect.Request[contract.IgnoreProblemRequest]) (*connect.Response[contract.IgnoreProblemResponse], error) {
	c, err := s.caller(ctx)
	if err != nil {
		return nil, err
	}
	id := store.ProblemID(r.Msg.GetId())
	p, err := s.problem(ctx, c, id)
	if err != nil {
		return nil, err
	}
	if p.Notice {
		return connect.NewResponse(&contract.IgnoreProblemResponse{}), s.Records.ReadNotice(ctx, p.User, id)
	}
	if err := s.recordDeed(ctx, c, p.User, "ignored problem"); err != nil {
		return nil, err
	}
	if err := s.Records.IgnoreProblem(ctx, p.User, id); err != nil {
		return nil, err
	}
	return connect.NewResponse(&contract.IgnoreProblemResponse{}), s.recount(ctx, p.User)
}

// GetProblem shows both versions of a problem's item, read from both sides now. For
// the user himself; administrators see the content hidden unless it was granted.
func (s *server) GetProblem(ctx context.Context, r *connect.Request[contract.GetProblemRequest]) (*connect.Response[contract.GetProblemResponse], error) {
	c, err := s.caller(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.problem(ctx, c, store.ProblemID(r.Msg.GetId()))
	if err != nil {
		return nil, err
	}
	if err := s.recordLook(ctx, c, p.User, "problem"); err != nil {
		return nil, err
	}
	out := &contract.GetProblemResponse{Problem: problemMessage(c, p)}
	if p.Item == "" || p.Side == 0 {
		return connect.NewResponse(out), nil
	}
	v, err := s.Comparer.Show(ctx, p.User, p.Kind, store.Ref{Side: p.Side, Item: p.Item})
	if err != nil {
		return nil, err
	}
	out.Business, out.Exchange = v.Business != nil, v.Exchange != nil
	out.BusinessAway, out.ExchangeAway = *v.Away.At(pim.Business), *v.Away.At(pim.Exchange)
	out.Fields = c.fields(p.User, v.Business, v.Exchange, v.Differ)
	return connect.NewResponse(out), nil
}

// recount brings a user's problems and holds on the board up to date.
func (s *server) recount(ctx context.Context, user pim.UserID) error {
	problems, err := s.Records.ProblemCount(ctx, user)
	if err != nil {
		return err
	}
	holds, err := s.Records.Holds(ctx, user)
	if err != nil {
		return err
	}
	s.Status.Counted(user, uint32(problems), uint32(len(holds)))
	return nil
}
