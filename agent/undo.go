package agent

import (
	"context"

	"abgleich/agent/executor"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/store"
)

// Undo implements api.Undoer. It logs in, and so keeps to what is known of refused
// logins.
func (p *planner) Undo(ctx context.Context, user pim.UserID, kind pim.Kind, run store.RunID, preview bool) (u executor.Undone, err error) {
	err = p.look(ctx, user, kind, func(t executor.Task) (err error) {
		u, err = p.executor.Undo(ctx, t, run, preview)
		return err
	})
	return u, err
}

// Restore implements api.Undoer.
func (p *planner) Restore(ctx context.Context, user pim.UserID, kind pim.Kind, id store.TrashID) (code fault.Code, err error) {
	err = p.look(ctx, user, kind, func(t executor.Task) (err error) {
		code, err = p.executor.Restore(ctx, t, id)
		return err
	})
	return code, err
}
