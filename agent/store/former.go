package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"

	"abgleich/agent/pim"
)

// FormerID names a former item in this file.
type FormerID int64

// Former is an item that was a pair's own and is no longer, though nobody saw it
// deleted: it left without a trace, and another one was made in its place. If it
// comes back it is to be known again, or the appointment would be there twice.
type Former struct {
	ID   FormerID
	Side pim.SideID
	// Item is its last known id, Partner the pair's item on the other side.
	Item, Partner pim.ItemID
	// Key is the one the pair had then.
	Key pim.Key
	// UID and Hint are what it may be known by where it carries no key.
	UID  string
	Hint int64
	// There tells that it is in the folder, beside the pair's present item.
	There bool
	// Base and Other are the pair's bases of then, on this side and the other
	// one; nil where the two were never compared.
	Base, Other []byte
}

const formerColumns = `f.id, f.side, f.item, f.partner, f.key, f.uid, f.hint, f.there, f.base, f.other`

func (f *Former) dst() []any {
	return []any{(*int64)(&f.ID), &f.Side, (*string)(&f.Item), (*string)(&f.Partner), (*string)(&f.Key), &f.UID, &f.Hint, &f.There, &f.Base, &f.Other}
}

// formerUnit are the joins that bring a former item's pair and that pair's rows:
// o is the one of the other side, g the one of its own.
const formerUnit = ` LEFT JOIN pairs p ON p.sync = f.sync AND f.partner = CASE f.side WHEN 1 THEN p.e_id ELSE p.b_id END
	LEFT JOIN inbox g ON g.pair = p.id AND g.side = f.side
	LEFT JOIN inbox o ON o.pair = p.id AND o.side <> f.side `

// FormerUnit is a former item with the pair that has another one instead. Pair is
// nil where there is no such pair any more.
type FormerUnit struct {
	Former Former
	Unit
}

// Comeback is an unpaired row that may be a former item.
type Comeback struct {
	FormerUnit
	Row Row
	// Sure tells that its id, key or UID says so; otherwise it only looks alike.
	Sure bool
}

// Comebacks lists the unpaired rows that may be former items come back. A row
// that carries another key, or that is a person's copy, is none.
func (l *Lease) Comebacks(ctx context.Context) ([]Comeback, error) {
	sure := `(i.id = f.item OR f.key <> '' AND i.key = f.key OR NOT i.copy AND i.key = '' AND f.uid <> '' AND i.uid = f.uid)`
	rows, err := l.s.reader.QueryContext(ctx, `SELECT `+sure+`, `+formerColumns+`, `+rowColumns+`, `+pairColumns+`, `+
		columnsOf("g")+`, `+columnsOf("o")+` FROM former f
		JOIN inbox i ON i.sync = f.sync AND i.side = f.side AND i.pair IS NULL AND NOT i.gone AND i.item IS NOT NULL AND (`+sure+`
			OR NOT i.copy AND i.key = '' AND (f.uid = '' OR i.uid = '') AND f.hint <> 0 AND i.hint = f.hint)`+formerUnit+`
		WHERE f.sync = ? ORDER BY 1 DESC, f.id, i.seq`, l.sync)
	if err != nil {
		return nil, failed("store.Comebacks", err)
	}
	defer rows.Close() //nolint:errcheck // read only
	var out []Comeback
	for rows.Next() {
		var c Comeback
		var r rowScan
		u := newUnitScan()
		dst := append(append([]any{&c.Sure}, c.Former.dst()...), r.dst()...)
		if err := rows.Scan(append(dst, u.dst()...)...); err != nil {
			return nil, failed("store.Comebacks", err)
		}
		c.Row, c.Unit = *r.row(), u.unit(c.Former.Side)
		out = append(out, c)
	}
	return out, failed("store.Comebacks", rows.Err())
}

// Surplus lists the former items that are in a folder beside their pair's own.
func (l *Lease) Surplus(ctx context.Context) ([]FormerUnit, error) {
	rows, err := l.s.reader.QueryContext(ctx, `SELECT `+formerColumns+`, `+pairColumns+`, `+columnsOf("g")+`, `+columnsOf("o")+`
		FROM former f`+formerUnit+`WHERE f.sync = ? AND f.there ORDER BY f.id`, l.sync)
	if err != nil {
		return nil, failed("store.Surplus", err)
	}
	defer rows.Close() //nolint:errcheck // read only
	var out []FormerUnit
	for rows.Next() {
		var f FormerUnit
		u := newUnitScan()
		if err := rows.Scan(append(f.Former.dst(), u.dst()...)...); err != nil {
			return nil, failed("store.Surplus", err)
		}
		f.Unit = u.unit(f.Former.Side)
		out = append(out, f)
	}
	return out, failed("store.Surplus", rows.Err())
}

type unitScan struct {
	p    pairScan
	g, o rowScan
}

func newUnitScan() *unitScan { return &unitScan{} }

func (u *unitScan) dst() []any { return append(append(u.p.dst(), u.g.dst()...), u.o.dst()...) }

func (u *unitScan) unit(s pim.SideID) Unit {
	out := Unit{Pair: u.p.pair()}
	*out.Rows.At(s), *out.Rows.At(s.Other()) = u.g.row(), u.o.row()
	return out
}

