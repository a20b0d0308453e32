package store

import (
	"context"
	"database/sql"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// KeyHit is an unpaired row that carries the key of a pair.
type KeyHit struct {
	Row  Row
	Pair Pair
}

// KeyHits lists unpaired rows that carry the key of an existing pair.
func (l *Lease) KeyHits(ctx context.Context, after RowID, limit int) ([]KeyHit, error) {
	rows, err := l.s.reader.QueryContext(ctx, `SELECT `+rowColumns+`, `+pairColumns+` FROM inbox i
		JOIN pairs p ON p.sync = i.sync AND p.key = i.key
		WHERE i.sync = ? AND i.pair IS NULL AND NOT i.gone AND i.key <> '' AND i.seq > ? ORDER BY i.seq LIMIT ?`,
		l.sync, int64(after), limit)
	if err != nil {
		return nil, failed("store.KeyHits", err)
	}
	return scanHits(rows, "store.KeyHits")
}

func scanHits(rows *sql.Rows, op string) ([]KeyHit, error) {
	defer rows.Close() //nolint:errcheck // read only
	var out []KeyHit
	for rows.Next() {
		var r rowScan
		var p pairScan
		if err := rows.Scan(append(r.dst(), p.dst()...)...); err != nil {
			return nil, failed(op, err)
		}
		out = append(out, KeyHit{Row: *r.row(), Pair: *p.pair()})
	}
	return out, failed(op, rows.Err())
}

// Relink gives a pair's half the item that carries its key under a new id, or
// that was recognised by its content. What the inbox held of the old id goes.
// The feed may not have named the new id yet, see [Pair.Made].
func (l *Lease) Relink(ctx context.Context, p *Pair, r *Row) error {
	return l.write(ctx, "store.Relink", func(t *tx) error { return l.relink(t, p, r) })
}

func (l *Lease) relink(t *tx, p *Pair, r *Row) error {
	if err := l.clear(t, Ref{Side: r.Side, Item: p.Sides.At(r.Side).ID}); err != nil {
		return err
	}
	// The former item is there still if somebody gave it another key: it is an
	// item of its own now, and is read again.
	if err := t.do(`UPDATE inbox SET pair = NULL, state = 0, code = '', hold = 0, attempts = 0, next_try = 0, version = '', item = NULL
		WHERE pair = ? AND side = ? AND NOT gone AND seq <> ?`, int64(p.ID), int64(r.Side), int64(r.Seq)); err != nil {
		return err
	}
	if err := t.do(`DELETE FROM inbox WHERE pair = ? AND side = ?`, int64(p.ID), int64(r.Side)); err != nil {
		return err
	}
	if err := t.do(sideColumn(`UPDATE pairs SET $X_id = ?, $X_ver = '', state = 1, made = ? WHERE id = ? AND sync = ?`, r.Side),
		string(r.ID), int64(r.Side), int64(p.ID), l.sync); err != nil {
		return err
	}
	// The other side's row may have rested with the pair, or been held.
	if err := t.do(`UPDATE inbox SET state = 0, code = '', hold = 0 WHERE pair = ?`, int64(p.ID)); err != nil {
		return err
	}
	if err := l.follow(t, r.Side, p.Sides.At(r.Side).ID, r.ID); err != nil {
		return err
	}
	return t.do(`UPDATE inbox SET pair = ?, state = 0, code = '', hold = 0 WHERE seq = ? AND sync = ?`, int64(p.ID), int64(r.Seq), l.sync)
}

// Renewed lists pairs of which one item is gone, while the other one carries the key of
// an unpaired row of the missing one's side: it was made anew, and the store, which is
// an older one, does not know.
func (l *Lease) Renewed(ctx context.Context) ([]KeyHit, error) {
	rows, err := l.s.reader.QueryContext(ctx, `SELECT `+rowColumns+`, `+pairColumns+` FROM inbox own
		JOIN pairs p ON p.id = own.pair AND own.key <> p.key
		JOIN inbox g ON g.pair = p.id AND g.side <> own.side AND g.gone
		JOIN inbox i ON i.sync = own.sync AND i.side = g.side AND i.key = own.key AND i.pair IS NULL AND NOT i.gone
		WHERE own.sync = ?1 AND NOT own.gone AND own.key <> '' AND NOT EXISTS (SELECT 1 FROM pairs q WHERE q.sync = ?1 AND q.key = own.key)
		ORDER BY i.seq`, l.sync)
	if err != nil {
		return nil, failed("store.Renewed", err)
	}
	return scanHits(rows, "store.Renewed")
}

// Renew does what [Lease.Relink] does, for an item that was made anew with a key of its
// own: the pair has that key from then on.
func (l *Lease) Renew(ctx context.Context, p *Pair, r *Row) error {
	return l.write(ctx, "store.Renew", func(t *tx) error {
		if err := t.do(`UPDATE pairs SET key = ? WHERE id = ? AND sync = ?`, string(r.Key), int64(p.ID), l.sync); err != nil {
			return err
		}
		if err := t.do(`UPDATE trash SET key = ? WHERE sync = ? AND key = ?`, string(r.Key), l.sync, string(p.Key)); err != nil {
			return err
		}
		return l.relink(t, p, r)
	})
}

// ForgetKeys makes rows copies: the key they carry is another item's, so they
// are treated as if they had none.
func (l *Lease) ForgetKeys(ctx context.Context, seqs []RowID) error {
	if len(seqs) == 0 {
		return nil
	}
	return l.write(ctx, "store.ForgetKeys", func(t *tx) error {
		for _, s := range seqs {
			if err := t.do(`UPDATE inbox SET key = '', copy = 1 WHERE seq = ? AND sync = ?`, int64(s), l.sync); err != nil {
				return err
			}
		}
		return nil
	})
}

// Group is unpaired rows of both sides that could belong together.
type Group struct {
	// Rows of each side; exactly one of each where the pair is certain.
	Business, Exchange []RowID
}

// MatchBy is what unpaired rows are grouped by.
type MatchBy string

// From the surest to the weakest.
const (
	ByKey  MatchBy = "key"
	ByUID  MatchBy = "uid"
	ByHint MatchBy = "hint"
)

// open are rows that may be paired: unpaired, read, and not left out for a
// reason that has nothing to do with pairing (a series).
const open4match = `sync = ?1 AND pair IS NULL AND NOT gone AND item IS NOT NULL AND hint <> 0 AND state <> 8`

// CanMatch tells whether there is anything to pair: new unpaired rows, or
// ambiguous ones, and something on the other side.
func (l *Lease) CanMatch(ctx context.Context) (bool, error) {
	var b, e sql.NullBool
	err := l.s.reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM inbox WHERE side = 1 AND `+open4match+`),
		EXISTS (SELECT 1 FROM inbox WHERE side = 2 AND `+open4match+`)`, l.sync).Scan(&b, &e)
	return b.Bool && e.Bool, failed("store.CanMatch", err)
}

// Groups lists the groups with rows on both sides, largest seq last. Each is read
// at once by its ids only; single says whether to list the one-to-one groups or
// the others.
func (l *Lease) Groups(ctx context.Context, by MatchBy, single bool) ([]Group, error) {
	col, none := string(by), `''`
	if by == ByHint {
		none = "0"
	}
	cond := `nb = 1 AND ne = 1`
	if !single {
		cond = `nb >= 1 AND ne >= 1 AND nb + ne > 2`
	}
	rows, err := l.s.reader.QueryContext(ctx, `SELECT seq, side, g FROM (SELECT `+col+` AS g, sum(side = 1) AS nb, sum(side = 2) AS ne
			FROM inbox WHERE `+open4match+` AND `+col+` <> `+none+` GROUP BY `+col+` HAVING `+cond+`)
		JOIN inbox ON `+col+` = g WHERE `+open4match+` ORDER BY g, side, seq`, l.sync)
	if err != nil {
		return nil, failed("store.Groups", err)
	}
	defer rows.Close() //nolint:errcheck // read only
	var out []Group
	var last any
	for rows.Next() {
		var seq RowID
		var s pim.SideID
		var g any
		if err := rows.Scan((*int64)(&seq), &s, &g); err != nil {
			return nil, failed("store.Groups", err)
		}
		if len(out) == 0 || g != last {
			out, last = append(out, Group{}), g
		}
		grp := &out[len(out)-1]
		if s == pim.Business {
			grp.Business = append(grp.Business, seq)
		} else {
			grp.Exchange = append(grp.Exchange, seq)
		}
	}
	return out, failed("store.Groups", rows.Err())
}

// BroughtBack lists the unpaired rows of items that a person wanted back, each with the
// one it belonged to, where that is unpaired too and never got the key.
func (l *Lease) BroughtBack(ctx context.Context) ([]Match, error) {
	rows, err := l.s.reader.QueryContext(ctx, `SELECT CASE i.side WHEN 1 THEN i.seq ELSE o.seq END, CASE i.side WHEN 2 THEN i.seq ELSE o.seq END, i.key
		FROM trash x JOIN inbox i ON i.sync = x.sync AND i.side = x.side AND i.key = x.key
		JOIN inbox o ON o.sync = x.sync AND o.side <> x.side AND o.id = x.partner
		WHERE x.sync = ?1 AND x.wish = 3 AND x.key <> '' AND x.partner <> '' AND i.pair IS NULL AND NOT i.gone AND i.item IS NOT NULL AND i.state <> 8
			AND o.pair IS NULL AND NOT o.gone AND o.item IS NOT NULL AND o.key = '' AND o.state <> 8
			AND NOT EXISTS (SELECT 1 FROM pairs q WHERE q.sync = x.sync AND q.key = x.key)
		ORDER BY x.id`, l.sync)
	if err != nil {
		return nil, failed("store.BroughtBack", err)
	}
	defer rows.Close() //nolint:errcheck // read only
	var out []Match
	taken, keys := make(map[RowID]bool), make(map[pim.Key]bool)
	for rows.Next() {
		var m Match
		if err := rows.Scan((*int64)(&m.Business), (*int64)(&m.Exchange), (*string)(&m.Key)); err != nil {
			return nil, failed("store.BroughtBack", err)
		}
		if !taken[m.Business] && !taken[m.Exchange] && !keys[m.Key] {
			out = append(out, m)
		}
		taken[m.Business], taken[m.Exchange], keys[m.Key] = true, true, true
	}
	return out, failed("store.BroughtBack", rows.Err())
}

// Match is two unpaired rows that belong together.
type Match struct {
	Business, Exchange RowID
	// Key is the pair's new key, "" where both items carry the same one.
	Key pim.Key
}

// Pair makes pairs without bases of rows; their first comparison follows.
func (l *Lease) Pair(ctx context.Context, matches []Match) error {
	return l.write(ctx, "store.Pair", func(t *tx) error {
		for _, m := range matches {
			var id int64
			ok, err := t.row(`INSERT INTO pairs (sync, key, state, keyed, b_id, b_ver, e_id, e_ver, same, b_base, e_base)
				SELECT b.sync, CASE ?1 WHEN '' THEN b.key ELSE ?1 END, 1,
					CASE ?1 WHEN '' THEN 3 ELSE (b.key = ?1) | (e.key = ?1) << 1 END, b.id, '', e.id, '', 0, NULL, NULL
				FROM inbox b, inbox e WHERE b.seq = ?2 AND e.seq = ?3 AND b.sync = ?4 AND e.sync = ?4 RETURNING id`,
				[]any{string(m.Key), int64(m.Business), int64(m.Exchange), l.sync}, &id)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			if err := t.do(`UPDATE inbox SET pair = ?, state = 0, code = '', hold = 0, ignored = 0 WHERE seq IN (?, ?)`, id, int64(m.Business), int64(m.Exchange)); err != nil {
				return err
			}
		}
		return l.rekey(t, matches)
	})
}

// Unmatched lists rows that may be paired and aren't, in pages.
func (l *Lease) Unmatched(ctx context.Context, after RowID, limit int) ([]Row, error) {
	rows, err := l.s.reader.QueryContext(ctx, `SELECT `+rowColumns+` FROM inbox i WHERE `+open4match+` AND seq > ?2 ORDER BY seq LIMIT ?3`,
		l.sync, int64(after), limit)
	if err != nil {
		return nil, failed("store.Unmatched", err)
	}
	return scanRows(rows, "store.Unmatched")
}

// KeyedAlone lists unpaired rows about to be made on the other side that carry the key
// of something a person wanted back, and are no copies, in pages. Those that belong to
// what is put away ([Lease.Settle]) are not among them: their other halves are in that
// folder.
func (l *Lease) KeyedAlone(ctx context.Context, after RowID, limit int) ([]Row, error) {
	rows, err := l.s.reader.QueryContext(ctx, `SELECT `+rowColumns+` FROM inbox i WHERE sync = ?1 AND pair IS NULL AND NOT gone
		AND item IS NOT NULL AND state = 0 AND key <> '' AND NOT copy AND seq > ?2
		AND EXISTS (SELECT 1 FROM trash x WHERE x.sync = ?1 AND x.key = i.key AND x.wish IN (2, 3))
		AND NOT EXISTS (SELECT 1 FROM syncs y JOIN pairs q ON q.sync = y.id AND q.key = i.key WHERE y.owner = ?4 OR y.id = ?1)
		ORDER BY seq LIMIT ?3`, l.sync, int64(after), limit, string(l.user))
	if err != nil {
		return nil, failed("store.KeyedAlone", err)
	}
	return scanRows(rows, "store.KeyedAlone")
}

// RowsBySeq reads rows by number.
func (l *Lease) RowsBySeq(ctx context.Context, seqs []RowID) ([]Row, error) {
	var out []Row
	for _, s := range seqs {
		rows, err := l.s.reader.QueryContext(ctx, `SELECT `+rowColumns+` FROM inbox i WHERE i.seq = ? AND i.sync = ?`, int64(s), l.sync)
		if err != nil {
			return nil, failed("store.RowsBySeq", err)
		}
		list, err := scanRows(rows, "store.RowsBySeq")
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// FreeBlocked makes rows blocked by a code ready again, but for those listed.
func (l *Lease) FreeBlocked(ctx context.Context, code fault.Code, except map[RowID]bool) error {
	return l.free(ctx, except, `i.state = 2 AND i.code = ? AND NOT i.ignored`, string(code))
}

func (l *Lease) free(ctx context.Context, except map[RowID]bool, cond string, args ...any) error {
	rows, err := l.s.reader.QueryContext(ctx, `SELECT `+rowColumns+` FROM inbox i WHERE i.sync = ? AND `+cond, append([]any{l.sync}, args...)...)
	if err != nil {
		return failed("store.FreeBlocked", err)
	}
	list, err := scanRows(rows, "store.FreeBlocked")
	if err != nil {
		return err
	}
	var b Batch
	for i := range list {
		if !except[list[i].Seq] {
			b.States = append(b.States, StateChange{Seq: list[i].Seq})
			b.Clear = append(b.Clear, Ref{Side: list[i].Side, Item: list[i].ID})
		}
	}
	return l.Apply(ctx, &b)
}

// Returned lists pairs of which one item is missing without a trace, each with the
// one unpaired row of the same side that has its UID, or looks like it where
// either has none.
func (l *Lease) Returned(ctx context.Context) ([]KeyHit, error) {
	rows, err := l.s.reader.QueryContext(ctx, `SELECT `+rowColumns+`, `+pairColumns+` FROM (
			SELECT g.pair AS pair, min(u.seq) AS seq FROM inbox g JOIN inbox u ON u.sync = g.sync AND u.side = g.side
				AND (g.uid <> '' AND u.uid = g.uid OR (g.uid = '' OR u.uid = '') AND g.hint <> 0 AND u.hint = g.hint)
			WHERE g.sync = ? AND g.gone AND g.pair IS NOT NULL AND (g.hint <> 0 OR g.uid <> '') AND u.pair IS NULL AND NOT u.gone
			GROUP BY g.seq HAVING count(*) = 1) x
		JOIN inbox i ON i.seq = x.seq JOIN pairs p ON p.id = x.pair ORDER BY i.seq, p.id`, l.sync)
	if err != nil {
		return nil, failed("store.Returned", err)
	}
	return scanHits(rows, "store.Returned")
}
