package executor

import (
	"context"
	"encoding/json"
	"time"

	"abgleich/agent/engine"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/store"
)

// Options are kept whole as text in the store: what a user chose for a kind takes the
// place of what the parameters say, but for the policies he left open.

// MarshalOptions is the store's text of options. They must be right
// ([engine.Options.Check]).
func MarshalOptions(o engine.Options) (string, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return "", fault.New(fault.Internal, "executor.MarshalOptions", "", err)
	}
	return string(text), nil
}

// UnmarshalOptions reads what MarshalOptions wrote. [fault.StoreCorrupt].
func UnmarshalOptions(text string) (engine.Options, error) {
	var o engine.Options
	err := json.Unmarshal([]byte(text), &o)
	if err == nil {
		err = o.Check()
	}
	if err != nil {
		return o, fault.New(fault.StoreCorrupt, "executor.UnmarshalOptions", "", err)
	}
	return o, nil
}

// options are what holds for a user and kind.
func (x *Executor) options(ctx context.Context, user pim.UserID, kind pim.Kind) (engine.Options, error) {
	all, err := x.cfg.Store.UserOptions(ctx, user)
	if err != nil {
		return engine.Options{}, err
	}
	text := *all.Of(kind)
	if text == "" {
		return x.cfg.Options[kind], nil
	}
	o, err := UnmarshalOptions(text)
	if o.Groups == nil && o.Policy == "" {
		o.Groups = x.cfg.Options[kind].Groups
	}
	return o, err
}

// Options are what holds for a user and kind, and whether they are his own. Policies
// he leaves to the parameters are empty.
func (x *Executor) Options(ctx context.Context, user pim.UserID, kind pim.Kind) (o engine.Options, own bool, err error) {
	all, err := x.cfg.Store.UserOptions(ctx, user)
	if err != nil {
		return o, false, err
	}
	if text := *all.Of(kind); text != "" {
		o, err = UnmarshalOptions(text)
		return o, true, err
	}
	o = x.cfg.Options[kind]
	o.Policy, o.Groups = "", nil
	return o, false, nil
}

// SetOptions gives a user options of his own for the kinds named; nil ones are those
// of the parameters again. Nothing else changes until the next run.
func (x *Executor) SetOptions(ctx context.Context, user pim.UserID, by map[pim.Kind]*engine.Options) error {
	x.choosing.Lock()
	defer x.choosing.Unlock()
	all, err := x.cfg.Store.UserOptions(ctx, user)
	if err != nil {
		return err
	}
	for k, o := range by {
		text := ""
		if o != nil {
			if err := o.Check(); err != nil {
				return fault.New(fault.BadRequest, "executor.SetOptions", string(user), err)
			}
			if text, err = MarshalOptions(*o); err != nil {
				return err
			}
		}
		*all.Of(k) = text
	}
	return x.cfg.Store.SetUserOptions(ctx, all)
}

// rulesFor are what decisions about a task's items go by.
func (x *Executor) rulesFor(ctx context.Context, t Task) (engine.Rules, error) {
	zone := t.Account.Zone
	if zone == nil {
		zone = time.UTC
	}
	o, err := x.options(ctx, t.Account.User, t.Kind)
	return engine.Rules{
		Policy:   x.cfg.Policy,
		Business: x.cfg.Business.Projection(t.Kind), Exchange: x.cfg.Exchange.Projection(t.Kind),
		Options: o, Today: pim.DateOf(x.cfg.Now().In(zone)), Zone: zone,
	}, err
}

// applyOptions sees to it that everything is decided by the options in force: what
// was decided by others is decided anew. A kill leaves all or nothing of it done.
func (s *slice) applyOptions(ctx context.Context) error {
	o := s.rules.Options
	o.Policy, o.Groups = "", nil // they decide about what comes, and nothing waits for them
	now, err := MarshalOptions(o)
	if err != nil {
		return err
	}
	was, err := s.lease.OptionsInForce(ctx)
	if err != nil || was == now {
		return err
	}
	return s.lease.ApplyOptions(ctx, now)
}

// filter keeps new items that are outside from being taken for creations.
func (s *slice) filter(ctx context.Context) error {
	if s.state.CreationsChecked {
		return nil // they are decided one by one
	}
	var after store.RowID
	for {
		units, next, more, err := s.lease.Work(ctx, after, batchSize, store.RowReady)
		if err != nil {
			return err
		}
		after = next
		var b store.Batch
		for _, u := range units {
			for _, row := range u.Rows {
				if u.Pair != nil || row == nil || row.Gone || row.Item == nil {
					continue
				}
				item, err := pim.Unmarshal(row.Item)
				if err != nil {
					return fault.New(fault.StoreCorrupt, "executor.filter", string(row.ID), err)
				}
				if !s.rules.Travels(row.Side, item) {
					c := s.outside(row.Side, item)
					c.Seq = row.Seq
					b.States = append(b.States, c)
					if row.Trouble { // what is not to be made has no problem
						b.Clear = append(b.Clear, store.Ref{Side: row.Side, Item: row.ID})
					}
				}
			}
		}
		if err := s.lease.Apply(ctx, &b); err != nil || !more {
			return err
		}
	}
}

// outside is the state of a row whose item is outside: until somebody edits it, until
// the options change, or until time has brought it inside.
func (s *slice) outside(id pim.SideID, item pim.Item) store.StateChange {
	c := store.StateChange{State: store.RowBlocked, Code: fault.OutsideOptions}
	if day := s.rules.ComesInside(id, item); !day.IsZero() {
		c.State, c.NextTry = store.RowWaiting, day.In(s.rules.Zone)
	}
	return c
}

// filtered leaves alone what is outside.
func (l *ledger) filtered(j *job) error {
	l.clear(j)
	for _, r := range j.rows() {
		h := j.half(r.Side)
		c := store.StateChange{State: store.RowBlocked, Code: fault.OutsideOptions}
		if j.pair == nil {
			c = l.s.outside(r.Side, h.now())
		}
		if !h.fresh {
			c.Seq = r.Seq
			l.b.States = append(l.b.States, c)
			continue
		}
		row, err := l.row(j, r.Side)
		if err != nil {
			return err
		}
		row.State, row.Code, row.NextTry = c.State, c.Code, c.NextTry
		l.b.Rows = append(l.b.Rows, *row)
	}
	return nil
}

// waits keeps a change that the options hold back, for when it is decided anew. It
// tells whether there was one in a half.
func (l *ledger) waits(j *job, id pim.SideID) (bool, error) {
	h := j.half(id)
	base := j.d.Of(id).Base
	if j.d.Waits == 0 || h.now() == nil || base == nil || pim.Diff(base, h.now()) == 0 {
		return false, nil
	}
	row, err := l.row(j, id)
	if err != nil {
		return false, err
	}
	row.State, row.Code = store.RowBlocked, fault.OutsideOptions
	l.b.Rows = append(l.b.Rows, *row)
	return true, nil
}
