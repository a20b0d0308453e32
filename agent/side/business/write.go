package business

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// newRow is a row just inserted, whose key is still to be announced (foreign).
type newRow struct {
	id   any
	key  pim.Key
	hash rowHash
	// guest tells that the user joined an appointment that was there, with own.
	guest bool
	own   personal
}

// Create makes new items; each becomes durable together with its key.
func (f *folder) Create(ctx context.Context, in []side.Creation) ([]side.Outcome, error) {
	const op = "business.Create"
	if len(in) == 0 {
		return nil, nil
	}
	defer f.d.exclusive()()
	b, err := f.batch(ctx, op, nil)
	if err != nil {
		return nil, coded(op, f.user, err)
	}
	defer b.end()
	out, rows, err := b.create(ctx, in)
	if err == nil && f.d.cfg.Foreign && len(rows) > 0 {
		err = f.d.announceKeys(ctx, f, rows)
	}
	if err != nil {
		return nil, coded(op, f.user, err)
	}
	err = b.commit(ctx)
	if f.d.cfg.Foreign && len(rows) > 0 {
		// What is announced must be settled even when the caller is being stopped.
		after := context.WithoutCancel(ctx)
		if err != nil {
			err = errors.Join(err, f.d.settlePending(after, f.d.main.Load()))
		} else {
			err = f.d.confirmKeys(after, f, rows)
		}
	}
	if err != nil {
		return nil, coded(op, f.user, err)
	}
	return out, nil
}

