package api

import (
	"context"
	"time"

	"connectrpc.com/connect"

	"abgleich/agent/executor"
	"abgleich/agent/pim"
	"abgleich/ipc/contract"
)

const (
	// comparedAtOnce is how many items a message of a comparison carries.
	comparedAtOnce = 100
	// comparedPause is how long a comparison is silent at the most while it reads.
	comparedPause = 300 * time.Millisecond
)

// Compare tells of every item of a user how both sides stand. For the user himself;
// administrators see the content hidden unless it was granted.
func (s *server) Compare(ctx context.Context, r *connect.Request[contract.CompareRequest], out *connect.ServerStream[contract.CompareResponse]) error {
	c, user, err := s.subject(ctx, r.Msg.GetUser())
	if err != nil {
		return err
	}
	if err := s.recordLook(ctx, c, user, "comparison"); err != nil {
		return err
	}
	kinds := kindsOf(r.Msg.GetKind())
	if kinds == nil {
		kinds = pim.Kinds()
	}
	m, last := &contract.CompareResponse{}, s.Now()
	send := func() error {
		err := out.Send(m)
		m = &contract.CompareResponse{Equal: m.GetEqual(), Differing: m.GetDiffering()}
		last = s.Now()
		return err
	}
	for _, k := range kinds {
		err := s.Comparer.Compare(ctx, user, k, func(v executor.Compared) error {
			equal := v.State == executor.CompareEqual
			if equal {
				m.Equal++
			} else {
				m.Differing++
			}
			if !equal || !r.Msg.GetDifferingOnly() {
				m.Items = append(m.Items, compared(c, user, k, v))
			}
			if len(m.Items) < comparedAtOnce && s.Now().Sub(last) < comparedPause {
				return nil
			}
			return send()
		})
		if err != nil {
			return err
		}
	}
	m.Done = true
	return send()
}

func compared(c caller, user pim.UserID, k pim.Kind, v executor.Compared) *contract.Compared {
	m := &contract.Compared{Kind: contract.Kind(k), State: contract.CompareState(v.State), Code: string(v.Code),
		Business: v.Business != nil, Exchange: v.Exchange != nil}
	item := v.Business
	if item == nil {
		item = v.Exchange
	}
	m.Title = c.itemTitle(user, item)
	if v.Exchange != nil && isPrivate(v.Exchange) {
		m.Title = c.itemTitle(user, v.Exchange)
	}
	if item != nil {
		m.Start, m.StartIsDay = startOf(item)
	}
	if v.Business != nil && v.Exchange != nil {
		for _, f := range c.fields(user, v.Business, v.Exchange, v.Differ) {
			if f.GetDiffers() {
				m.Fields = append(m.Fields, f)
			}
		}
	}
	return m
}
