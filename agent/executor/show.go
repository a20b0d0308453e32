package executor

import (
	"context"
	"errors"
	"slices"

	"abgleich/agent/engine"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/store"
)

// Shown is one item as both sides have it.
type Shown struct {
	// Business and Exchange are nil where it isn't, or isn't known.
	Business, Exchange pim.Item
	// Away names the sides that could not be asked just now: their item is what the
	// agent last knew.
	Away store.PerSide[bool]
	// Failed is why, nil where it wasn't tried.
	Failed store.PerSide[error]
	// Differ are the fields in which they mean different things, as far as both
	// sides can hold them; none where an item is missing.
	Differ pim.FieldSet
}

// Show reads one item and the one it is paired with, from both sides as they are
// now, but for those that are not to be asked. A side that can't be asked is no
// failure. Nothing is written.
func (x *Executor) Show(ctx context.Context, t Task, r store.Ref, not ...pim.SideID) (Shown, error) {
	var out Shown
	var j *job
	lease, err := x.cfg.Store.Look(ctx, t.Account.User, t.Kind)
	switch {
	case fault.Has(err, fault.NotFound):
		j = &job{}
	case err != nil:
		return out, err
	default:
		u, err := lease.UnitOf(ctx, r)
		if err != nil {
			return out, err
		}
		if j, err = newJob(u); err != nil {
			return out, err
		}
	}
	j.half(r.Side).id = r.Item
	var items store.PerSide[pim.Item]
	for _, sd := range []side.Side{x.cfg.Business, x.cfg.Exchange} {
		id := sd.ID()
		h := j.half(id)
		if h.id == "" {
			continue
		}
		var g pim.Item
		err := errNotAsked
		if !slices.Contains(not, id) {
			g, err = readOne(ctx, sd, t, h.id)
		}
		switch {
		case err == nil:
			*items.At(id) = g
		case ctx.Err() != nil:
			return out, fault.New(fault.Cancelled, "executor.Show", string(t.Account.User), ctx.Err())
		default:
			*out.Away.At(id) = true
			if !errors.Is(err, errNotAsked) {
				*out.Failed.At(id) = err
			}
			if h.row == nil || !h.row.Gone {
				*items.At(id) = h.now()
			}
		}
	}
	out.Business, out.Exchange = items[0], items[1]
	if out.Business != nil && out.Exchange != nil {
		rules := engine.Rules{Business: x.cfg.Business.Projection(t.Kind), Exchange: x.cfg.Exchange.Projection(t.Kind)}
		out.Differ = pim.FieldsOf(t.Kind) &^ rules.Same(out.Business, out.Exchange) & (rules.Business.Writable() | rules.Exchange.Writable())
	}
	return out, nil
}

var errNotAsked = errors.New("not asked")

// readOne reads an item as it is now, nil if it isn't there.
func readOne(ctx context.Context, sd side.Side, t Task, id pim.ItemID) (item pim.Item, err error) {
	f, err := sd.Open(ctx, t.Account, t.Kind)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	got, err := getAll(ctx, sd.ID(), looking(f), []pim.ItemID{id})
	if err != nil || fault.Has(got[0].Err, fault.ItemGone) {
		return nil, err
	}
	return got[0].Item, got[0].Err
}
