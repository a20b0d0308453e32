package store

import (
	"context"
	"database/sql"
	"iter"
	"strings"
	"time"

	"abgleich/agent/pim"
)

// Unit is one thing to decide: an unpaired row, or a pair with the rows there are
// for its two items.
type Unit struct {
	Pair *Pair
	Rows PerSide[*Row]
}

// Work reads up to limit units that have a row in one of the given states, in the
// order in which they arrived, after the row named last. A pair with two such
// rows comes once. next is what to pass as after the next time; more tells that
// the end was not reached.
func (l *Lease) Work(ctx context.Context, after RowID, limit int, states ...RowState) (units []Unit, next RowID, more bool, err error) {
	in := stateList(states)
	rows, err := l.s.reader.QueryContext(ctx, `SELECT `+rowColumns+`, `+pairColumns+`, `+strings.ReplaceAll(rowColumns, "i.", "o.")+`
		FROM inbox i LEFT JOIN pairs p ON p.id = i.pair LEFT JOIN inbox o ON o.pair = i.pair AND o.side <> i.side
		WHERE i.seq IN (SELECT seq FROM inbox WHERE sync = ?1 AND state IN (`+in+`) AND seq > ?2 ORDER BY seq LIMIT ?3)
		ORDER BY i.seq`, l.sync, int64(after), limit)
	if err != nil {
		return nil, after, false, failed("store.Work", err)
	}
	defer rows.Close() //nolint:errcheck // read only
	next = after
	n := 0
	for rows.Next() {
		u, err := scanUnit(rows)
		if err != nil {
			return nil, after, false, failed("store.Work", err)
		}
		n++
		first := u.first()
		next = first.Seq
		other := u.Rows.At(first.Side.Other())
		if *other != nil && (*other).Seq < first.Seq && strings.Contains(","+in+",", ","+stateText((*other).State)+",") {
			continue // it came, or will come, with the other row
		}
		units = append(units, u.Unit)
	}
	return units, next, n == limit, failed("store.Work", rows.Err())
}

type scannedUnit struct {
	Unit
	main pim.SideID
}

func (u *scannedUnit) first() *Row { return *u.Rows.At(u.main) }

func scanUnit(rows *sql.Rows) (scannedUnit, error) {
	var i, o rowScan
	var p pairScan
	dst := append(append(i.dst(), p.dst()...), o.dst()...)
	if err := rows.Scan(dst...); err != nil {
		return scannedUnit{}, err
	}
	main := i.row()
	u := scannedUnit{Unit: Unit{Pair: p.pair()}, main: main.Side}
	*u.Rows.At(main.Side) = main
	if other := o.row(); other != nil {
		*u.Rows.At(other.Side) = other
	}
	return u, nil
}

func stateText(s RowState) string { return string('0' + rune(s)) }

func stateList(states []RowState) string {
	var in []string
	for _, s := range states {
		in = append(in, stateText(s))
	}
	return strings.Join(in, ",")
}

// CountRows counts rows in the given states.
func (l *Lease) CountRows(ctx context.Context, states ...RowState) (int, error) {
	var n int
	err := l.s.reader.QueryRowContext(ctx, `SELECT count(*) FROM inbox WHERE sync = ? AND state IN (`+stateList(states)+`)`, l.sync).Scan(&n)
	return n, failed("store.CountRows", err)
}

// CountUnits counts the units that [Lease.Work] gives for the states: a pair's two
// rows are one.
func (l *Lease) CountUnits(ctx context.Context, states ...RowState) (int, error) {
	var n int
	err := l.s.reader.QueryRowContext(ctx, `SELECT count(DISTINCT coalesce(pair, -seq)) FROM inbox WHERE sync = ? AND state IN (`+stateList(states)+`)`, l.sync).Scan(&n)
	return n, failed("store.CountUnits", err)
}

// WakeRows makes rows ready whose pause is over.
func (l *Lease) WakeRows(ctx context.Context, now time.Time) error {
	var due bool
	err := l.s.reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM inbox WHERE sync = ? AND state = 1 AND next_try <= ?)`,
		l.sync, millis(now)).Scan(&due)
	if err != nil || !due {
		return failed("store.WakeRows", err)
	}
	return l.write(ctx, "store.WakeRows", func(t *tx) error {
		return t.do(`UPDATE inbox SET state = 0 WHERE sync = ? AND state = 1 AND next_try <= ?`, l.sync, millis(now))
	})
}

// Lost reads units with a ready row that says its item is gone, where nobody
// knows yet where it is.
func (l *Lease) Lost(ctx context.Context, after RowID, limit int) (units []Unit, next RowID, err error) {
	rows, err := l.s.reader.QueryContext(ctx, `SELECT `+rowColumns+`, `+pairColumns+`, `+strings.ReplaceAll(rowColumns, "i.", "o.")+`
		FROM inbox i JOIN pairs p ON p.id = i.pair LEFT JOIN inbox o ON o.pair = i.pair AND o.side <> i.side
		WHERE i.sync = ? AND i.state = 0 AND i.gone AND i.place = 0 AND i.seq > ? ORDER BY i.seq LIMIT ?`, l.sync, int64(after), limit)
	if err != nil {
		return nil, after, failed("store.Lost", err)
	}
	defer rows.Close() //nolint:errcheck // read only
	for rows.Next() {
		u, err := scanUnit(rows)
		if err != nil {
			return nil, after, failed("store.Lost", err)
		}
		after = u.first().Seq
		units = append(units, u.Unit)
	}
	return units, after, failed("store.Lost", rows.Err())
}

// Recheck makes rows of items that were moved away, and last looked for before a
// time, ask anew where they are. No feed tells what becomes of an item in another
// folder: if there is no trace of it then, nobody knows that it was deleted.
func (l *Lease) Recheck(ctx context.Context, before time.Time) error {
	const due = ` sync = ? AND gone AND place = 3 AND state = 2 AND seen <= ?`
	var any bool
	err := l.s.reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM inbox WHERE`+due+`)`, l.sync, millis(before)).Scan(&any)
	if err != nil || !any {
		return failed("store.Recheck", err)
	}
	return l.write(ctx, "store.Recheck", func(t *tx) error {
		return t.do(`UPDATE inbox SET place = 0, broken = 1, state = 0, attempts = 0, seen = ? WHERE`+due, millis(l.s.now()), l.sync, millis(before))
	})
}

