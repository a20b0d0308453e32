package api

import (
	"context"
	"errors"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/durationpb"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/status"
	"abgleich/ipc/contract"
)

// WatchStatus streams the live picture: a user's own, or everybody's to
// administrators. A caller the agent does not know yet sees the agent only, until
// he has proved who he is; then the stream begins anew with a full picture.
func (s *server) WatchStatus(ctx context.Context, r *connect.Request[contract.WatchStatusRequest], out *connect.ServerStream[contract.WatchStatusResponse]) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for {
		ties := s.Book.TiesChanged()
		user, err := s.watched(ctx, r.Msg)
		if err != nil {
			return err
		}
		again, err := s.watch(ctx, user, ties, out)
		if err != nil || !again {
			return err
		}
	}
}

// watch streams until the agent stops, the caller goes, or ties change: then it is
// to be asked again who he is.
func (s *server) watch(ctx context.Context, user pim.UserID, ties <-chan struct{}, out *connect.ServerStream[contract.WatchStatusResponse]) (again bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-s.Stopping(ctx):
			cancel(nil)
		case <-ties:
			cancel(errTies)
		case <-ctx.Done():
		}
	}()
	defer func() {
		cancel(nil)
		<-ended
		again = err == nil && errors.Is(context.Cause(ctx), errTies)
	}()
	for ch := range s.Status.Watch(ctx, user) {
		if err := out.Send(changeMessage(ch)); err != nil {
			return false, err
		}
	}
	return false, nil
}

// errTies ends a picture because somebody else may be looking.
var errTies = errors.New("ties changed")

// nobody is a user id no employee can have: its picture is empty.
const nobody pim.UserID = "\x00"

func (s *server) watched(ctx context.Context, m *contract.WatchStatusRequest) (pim.UserID, error) {
	_, user, err := s.listing(ctx, m.GetUser(), m.GetAllUsers())
	if fault.Has(err, fault.EmployeeUnknown) {
		return nobody, nil
	}
	return user, err
}

func changeMessage(ch status.Change) *contract.WatchStatusResponse {
	m := &contract.WatchStatusResponse{Full: ch.Full}
	if a := ch.Agent; a != nil {
		m.Agent = &contract.AgentStatus{
			Started: stamp(a.Started), Version: a.Version, SyncEnabled: a.SyncEnabled,
			BusinessReachable: a.BusinessCode == "", BusinessCode: string(a.BusinessCode), BusinessMissing: a.BusinessMissing,
			Notifications: a.Notifications, Interval: durationpb.New(a.Interval),
			EventsCode: string(a.EventsCode), EventsCommands: a.EventsCommands, Access: a.Access,
		}
	}
	for _, u := range ch.Users {
		m.Users = append(m.Users, userMessage(u))
	}
	if ch.WithoutID != nil {
		m.WithoutUserId = &contract.WithoutUserId{}
		for _, u := range ch.WithoutID {
			m.WithoutUserId.Employees = append(m.WithoutUserId.Employees, userMessage(u))
		}
	}
	return m
}

func userMessage(u status.User) *contract.UserStatus {
	m := &contract.UserStatus{
		User: string(u.User), Name: u.Name, State: contract.UserState(u.State), Code: string(u.Code),
		PausedUntil: stamp(u.PausedUntil), Problems: u.Problems, Holds: u.Holds,
	}
	for _, k := range u.Kinds {
		m.Kinds = append(m.Kinds, kindMessage(k))
	}
	return m
}

func kindMessage(k status.Kind) *contract.KindStatus {
	m := &contract.KindStatus{
		Kind: contract.Kind(k.Kind), Enabled: k.Enabled, Phase: contract.RunPhase(k.Phase), FirstSync: k.FirstSync,
		Done: k.Done, Expected: k.Expected, ItemsPerSecond: k.PerSecond,
		LastSuccess: stamp(k.LastSuccess), LastTry: stamp(k.LastTry), NextRun: stamp(k.NextRun),
		BlockedCode: string(k.BlockedCode), BlockedUntil: stamp(k.BlockedUntil), Pairs: k.Pairs, Direction: contract.Direction(k.Direction),
		Counts: &contract.Counts{
			CreatedBusiness: k.Counts.CreatedBusiness, CreatedExchange: k.Counts.CreatedExchange,
			UpdatedBusiness: k.Counts.UpdatedBusiness, UpdatedExchange: k.Counts.UpdatedExchange,
			DeletedBusiness: k.Counts.DeletedBusiness, DeletedExchange: k.Counts.DeletedExchange,
			Paired: k.Counts.Paired, Problems: k.Counts.Problems, Conflicts: k.Counts.Conflicts, Held: k.Counts.Held,
		},
	}
	if k.Remaining > 0 {
		m.Remaining = durationpb.New(k.Remaining)
	}
	return m
}
