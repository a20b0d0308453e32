package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// Wish is how far what a person wants undone has come. The values are stored: fixed.
type Wish uint8

// Wishes.
const (
	// WishNone: nobody asked for it.
	WishNone Wish = 0
	// WishWanted: a person asked; the next slice sees to it.
	WishWanted Wish = 1
	// WishBegun: a side was asked, or is about to be: what became of it is looked up
	// before it is asked again.
	WishBegun Wish = 2
	// WishDone: it is back, or removed.
	WishDone Wish = 3
	// WishLeft: it was left as it is, for a reason.
	WishLeft Wish = 4
)

// WishChange tells how far a wish has come: of a kept copy, or of a created item.
type WishChange struct {
	Trash   TrashID
	Created CreatedID
	Wish    Wish
	Code    fault.Code
	// Key is the one a deleted item is made again with, "" to leave the recorded one.
	Key pim.Key
	// Version is the one a created item is deleted at, "" to leave the recorded one.
	Version pim.Version
	// Other is what the created item was made from, as it is now: it isn't made again
	// from that. nil for none.
	Other []byte
}

// Rekey is the change of an item's key.
type Rekey struct{ From, To pim.Key }

// rekey does the same as [Batch.Rekeyed] for rows that were just paired.
func (l *Lease) rekey(t *tx, matches []Match) error {
	var seqs []RowID
	for _, m := range matches {
		seqs = append(seqs, m.Business, m.Exchange)
	}
	list, err := json.Marshal(seqs)
	if err != nil {
		return err
	}
	return t.do(`UPDATE trash SET key = x.new FROM (SELECT i.key AS old, p.key AS new FROM inbox i JOIN pairs p ON p.id = i.pair
		WHERE i.seq IN (SELECT value FROM json_each(?1)) AND i.key <> '' AND i.key <> p.key) x
		WHERE trash.sync = ?2 AND trash.key = x.old`, string(list), l.sync)
}

func (l *Lease) putWish(t *tx, w *WishChange) error {
	if w.Created != 0 {
		return t.do(`UPDATE created SET wish = ?, code = ?, version = CASE ?3 WHEN '' THEN version ELSE ?3 END, other = coalesce(?4, other)
			WHERE id = ?5 AND sync = ?6`, int64(w.Wish), string(w.Code), string(w.Version), w.Other, int64(w.Created), l.sync)
	}
	restored := int64(0)
	if w.Wish == WishDone {
		restored = millis(l.s.now())
	}
	return t.do(`UPDATE trash SET wish = ?, code = ?, restored = ?, key = CASE ?4 WHEN '' THEN key ELSE ?4 END WHERE id = ?5 AND sync = ?6`,
		int64(w.Wish), string(w.Code), restored, string(w.Key), int64(w.Trash), l.sync)
}

// CreatedID names a created item in this file.
type CreatedID int64

// Created is an item that a run made.
type Created struct {
	ID   CreatedID
	Run  RunID
	Side pim.SideID
	Item pim.ItemID
	// Partner is what it was made from, "" for an item out of the trash.
	Partner pim.ItemID
	// Version is the one it is to be deleted at, while that is under way.
	Version pim.Version
	// Sum tells whether the item is still as it was made.
	Sum  []byte
	Wish Wish
	Code fault.Code
}

func (l *Lease) putCreated(t *tx, c *Created) error {
	return t.do(`INSERT OR REPLACE INTO created (sync, run, side, item, partner, version, sum, at) VALUES (?, ?, ?, ?, ?, '', ?, ?)`,
		l.sync, int64(c.Run), int64(c.Side), string(c.Item), string(c.Partner), c.Sum, millis(l.s.now()))
}

