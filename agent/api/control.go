package api

import (
	"context"

	"connectrpc.com/connect"

	"abgleich/agent/fault"
	"abgleich/ipc/contract"
)

// SyncNow runs a user now; for himself, administrators anybody, or all.
func (s *server) SyncNow(ctx context.Context, r *connect.Request[contract.SyncNowRequest]) (*connect.Response[contract.SyncNowResponse], error) {
	_, user, err := s.listing(ctx, r.Msg.GetUser(), r.Msg.GetAllUsers())
	if err != nil {
		return nil, err
	}
	if user != "" {
		if err := s.Control.SyncNow(ctx, user, kindsOf(r.Msg.GetKind())...); err != nil {
			return nil, err
		}
		return connect.NewResponse(&contract.SyncNowResponse{}), nil
	}
	for _, u := range s.Status.Snapshot("").Users {
		err := s.Control.SyncNow(ctx, u.User, kindsOf(r.Msg.GetKind())...)
		if err != nil && !fault.Has(err, fault.SyncDisabled) {
			return nil, err
		}
	}
	return connect.NewResponse(&contract.SyncNowResponse{}), nil
}

// Pause stops a user's sync until a time, or until resumed.
func (s *server) Pause(ctx context.Context, r *connect.Request[contract.PauseRequest]) (*connect.Response[contract.PauseResponse], error) {
	c, user, err := s.subject(ctx, r.Msg.GetUser())
	if err != nil {
		return nil, err
	}
	if err := s.known(ctx, c, user); err != nil {
		return nil, err
	}
	if err := s.recordDeed(ctx, c, user, "paused"); err != nil {
		return nil, err
	}
	if err := s.Control.Pause(ctx, user, timeOf(r.Msg.GetUntil())); err != nil {
		return nil, err
	}
	return connect.NewResponse(&contract.PauseResponse{}), nil
}

// Resume ends a pause.
func (s *server) Resume(ctx context.Context, r *connect.Request[contract.ResumeRequest]) (*connect.Response[contract.ResumeResponse], error) {
	c, user, err := s.subject(ctx, r.Msg.GetUser())
	if err != nil {
		return nil, err
	}
	if err := s.known(ctx, c, user); err != nil {
		return nil, err
	}
	if err := s.recordDeed(ctx, c, user, "resumed"); err != nil {
		return nil, err
	}
	if err := s.Control.Resume(ctx, user); err != nil {
		return nil, err
	}
	return connect.NewResponse(&contract.ResumeResponse{}), nil
}
