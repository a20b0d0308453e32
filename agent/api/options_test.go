package api_test

import (
	"context"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"abgleich/agent/engine"
	"abgleich/agent/executor"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/ipc/contract"
	"abgleich/ipc/pipe"
)

// chooser plays the executor: it keeps options and foretells a fixed effect.
type chooser struct {
	own      map[pim.Kind]*engine.Options
	previews []pim.Kind
}

func (c *chooser) Options(_ context.Context, _ pim.UserID, k pim.Kind) (engine.Options, bool, error) {
	if o := c.own[k]; o != nil {
		return *o, true, nil
	}
	month := 30
	return engine.Options{Past: &month, Private: engine.PrivateBusy}, false, nil
}

func (c *chooser) SetOptions(_ context.Context, _ pim.UserID, by map[pim.Kind]*engine.Options) error {
	for k, o := range by {
		c.own[k] = o
	}
	return nil
}

func (c *chooser) Preview(_ context.Context, _ pim.UserID, k pim.Kind, _ *engine.Options) (executor.Effect, error) {
	c.previews = append(c.previews, k)
	return executor.Effect{JoinBusiness: 1, JoinExchange: 2, Leave: 3, Stay: 4, UpdateBusiness: 5, UpdateExchange: 6,
		OutsideBusiness: 7, OutsideExchange: 8, Held: 9}, nil
}

func optionsTries() []try {
	user := string(anna)
	mine := &contract.Options{Tasks: &contract.KindOptions{OpenOnly: true}}
	return []try{
		{"GetOptions", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.GetOptions, &contract.GetOptionsRequest{User: user})
		}, hers()},
		{"GetOptions, own", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.GetOptions, &contract.GetOptionsRequest{})
		}, own()},
		{"SetOptions", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.SetOptions, &contract.SetOptionsRequest{User: user, Options: mine})
		}, hers()},
		{"SetOptions, preview", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.SetOptions, &contract.SetOptionsRequest{User: user, Options: mine, Preview: true})
		}, hers()},
		{"SetOptions, own", func(ctx context.Context, _ *rig, _ pipe.Peer, c client) answer {
			return call(ctx, c.SetOptions, &contract.SetOptionsRequest{Options: mine})
		}, own()},
	}
}

func days(n uint32) *uint32 { return &n }

func TestOptionsComeBackAsTheyWereSetAndRunTheKindsTheyAreFor(t *testing.T) {
	r := newRig(t)
	get := func() *contract.Options {
		t.Helper()
		m, err := r.as(annaPeer).GetOptions(t.Context(), connect.NewRequest(&contract.GetOptionsRequest{}))
		r.must(err)
		return m.Msg.GetOptions()
	}
	at := get()
	standard := &contract.KindOptions{Direction: contract.Direction_DIRECTION_BOTH, PastDays: days(30),
		Private: contract.PrivateItems_PRIVATE_ITEMS_BUSY, Standard: true}
	if !at.GetStandard() || !proto.Equal(at.GetAppointments(), standard) || !proto.Equal(at.GetTasks(), standard) {
		t.Errorf("at first %v", at)
	}
	want := &contract.KindOptions{Direction: contract.Direction_DIRECTION_TO_BUSINESS, PastDays: days(0), FutureDays: days(365),
		Categories: []string{"Work", "Customer"}, Private: contract.PrivateItems_PRIVATE_ITEMS_NOT, Policy: "business",
		FieldPolicies: map[string]string{"time": "exchange"}}
	got, err := r.as(annaPeer).SetOptions(t.Context(), connect.NewRequest(&contract.SetOptionsRequest{Options: &contract.Options{Appointments: want}}))
	r.must(err)
	if o := got.Msg.GetOptions(); !proto.Equal(o.GetAppointments(), want) || !proto.Equal(o.GetTasks(), standard) || o.GetStandard() || !proto.Equal(o, get()) {
		t.Errorf("got %v", o)
	}
	if got.Msg.GetAppointments() != nil || len(r.chooser.previews) != 0 {
		t.Error("a change counts too")
	}
	if !r.control.asked("sync ANNA") || !r.audited("anna", "changed options", string(anna)) {
		t.Error("no run, or no record")
	}
	// Whole again, by one word; and what is left open is the standard's.
	_, err = r.as(admin).SetOptions(t.Context(), connect.NewRequest(&contract.SetOptionsRequest{User: string(anna), Options: &contract.Options{
		Appointments: &contract.KindOptions{Standard: true, OpenOnly: true}, Tasks: &contract.KindOptions{}}}))
	r.must(err)
	whole := &contract.KindOptions{Direction: contract.Direction_DIRECTION_BOTH, Private: contract.PrivateItems_PRIVATE_ITEMS_BUSY}
	if o := get(); !proto.Equal(o.GetAppointments(), standard) || !proto.Equal(o.GetTasks(), whole) {
		t.Errorf("got %v", o)
	}
	if !r.audited("root", "changed options", string(anna)) {
		t.Error("not recorded")
	}
	_, err = r.as(annaPeer).SetOptions(t.Context(), connect.NewRequest(&contract.SetOptionsRequest{Options: &contract.Options{Standard: true}}))
	r.must(err)
	if o := get(); !o.GetStandard() {
		t.Errorf("got %v", o)
	}
}