// AskUndo asks for a run to be undone: all it deleted, overwrote or made, but for
// what is undone already. The run that is going on ends; the next one undoes.
// [fault.NotFound] if there is no such run, or nothing of it is kept any more.
func (l *Lease) AskUndo(ctx context.Context, run RunID) error {
	const op = "store.AskUndo"
	return l.write(ctx, op, func(t *tx) error {
		res, err := t.exec(`UPDATE runs SET undone = ? WHERE id = ? AND sync = ?`, millis(l.s.now()), int64(run), l.sync)
		if err == nil {
			err = oneRow(res, op)
		}
		if err != nil {
			return err
		}
		for _, q := range []string{
			`UPDATE trash SET wish = 1, forced = 0, code = '' WHERE sync = ? AND run = ? AND wish IN (0, 4)`,
			`UPDATE created SET wish = 1, code = '' WHERE sync = ? AND run = ? AND wish IN (0, 4)`,
		} {
			if err := t.do(q, l.sync, int64(run)); err != nil {
				return err
			}
		}
		return l.endRun(t)
	})
}

// AskRestore asks for one kept copy to be brought back. The run that is going on
// ends. [fault.NotFound] if it isn't kept here (any more).
func (l *Lease) AskRestore(ctx context.Context, id TrashID) error {
	const op = "store.AskRestore"
	return l.write(ctx, op, func(t *tx) error {
		res, err := t.exec(`UPDATE trash SET wish = CASE WHEN wish IN (0, 4) THEN 1 ELSE wish END, forced = 1,
			code = CASE WHEN wish = 4 THEN '' ELSE code END WHERE id = ? AND sync = ?`, int64(id), l.sync)
		if err == nil {
			err = oneRow(res, op)
		}
		if err != nil {
			return err
		}
		return l.endRun(t)
	})
}

// endRun ends the run that is going on, so that the next slice begins one of its own.
func (l *Lease) endRun(t *tx) error {
	if err := t.do(`UPDATE runs SET ended = ? WHERE id = (SELECT run FROM syncs WHERE id = ?) AND ended = 0`, millis(l.s.now()), l.sync); err != nil {
		return err
	}
	return t.do(`UPDATE syncs SET run = NULL WHERE id = ?`, l.sync)
}

// Wishing tells whether anything is to be undone, so that looking costs nothing
// where there is nothing.
func (l *Lease) Wishing(ctx context.Context) (bool, error) {
	var any bool
	err := l.s.reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM trash WHERE sync = ?1 AND wish IN (1, 2))
		OR EXISTS (SELECT 1 FROM created WHERE sync = ?1 AND wish IN (1, 2))`, l.sync).Scan(&any)
	return any, failed("store.Wishing", err)
}

// WantedGone reads up to limit deleted items that are to come back, with ids after
// the given one, with all that is kept of them.
func (l *Lease) WantedGone(ctx context.Context, after TrashID, limit int) ([]Trash, error) {
	return l.wanted(ctx, `t.reason IN (1, 4, 5) AND t.id > ? ORDER BY t.id`, int64(after), limit)
}

// WantedValues reads up to limit copies of overwritten items that are to be written
// back, the newest first: what was written over twice goes back step by step.
func (l *Lease) WantedValues(ctx context.Context, limit int) ([]Trash, error) {
	return l.wanted(ctx, `t.reason NOT IN (1, 4, 5) AND t.id > ? ORDER BY t.id DESC`, 0, limit)
}

func (l *Lease) wanted(ctx context.Context, cond string, after int64, limit int) ([]Trash, error) {
	rows, err := l.s.reader.QueryContext(ctx, `SELECT `+trashColumns+`, t.whole FROM trash t JOIN syncs y ON y.id = t.sync
		WHERE t.sync = ? AND t.wish IN (1, 2) AND `+cond+` LIMIT ?`, l.sync, after, limit)
	if err != nil {
		return nil, failed("store.Wanted", err)
	}
	return scanTrash(rows, true)
}

// WantedRemovals reads up to limit created items that are to be removed, with ids
// after the given one.
func (l *Lease) WantedRemovals(ctx context.Context, after CreatedID, limit int) ([]Created, error) {
	rows, err := l.s.reader.QueryContext(ctx, `SELECT id, run, side, item, partner, version, sum, wish, code FROM created
		WHERE sync = ? AND wish IN (1, 2) AND id > ? ORDER BY id LIMIT ?`, l.sync, int64(after), limit)
	if err != nil {
		return nil, failed("store.WantedRemovals", err)
	}
	defer rows.Close() //nolint:errcheck // read only
	var out []Created
	for rows.Next() {
		var c Created
		if err := rows.Scan((*int64)(&c.ID), (*int64)(&c.Run), &c.Side, (*string)(&c.Item), (*string)(&c.Partner),
			(*string)(&c.Version), &c.Sum, &c.Wish, (*string)(&c.Code)); err != nil {
			return nil, failed("store.WantedRemovals", err)
		}
		out = append(out, c)
	}
	return out, failed("store.WantedRemovals", rows.Err())
}

// WantedItem tells whether an item is among those to be removed.
func (l *Lease) WantedItem(ctx context.Context, r Ref) (bool, error) {
	var any bool
	err := l.s.reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM created WHERE sync = ? AND side = ? AND item = ? AND wish IN (1, 2, 3))`,
		l.sync, int64(r.Side), string(r.Item)).Scan(&any)
	return any, failed("store.WantedItem", err)
}