// TakeBack gives a pair its former item back, as it was known then: the two bases
// of then return too, so that what was changed since on either side is a change.
// The item that stood in its place becomes a former one. A feed has named the one that
// came back, so that it is not looked for as one that was just made.
// Both get a new key: the
// other one still carries the present.
func (l *Lease) TakeBack(ctx context.Context, c *Comeback, key pim.Key, hint int64, uid string) error {
	return l.write(ctx, "store.TakeBack", func(t *tx) error {
		s, p := c.Former.Side, c.Pair
		own, partner := p.Sides.At(s), p.Sides.At(s.Other())
		gone := *c.Rows.At(s)
		for _, id := range []pim.ItemID{own.ID, c.Row.ID} {
			if err := l.clear(t, Ref{Side: s, Item: id}); err != nil {
				return err
			}
		}
		if err := t.do(`DELETE FROM inbox WHERE pair = ? AND side = ?`, int64(p.ID), int64(s)); err != nil {
			return err
		}
		if err := t.do(`DELETE FROM former WHERE id = ? AND sync = ?`, int64(c.Former.ID), l.sync); err != nil {
			return err
		}
		if err := l.putFormer(t, &Former{Side: s, Item: own.ID, Partner: partner.ID, Key: p.Key, UID: uid, Hint: hint, There: gone == nil,
			Base: own.Base, Other: partner.Base}); err != nil {
			return err
		}
		if *c.Rows.At(s.Other()) == nil {
			row := Row{Side: s.Other(), ID: partner.ID, Pair: p.ID, Version: partner.Version, Item: partner.Base, Seen: l.s.now()}
			if row.Version == "" {
				row.Item = nil // it is read again
			}
			if err := l.putRow(t, &row); err != nil {
				return err
			}
		}
		same := c.Former.Base != nil && bytes.Equal(c.Former.Base, c.Former.Other)
		b, e := c.Former.Base, c.Former.Other
		if s == pim.Exchange {
			b, e = e, b
		}
		if same {
			e = nil
		}
		if err := t.do(sideColumn(`UPDATE pairs SET key = ?, $X_id = ?, $X_ver = '', state = 1, made = CASE made WHEN ? THEN 0 ELSE made END, keyed = 0, same = ?, b_base = ?, e_base = ?
			WHERE id = ? AND sync = ?`, s), string(key), string(c.Row.ID), int64(s), flag(same), b, e, int64(p.ID), l.sync); err != nil {
			return err
		}
		if err := t.do(`UPDATE inbox SET state = 0, code = '', hold = 0 WHERE pair = ?`, int64(p.ID)); err != nil {
			return err
		}
		return t.do(`UPDATE inbox SET pair = ?, state = 0, code = '', hold = 0 WHERE seq = ? AND sync = ?`, int64(p.ID), int64(c.Row.Seq), l.sync)
	})
}

func (l *Lease) putFormer(t *tx, f *Former) error {
	return t.do(`INSERT OR REPLACE INTO former (sync, side, item, partner, key, uid, hint, there, at, base, other)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, l.sync, int64(f.Side), string(f.Item), string(f.Partner), string(f.Key), f.UID, f.Hint,
		flag(f.There), millis(l.s.now()), f.Base, f.Other)
}

// remember keeps the item of a pair that is about to be replaced by a new pair of
// its partner, if it left without a trace. Problems of it end.
func (l *Lease) remember(t *tx, lost pim.SideID, partner pim.ItemID) error {
	var old pim.ItemID
	ok, err := t.row(sideColumn(`SELECT $X_id FROM pairs WHERE sync = ? AND $Y_id = ?`, lost), []any{l.sync, string(partner)}, (*string)(&old))
	if err != nil || !ok {
		return err
	}
	if err := l.clear(t, Ref{Side: lost, Item: old}); err != nil {
		return err
	}
	return t.do(sideColumn(`INSERT OR REPLACE INTO former (sync, side, item, partner, key, uid, hint, there, at, base, other)
		SELECT p.sync, g.side, p.$X_id, p.$Y_id, p.key, g.uid, g.hint, 0, ?,
			CASE WHEN p.same THEN p.b_base ELSE p.$X_base END, CASE WHEN p.same THEN p.b_base ELSE p.$Y_base END
		FROM pairs p JOIN inbox g ON g.pair = p.id AND g.side = ?
		WHERE p.sync = ? AND p.$Y_id = ? AND g.gone AND g.broken AND g.place = 4`, lost),
		millis(l.s.now()), int64(lost), l.sync, string(partner))
}

// follow tells the former items of a pair its item's new id.
func (l *Lease) follow(t *tx, s pim.SideID, from, to pim.ItemID) error {
	return t.do(`UPDATE former SET partner = ? WHERE sync = ? AND side = ? AND partner = ?`, string(to), l.sync, int64(s.Other()), string(from))
}

// FormerLeft records that former items are no longer in their folder; those that
// are gone for good are forgotten.
func (l *Lease) FormerLeft(ctx context.Context, left, forget []FormerID) error {
	if len(left)+len(forget) == 0 {
		return nil
	}
	return l.write(ctx, "store.FormerLeft", func(t *tx) error {
		for query, ids := range map[string][]FormerID{
			`UPDATE former SET there = 0 WHERE sync = ? AND id IN (SELECT value FROM json_each(?))`: left,
			`DELETE FROM former WHERE sync = ? AND id IN (SELECT value FROM json_each(?))`:          forget,
		} {
			list, err := json.Marshal(ids)
			if err != nil {
				return err
			}
			if len(ids) == 0 {
				continue
			}
			if err := t.do(query, l.sync, string(list)); err != nil {
				return err
			}
		}
		return nil
	})
}

// FreeReturned makes rows ready again that waited to be taken back, but for those
// listed: their pairs are no more.
func (l *Lease) FreeReturned(ctx context.Context, except map[RowID]bool) error {
	return l.free(ctx, except, `i.state = 8`)
}

// HasFormer tells whether there is any former item, so that looking costs nothing
// where there is none.
func (l *Lease) HasFormer(ctx context.Context) (bool, error) {
	var any sql.NullBool
	err := l.s.reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM former WHERE sync = ?)`, l.sync).Scan(&any)
	return any.Bool, failed("store.HasFormer", err)
}
