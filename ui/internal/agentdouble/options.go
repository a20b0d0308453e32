package agentdouble

import (
	"context"
	"fmt"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"abgleich/ipc/contract"
)

// GetOptions gives the scripted ones.
func (a *Agent) GetOptions(_ context.Context, r *connect.Request[contract.GetOptionsRequest]) (*connect.Response[contract.GetOptionsResponse], error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.books.Options == nil {
		return nil, refuse(connect.CodeNotFound, "employee-unknown")
	}
	return connect.NewResponse(&contract.GetOptionsResponse{Options: proto.CloneOf(a.books.Options)}), nil
}

// SetOptions counts what was scripted, or takes over what is named. With Step set it
// waits before it answers.
func (a *Agent) SetOptions(ctx context.Context, r *connect.Request[contract.SetOptionsRequest]) (*connect.Response[contract.SetOptionsResponse], error) {
	m := r.Msg
	a.note("options user=%s preview=%v appointments=%s tasks=%s", m.GetUser(), m.GetPreview(), brief(m.GetOptions().GetAppointments()), brief(m.GetOptions().GetTasks()))
	a.mu.Lock()
	step := a.step
	a.mu.Unlock()
	if step != nil {
		select {
		case <-step:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	call := "SetOptions"
	if m.GetPreview() {
		call = "PreviewOptions"
	}
	if err := a.refused(call); err != nil {
		return nil, err
	}
	if m.GetPreview() {
		out := proto.CloneOf(a.books.Effect)
		if m.GetOptions().GetAppointments() == nil {
			out.Appointments = nil
		}
		if m.GetOptions().GetTasks() == nil {
			out.Tasks = nil
		}
		return connect.NewResponse(out), nil
	}
	if o := m.GetOptions().GetAppointments(); o != nil {
		a.books.Options.Appointments = o
	}
	if o := m.GetOptions().GetTasks(); o != nil {
		a.books.Options.Tasks = o
	}
	return connect.NewResponse(&contract.SetOptionsResponse{Options: proto.CloneOf(a.books.Options)}), nil
}

// brief says what of options a test looks at.
func brief(o *contract.KindOptions) string {
	switch {
	case o == nil:
		return "-"
	case o.GetStandard():
		return "standard"
	}
	days := func(n *uint32) string {
		if n == nil {
			return "all"
		}
		return fmt.Sprint(*n)
	}
	return fmt.Sprintf("%d,%s,%s,%v,%v,%d,%s,%v", o.GetDirection(), days(o.PastDays), days(o.FutureDays), o.GetCategories(), o.GetOpenOnly(), o.GetPrivate(), o.GetPolicy(), o.GetFieldPolicies())
}

// StandardOptions are those of somebody who has none of his own.
func StandardOptions() *contract.Options {
	past := uint32(30)
	return &contract.Options{Standard: true,
		Appointments: &contract.KindOptions{Standard: true, Direction: contract.Direction_DIRECTION_BOTH, PastDays: &past, Private: contract.PrivateItems_PRIVATE_ITEMS_BUSY},
		Tasks:        &contract.KindOptions{Standard: true, Direction: contract.Direction_DIRECTION_BOTH, Private: contract.PrivateItems_PRIVATE_ITEMS_BUSY}}
}

// AnEffect is what a narrower filter would do.
func AnEffect() *contract.SetOptionsResponse {
	return &contract.SetOptionsResponse{
		Appointments: &contract.OptionsEffect{JoinBusiness: 214, JoinExchange: 3, Stay: 1_402, Leave: 18, OutsideBusiness: 3_107, OutsideExchange: 96, Held: 214},
		Tasks:        &contract.OptionsEffect{Stay: 321, OutsideBusiness: 57},
	}
}
