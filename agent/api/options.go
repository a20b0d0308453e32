package api

import (
	"context"

	"connectrpc.com/connect"

	"abgleich/agent/engine"
	"abgleich/agent/executor"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/ipc/contract"
)

// GetOptions gives the options in force for a user. For himself and administrators.
func (s *server) GetOptions(ctx context.Context, r *connect.Request[contract.GetOptionsRequest]) (*connect.Response[contract.GetOptionsResponse], error) {
	c, user, err := s.subject(ctx, r.Msg.GetUser())
	if err != nil {
		return nil, err
	}
	if err := s.known(ctx, c, user); err != nil {
		return nil, err
	}
	out, err := s.optionsOf(ctx, user)
	return connect.NewResponse(&contract.GetOptionsResponse{Options: out}), err
}

func (s *server) optionsOf(ctx context.Context, user pim.UserID) (*contract.Options, error) {
	out := &contract.Options{Standard: true}
	for _, k := range pim.Kinds() {
		o, own, err := s.Chooser.Options(ctx, user, k)
		if err != nil {
			return nil, err
		}
		m := optionsMessage(o)
		m.Standard = !own
		out.Standard = out.Standard && m.Standard
		if k == pim.KindTask {
			out.Tasks = m
		} else {
			out.Appointments = m
		}
	}
	return out, nil
}

// SetOptions changes a user's options, or only counts what the next run would do by
// them. For himself and administrators; who changed whose is recorded.
func (s *server) SetOptions(ctx context.Context, r *connect.Request[contract.SetOptionsRequest]) (*connect.Response[contract.SetOptionsResponse], error) {
	const op = "api.SetOptions"
	c, user, err := s.subject(ctx, r.Msg.GetUser())
	if err != nil {
		return nil, err
	}
	if err := s.known(ctx, c, user); err != nil {
		return nil, err
	}
	by, err := wanted(r.Msg.GetOptions())
	if err != nil {
		return nil, fault.New(fault.BadRequest, op, string(user), err)
	}
	if len(by) == 0 {
		return nil, fault.New(fault.BadRequest, op, string(user), nil)
	}
	if r.Msg.GetPreview() {
		return s.previewOptions(ctx, c, user, by)
	}
	// One's own are recorded too: they decide what others see in the business database.
	if err := s.record(ctx, c, "changed options", string(user)); err != nil {
		return nil, err
	}
	if err := s.Chooser.SetOptions(ctx, user, by); err != nil {
		return nil, err
	}
	kinds := make([]pim.Kind, 0, len(by))
	for _, k := range pim.Kinds() {
		if _, ok := by[k]; ok {
			kinds = append(kinds, k)
		}
	}
	if err := s.runNow(ctx, user, kinds...); err != nil {
		return nil, err
	}
	out, err := s.optionsOf(ctx, user)
	return connect.NewResponse(&contract.SetOptionsResponse{Options: out}), err
}

func (s *server) previewOptions(ctx context.Context, c caller, user pim.UserID, by map[pim.Kind]*engine.Options) (*connect.Response[contract.SetOptionsResponse], error) {
	if err := s.recordDeed(ctx, c, user, "looked at changing options"); err != nil {
		return nil, err
	}
	out := &contract.SetOptionsResponse{}
	for k, o := range by {
		e, err := s.Chooser.Preview(ctx, user, k, o)
		if err != nil {
			return nil, err
		}
		if k == pim.KindTask {
			out.Tasks = effectMessage(e)
		} else {
			out.Appointments = effectMessage(e)
		}
	}
	return connect.NewResponse(out), nil
}

func effectMessage(e executor.Effect) *contract.OptionsEffect {
	n := func(v int) uint64 { return uint64(max(v, 0)) }
	return &contract.OptionsEffect{
		JoinBusiness: n(e.JoinBusiness), JoinExchange: n(e.JoinExchange), Leave: n(e.Leave), Stay: n(e.Stay),
		UpdateBusiness: n(e.UpdateBusiness), UpdateExchange: n(e.UpdateExchange),
		OutsideBusiness: n(e.OutsideBusiness), OutsideExchange: n(e.OutsideExchange), Held: n(e.Held),
	}
}

