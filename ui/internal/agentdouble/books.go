package agentdouble

import (
	"context"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"abgleich/ipc/contract"
)

// Books are the lists an agent keeps, as far as the pages read them.
type Books struct {
	// Compared is what a comparison finds, in messages of two items.
	Compared []*contract.Compared
	Runs     []*contract.Run
	Trash    []*contract.Trashed
	// Undo is what becomes of taking back any run.
	Undo *contract.UndoRunResponse
	// Plan is what a dry run foretells; nil refuses.
	Plan *contract.PlanRunResponse
	// Options are those in force; nil refuses. Effect is what any change would do.
	Options *contract.Options
	Effect  *contract.SetOptionsResponse
	// Errors are the error logs by user; "" is the caller's own.
	Errors map[string][]string
	// Office is what only administrators see; nil: the caller is none.
	Office *Office
	// Refuse makes a call fail with a fault code, by the call's name.
	Refuse map[string]string
}

func (a *Agent) refused(call string) error {
	if code := a.books.Refuse[call]; code != "" {
		return refuse(connect.CodeFailedPrecondition, code)
	}
	return nil
}

// Compare sends what was scripted; with Step set it waits before each message.
func (a *Agent) Compare(ctx context.Context, _ *connect.Request[contract.CompareRequest], s *connect.ServerStream[contract.CompareResponse]) error {
	a.note("compare")
	a.mu.Lock()
	items, step, err := a.books.Compared, a.step, a.refused("Compare")
	a.mu.Unlock()
	if err != nil {
		return err
	}
	m := &contract.CompareResponse{}
	for i, c := range items {
		if c.GetState() == contract.CompareState_COMPARE_STATE_EQUAL {
			m.Equal++
		} else {
			m.Differing++
		}
		m.Items = append(m.Items, c)
		if i%2 == 0 && i < len(items)-1 {
			continue
		}
		if step != nil {
			select {
			case <-step:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		m.Done = i == len(items)-1
		if err := s.Send(m); err != nil {
			return err
		}
		m = &contract.CompareResponse{Equal: m.Equal, Differing: m.Differing}
	}
	if len(items) == 0 {
		return s.Send(&contract.CompareResponse{Done: true})
	}
	return nil
}

// ListRuns gives the scripted ones.
func (a *Agent) ListRuns(_ context.Context, r *connect.Request[contract.ListRunsRequest]) (*connect.Response[contract.ListRunsResponse], error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := &contract.ListRunsResponse{}
	for _, run := range a.books.Runs {
		if b := r.Msg.GetBefore(); (b == 0 || run.GetId() < b) && len(out.Runs) < int(r.Msg.GetLimit()) {
			out.Runs = append(out.Runs, run)
		}
	}
	return connect.NewResponse(out), a.refused("ListRuns")
}

// UndoRun tells what was scripted, and marks the run unless it is a preview.
func (a *Agent) UndoRun(_ context.Context, r *connect.Request[contract.UndoRunRequest]) (*connect.Response[contract.UndoRunResponse], error) {
	a.note("undo %d preview=%v", r.Msg.GetRun(), r.Msg.GetPreview())
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, run := range a.books.Runs {
		if run.GetId() == r.Msg.GetRun() && !r.Msg.GetPreview() {
			a.books.Runs[i] = proto.CloneOf(run)
			a.books.Runs[i].Undone = timestamppb.Now()
		}
	}
	return connect.NewResponse(proto.CloneOf(a.books.Undo)), a.refused("UndoRun")
}

// ListTrash gives the scripted ones.
func (a *Agent) ListTrash(_ context.Context, r *connect.Request[contract.ListTrashRequest]) (*connect.Response[contract.ListTrashResponse], error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := &contract.ListTrashResponse{}
	for _, e := range a.books.Trash {
		if run := r.Msg.GetRun(); run == 0 || e.GetRun() == run {
			out.Items = append(out.Items, e)
		}
	}
	return connect.NewResponse(out), a.refused("ListTrash")
}

// RestoreTrash marks the kept copy as restored.
func (a *Agent) RestoreTrash(_ context.Context, r *connect.Request[contract.RestoreTrashRequest]) (*connect.Response[contract.RestoreTrashResponse], error) {
	a.note("restore %d", r.Msg.GetId())
	a.mu.Lock()
	defer a.mu.Unlock()
	if code := a.books.Refuse["RestoreTrash"]; code != "" {
		return connect.NewResponse(&contract.RestoreTrashResponse{Code: code}), nil
	}
	for i, e := range a.books.Trash {
		if e.GetId() == r.Msg.GetId() {
			a.books.Trash[i] = proto.CloneOf(e)
			a.books.Trash[i].Restored = timestamppb.Now()
		}
	}
	return connect.NewResponse(&contract.RestoreTrashResponse{}), nil
}

// PlanRun foretells what was scripted.
func (a *Agent) PlanRun(context.Context, *connect.Request[contract.PlanRunRequest]) (*connect.Response[contract.PlanRunResponse], error) {
	a.note("plan")
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.refused("PlanRun"); err != nil {
		return nil, err
	}
	if a.books.Plan == nil {
		return nil, refuse(connect.CodeFailedPrecondition, "credentials-missing")
	}
	return connect.NewResponse(a.books.Plan), nil
}