// DropUnpaired removes the inbox row of an item that is in no pair.
func (l *Lease) DropUnpaired(ctx context.Context, refs []Ref) error {
	if len(refs) == 0 {
		return nil
	}
	return l.write(ctx, "store.DropUnpaired", func(t *tx) error {
		for _, r := range refs {
			if err := t.do(`DELETE FROM inbox WHERE sync = ? AND side = ? AND id = ? AND pair IS NULL`, l.sync, int64(r.Side), string(r.Item)); err != nil {
				return err
			}
		}
		return nil
	})
}

// DeclineUndone leaves unpaired items alone whose copies on the other side were
// removed because a run was undone, as long as nobody edits them: a new listing of
// their side must not make them again.
func (l *Lease) DeclineUndone(ctx context.Context) error {
	const is = ` i.sync = ?1 AND i.state = 0 AND i.pair IS NULL AND NOT i.gone AND i.item IS NOT NULL AND EXISTS (SELECT 1 FROM created c
		WHERE c.sync = i.sync AND c.side = 3 - i.side AND c.partner = i.id AND c.wish = 3 AND c.other = i.item)`
	var any bool
	if err := l.s.reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM created WHERE sync = ?1 AND wish = 3 AND other IS NOT NULL)
		AND EXISTS (SELECT 1 FROM inbox i WHERE`+is+`)`, l.sync).Scan(&any); err != nil || !any {
		return failed("store.DeclineUndone", err)
	}
	return l.write(ctx, "store.DeclineUndone", func(t *tx) error {
		return t.do(`UPDATE inbox AS i SET state = 7 WHERE`+is, l.sync)
	})
}

// TrashQuery says which kept copies to list.
type TrashQuery struct {
	// User is whose; "" is everybody's.
	User pim.UserID
	// Run is the run that kept them, 0 for all; ID one copy, 0 for all.
	Run RunID
	ID  TrashID
	// Before is the copy before which to go on, 0 for the newest. Limit is how many at
	// the most, 0 for all.
	Before TrashID
	Limit  int
}

const trashColumns = `t.id, y.user, y.kind, t.side, t.item, t.version, t.reason, t.fields, t.run, t.at, t.content,
	t.key, t.partner, t.after, t.wish, t.code, t.forced, t.restored`

// ListTrash lists kept copies, the newest first.
func (s *Store) ListTrash(ctx context.Context, q TrashQuery) ([]Trash, error) {
	if q.Limit <= 0 {
		q.Limit = -1
	}
	rows, err := s.reader.QueryContext(ctx, `SELECT `+trashColumns+` FROM trash t JOIN syncs y ON y.id = t.sync
		WHERE (?1 = '' OR y.user = ?1) AND y.owner = '' AND (?2 = 0 OR t.run = ?2) AND (?3 = 0 OR t.id = ?3) AND (?4 = 0 OR t.id < ?4)
		ORDER BY t.id DESC LIMIT ?5`, string(q.User), int64(q.Run), int64(q.ID), int64(q.Before), q.Limit)
	if err != nil {
		return nil, failed("store.ListTrash", err)
	}
	return scanTrash(rows, false)
}

func scanTrash(rows *sql.Rows, whole bool) ([]Trash, error) {
	defer rows.Close() //nolint:errcheck // read only
	var out []Trash
	for rows.Next() {
		var x Trash
		var at, restored int64
		dst := []any{(*int64)(&x.ID), (*string)(&x.User), &x.Kind, &x.Side, (*string)(&x.Item), (*string)(&x.Version),
			&x.Reason, &x.Fields, (*int64)(&x.Run), &at, &x.Content, (*string)(&x.Key), (*string)(&x.Partner), &x.After,
			&x.Wish, (*string)(&x.Code), &x.Forced, &restored}
		if whole {
			dst = append(dst, &x.Whole)
		}
		if err := rows.Scan(dst...); err != nil {
			return nil, failed("store.Trash", err)
		}
		x.At, x.Restored = fromMillis(at), fromMillis(restored)
		out = append(out, x)
	}
	return out, failed("store.Trash", rows.Err())
}

// WishCount is how far undoing has come: how many entries, by what became of them.
type WishCount struct {
	// Created tells that it counts created items, else kept copies.
	Created bool
	Wish    Wish
	Code    fault.Code
	N       int
}

// WishesOf counts what became of what a run deleted, overwrote and made.
func (s *Store) WishesOf(ctx context.Context, run RunID) ([]WishCount, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT 0, wish, code, count(*) FROM trash WHERE run = ?1 GROUP BY wish, code
		UNION ALL SELECT 1, wish, code, count(*) FROM created WHERE run = ?1 GROUP BY wish, code`, int64(run))
	if err != nil {
		return nil, failed("store.WishesOf", err)
	}
	defer rows.Close() //nolint:errcheck // read only
	var out []WishCount
	for rows.Next() {
		var c WishCount
		if err := rows.Scan(&c.Created, &c.Wish, (*string)(&c.Code), &c.N); err != nil {
			return nil, failed("store.WishesOf", err)
		}
		out = append(out, c)
	}
	return out, failed("store.WishesOf", rows.Err())
}

