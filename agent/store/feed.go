package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// FeedState is how far one side's feed was read.
type FeedState struct {
	// Cursor is where to go on, "" for the beginning.
	Cursor side.Cursor
	// Relisting tells that the feed is read from its beginning though pairs exist:
	// what it says is gone, or does not name, is not thereby deleted.
	Relisting bool
	// Unnamed tells that there are items we made which the feed has not named yet.
	Unnamed bool
}

// Feed reads a side's feed state.
func (l *Lease) Feed(ctx context.Context, s pim.SideID) (FeedState, error) {
	var f FeedState
	err := l.s.reader.QueryRowContext(ctx, `SELECT cursor, relisting FROM cursors WHERE sync = ? AND side = ?`, l.sync, int64(s)).
		Scan((*string)(&f.Cursor), &f.Relisting)
	if err == nil || errors.Is(err, sql.ErrNoRows) {
		err = l.s.reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pairs WHERE sync = ? AND made = ? AND made <> 0)`,
			l.sync, int64(s)).Scan(&f.Unnamed)
	}
	return f, failed("store.Feed", err)
}

// Relist sends a side's feed back to its beginning: what is there is listed and
// paired again. The creation guard will look again too.
func (l *Lease) Relist(ctx context.Context, s pim.SideID) error {
	return l.write(ctx, "store.Relist", func(t *tx) error {
		if err := t.do(`INSERT INTO cursors (sync, side, cursor, relisting)
			VALUES (?1, ?2, '', EXISTS (SELECT 1 FROM pairs WHERE sync = ?1))
			ON CONFLICT DO UPDATE SET cursor = '', relisting = excluded.relisting`, l.sync, int64(s)); err != nil {
			return err
		}
		if err := t.do(`UPDATE syncs SET creations_checked = 0 WHERE id = ?`, l.sync); err != nil {
			return err
		}
		// What is unpaired will be listed again if it still is there.
		if err := t.do(`DELETE FROM problems WHERE user = ? AND kind = ? AND side = ? AND NOT notice
			AND item IN (SELECT id FROM inbox WHERE sync = ? AND side = ? AND pair IS NULL)`,
			string(l.user), int64(l.kind), int64(s), l.sync, int64(s)); err != nil {
			return err
		}
		if err := t.do(`DELETE FROM inbox WHERE sync = ? AND side = ? AND pair IS NULL`, l.sync, int64(s)); err != nil {
			return err
		}
		// What left before, and nobody has looked for yet, may be where it was before
		// that: in a database that went back it may be nowhere, and was not deleted.
		if err := t.do(`UPDATE inbox SET broken = 1 WHERE sync = ? AND side = ? AND gone AND place = 0`, l.sync, int64(s)); err != nil {
			return err
		}
		return t.do(`DELETE FROM seen WHERE sync = ? AND side = ?`, l.sync, int64(s))
	})
}

// Known is what the store knows of one item named by a feed.
type Known struct {
	// Pair is 0 for an unpaired item.
	Pair PairID
	// Version is the one recorded with the pair.
	Version pim.Version
	// Waiting and HasItem tell that the inbox holds the item, in RowVersion.
	Waiting    bool
	RowVersion pim.Version
	HasItem    bool
	// Gone tells that the row says the item left.
	Gone bool
	// Located tells that the row says the item is gone for good, and not only in
	// another folder: there it may still be deleted.
	Located bool
}

// Known looks up items by id. Unknown ones are missing in the answer.
func (l *Lease) Known(ctx context.Context, s pim.SideID, ids []pim.ItemID) (map[pim.ItemID]Known, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, failed("store.Known", err)
	}
	rows, err := l.s.reader.QueryContext(ctx, sideColumn(`SELECT j.value, p.id, p.$X_ver, i.seq, i.version, i.item IS NOT NULL, coalesce(i.gone, 0),
			coalesce(i.gone AND i.place NOT IN (0, 3), 0)
		FROM json_each(?3) j
		LEFT JOIN pairs p ON p.sync = ?1 AND p.$X_id = j.value
		LEFT JOIN inbox i ON i.sync = ?1 AND i.side = ?2 AND i.id = j.value`, s),
		l.sync, int64(s), string(list))
	if err != nil {
		return nil, failed("store.Known", err)
	}
	defer rows.Close() //nolint:errcheck // read only
	out := make(map[pim.ItemID]Known, len(ids))
	for rows.Next() {
		var id string
		var pair, seq sql.NullInt64
		var ver, rowVer sql.NullString
		var k Known
		if err := rows.Scan(&id, &pair, &ver, &seq, &rowVer, &k.HasItem, &k.Gone, &k.Located); err != nil {
			return nil, failed("store.Known", err)
		}
		if !pair.Valid && !seq.Valid {
			continue
		}
		k.Pair, k.Version = PairID(pair.Int64), pim.Version(ver.String)
		k.Waiting, k.RowVersion = seq.Valid, pim.Version(rowVer.String)
		out[pim.ItemID(id)] = k
	}
	return out, failed("store.Known", rows.Err())
}

// Arrival is one page of a feed as it goes into the inbox.
type Arrival struct {
	Side pim.SideID
	// Next is the cursor after the page.
	Next side.Cursor
	// Rows are put in, replacing what the inbox held of the same items.
	Rows []Row
	// Drop names items whose inbox rows say nothing any more.
	Drop []pim.ItemID
	// Named are the pairs the page named.
	Named []PairID
	// Seen names the pairs the page named as being there, while relisting.
	Seen []PairID
	// Last tells that the feed was read to its end.
	Last bool
}

// Arrive writes a page into the inbox and moves the cursor, in one transaction.
// At the end of a relisting, every pair that was not named gets a row that says
// its item is gone, with Broken set and the hint of missing for its pairing.
func (l *Lease) Arrive(ctx context.Context, a Arrival) error {
	return l.write(ctx, "store.Arrive", func(t *tx) error {
		if err := l.arriveRows(t, a.Rows); err != nil {
			return err
		}
		for _, id := range a.Drop {
			if err := t.do(`DELETE FROM inbox WHERE sync = ? AND side = ? AND id = ?`, l.sync, int64(a.Side), string(id)); err != nil {
				return err
			}
			if err := l.clear(t, Ref{Side: a.Side, Item: id}); err != nil {
				return err
			}
		}
		for _, p := range a.Seen {
			if err := t.do(`INSERT INTO seen (sync, side, pair) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, l.sync, int64(a.Side), int64(p)); err != nil {
				return err
			}
		}
		if err := l.named(t, a.Side, a.Named); err != nil {
			return err
		}
		if a.Last {
			if err := l.missing(t, a.Side); err != nil {
				return err
			}
			if err := l.unnamed(t, a.Side); err != nil {
				return err
			}
		}
		return t.do(`INSERT INTO cursors (sync, side, cursor, relisting) VALUES (?, ?, ?, 0)
			ON CONFLICT DO UPDATE SET cursor = excluded.cursor, relisting = relisting AND NOT ?`,
			l.sync, int64(a.Side), string(a.Next), flag(a.Last))
	})
}

