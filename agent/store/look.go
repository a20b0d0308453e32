package store

import (
	"context"
	"database/sql"
	"errors"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// Look gives a lease that can only read, and takes nobody else's away: writing
// through it fails with [fault.AlreadyRunning]. [fault.NotFound] where the user and
// kind were never synced.
func (s *Store) Look(ctx context.Context, user pim.UserID, kind pim.Kind) (*Lease, error) {
	l := &Lease{s: s, user: user, kind: kind, fence: -1}
	err := s.reader.QueryRowContext(ctx, `SELECT id FROM syncs WHERE user = ? AND kind = ?`, string(user), int64(kind)).Scan(&l.sync)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "store.Look", string(user), nil)
	}
	return l, failed("store.Look", err)
}

// UnitOf reads what is known of one item: its pair and the rows of both items. All
// is empty for an item nobody knows.
func (l *Lease) UnitOf(ctx context.Context, r Ref) (Unit, error) {
	u := Unit{}
	row, err := l.RowOf(ctx, r)
	if err != nil {
		return u, err
	}
	*u.Rows.At(r.Side) = row
	list, err := l.pairs(ctx, sideColumn(`SELECT `+pairColumns+` FROM pairs p WHERE p.sync = ? AND p.$X_id = ?`, r.Side), l.sync, string(r.Item))
	if err != nil || len(list) == 0 {
		return u, err
	}
	u.Pair = &list[0]
	other := Ref{Side: r.Side.Other(), Item: u.Pair.Sides.At(r.Side.Other()).ID}
	*u.Rows.At(other.Side), err = l.RowOf(ctx, other)
	return u, err
}

// Partner names the two items of a pair.
type Partner struct {
	Pair               PairID
	Business, Exchange pim.ItemID
}

// Partners lists all pairs by their ids alone.
func (l *Lease) Partners(ctx context.Context) ([]Partner, error) {
	rows, err := l.s.reader.QueryContext(ctx, `SELECT id, b_id, e_id FROM pairs WHERE sync = ?`, l.sync)
	if err != nil {
		return nil, failed("store.Partners", err)
	}
	defer rows.Close() //nolint:errcheck // read only
	var out []Partner
	for rows.Next() {
		var p Partner
		if err := rows.Scan((*int64)(&p.Pair), (*string)(&p.Business), (*string)(&p.Exchange)); err != nil {
			return nil, failed("store.Partners", err)
		}
		out = append(out, p)
	}
	return out, failed("store.Partners", rows.Err())
}

// PairByID reads one pair; nil if there is none any more.
func (l *Lease) PairByID(ctx context.Context, id PairID) (*Pair, error) {
	list, err := l.pairs(ctx, `SELECT `+pairColumns+` FROM pairs p WHERE p.sync = ? AND p.id = ?`, l.sync, int64(id))
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// Mark is what keeps an item from going on.
type Mark struct {
	// Held: a hold keeps it; Problem: a problem stands for it; Resting: nothing waits
	// for it, it was moved away or a person does not want it created.
	// Outside: the user's options keep it.
	Held, Problem, Resting, Outside bool
	Code                            fault.Code
}

// Weight orders marks: of two items' the heavier one counts. 0 is for none.
func (m Mark) Weight() int {
	switch {
	case m.Held:
		return 3
	case m.Problem:
		return 2
	case m.Resting, m.Outside:
		return 1
	}
	return 0
}

// Marks lists what keeps items, by item.
func (l *Lease) Marks(ctx context.Context) (map[Ref]Mark, error) {
	out := make(map[Ref]Mark)
	rows, err := l.s.reader.QueryContext(ctx, `SELECT side, id, state, code, gone AND place = 3 FROM inbox
		WHERE sync = ?1 AND (state IN (4, 7) OR state = 2 AND code <> '' OR state = 1 AND code = 'outside-options' OR gone AND place = 3)
		UNION ALL SELECT side, item, 2, code, 0 FROM problems WHERE user = ?2 AND kind = ?3 AND item <> '' AND NOT notice`,
		l.sync, string(l.user), int64(l.kind))
	if err != nil {
		return nil, failed("store.Marks", err)
	}
	defer rows.Close() //nolint:errcheck // read only
	for rows.Next() {
		var r Ref
		var state RowState
		var m Mark
		var away bool
		if err := rows.Scan(&r.Side, (*string)(&r.Item), &state, (*string)(&m.Code), &away); err != nil {
			return nil, failed("store.Marks", err)
		}
		switch {
		case state == RowHeld:
			m.Held = true
		case m.Code == fault.OutsideOptions:
			m.Outside = true
		case state == RowDeclined || away:
			m.Resting = true
		default:
			m.Problem = true
		}
		if m.Weight() > out[r].Weight() {
			out[r] = m
		}
	}
	return out, failed("store.Marks", rows.Err())
}
