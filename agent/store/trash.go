package store

import (
	"context"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// TrashID names a kept copy in this file.
type TrashID int64

// TrashReason says why a copy is kept. The values are stored: fixed.
type TrashReason uint8

// Reasons.
const (
	// TrashDeleted: a run deleted the item.
	TrashDeleted TrashReason = 1
	// TrashOverwritten: a run wrote the other side's newer values over it.
	TrashOverwritten TrashReason = 2
	// TrashConflict: both sides had changed it, and this side lost.
	TrashConflict TrashReason = 3
	// TrashConfirmed: a person let a held deletion pass.
	TrashConfirmed TrashReason = 4
	// TrashReplaced: it stood in for an item that came back.
	TrashReplaced TrashReason = 5
)

// Trash is the kept copy of what a run deleted or overwrote.
type Trash struct {
	ID      TrashID
	User    pim.UserID
	Kind    pim.Kind
	Side    pim.SideID
	Item    pim.ItemID
	Version pim.Version
	Reason  TrashReason
	// Fields are those whose values were lost; all for a deletion.
	Fields  pim.FieldSet
	Run     RunID
	At      time.Time
	Content []byte // pim.Marshal
	// Key and Partner are the pair's key and its item on the other side, "" where it
	// had none.
	Key     pim.Key
	Partner pim.ItemID
	// After is what the run made of the item, pim.Marshal; nil for a deletion.
	After []byte
	// Whole is what the side gave of it beyond its fields ([side.Keeper]); nil for
	// nothing. Lists leave it out.
	Whole []byte
	// Wish is how far bringing it back has come, Code why it was left as it is.
	Wish Wish
	Code fault.Code
	// Forced tells that a person asked for this very copy: newer edits give way to
	// it, with copies of their own.
	Forced bool
	// Restored is when it was brought back, zero if it was not.
	Restored time.Time
}

// Gone tells that the item itself was deleted, and not only written over.
func (x *Trash) Gone() bool {
	return x.Reason == TrashDeleted || x.Reason == TrashConfirmed || x.Reason == TrashReplaced
}

func (l *Lease) putTrash(t *tx, x *Trash) error {
	return t.do(`INSERT INTO trash (sync, side, item, version, reason, fields, run, at, content, key, partner, after, whole)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, l.sync, int64(x.Side), string(x.Item), string(x.Version), int64(x.Reason), int64(x.Fields),
		int64(x.Run), millis(l.s.now()), x.Content, string(x.Key), string(x.Partner), x.After, x.Whole)
}

// Copy names the kept copy of an item that was about to be removed because a person
// asked for it.
type Copy struct {
	Ref
	Version pim.Version
}

func (l *Lease) dropTrash(t *tx, c *Copy) error {
	return t.do(`DELETE FROM trash WHERE sync = ? AND side = ? AND item = ? AND version = ? AND reason = 4 AND wish IN (0, 4)`,
		l.sync, int64(c.Side), string(c.Item), string(c.Version))
}

// DeletedSince counts what runs deleted since a time, without what a person
// confirmed: the guard need not warn of it again.
func (l *Lease) DeletedSince(ctx context.Context, t time.Time) (int, error) {
	var n int
	err := l.s.reader.QueryRowContext(ctx, `SELECT count(*) FROM trash WHERE sync = ? AND reason = 1 AND at > ?`, l.sync, millis(t)).Scan(&n)
	return n, failed("store.DeletedSince", err)
}

// Trash lists a user's kept copies, the newest first: up to limit older than
// before (0: from the newest).
func (s *Store) Trash(ctx context.Context, user pim.UserID, before TrashID, limit int) ([]Trash, error) {
	return s.ListTrash(ctx, TrashQuery{User: user, Before: before, Limit: limit})
}

// Prune removes notices, finished runs and audit entries older than t. For the
// trash see [Store.PruneTrash].
func (s *Store) Prune(ctx context.Context, t time.Time) error {
	return s.write(ctx, "store.Prune", func(x *tx) error {
		for _, q := range []string{
			`DELETE FROM former WHERE NOT there AND at < ?`, `DELETE FROM problems WHERE notice AND last < ?`,
			`DELETE FROM runs WHERE ended > 0 AND ended < ?`, `DELETE FROM audit WHERE at < ?`,
		} {
			if err := x.do(q, millis(t)); err != nil {
				return err
			}
		}
		return nil
	})
}

// AuditEntry is one thing somebody did or looked at.
type AuditEntry struct {
	At                         time.Time
	Who, What, Subject, Detail string
}

// PutAudit records an entry; its time is set by the store. No secrets, no content.
func (s *Store) PutAudit(ctx context.Context, e AuditEntry) error {
	return s.write(ctx, "store.PutAudit", func(t *tx) error {
		return t.do(`INSERT INTO audit (at, who, what, subject, detail) VALUES (?, ?, ?, ?, ?)`,
			millis(s.now()), e.Who, e.What, e.Subject, e.Detail)
	})
}

// Audit lists the newest entries first.
func (s *Store) Audit(ctx context.Context, limit int) ([]AuditEntry, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT at, who, what, subject, detail FROM audit ORDER BY id DESC LIMIT ?`, limit)
	if err != nil {
		return nil, failed("store.Audit", err)
	}
	defer rows.Close() //nolint:errcheck // read only
	var out []AuditEntry
	for rows.Next() {
		var e AuditEntry
		var at int64
		if err := rows.Scan(&at, &e.Who, &e.What, &e.Subject, &e.Detail); err != nil {
			return nil, failed("store.Audit", err)
		}
		e.At = fromMillis(at)
		out = append(out, e)
	}
	return out, failed("store.Audit", rows.Err())
}
