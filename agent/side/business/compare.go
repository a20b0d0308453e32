package business

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// sight is one row as it was last seen in a foreign database.
type sight struct {
	id   any
	hash []byte
}

// compare finds what changed in a foreign database since the last look, by walking
// its rows and the remembered hashes side by side in the order of ids, and writes
// the differences into our own feed. Both walks are streams: memory stays flat.
func (d *Database) compare(ctx context.Context, f *folder) error {
	d.foreignWork.Lock()
	defer d.foreignWork.Unlock()
	r, err := d.begin(ctx, false)
	if err != nil {
		return err
	}
	defer r.Rollback()
	w, err := d.ours.begin(ctx, true)
	if err != nil {
		return err
	}
	defer w.Rollback()
	past := &memory{f: f, t: w}
	err = f.walk(ctx, session{main: r, ours: w}, false, func(now row, _ []sql.RawBytes) error {
		for {
			was, ok, err := past.peek(ctx)
			if err != nil {
				return err
			}
			order := 1
			if ok {
				order = compareIDs(was.id, now.id)
			}
			switch {
			case order < 0:
				past.pop()
				if err := f.missing(ctx, r, w, was.id); err != nil {
					return err
				}
				continue
			case order == 0:
				past.pop()
				if string(was.hash) == string(now.hash[:]) {
					return nil
				}
			}
			return f.seen(ctx, w, now)
		}
	})
	if err != nil {
		return err
	}
	for {
		was, ok, err := past.peek(ctx)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		past.pop()
		if err := f.missing(ctx, r, w, was.id); err != nil {
			return err
		}
	}
	return w.Commit()
}

// seen records a new or changed row.
func (f *folder) seen(ctx context.Context, w *tx, now row) error {
	if _, err := w.exec(ctx, `INSERT INTO seen (kind, user_id, item_id, hash) VALUES (?,?,?,?)
		ON CONFLICT (kind, user_id, item_id) DO UPDATE SET hash = excluded.hash`, f.kind, f.user, now.id, now.hash[:]); err != nil {
		return err
	}
	return f.note(ctx, w, now.id, rowHere)
}

// missing records a row that is not in the folder any more, and forgets what the user
// had of his own in it. Its key is forgotten
// unless the row lives on with another owner: a foreign database may use an id
// again, and the next item must not inherit the key.
func (f *folder) missing(ctx context.Context, r, w *tx, id any) error {
	var elsewhere int
	if err := queryRow(ctx, r, `SELECT count(*) FROM `+f.rel.name+` WHERE id = ?`, []any{id}, &elsewhere); err != nil {
		return err
	}
	return f.forget(ctx, w, id, rowLeft, elsewhere == 0)
}

func (f *folder) forget(ctx context.Context, w *tx, id any, how int, key bool) error {
	if _, err := w.exec(ctx, `DELETE FROM seen WHERE kind = ? AND user_id = ? AND item_id = ?`, f.kind, f.user, id); err != nil {
		return err
	}
	if f.kind == pim.KindAppointment {
		if _, err := w.exec(ctx, `DELETE FROM participant_fields WHERE appointment_id = ? AND user_id = ?`, id, f.user); err != nil {
			return err
		}
	}
	if key {
		if _, err := w.exec(ctx, `DELETE FROM item_keys WHERE item_id = ? AND kind = ? AND user_id = ?`, id, f.kind, f.user); err != nil {
			return err
		}
	}
	return f.note(ctx, w, id, how)
}

func (f *folder) note(ctx context.Context, w *tx, id any, gone int) error {
	_, err := w.exec(ctx, `INSERT INTO changes (kind, user_id, item_id, gone) VALUES (?,?,?,?)`, f.kind, f.user, id, gone)
	return err
}

// recordDeleted remembers our own deletions, which a comparison could not tell from
// rows that a view no longer shows.
func (d *Database) recordDeleted(ctx context.Context, f *folder, out []side.Outcome) error {
	w, err := d.ours.begin(ctx, true)
	if err != nil {
		return err
	}
	defer w.Rollback()
	for _, o := range out {
		if o.Err == nil {
			if err := f.forget(ctx, w, rowID(o.ID), rowDeleted, true); err != nil {
				return err
			}
		}
	}
	return w.Commit()
}

// memory walks the remembered hashes in the order of ids, some at a time.
type memory struct {
	f    *folder
	t    *tx
	page []sight
	last any
	done bool
}

const memoryPage = 1000

func (m *memory) pop() { m.page = m.page[1:] }

func (m *memory) peek(ctx context.Context) (sight, bool, error) {
	if len(m.page) == 0 && !m.done {
		if err := m.fill(ctx); err != nil {
			return sight{}, false, err
		}
	}
	if len(m.page) == 0 {
		return sight{}, false, nil
	}
	return m.page[0], true, nil
}

func (m *memory) fill(ctx context.Context) error {
	text := `SELECT item_id, hash FROM seen WHERE kind = ? AND user_id = ? ORDER BY item_id LIMIT ?`
	args := []any{m.f.kind, m.f.user, memoryPage}
	if m.last != nil {
		text = `SELECT item_id, hash FROM seen WHERE kind = ? AND user_id = ? AND item_id > ? ORDER BY item_id LIMIT ?`
		args = []any{m.f.kind, m.f.user, m.last, memoryPage}
	}
	rows, err := m.t.query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	m.page = m.page[:0]
	for rows.Next() {
		var s sight
		if err := rows.Scan(&s.id, &s.hash); err != nil {
			return err
		}
		m.page = append(m.page, s)
	}
	if m.done = len(m.page) < memoryPage; len(m.page) > 0 {
		m.last = m.page[len(m.page)-1].id
	}
	return errors.Join(rows.Err(), rows.Close())
}

// compareIDs orders ids as SQLite does: numbers first, then texts byte by byte.
func compareIDs(a, b any) int {
	x, xn := a.(int64)
	y, yn := b.(int64)
	switch {
	case xn && yn && x < y:
		return -1
	case xn && yn && x > y:
		return 1
	case xn && yn:
		return 0
	case xn:
		return -1
	case yn:
		return 1
	}
	return strings.Compare(string(pim.ItemID(itemID(a))), string(itemID(b)))
}