// LendTrash gives a copy of this store ([Store.Copy]) the content of what a run
// kept, which copies do without otherwise: to foretell its undoing.
func (s *Store) LendTrash(ctx context.Context, to *Store, run RunID) error {
	list, err := s.ListTrash(ctx, TrashQuery{Run: run})
	if err != nil {
		return err
	}
	return to.write(ctx, "store.LendTrash", func(t *tx) error {
		for i := range list {
			x := &list[i]
			if err := t.do(`UPDATE trash SET content = ?, after = ?, key = ?, partner = ?, wish = ? WHERE id = ?`, x.Content, x.After,
				string(x.Key), string(x.Partner), int64(x.Wish), int64(x.ID)); err != nil {
				return err
			}
		}
		// The run itself, which a copy does without too.
		if err := t.do(`INSERT OR REPLACE INTO runs (id, sync, cause, started, ended, busy, slices, code, counts)
			SELECT ?, id, '', 0, 1, 0, 0, '', '{}' FROM syncs WHERE owner = ''`, int64(run)); err != nil {
			return err
		}
		return nil
	})
}

// PruneTrash removes kept copies, and the record of what runs made, from before t.
// What a person has asked for stays until it is done, and longer the record of what
// is not to be made again.
func (s *Store) PruneTrash(ctx context.Context, t time.Time) error {
	return s.write(ctx, "store.PruneTrash", func(x *tx) error {
		for _, q := range []string{
			`DELETE FROM trash WHERE at < ? AND wish NOT IN (1, 2)`,
			`DELETE FROM created WHERE at < ? AND wish NOT IN (1, 2) AND other IS NULL`,
		} {
			if err := x.do(q, millis(t)); err != nil {
				return err
			}
		}
		return nil
	})
}
