package api

import (
	"context"

	"connectrpc.com/connect"

	"abgleich/agent/fault"
	"abgleich/ipc/contract"
)

// copies is master data that may turn out to be a copy.
type copies interface {
	// ConfirmCopy makes the database the one to go on with, and tells whether it
	// looked like a copy.
	ConfirmCopy(context.Context) (bool, error)
}

// ConfirmDatabase makes the business database the one to go on with and lets
// everybody run; administrators only. [fault.NotFound] when nothing waits for it.
func (s *server) ConfirmDatabase(ctx context.Context, _ *connect.Request[contract.ConfirmDatabaseRequest]) (*connect.Response[contract.ConfirmDatabaseResponse], error) {
	const op = "api.ConfirmDatabase"
	c, err := s.administrator(ctx)
	if err != nil {
		return nil, err
	}
	db, ok := s.Employees.(copies)
	if !ok {
		return nil, fault.New(fault.NotFound, op, "", nil)
	}
	if err := s.recordDeed(ctx, c, "", "confirmed the database"); err != nil {
		return nil, err
	}
	copied, err := db.ConfirmCopy(ctx)
	if err != nil {
		return nil, err
	}
	if !copied {
		return nil, fault.New(fault.NotFound, op, "", nil)
	}
	if err := s.Control.Reload(ctx); err != nil {
		return nil, err
	}
	for _, u := range s.Status.Snapshot("").Users {
		if err := s.Control.SyncNow(ctx, u.User); err != nil && !fault.Has(err, fault.SyncDisabled) {
			return nil, err
		}
	}
	return connect.NewResponse(&contract.ConfirmDatabaseResponse{}), nil
}
