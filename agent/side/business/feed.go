package business

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

const (
	// pageSize is how many changes a page holds.
	pageSize = 500
	// keepSuperseded is how long a change that a newer one of the same item made
	// superfluous is kept: cursors older than that cannot show a restored database.
	keepSuperseded = 90 * 24 * time.Hour
)

// The values of changes.gone.
const (
	rowHere    = 0
	rowLeft    = 1 // deleted (embedded), or no longer seen (foreign)
	rowDeleted = 2 // deleted by us (foreign)
)

// horizon is the revision below which no open transaction can still add one. SQLite
// has one writer at a time, so revisions become visible in their order and
// everything visible is below it. A database with several writers must answer with
// the revision before the oldest open transaction's.
const horizon = int64(1<<63 - 1)

// place is a cursor taken apart.
type place struct {
	epoch    string
	revision int64
	mark     int64
	more     bool // inside a pass, not at its end
}

func (p place) cursor() side.Cursor {
	state := "end"
	if p.more {
		state = "more"
	}
	return side.Cursor(fmt.Sprintf("b1.%s.%d.%d.%s", p.epoch, p.revision, p.mark, state))
}

// parseCursor reads exactly what cursor writes.
func parseCursor(c side.Cursor) (place, bool) {
	parts := strings.Split(string(c), ".")
	if len(parts) != 5 {
		return place{}, false
	}
	p := place{epoch: parts[1], more: parts[4] == "more"}
	p.revision, _ = strconv.ParseInt(parts[2], 10, 64)
	p.mark, _ = strconv.ParseInt(parts[3], 10, 64)
	return p, p.cursor() == c
}

// Changes reads one page of the feed, with the items in it.
func (f *folder) Changes(ctx context.Context, c side.Cursor) (side.Page, error) {
	const op = "business.Changes"
	var from place
	if c != "" {
		var ok bool
		if from, ok = parseCursor(c); !ok {
			return side.Page{}, fault.New(fault.CursorLost, op, f.user, errors.New("not a cursor of this side"))
		}
	}
	if f.d.cfg.Foreign && !from.more {
		if err := f.d.compare(ctx, f); err != nil {
			return side.Page{}, coded(op, f.user, err)
		}
	}
	p, err := f.page(ctx, c, from)
	return p, coded(op, f.user, err)
}

// entry is one row of the feed.
type entry struct {
	revision, mark int64
	id             any
	gone           int
	key            pim.Key
}

func (f *folder) page(ctx context.Context, c side.Cursor, from place) (side.Page, error) {
	s, err := f.d.reading(ctx)
	if err != nil {
		return side.Page{}, err
	}
	defer s.end()
	epoch, err := f.checkPlace(ctx, s.ours, c, from)
	if err != nil {
		return side.Page{}, err
	}
	entries, err := f.entries(ctx, s.ours, from.revision)
	if err != nil {
		return side.Page{}, err
	}
	next := place{epoch: epoch, revision: from.revision, mark: from.mark}
	if next.more = len(entries) > pageSize; next.more {
		entries = entries[:pageSize]
	}
	if n := len(entries); n > 0 {
		next.revision, next.mark = entries[n-1].revision, entries[n-1].mark
	}
	ids := make([]any, 0, len(entries))
	for _, e := range entries {
		if e.gone == rowHere {
			ids = append(ids, e.id)
		}
	}
	found, err := f.load(ctx, s, ids, true)
	if err != nil {
		return side.Page{}, err
	}
	page := side.Page{Next: next.cursor(), More: next.more, Changes: make([]side.Change, len(entries))}
	for i, e := range entries {
		ch := side.Change{ID: itemID(e.id), Key: e.key}
		if r, ok := found[ch.ID]; ok && e.gone == rowHere {
			ch.Version, ch.Item = r.version(), r.item
		} else {
			ch.Gone = true
		}
		page.Changes[i] = ch
	}
	return page, nil
}

