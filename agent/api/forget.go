package api

import (
	"context"

	"connectrpc.com/connect"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/ipc/contract"
)

// ForgetEmployee erases what the agent keeps about a user. Items on both sides stay
// as they are, and so do our keys in them. Administrators only; also for somebody
// who has left the master data.
func (s *server) ForgetEmployee(ctx context.Context, r *connect.Request[contract.ForgetEmployeeRequest]) (*connect.Response[contract.ForgetEmployeeResponse], error) {
	const op = "api.ForgetEmployee"
	c, err := s.administrator(ctx)
	if err != nil {
		return nil, err
	}
	if r.Msg.GetUser() == "" {
		return nil, fault.New(fault.BadRequest, op, "", nil)
	}
	user := s.spelled(ctx, r.Msg.GetUser())
	if err := s.record(ctx, c, "forgot", string(user)); err != nil {
		return nil, err
	}
	// First the login, so that nothing begins anew; a run that goes on fails with its
	// next write.
	if err := s.Book.Forget(ctx, user); err != nil {
		return nil, err
	}
	if err := s.Control.Reload(ctx); err != nil {
		return nil, err
	}
	f, err := s.Records.ForgetUser(ctx, user)
	if err != nil {
		return nil, err
	}
	if err := s.Logs.Forget(ctx, string(user)); err != nil {
		return nil, err
	}
	if err := s.known(ctx, c, user); err != nil && !f.Any {
		return nil, err // mistyped, most likely
	}
	s.Status.Counted(user, 0, 0)
	for _, k := range pim.Kinds() {
		s.Status.Paired(user, k, 0)
	}
	n := func(v int) uint64 { return uint64(max(v, 0)) }
	return connect.NewResponse(&contract.ForgetEmployeeResponse{Pairs: n(f.Pairs), Trash: n(f.Trash), Runs: n(f.Runs)}), nil
}