// named notes that the feed knows of items we made.
func (l *Lease) named(t *tx, s pim.SideID, pairs []PairID) error {
	if len(pairs) == 0 {
		return nil
	}
	list, err := json.Marshal(pairs)
	if err != nil {
		return err
	}
	return t.do(`UPDATE pairs SET made = 0 WHERE sync = ? AND made = ? AND made <> 0 AND id IN (SELECT value FROM json_each(?))`,
		l.sync, int64(s), string(list))
}

// unnamed finds the items we made that a feed read to its end does not know of:
// they left before it was read, and it will never name them.
func (l *Lease) unnamed(t *tx, s pim.SideID) error {
	err := t.do(sideColumn(`INSERT INTO inbox (sync, side, id, pair, state, gone, broken, place, trouble, attempts,
			next_try, hold, seen, code, version, key, uid, hint, item)
		SELECT p.sync, ?2, p.$X_id, p.id, 0, 1, 0, 0, 0, 0, 0, 0, ?3, '', '', '', '', 0, NULL FROM pairs p
		WHERE p.sync = ?1 AND p.made = ?2 AND p.made <> 0
		ON CONFLICT (sync, side, id) DO UPDATE SET gone = 1, place = 0, state = 0, ignored = 0, hint = 0, uid = '' WHERE NOT gone`, s),
		l.sync, int64(s), millis(l.s.now()))
	if err != nil {
		return err
	}
	return t.do(`UPDATE pairs SET made = 0 WHERE sync = ? AND made = ? AND made <> 0`, l.sync, int64(s))
}

// missing ends a relisting, if one is going on.
func (l *Lease) missing(t *tx, s pim.SideID) error {
	var relisting bool
	if _, err := t.row(`SELECT relisting FROM cursors WHERE sync = ? AND side = ?`, []any{l.sync, int64(s)}, &relisting); err != nil || !relisting {
		return err
	}
	// A row that already says gone keeps what was found out about it.
	err := t.do(sideColumn(`INSERT INTO inbox (sync, side, id, pair, state, gone, broken, place, trouble, attempts,
			next_try, hold, seen, code, version, key, uid, hint, item)
		SELECT p.sync, ?2, p.$X_id, p.id, 0, 1, 1, 0, 0, 0, 0, 0, ?3, '', '', '', '', 0, NULL FROM pairs p
		WHERE p.sync = ?1 AND p.id NOT IN (SELECT pair FROM seen WHERE sync = ?1 AND side = ?2)
		ON CONFLICT (sync, side, id) DO UPDATE SET gone = 1, broken = 1, place = 0, state = 0, ignored = 0, hint = 0, uid = ''
		WHERE NOT gone`, s), l.sync, int64(s), millis(l.s.now()))
	if err != nil {
		return err
	}
	return t.do(`DELETE FROM seen WHERE sync = ? AND side = ?`, l.sync, int64(s))
}

// putRow inserts or replaces a row. A problem that may stand for the item stays
// known, and so does what was last known of an item that is gone, and that it was
// missed by a feed that began anew: a feed that says it again knows no more.
func (l *Lease) putRow(t *tx, r *Row) error {
	return t.do(`INSERT INTO inbox (sync, side, id, pair, state, gone, broken, place, trouble, attempts,
			next_try, hold, seen, code, version, key, uid, hint, item)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (sync, side, id) DO UPDATE SET pair = excluded.pair, state = excluded.state, gone = excluded.gone,
			broken = excluded.broken OR excluded.gone AND gone AND broken, place = excluded.place, trouble = trouble OR excluded.trouble,
			attempts = excluded.attempts, next_try = excluded.next_try, hold = 0, seen = excluded.seen,
			code = excluded.code, version = excluded.version, key = excluded.key, uid = excluded.uid,
			hint = excluded.hint, copy = 0, ignored = 0, item = CASE WHEN excluded.gone THEN coalesce(excluded.item, item) ELSE excluded.item END`,
		l.sync, int64(r.Side), string(r.ID), nullPair(r.Pair), int64(r.State), flag(r.Gone), flag(r.Broken), int64(r.Place),
		flag(r.Trouble), r.Attempts, millis(r.NextTry), millis(r.Seen), string(r.Code), string(r.Version),
		string(r.Key), r.UID, r.Hint, r.Item)
}