// Unread lists ready rows whose item could not be read yet.
func (l *Lease) Unread(ctx context.Context, after RowID, limit int) ([]Row, error) {
	rows, err := l.s.reader.QueryContext(ctx, `SELECT `+rowColumns+` FROM inbox i
		WHERE i.sync = ? AND i.state = 0 AND NOT i.gone AND i.item IS NULL AND i.seq > ? ORDER BY i.seq LIMIT ?`, l.sync, int64(after), limit)
	if err != nil {
		return nil, failed("store.Unread", err)
	}
	return scanRows(rows, "store.Unread")
}

// NextTry is when the next waiting row, or the next key that could not be
// written, wants to be tried again; zero if none waits. The key of a pair with
// rows is written with what they say.
func (l *Lease) NextTry(ctx context.Context) (time.Time, error) {
	var next sql.NullInt64
	err := l.s.reader.QueryRowContext(ctx, `SELECT min(next_try) FROM (
		SELECT next_try FROM inbox WHERE sync = ?1 AND state = 1
		UNION ALL SELECT q.next_try FROM problems q JOIN pairs p ON p.sync = ?1 AND p.keyed <> 3 AND p.state = 1
			AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.pair = p.id)
			AND (q.side = 1 AND q.item = p.b_id OR q.side = 2 AND q.item = p.e_id)
			WHERE q.user = ?2 AND q.kind = ?3 AND q.next_try > 0)`, l.sync, string(l.user), int64(l.kind)).Scan(&next)
	return fromMillis(next.Int64), failed("store.NextTry", err)
}

func scanRows(rows *sql.Rows, op string) ([]Row, error) {
	defer rows.Close() //nolint:errcheck // read only
	var out []Row
	for rows.Next() {
		var r rowScan
		if err := rows.Scan(r.dst()...); err != nil {
			return nil, failed(op, err)
		}
		out = append(out, *r.row())
	}
	return out, failed(op, rows.Err())
}

// RowOf reads the row of one item; nil if there is none.
func (l *Lease) RowOf(ctx context.Context, r Ref) (*Row, error) {
	rows, err := l.s.reader.QueryContext(ctx, `SELECT `+rowColumns+` FROM inbox i WHERE i.sync = ? AND i.side = ? AND i.id = ?`,
		l.sync, int64(r.Side), string(r.Item))
	if err != nil {
		return nil, failed("store.RowOf", err)
	}
	list, err := scanRows(rows, "store.RowOf")
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// Pairs reads up to limit pairs after the one named, by id.
func (l *Lease) Pairs(ctx context.Context, after PairID, limit int) ([]Pair, error) {
	return l.pairs(ctx, `SELECT `+pairColumns+` FROM pairs p WHERE p.sync = ? AND p.id > ? ORDER BY p.id LIMIT ?`,
		l.sync, int64(after), limit)
}

// Unkeyed reads linked pairs with an item that does not carry the key, where
// nothing in the inbox would stamp it anyway and no problem asks for a pause.
func (l *Lease) Unkeyed(ctx context.Context, now time.Time, after PairID, limit int) ([]Pair, error) {
	return l.pairs(ctx, `SELECT `+pairColumns+` FROM pairs p WHERE p.sync = ? AND p.id > ? AND p.keyed <> 3 AND p.state = 1
		AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.pair = p.id)
		AND NOT EXISTS (SELECT 1 FROM problems q WHERE q.user = ? AND q.kind = ? AND (q.next_try > ? OR q.ignored)
			AND (q.side = 1 AND q.item = p.b_id OR q.side = 2 AND q.item = p.e_id))
		ORDER BY p.id LIMIT ?`, l.sync, int64(after), string(l.user), int64(l.kind), millis(now), limit)
}

func (l *Lease) pairs(ctx context.Context, query string, args ...any) ([]Pair, error) {
	rows, err := l.s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, failed("store.Pairs", err)
	}
	defer rows.Close() //nolint:errcheck // read only
	var out []Pair
	for rows.Next() {
		var p pairScan
		if err := rows.Scan(p.dst()...); err != nil {
			return nil, failed("store.Pairs", err)
		}
		out = append(out, *p.pair())
	}
	return out, failed("store.Pairs", rows.Err())
}

// AllPairs walks over all pairs of one user and kind, reading them in batches.
func (l *Lease) AllPairs(ctx context.Context) iter.Seq2[Pair, error] {
	return func(yield func(Pair, error) bool) {
		var after PairID
		for {
			list, err := l.Pairs(ctx, after, 500)
			if err != nil {
				yield(Pair{}, err)
				return
			}
			for _, p := range list {
				if !yield(p, nil) {
					return
				}
				after = p.ID
			}
			if len(list) == 0 {
				return
			}
		}
	}
}