func (b *batch) create(ctx context.Context, in []side.Creation) ([]side.Outcome, []newRow, error) {
	out := make([]side.Outcome, len(in))
	rows := make([]newRow, 0, len(in))
	places := make([]int, 0, len(in))
	ids := make([]any, 0, len(in))
	insert := b.f.inserter()
	meetings, err := b.meetings(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	for i, c := range in {
		var id any
		o, err := b.item(ctx, "", func() (side.Outcome, error) {
			item, err := b.acceptable(c.Item)
			if err == nil {
				err = b.carried(item)
			}
			if err != nil {
				return side.Outcome{}, err
			}
			if m := meetings.of(item); m != nil {
				if err := b.guard(ctx); err != nil {
					return side.Outcome{}, err
				}
				id = m.id
				return side.Outcome{}, b.join(ctx, m, item)
			}
			s := seriesOf(item)
			if s != nil {
				if err := b.guard(ctx); err != nil {
					return side.Outcome{}, err
				}
			}
			if id, err = insert(ctx, b.tx, item, ""); err != nil || s == nil {
				return side.Outcome{}, err
			}
			return side.Outcome{}, b.begin(ctx, id, s)
		})
		if err != nil {
			return nil, nil, err
		}
		if out[i] = o; o.Err == nil {
			rows = append(rows, newRow{id: id, key: c.Key})
			places = append(places, i)
			ids = append(ids, id)
		} else {
			insert = b.f.inserter() // what it knows of the highest id was undone
		}
	}
	made, err := b.f.load(ctx, b.s, ids, false)
	if err != nil {
		return nil, nil, err
	}
	for n := range rows {
		r, ok := made[itemID(rows[n].id)]
		if !ok {
			return nil, nil, fault.New(fault.ItemRefused, b.op, b.f.user, errors.New("a new row is not visible in the folder"))
		}
		rows[n].hash, rows[n].guest, rows[n].own = r.hash, r.guest, r.own
		out[places[n]] = side.Outcome{ID: itemID(r.id), Version: r.version()}
		if r.guest {
			// What it says need not be what was asked for: the next feed tells.
			out[places[n]].Version = r.past()
		}
	}
	if !b.f.d.cfg.Foreign {
		err = putKeys(ctx, b.tx, b.f, rows)
	}
	return out, rows, err
}

// Update writes fields.
func (f *folder) Update(ctx context.Context, in []side.Update) ([]side.Outcome, error) {
	ids := make([]pim.ItemID, len(in))
	for i, u := range in {
		ids[i] = u.ID
	}
	return f.each1(ctx, "business.Update", ids, func(b *batch, i int) (side.Outcome, error) {
		u := in[i]
		r, err := b.check(u.ID, u.Version)
		if err != nil {
			return side.Outcome{}, err
		}
		item, err := b.acceptable(u.Item)
		if err != nil {
			return side.Outcome{}, err
		}
		shared, follows, err := b.updateOwn(ctx, &r, u.Fields, item)
		if err != nil {
			return side.Outcome{}, err
		}
		now, series, err := b.updateSeries(ctx, r, shared, item)
		if err == nil && !series {
			err = b.update(ctx, r.id, shared, item)
		}
		if err != nil {
			return side.Outcome{}, err
		}
		if series {
			b.rows[u.ID] = now
			if follows {
				return side.Outcome{ID: u.ID, Version: now.past()}, nil
			}
			return side.Outcome{ID: u.ID, Version: now.version()}, nil
		}
		if now, err = b.again(ctx, r.id); err != nil {
			return side.Outcome{}, err
		}
		b.rows[u.ID] = now
		return side.Outcome{ID: u.ID, Version: now.version()}, nil
	})
}

// again reads a row that was just written.
func (b *batch) again(ctx context.Context, id any) (row, error) {
	found, err := b.f.load(ctx, b.s, []any{id}, false)
	if err != nil {
		return row{}, err
	}
	r, ok := found[itemID(id)]
	if !ok {
		return row{}, fault.New(fault.ItemRefused, b.op, b.f.kind.String()+" "+string(itemID(id)),
			errors.New("the row left the folder while it was written"))
	}
	return r, nil
}

// update sets the columns of fields, but never those of the recurrence.
func (b *batch) update(ctx context.Context, id any, fields pim.FieldSet, item pim.Item) error {
	fields &^= pim.Fields(pim.FieldRecurrence)
	v, err := encodeSingle(item)
	if err != nil {
		return fault.New(fault.ItemRefused, b.op, b.f.kind.String(), err)
	}
	var (
		sets []string
		args []any
	)
	for _, fd := range fields.List() {
		for _, c := range fieldColumns(b.f.kind, fd) {
			sets = append(sets, b.f.rel.columns[c]+" = ?")
			args = append(args, v[c-colSubject])
		}
	}
	return b.set(ctx, id, sets, args)
}

// set writes columns of a row.
func (b *batch) set(ctx context.Context, id any, sets []string, args []any) error {
	if len(sets) == 0 {
		return nil
	}
	owner := b.f.user
	if r, ok := b.rows[itemID(id)]; ok {
		owner = r.owner
	}
	_, err := b.exec(ctx, `UPDATE `+b.f.rel.name+` SET `+strings.Join(sets, ", ")+` WHERE id = ? AND user_id = ?`,
		append(args, id, owner)...)
	return err
}

// Delete deletes rows; the feed keeps a tombstone. A participant only leaves.
func (f *folder) Delete(ctx context.Context, in []side.Deletion) ([]side.Outcome, error) {
	ids := make([]pim.ItemID, len(in))
	for i, u := range in {
		ids[i] = u.ID
	}
	const op = "business.Delete"
	defer f.d.exclusive()()
	out, err := f.each1(ctx, op, ids, func(b *batch, i int) (side.Outcome, error) {
		r, err := b.check(in[i].ID, in[i].Version)
		if err != nil {
			return side.Outcome{}, err
		}
		if r.guest {
			err = b.leave(ctx, r.id)
		} else {
			_, err = b.exec(ctx, `DELETE FROM `+f.rel.name+` WHERE id = ? AND user_id = ?`, r.id, f.user)
		}
		if err != nil {
			return side.Outcome{}, err
		}
		if f.d.cfg.Foreign {
			if !r.guest {
				if err := errors.Join(b.dropExceptions(ctx, r), b.dropParticipants(ctx, r.id)); err != nil {
					return side.Outcome{}, err
				}
			}
			left, err := f.load(ctx, b.s, []any{r.id}, false)
			if err != nil {
				return side.Outcome{}, err
			}
			if len(left) > 0 {
				return side.Outcome{}, fault.New(fault.ItemRefused, op, f.kind.String()+" "+string(in[i].ID),
					errors.New("the row is still there after it was deleted"))
			}
		}
		delete(b.rows, in[i].ID)
		return side.Outcome{ID: in[i].ID}, nil
	})
	if err == nil && f.d.cfg.Foreign {
		// Best effort: without it the comparison finds the rows missing all the same.
		_ = f.d.recordDeleted(context.WithoutCancel(ctx), f, out)
	}
	return out, err
}

// exclusive keeps other writes and comparisons out of a foreign database; the
// function it returns lets them in again.
func (d *Database) exclusive() (release func()) {
	if !d.cfg.Foreign {
		return func() {}
	}
	d.foreignWork.Lock()
	return d.foreignWork.Unlock
}

// SetKeys writes keys. They stand beside the items, so no version changes.
func (f *folder) SetKeys(ctx context.Context, in []side.KeyAssignment) ([]side.Outcome, error) {
	const op = "business.SetKeys"
	ids := make([]pim.ItemID, len(in))
	for i, u := range in {
		ids[i] = u.ID
	}
	if !f.d.cfg.Foreign {
		return f.each1(ctx, op, ids, func(b *batch, i int) (side.Outcome, error) {
			r, err := b.check(in[i].ID, in[i].Version)
			if err != nil {
				return side.Outcome{}, err
			}
			if r.guest && r.unset {
				// This is his first copy: from now on it has nothing from the owner's.
				if err := b.tell(ctx, b.f.user, r.id, r.own); err != nil {
					return side.Outcome{}, err
				}
			}
			return side.Outcome{ID: in[i].ID, Version: r.version()}, putKey(ctx, b.tx, f, r.id, in[i].Key)
		})
	}
	if len(in) == 0 {
		return nil, nil
	}
	defer f.d.exclusive()()
	out, err := f.setForeignKeys(ctx, op, ids, in)
	return out, coded(op, f.user, err)
}

// setForeignKeys only reads the foreign database.
func (f *folder) setForeignKeys(ctx context.Context, op string, ids []pim.ItemID, in []side.KeyAssignment) ([]side.Outcome, error) {
	r, err := f.d.begin(ctx, false)
	if err != nil {
		return nil, err
	}
	defer r.Rollback()
	want := make([]any, len(ids))
	for i, id := range ids {
		want[i] = rowID(id)
	}
	w, err := f.d.ours.begin(ctx, true)
	if err != nil {
		return nil, err
	}
	defer w.Rollback()
	rows, err := f.load(ctx, session{main: r, ours: w}, want, false)
	if err != nil {
		return nil, err
	}
	b := &batch{f: f, op: op, rows: rows}
	out := make([]side.Outcome, len(in))
	for i, k := range in {
		out[i].ID = k.ID
		found, err := b.check(k.ID, k.Version)
		if err != nil {
			out[i].Err = err
			continue
		}
		if found.guest && found.unset {
			if err := f.d.putPersonal(ctx, w, f.user, found.id, found.own); err != nil {
				return nil, err
			}
		}
		if err := putKey(ctx, w, f, found.id, k.Key); err != nil {
			return nil, err
		}
		out[i].Version = found.version()
	}
	return out, w.Commit()
}

// each1 carries a batch out item by item in one transaction.
func (f *folder) each1(ctx context.Context, op string, ids []pim.ItemID, do func(*batch, int) (side.Outcome, error)) ([]side.Outcome, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	b, err := f.batch(ctx, op, ids)
	if err != nil {
		return nil, coded(op, f.user, err)
	}
	defer b.end()
	out := make([]side.Outcome, len(ids))
	for i, id := range ids {
		if out[i], err = b.item(ctx, id, func() (side.Outcome, error) { return do(b, i) }); err != nil {
			return nil, coded(op, f.user, err)
		}
	}
	if err := b.commit(ctx); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return nil, coded(op, f.user, err)
	} else if err != nil {
		return nil, coded(op, f.user, errors.Join(err, ctx.Err()))
	}
	return out, nil
}
