package business

import (
	"context"
	"errors"
	"fmt"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// batch is one write: a transaction on the business tables and, in an embedded
// database, on our keys.
type batch struct {
	f *folder
	*tx
	// s sees what the batch has written.
	s  session
	op string
	// rows are the items to be written as they stand; changed ones are reread.
	rows map[pim.ItemID]row
	// guarded tells that the item at work has a savepoint.
	guarded bool
}

func (f *folder) batch(ctx context.Context, op string, ids []pim.ItemID) (*batch, error) {
	t, err := f.d.begin(ctx, true)
	if err != nil {
		return nil, err
	}
	b := &batch{f: f, tx: t, op: op, s: session{main: t, ours: t, told: map[share]personal{}}}
	if f.d.ours != nil {
		if b.s.ours, err = f.d.ours.begin(ctx, false); err != nil {
			_ = t.Rollback()
			return nil, err
		}
	}
	want := make([]any, len(ids))
	for i, id := range ids {
		want[i] = rowID(id)
	}
	if b.rows, err = f.load(ctx, b.s, want, false); err != nil {
		b.end()
		return nil, err
	}
	return b, nil
}

// end gives up what is not committed.
func (b *batch) end() { b.s.end() }

// commit makes the batch durable. Beside a foreign database what participants have of
// their own follows: if that is lost, the caller finds what it wanted to write
// missing and writes it again.
func (b *batch) commit(ctx context.Context) error {
	if err := b.Commit(); err != nil {
		return err
	}
	if !b.f.d.cfg.Foreign || len(b.s.told) == 0 {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	w, err := b.f.d.ours.begin(ctx, true)
	if err != nil {
		return err
	}
	defer w.Rollback()
	for at, p := range b.s.told {
		if err := b.f.d.putPersonal(ctx, w, at.user, rowID(at.id), p); err != nil {
			return err
		}
	}
	return w.Commit()
}

// tell writes what a participant has of his own in an appointment.
func (b *batch) tell(ctx context.Context, user string, id any, p personal) error {
	if b.f.d.cfg.Foreign {
		b.s.told[share{user, itemID(id)}] = p
		return nil
	}
	return b.f.d.putPersonal(ctx, b.tx, user, id, p)
}

// item does the work on one item. An error that concerns the item alone is given
// back as its result; any other ends the batch. In an embedded database a single
// item is one statement, which SQLite undoes by itself when it fails; in a foreign
// one it is more, and has a savepoint, as a series has everywhere (see guard). That
// also shows whether a trigger of the database's owner rolled everything back
// (RAISE(ROLLBACK)): then rolling back to it fails, and with it the batch.
func (b *batch) item(ctx context.Context, id pim.ItemID, do func() (side.Outcome, error)) (side.Outcome, error) {
	b.guarded = false
	if b.f.d.cfg.Foreign {
		if err := b.guard(ctx); err != nil {
			return side.Outcome{}, err
		}
	}
	out, err := do()
	if err == nil {
		if b.guarded {
			_, err = b.exec(ctx, "RELEASE item")
		}
		return out, err
	}
	if _, own := errors.AsType[*fault.Error](err); !own && spoilsBatch(err) {
		return side.Outcome{}, err
	}
	if !b.guarded {
		return side.Outcome{ID: id, Err: b.refusal(id, err)}, nil
	}
	delete(b.s.told, share{b.f.user, id})
	if _, back := b.exec(ctx, "ROLLBACK TO item"); back != nil {
		return side.Outcome{}, fmt.Errorf("%w, and then: %w", err, back)
	}
	if _, back := b.exec(ctx, "RELEASE item"); back != nil {
		return side.Outcome{}, back
	}
	return side.Outcome{ID: id, Err: b.refusal(id, err)}, nil
}

// guard makes a savepoint before the first of several statements for one item.
func (b *batch) guard(ctx context.Context) error {
	if b.guarded {
		return nil
	}
	_, err := b.exec(ctx, "SAVEPOINT item")
	b.guarded = err == nil
	return err
}

// refusal gives an item's error its code: a view nobody can write is read-only, and
// a statement that makes no sense to the database is a refusal of the item.
func (b *batch) refusal(id pim.ItemID, err error) error {
	subject := b.f.kind.String() + " " + string(id)
	if _, own := errors.AsType[*fault.Error](err); own {
		return err
	}
	c := codeOf(err)
	if c == fault.Internal {
		c = fault.ItemRefused
		if b.f.d.views[b.f.rel.name] {
			c = fault.ReadOnly
		}
	}
	return fault.New(c, b.op, subject, err)
}

// check finds the row and compares its version.
func (b *batch) check(id pim.ItemID, v pim.Version) (row, error) {
	r, ok := b.rows[id]
	if !ok {
		return row{}, gone(b.op, b.f.kind, id)
	}
	if r.version() != v {
		return row{}, fault.New(fault.ItemChanged, b.op, b.f.kind.String()+" "+string(id), nil)
	}
	return r, nil
}

// acceptable refuses what cannot be written at all.
func (b *batch) acceptable(i pim.Item) (pim.Item, error) {
	p := project(i)
	if p == nil || p.Kind() != b.f.kind {
		return nil, fault.New(fault.ItemRefused, b.op, b.f.kind.String(), errors.New("no item of this kind"))
	}
	return p, nil
}

// carried refuses a series that cannot be carried, with the reason.
func (b *batch) carried(i pim.Item) error {
	if err := pim.CheckSeries(i); err != nil {
		return fault.New(fault.SeriesNotSupported, b.op, b.f.kind.String(), err)
	}
	return nil
}
