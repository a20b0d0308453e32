package store

import (
	"context"
	"strings"
)

// Place is where on the Exchange side the pairs of a user and kind belong.
type Place struct {
	// Mailbox is its address.
	Mailbox string
	// Folder is the name it was asked for by, "" for the default one.
	Folder string
	// ID is the folder's own on the server.
	ID string
}

// same tells whether two places are one. A renamed mailbox has the same folder, and
// a restored one gives a folder of the same name another id: neither is a move.
func (p Place) same(o Place) bool {
	return p.ID == o.ID || strings.EqualFold(p.Mailbox, o.Mailbox) && p.Folder == o.Folder
}

// Renamed tells whether the lease's items are in this very folder, under another
// address.
func (l *Lease) Renamed(ctx context.Context, id, mailbox string) (bool, error) {
	var was Place
	err := l.s.reader.QueryRowContext(ctx, `SELECT mailbox, folder_id FROM syncs WHERE id = ?`, l.sync).Scan(&was.Mailbox, &was.ID)
	if err != nil {
		return false, failed("store.Renamed", err)
	}
	return was.ID == id && !strings.EqualFold(was.Mailbox, mailbox), nil
}

// Settle says where this lease's items are now. If that is another place than
// before, everything known of the old one is put away as it is, pairs, cursors and
// what was begun; the lease goes on with what was put away of the new place earlier,
// or with nothing: then a first sync pairs. No item on either side is touched by it.
// History and trash go along. It tells whether something was put away.
//
// It must be called before anything is read or written with the lease.
func (l *Lease) Settle(ctx context.Context, p Place) (moved bool, err error) {
	err = l.write(ctx, "store.Settle", func(t *tx) error {
		var was Place
		if _, err := t.row(`SELECT mailbox, folder, folder_id FROM syncs WHERE id = ?`, []any{l.sync}, &was.Mailbox, &was.Folder, &was.ID); err != nil {
			return err
		}
		if was == p {
			return nil
		}
		if was.ID != "" && !was.same(p) {
			moved = true
			if err := l.putAway(t, p); err != nil {
				return err
			}
		}
		return t.do(`UPDATE syncs SET mailbox = ?, folder = ?, folder_id = ? WHERE id = ?`, p.Mailbox, p.Folder, p.ID, l.sync)
	})
	return moved, err
}

// putAway parks the lease's sync and takes up the one of the new place.
func (l *Lease) putAway(t *tx, to Place) error {
	old := l.sync
	// A name that no user has: User-IDs hold no control characters.
	if err := t.do(`UPDATE syncs SET owner = user, user = char(1) || id, fence = fence + 1 WHERE id = ?`, old); err != nil {
		return err
	}
	var kept int64
	found, err := t.row(`SELECT id FROM syncs WHERE owner = ?1 AND kind = ?2 AND id <> ?3
		AND (folder_id = ?4 OR mailbox = ?5 COLLATE NOCASE AND folder = ?6) ORDER BY folder_id = ?4 DESC, id DESC LIMIT 1`,
		[]any{string(l.user), int64(l.kind), old, to.ID, to.Mailbox, to.Folder}, &kept)
	if err != nil {
		return err
	}
	if found {
		if err := t.do(`UPDATE syncs SET user = owner, owner = '', fence = fence + 1 WHERE id = ?`, kept); err != nil {
			return err
		}
	} else if err := t.do(`INSERT INTO syncs (user, kind, fence) VALUES (?, ?, 1)`, string(l.user), int64(l.kind)); err != nil {
		return err
	}
	if _, err := t.row(`SELECT id, fence FROM syncs WHERE user = ? AND kind = ?`, []any{string(l.user), int64(l.kind)}, &l.sync, &l.fence); err != nil {
		return err
	}
	return l.carryOver(t, old)
}

// carryOver brings history and trash to the lease's sync. Problems of items end;
// those of the place taken up are met again with their items.
func (l *Lease) carryOver(t *tx, old int64) error {
	if err := t.do(`UPDATE syncs SET run = NULL WHERE id IN (?, ?)`, old, l.sync); err != nil {
		return err
	}
	if err := t.do(`UPDATE runs SET ended = ? WHERE sync = ? AND ended = 0`, millis(l.s.now()), old); err != nil {
		return err
	}
	for _, table := range []string{"runs", "trash"} {
		if err := t.do(`UPDATE OR IGNORE `+table+` SET sync = ? WHERE sync = ?`, l.sync, old); err != nil {
			return err
		}
	}
	// Notices stay: they tell what happened.
	if err := t.do(`DELETE FROM problems WHERE user = ? AND kind = ? AND item <> '' AND NOT notice`, string(l.user), int64(l.kind)); err != nil {
		return err
	}
	return t.do(`UPDATE inbox SET state = 0, attempts = 0, next_try = 0 WHERE sync = ? AND state IN (1, 2)`, l.sync)
}