// wanted reads what a request wants to be in force: of the kinds it names, nil for
// what the parameters say.
func wanted(m *contract.Options) (map[pim.Kind]*engine.Options, error) {
	by := map[pim.Kind]*engine.Options{}
	for _, x := range []struct {
		kind pim.Kind
		m    *contract.KindOptions
	}{{pim.KindAppointment, m.GetAppointments()}, {pim.KindTask, m.GetTasks()}} {
		switch {
		case m.GetStandard() || x.m.GetStandard():
			by[x.kind] = nil
		case x.m != nil:
			o := optionsFrom(x.m)
			if err := o.Check(); err != nil {
				return nil, err
			}
			by[x.kind] = o
		}
	}
	return by, nil
}

// optionsFrom reads a message. What it doesn't know becomes a word that fails
// [engine.Options.Check].
func optionsFrom(m *contract.KindOptions) *engine.Options {
	o := &engine.Options{Categories: m.GetCategories(), OpenOnly: m.GetOpenOnly(), Policy: engine.Policy(m.GetPolicy())}
	switch m.GetDirection() {
	case contract.Direction_DIRECTION_UNSPECIFIED, contract.Direction_DIRECTION_BOTH:
		o.Direction = engine.Both
	case contract.Direction_DIRECTION_TO_EXCHANGE:
		o.Direction = engine.ToExchange
	case contract.Direction_DIRECTION_TO_BUSINESS:
		o.Direction = engine.ToBusiness
	default:
		o.Direction = engine.Direction(m.GetDirection().String())
	}
	switch m.GetPrivate() {
	case contract.PrivateItems_PRIVATE_ITEMS_UNSPECIFIED, contract.PrivateItems_PRIVATE_ITEMS_BUSY:
		o.Private = engine.PrivateBusy
	case contract.PrivateItems_PRIVATE_ITEMS_WHOLE:
		o.Private = engine.PrivateWhole
	case contract.PrivateItems_PRIVATE_ITEMS_NOT:
		o.Private = engine.PrivateNot
	default:
		o.Private = engine.Privacy(m.GetPrivate().String())
	}
	day := func(v *uint32) *int {
		if v == nil {
			return nil
		}
		// More than anybody means is refused, and no overflow.
		n := int(min(*v, engine.MostDays+1))
		return &n
	}
	o.Past, o.Future = day(m.PastDays), day(m.FutureDays)
	for g, p := range m.GetFieldPolicies() {
		if p == "" {
			continue
		}
		if o.Groups == nil {
			o.Groups = make(map[engine.Group]engine.Policy)
		}
		o.Groups[engine.Group(g)] = engine.Policy(p)
	}
	return o
}

// optionsMessage is what optionsFrom reads.
func optionsMessage(o engine.Options) *contract.KindOptions {
	m := &contract.KindOptions{Categories: o.Categories, OpenOnly: o.OpenOnly, Policy: string(o.Policy),
		Direction: contract.Direction_DIRECTION_BOTH, Private: contract.PrivateItems_PRIVATE_ITEMS_WHOLE}
	switch o.Direction {
	case engine.ToExchange:
		m.Direction = contract.Direction_DIRECTION_TO_EXCHANGE
	case engine.ToBusiness:
		m.Direction = contract.Direction_DIRECTION_TO_BUSINESS
	}
	switch o.Private {
	case engine.PrivateBusy:
		m.Private = contract.PrivateItems_PRIVATE_ITEMS_BUSY
	case engine.PrivateNot:
		m.Private = contract.PrivateItems_PRIVATE_ITEMS_NOT
	}
	day := func(n *int) *uint32 {
		if n == nil {
			return nil
		}
		v := uint32(max(*n, 0))
		return &v
	}
	m.PastDays, m.FutureDays = day(o.Past), day(o.Future)
	for g, p := range o.Groups {
		if m.FieldPolicies == nil {
			m.FieldPolicies = make(map[string]string)
		}
		m.FieldPolicies[string(g)] = string(p)
	}
	return m
}
