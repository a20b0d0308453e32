package store

import (
	"context"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// HoldID names a hold in this file.
type HoldID int64

// Decision is what a person decided about a hold. The values are stored: fixed.
type Decision uint8

// Decisions.
const (
	Undecided Decision = 0
	// Confirm carries the held deletions or creations out.
	Confirm Decision = 1
	// Restore brings deleted items back from the other side; held creations are
	// not made.
	Restore Decision = 2
)

// Hold is deletions or creations kept back by a guard until a person decides.
type Hold struct {
	ID   HoldID
	User pim.UserID
	Kind pim.Kind
	// Code is [fault.DeletionsHeld] or [fault.CreationsHeld].
	Code fault.Code
	// Side is where they would be carried out, 0 for both.
	Side pim.SideID
	At   time.Time
	// Items is how many are held now.
	Items    int
	Decision Decision
	Decided  time.Time
	By       string
}

// HoldRows puts rows under a hold: the open one with the same code and side, or a
// new one.
func (l *Lease) HoldRows(ctx context.Context, code fault.Code, s pim.SideID, seqs []RowID) error {
	if len(seqs) == 0 {
		return nil
	}
	return l.write(ctx, "store.HoldRows", func(t *tx) error {
		id, err := l.openHold(t, code, s)
		if err != nil {
			return err
		}
		for _, q := range seqs {
			if err := t.do(`UPDATE inbox SET state = 4, hold = ?, code = ? WHERE seq = ? AND sync = ?`, id, string(code), int64(q), l.sync); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l *Lease) openHold(t *tx, code fault.Code, s pim.SideID) (int64, error) {
	var id int64
	ok, err := t.row(`SELECT id FROM holds WHERE sync = ? AND code = ? AND side = ? AND decision = 0`, []any{l.sync, string(code), int64(s)}, &id)
	if err != nil || ok {
		return id, err
	}
	_, err = t.row(`INSERT INTO holds (sync, code, side, at, decision, decided, by) VALUES (?, ?, ?, ?, 0, 0, '') RETURNING id`,
		[]any{l.sync, string(code), int64(s), millis(l.s.now())}, &id)
	return id, err
}

// HoldDeletions puts every decided deletion under a hold.
func (l *Lease) HoldDeletions(ctx context.Context) error {
	return l.write(ctx, "store.HoldDeletions", func(t *tx) error {
		for _, s := range []pim.SideID{pim.Business, pim.Exchange} {
			var n int
			if _, err := t.row(`SELECT count(*) FROM inbox WHERE sync = ? AND state = 3 AND side = ?`, []any{l.sync, int64(s.Other())}, &n); err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			id, err := l.openHold(t, fault.DeletionsHeld, s)
			if err != nil {
				return err
			}
			if err := t.do(`UPDATE inbox SET state = 4, hold = ?, code = ? WHERE sync = ? AND state = 3 AND side = ?`,
				id, string(fault.DeletionsHeld), l.sync, int64(s.Other())); err != nil {
				return err
			}
		}
		return nil
	})
}

// CheckCreations is the guard over a first sync's creations: for each side to
// which more than most items and more than the given share of what is there
// would be added, though it holds more than most, the ready unpaired rows of the
// other side are put under a hold. It does so once for a full listing.
func (l *Lease) CheckCreations(ctx context.Context, most, percent int) (held int, err error) {
	err = l.write(ctx, "store.CheckCreations", func(t *tx) error {
		for _, target := range []pim.SideID{pim.Business, pim.Exchange} {
			var creations, there int
			if _, err := t.row(`SELECT count(*) FROM inbox WHERE sync = ? AND side = ? AND pair IS NULL AND NOT gone AND state = 0 AND hint <> 0`,
				[]any{l.sync, int64(target.Other())}, &creations); err != nil {
				return err
			}
			if _, err := t.row(`SELECT (SELECT count(*) FROM pairs WHERE sync = ?1) + (SELECT count(*) FROM inbox WHERE sync = ?1
				AND side = ?2 AND pair IS NULL AND NOT gone)`, []any{l.sync, int64(target)}, &there); err != nil {
				return err
			}
			if there <= most || creations <= most || creations*100 <= there*percent {
				continue
			}
			id, err := l.openHold(t, fault.CreationsHeld, target)
			if err != nil {
				return err
			}
			held += creations
			if err := t.do(`UPDATE inbox SET state = 4, hold = ?, code = ? WHERE sync = ? AND side = ? AND pair IS NULL AND NOT gone AND state = 0 AND hint <> 0`,
				id, string(fault.CreationsHeld), l.sync, int64(target.Other())); err != nil {
				return err
			}
		}
		return t.do(`UPDATE syncs SET creations_checked = 1 WHERE id = ?`, l.sync)
	})
	return held, err
}

// Holds lists undecided holds that still hold something; "" lists everybody's.
func (s *Store) Holds(ctx context.Context, user pim.UserID) ([]Hold, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT h.id, y.user, y.kind, h.code, h.side, h.at, h.decision, h.decided, h.by,
			(SELECT count(*) FROM inbox i WHERE i.hold = h.id AND i.hold <> 0) AS n
		FROM holds h JOIN syncs y ON y.id = h.sync WHERE h.decision = 0 AND y.owner = '' AND (?1 = '' OR y.user = ?1) AND n > 0 ORDER BY h.id`, string(user))
	if err != nil {
		return nil, failed("store.Holds", err)
	}
	defer rows.Close() //nolint:errcheck // read only
	var out []Hold
	for rows.Next() {
		var h Hold
		var at, decided int64
		if err := rows.Scan((*int64)(&h.ID), (*string)(&h.User), &h.Kind, (*string)(&h.Code), &h.Side, &at, &h.Decision, &decided,
			&h.By, &h.Items); err != nil {
			return nil, failed("store.Holds", err)
		}
		h.At, h.Decided = fromMillis(at), fromMillis(decided)
		out = append(out, h)
	}
	return out, failed("store.Holds", rows.Err())
}

// HeldItem is one item of a hold's preview.
type HeldItem struct {
	Seq  RowID
	Side pim.SideID
	Item pim.ItemID
	// Content is the item that would be created, or the other side's item that
	// would be deleted (pim.Marshal).
	Content []byte
}

// HeldItems lists up to limit items of a hold after the one with seq after.
func (s *Store) HeldItems(ctx context.Context, id HoldID, after RowID, limit int) ([]HeldItem, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT i.seq, i.side, i.id,
			CASE WHEN NOT i.gone THEN i.item WHEN i.side = 1 AND NOT p.same THEN p.e_base ELSE p.b_base END
		FROM inbox i LEFT JOIN pairs p ON p.id = i.pair WHERE i.hold = ? AND i.hold <> 0 AND i.seq > ? ORDER BY i.seq LIMIT ?`,
		int64(id), int64(after), limit)
	if err != nil {
		return nil, failed("store.HeldItems", err)
	}
	defer rows.Close() //nolint:errcheck // read only
	var out []HeldItem
	for rows.Next() {
		var h HeldItem
		if err := rows.Scan((*int64)(&h.Seq), &h.Side, (*string)(&h.Item), &h.Content); err != nil {
			return nil, failed("store.HeldItems", err)
		}
		out = append(out, h)
	}
	return out, failed("store.HeldItems", rows.Err())
}

// ResolveHold records a person's decision; the next run carries it out.
// [fault.NotFound] if the user has no such open hold.
func (s *Store) ResolveHold(ctx context.Context, user pim.UserID, id HoldID, d Decision, by string) error {
	if d != Confirm && d != Restore {
		return fault.New(fault.BadRequest, "store.ResolveHold", string(user), nil)
	}
	return s.write(ctx, "store.ResolveHold", func(t *tx) error {
		res, err := t.exec(`UPDATE holds SET decision = ?, decided = ?, by = ? WHERE id = ? AND decision = 0
			AND sync IN (SELECT id FROM syncs WHERE user = ?)`, int64(d), millis(s.now()), by, int64(id), string(user))
		if err != nil {
			return err
		}
		if err := oneRow(res, "store.ResolveHold"); err != nil {
			return err
		}
		// Deletions: confirmed or restoring. Creations: ready or declined.
		deletion, creation := RowConfirmed, RowReady
		if d == Restore {
			deletion, creation = RowRestoring, RowDeclined
			// What nobody wants made has no problem any more.
			if err := t.do(`DELETE FROM problems WHERE NOT notice AND (user, kind, side, item) IN (SELECT y.user, y.kind, i.side, i.id
				FROM inbox i JOIN syncs y ON y.id = i.sync WHERE i.hold = ? AND i.hold <> 0 AND NOT i.gone)`, int64(id)); err != nil {
				return err
			}
		}
		return t.do(`UPDATE inbox SET hold = 0, code = '', state = CASE WHEN gone THEN ? ELSE ? END WHERE hold = ? AND hold <> 0`,
			int64(deletion), int64(creation), int64(id))
	})
}

// HeldDeletions counts the deletions under undecided holds.
func (l *Lease) HeldDeletions(ctx context.Context) (int, error) {
	var n int
	err := l.s.reader.QueryRowContext(ctx, `SELECT count(*) FROM inbox WHERE sync = ? AND state = 4 AND gone`, l.sync).Scan(&n)
	return n, failed("store.HeldDeletions", err)
}
