package fake

import (
	"context"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// Create makes new items.
func (f *folder) Create(ctx context.Context, in []side.Creation) ([]side.Outcome, error) {
	return write(ctx, f, OpCreate, in, func(c side.Creation) intent {
		return intent{
			effect: Effect{Key: c.Key},
			check:  func() bool { return f.checkCreation(c) },
			do: func() (*entry, error) {
				if e := f.s.copyOf(f.owner, c.Item); e != nil {
					return f.s.meet(e, f.owner, c.Item, c.Key).past(), nil
				}
				return f.s.add(f.owner, c.Item, c.Key), nil
			},
		}
	})
}

// Update writes fields.
func (f *folder) Update(ctx context.Context, in []side.Update) ([]side.Outcome, error) {
	return write(ctx, f, OpUpdate, in, func(u side.Update) intent {
		return intent{
			effect: Effect{ID: u.ID, Fields: u.Fields},
			check:  func() bool { return f.checkUpdate(u) },
			do: func() (*entry, error) {
				followed := false
				e, err := f.seen(OpUpdate, u.ID, u.Version, func(e *entry) {
					p, was := f.s.Projection(f.owner.kind), e.Item.Clone()
					pim.Apply(e.Item, pim.Canonical(u.Item), u.Fields&p.Writable())
					e.Item = p.Project(e.Item)
					followed = f.s.edited(f.owner, e, was)
				})
				if followed {
					e = e.past()
				}
				return e, err
			},
		}
	})
}

// Delete moves to Deleted Items, or leaves a tombstone.
func (f *folder) Delete(ctx context.Context, in []side.Deletion) ([]side.Outcome, error) {
	return write(ctx, f, OpDelete, in, func(d side.Deletion) intent {
		return intent{
			effect: Effect{ID: d.ID},
			check:  func() bool { return f.checkTarget(OpDelete, d.ID, d.Version) },
			do: func() (*entry, error) {
				return f.seen(OpDelete, d.ID, d.Version, func(e *entry) {
					f.s.ended(f.owner, e)
					f.s.leave(f.owner, e, side.PlaceDeleted)
				})
			},
		}
	})
}

// SetKeys writes keys.
func (f *folder) SetKeys(ctx context.Context, in []side.KeyAssignment) ([]side.Outcome, error) {
	return write(ctx, f, OpSetKeys, in, func(k side.KeyAssignment) intent {
		return intent{
			effect: Effect{ID: k.ID, Key: k.Key},
			check:  func() bool { return f.checkKey(k) },
			do: func() (*entry, error) {
				return f.seen(OpSetKeys, k.ID, k.Version, func(e *entry) {
					e.Key = k.Key
					f.s.changed(f.owner, e)
				})
			},
		}
	})
}

// seen changes an item if it still has the version the caller saw.
func (f *folder) seen(op Op, id pim.ItemID, v pim.Version, change func(*entry)) (*entry, error) {
	e, err := f.s.box(f.owner).find(id, op)
	if err != nil {
		return nil, err
	}
	if e.Version != v {
		return e, fault.New(fault.ItemChanged, "fake."+string(op), string(id), nil)
	}
	change(e)
	return e, nil
}

// intent is one write: check and do run with Side.mu held.
type intent struct {
	effect Effect
	check  func() bool
	do     func() (*entry, error)
}

// write carries a batch out, item by item, with whatever trouble is planned.
func write[T any](ctx context.Context, f *folder, op Op, in []T, intend func(T) intent) ([]side.Outcome, error) {
	if err := f.enter(ctx, op, len(in)); err != nil {
		return nil, err
	}
	out := make([]side.Outcome, len(in))
	lost := false
	for i, x := range in {
		it := intend(x)
		it.effect.Side, it.effect.User, it.effect.Kind, it.effect.Op = f.s.id, f.owner.user, f.owner.kind, op
		e, err := f.s.faults.begin(it.effect)
		if err != nil {
			return nil, err
		}
		o, done := f.one(e, it)
		f.s.faults.end(e, done)
		switch e.Trouble {
		case CrashBefore, CrashAfter:
			return nil, ErrCrash
		case LoseRequest:
			return nil, f.lost(e)
		case LoseReply:
			lost = true
		}
		out[i] = o
	}
	if lost {
		return nil, f.lost(Effect{Op: op})
	}
	return out, nil
}

func (f *folder) lost(e Effect) error {
	return fault.New(fault.ReplyLost, "fake."+string(e.Op), string(e.ID), nil)
}

// one carries out one effect, unless its trouble stands in the way.
func (f *folder) one(e Effect, it intent) (side.Outcome, bool) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	ok := it.check()
	switch e.Trouble {
	case CrashBefore, LoseRequest:
		return side.Outcome{}, false
	case LoseItemRequest:
		return side.Outcome{ID: e.ID, Err: f.lost(e)}, false
	case Refuse:
		ok = false
	case Stale:
		if x := f.s.box(f.owner).entries[e.ID]; x != nil && x.here() {
			f.s.changed(f.owner, x)
		}
	}
	if !ok {
		return f.refused(e), false
	}
	x, err := it.do()
	done := err == nil
	if done && e.Trouble == Twice && e.Op != OpCreate {
		x, err = it.do()
	}
	o := side.Outcome{ID: e.ID, Err: err}
	if x != nil {
		o.ID, o.Version = x.ID, x.Version
	}
	if err == nil && e.Trouble == LoseItemReply {
		o = side.Outcome{ID: e.ID, Err: f.lost(e)}
	}
	return o, done
}

func (f *folder) refused(e Effect) side.Outcome {
	o := side.Outcome{ID: e.ID, Err: fault.New(fault.ItemRefused, "fake."+string(e.Op), string(e.ID), nil)}
	if x := f.s.box(f.owner).entries[e.ID]; x != nil {
		o.Version = x.Version
	}
	return o
}