// entries reads the newest entry of each item after a revision.
func (f *folder) entries(ctx context.Context, t *tx, after int64) ([]entry, error) {
	rows, err := t.query(ctx, `SELECT c.revision, c.mark, c.item_id, c.gone, COALESCE(k.item_key, '')
		FROM changes c LEFT JOIN item_keys k ON k.item_id = c.item_id AND k.kind = c.kind AND k.user_id = c.user_id
		WHERE c.user_id = ? AND c.kind = ? AND c.revision > ? AND c.revision < ?
		AND NOT EXISTS (SELECT 1 FROM changes n WHERE n.item_id = c.item_id AND n.kind = c.kind
			AND n.user_id = c.user_id AND n.revision > c.revision)
		ORDER BY c.revision LIMIT ?`, f.user, f.kind, after, horizon, pageSize+1)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []entry
	for rows.Next() {
		var e entry
		if err := rows.Scan(&e.revision, &e.mark, &e.id, &e.gone, &e.key); err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, rows.Err()
}

// checkPlace gives the feed's epoch, or [fault.CursorLost] if the cursor does not
// end at a row this feed still knows: the database was restored or is another one.
func (f *folder) checkPlace(ctx context.Context, t *tx, c side.Cursor, p place) (string, error) {
	lost := func(why string) error {
		return fault.New(fault.CursorLost, "business.Changes", f.user, errors.New(why))
	}
	var (
		epoch     string
		compacted int64
	)
	err := t.QueryRowContext(ctx, `SELECT epoch, compacted_to FROM feed_state`).Scan(&epoch, &compacted)
	if err != nil || c == "" {
		return epoch, err
	}
	if p.epoch != epoch {
		return "", lost("the feed was begun anew")
	}
	if p.revision == 0 && p.mark == 0 {
		return epoch, nil
	}
	var known bool
	err = t.QueryRowContext(ctx, `SELECT mark = ? AND kind = ? AND user_id = ? FROM changes WHERE revision = ?`,
		p.mark, f.kind, f.user, p.revision).Scan(&known)
	switch {
	case errors.Is(err, sql.ErrNoRows) && p.revision > 0 && p.revision <= compacted:
		return epoch, nil
	case errors.Is(err, sql.ErrNoRows):
		return "", lost("the feed does not reach so far: the database was restored")
	case err != nil:
		return "", err
	case !known:
		return "", lost("the feed went another way: the database was restored")
	}
	return epoch, nil
}

// FindByKey finds items of this folder by key.
func (f *folder) FindByKey(ctx context.Context, keys []pim.Key) ([]side.Found, error) {
	const op = "business.FindByKey"
	if len(keys) == 0 {
		return nil, nil
	}
	s, err := f.d.reading(ctx)
	if err != nil {
		return nil, coded(op, f.user, err)
	}
	defer s.end()
	holders, ids, err := f.holders(ctx, s.ours, keys)
	if err != nil {
		return nil, coded(op, f.user, err)
	}
	rows, err := f.load(ctx, s, ids, true)
	if err != nil {
		return nil, coded(op, f.user, err)
	}
	out := make([]side.Found, len(keys))
	for i, k := range keys {
		out[i].Key = k
		for _, id := range holders[k] {
			if r, ok := rows[id]; ok {
				r.key = k
				out[i].Items = append(out[i].Items, r.got())
			}
		}
	}
	return out, nil
}

// holders gives the ids that carry keys, whether their rows exist or not.
func (f *folder) holders(ctx context.Context, t *tx, keys []pim.Key) (map[pim.Key][]pim.ItemID, []any, error) {
	by := make(map[pim.Key][]pim.ItemID, len(keys))
	var ids []any
	for _, k := range keys {
		if _, done := by[k]; done {
			continue
		}
		by[k] = nil
		rows, err := t.query(ctx, `SELECT item_id FROM item_keys WHERE item_key = ? AND kind = ? AND user_id = ? ORDER BY item_id`,
			string(k), f.kind, f.user)
		if err != nil {
			return nil, nil, err
		}
		for rows.Next() {
			var id any
			if err := rows.Scan(&id); err != nil {
				rows.Close()
				return nil, nil, err
			}
			by[k] = append(by[k], itemID(id))
			ids = append(ids, id)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, nil, err
		}
	}
	return by, ids, nil
}

// Whereabouts finds out what became of items. What went to another owner, or lost
// the user as a participant, is deleted for him: somebody did that on purpose. In an embedded database a tombstone
// proves a deletion; in a foreign one a row that is not seen any more may have been
// filtered away by a view, so only our own deletions are known as such. Keys outlive
// their rows in an embedded database: an id nobody knows is looked for by its key.
func (f *folder) Whereabouts(ctx context.Context, lost []side.Lost) ([]side.Whereabouts, error) {
	const op = "business.Whereabouts"
	if len(lost) == 0 {
		return nil, nil
	}
	s, err := f.d.reading(ctx)
	if err != nil {
		return nil, coded(op, f.user, err)
	}
	defer s.end()
	out := make([]side.Whereabouts, len(lost))
	for i, l := range lost {
		p, err := f.whereIs(ctx, s, l.ID)
		if err == nil && p == side.PlaceNowhere && l.Key != "" {
			p, err = f.whereKeyIs(ctx, s, l.Key)
		}
		if err != nil {
			return nil, coded(op, f.user, err)
		}
		out[i] = side.Whereabouts{ID: l.ID, Place: p}
	}
	return out, nil
}

// whereKeyIs finds the item that carries or carried a key. One that is there counts
// more than one that was deleted: a person may have deleted a copy.
func (f *folder) whereKeyIs(ctx context.Context, s session, k pim.Key) (side.Place, error) {
	holders, _, err := f.holders(ctx, s.ours, []pim.Key{k})
	if err != nil {
		return side.PlaceUnknown, err
	}
	best := side.PlaceNowhere
	for _, id := range holders[k] {
		p, err := f.whereIs(ctx, s, id)
		if err != nil {
			return side.PlaceUnknown, err
		}
		best = min(best, p) // here, deleted, elsewhere, nowhere: the order of Place
	}
	return best, nil
}

func (f *folder) whereIs(ctx context.Context, s session, id pim.ItemID) (side.Place, error) {
	var mine bool
	condition, who := f.visible()
	err := s.main.QueryRowContext(ctx, `SELECT `+condition+` FROM `+f.rel.name+` WHERE id = ?`, append(who, rowID(id))...).Scan(&mine)
	if err == nil && mine {
		return side.PlaceHere, nil
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return side.PlaceUnknown, err
	}
	others := err == nil
	var how int
	err = s.ours.QueryRowContext(ctx, `SELECT gone FROM changes WHERE item_id = ? AND kind = ? AND user_id = ?
		ORDER BY revision DESC LIMIT 1`, rowID(id), f.kind, f.user).Scan(&how)
	switch {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return side.PlaceUnknown, err
	case others && (err != nil || how == rowHere):
		return side.PlaceElsewhere, nil // nobody saw it change hands
	case others:
		return side.PlaceDeleted, nil
	case err != nil:
		return side.PlaceNowhere, nil
	case how == rowDeleted, how == rowLeft && !f.d.cfg.Foreign:
		return side.PlaceDeleted, nil
	}
	return side.PlaceNowhere, nil
}

// compact forgets changes that newer ones have long made superfluous.
func (d *Database) compact(ctx context.Context, p *pools) error {
	before := d.cfg.Now().Add(-keepSuperseded).Unix()
	var old int64
	err := p.read.QueryRowContext(ctx, `SELECT COALESCE(max(c.revision), 0) FROM changes c WHERE c.changed_at < ?
		AND EXISTS (SELECT 1 FROM changes n WHERE n.item_id = c.item_id AND n.kind = c.kind
			AND n.user_id = c.user_id AND n.revision > c.revision)`, before).Scan(&old)
	if err != nil || old == 0 {
		return err
	}
	t, err := p.begin(ctx, true)
	if err != nil {
		return err
	}
	defer t.Rollback()
	if _, err := t.exec(ctx, `DELETE FROM changes AS c WHERE c.revision <= ? AND EXISTS (SELECT 1 FROM changes n
		WHERE n.item_id = c.item_id AND n.kind = c.kind AND n.user_id = c.user_id AND n.revision > c.revision)`, old); err != nil {
		return err
	}
	if _, err := t.exec(ctx, `UPDATE feed_state SET compacted_to = max(compacted_to, ?)`, old); err != nil {
		return err
	}
	return t.Commit()
}