func TestAPreviewOfOptionsChangesNothing(t *testing.T) {
	r := newRig(t)
	m, err := r.as(admin).SetOptions(t.Context(), connect.NewRequest(&contract.SetOptionsRequest{User: string(anna), Preview: true,
		Options: &contract.Options{Tasks: &contract.KindOptions{Direction: contract.Direction_DIRECTION_TO_EXCHANGE}}}))
	r.must(err)
	want := &contract.OptionsEffect{JoinBusiness: 1, JoinExchange: 2, Leave: 3, Stay: 4, UpdateBusiness: 5, UpdateExchange: 6,
		OutsideBusiness: 7, OutsideExchange: 8, Held: 9}
	if !proto.Equal(m.Msg.GetTasks(), want) || m.Msg.GetAppointments() != nil || m.Msg.GetOptions() != nil {
		t.Errorf("got %v", m.Msg)
	}
	if len(r.chooser.own) != 0 || r.control.asked("sync ANNA") || r.audited("root", "changed options", string(anna)) {
		t.Error("a preview changes something")
	}
	if !r.audited("root", "looked at changing options", string(anna)) {
		t.Error("an administrator's look is not recorded")
	}
}

func TestOptionsThatMakeNoSenseChangeNothing(t *testing.T) {
	for name, o := range map[string]*contract.Options{
		"none":                {},
		"a direction":         {Tasks: &contract.KindOptions{Direction: 9}},
		"a way of private":    {Tasks: &contract.KindOptions{Private: 9}},
		"a policy":            {Tasks: &contract.KindOptions{Policy: "loudest"}},
		"a group":             {Tasks: &contract.KindOptions{FieldPolicies: map[string]string{"colour": "newer"}}},
		"a policy of a group": {Tasks: &contract.KindOptions{FieldPolicies: map[string]string{"time": "older"}}},
		"a long time":         {Tasks: &contract.KindOptions{PastDays: days(1 << 31)}},
		"a nameless category": {Tasks: &contract.KindOptions{Categories: []string{" "}}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			for _, preview := range []bool{true, false} {
				_, err := r.as(annaPeer).SetOptions(t.Context(), connect.NewRequest(&contract.SetOptionsRequest{Options: o, Preview: preview}))
				r.code(err, fault.BadRequest)
			}
			if len(r.chooser.own) != 0 || r.control.asked("sync ANNA") || r.audited("anna", "changed options", string(anna)) {
				t.Error("something changed")
			}
		})
	}
	r := newRig(t)
	_, err := r.as(admin).SetOptions(t.Context(), connect.NewRequest(&contract.SetOptionsRequest{User: "ANNE", Options: &contract.Options{Standard: true}}))
	r.code(err, fault.EmployeeUnknown)
}
