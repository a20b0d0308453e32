package api

import (
	"context"

	"connectrpc.com/connect"

	"abgleich/agent/executor"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/store"
	"abgleich/ipc/contract"
)

// Undoer takes back what runs did.
type Undoer interface {
	// Undo undoes a run; with preview it only tells what would become of it.
	Undo(ctx context.Context, user pim.UserID, kind pim.Kind, run store.RunID, preview bool) (executor.Undone, error)
	// Restore brings one kept copy back. The code says why it did not, "" if it did.
	Restore(ctx context.Context, user pim.UserID, kind pim.Kind, id store.TrashID) (fault.Code, error)
}

// ListTrash lists what runs deleted or overwrote of a user's. For the user himself;
// administrators see the content hidden unless it was granted.
func (s *server) ListTrash(ctx context.Context, r *connect.Request[contract.ListTrashRequest]) (*connect.Response[contract.ListTrashResponse], error) {
	c, user, err := s.subject(ctx, r.Msg.GetUser())
	if err != nil {
		return nil, err
	}
	if err := s.recordLook(ctx, c, user, "trash"); err != nil {
		return nil, err
	}
	list, err := s.Records.ListTrash(ctx, store.TrashQuery{User: user, Run: store.RunID(r.Msg.GetRun()),
		Before: store.TrashID(r.Msg.GetBefore()), Limit: min(max(int(r.Msg.GetLimit()), 1), mostRows)})
	if err != nil {
		return nil, err
	}
	out := &contract.ListTrashResponse{}
	for i := range list {
		m, err := trashed(c, &list[i])
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, m)
	}
	return connect.NewResponse(out), nil
}

func trashed(c caller, t *store.Trash) (*contract.Trashed, error) {
	was, err := pim.Unmarshal(t.Content)
	if err != nil {
		return nil, fault.New(fault.StoreCorrupt, "api.ListTrash", string(t.User), err)
	}
	after, err := pim.Unmarshal(t.After)
	if err != nil {
		return nil, fault.New(fault.StoreCorrupt, "api.ListTrash", string(t.User), err)
	}
	m := &contract.Trashed{Id: int64(t.ID), Kind: contract.Kind(t.Kind), Side: contract.SideId(t.Side), Reason: contract.TrashReason(t.Reason),
		Title: c.itemTitle(t.User, was), At: stamp(t.At), Run: int64(t.Run), Restored: stamp(t.Restored)}
	if was != nil {
		m.Start, m.StartIsDay = startOf(was)
	}
	if was == nil || after == nil {
		return m, nil
	}
	b, e := was, after
	if t.Side == pim.Exchange {
		b, e = after, was
	}
	for _, f := range c.fields(t.User, b, e, t.Fields) {
		if f.GetDiffers() {
			m.Fields = append(m.Fields, f)
		}
	}
	return m, nil
}

// RestoreTrash brings one kept copy back, and carries it to the other side. For the
// user himself and administrators.
func (s *server) RestoreTrash(ctx context.Context, r *connect.Request[contract.RestoreTrashRequest]) (*connect.Response[contract.RestoreTrashResponse], error) {
	const op = "api.RestoreTrash"
	c, err := s.caller(ctx)
	if err != nil {
		return nil, err
	}
	q := store.TrashQuery{ID: store.TrashID(r.Msg.GetId()), Limit: 1}
	if !c.Admin {
		if q.User = c.user; c.user == "" {
			return nil, fault.New(fault.EmployeeUnknown, op, c.Name, nil)
		}
	}
	list, err := s.Records.ListTrash(ctx, q)
	if err == nil && (len(list) == 0 || q.ID == 0) {
		err = fault.New(fault.NotFound, op, "", nil)
	}
	if err != nil {
		return nil, err
	}
	t := list[0]
	if err := s.recordDeed(ctx, c, t.User, "restored from trash"); err != nil {
		return nil, err
	}
	code, err := s.Undoer.Restore(ctx, t.User, t.Kind, t.ID)
	if err != nil {
		return nil, err
	}
	if err := s.runNow(ctx, t.User, t.Kind); err != nil {
		return nil, err
	}
	return connect.NewResponse(&contract.RestoreTrashResponse{Code: string(code)}), nil
}

// UndoRun takes a whole run back, or tells what would become of that. For the user
// himself and administrators.
func (s *server) UndoRun(ctx context.Context, r *connect.Request[contract.UndoRunRequest]) (*connect.Response[contract.UndoRunResponse], error) {
	c, user, err := s.subject(ctx, r.Msg.GetUser())
	if err != nil {
		return nil, err
	}
	run, err := s.Records.RunOf(ctx, user, store.RunID(r.Msg.GetRun()))
	if err != nil {
		return nil, err
	}
	what := "undid run"
	if r.Msg.GetPreview() {
		what = "looked at undoing a run"
	}
	if err := s.recordDeed(ctx, c, user, what); err != nil {
		return nil, err
	}
	u, err := s.Undoer.Undo(ctx, user, run.Kind, run.ID, r.Msg.GetPreview())
	if err != nil {
		return nil, err
	}
	if !r.Msg.GetPreview() {
		if err := s.runNow(ctx, user, run.Kind); err != nil {
			return nil, err
		}
	}
	n := func(v int) uint64 { return uint64(max(v, 0)) }
	return connect.NewResponse(&contract.UndoRunResponse{Restored: n(u.Restored), Removed: n(u.Removed), Kept: n(u.Kept), Failed: n(u.Failed)}), nil
}
