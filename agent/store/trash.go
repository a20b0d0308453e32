package store

import (
	"context"
	"time"

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
}

func (l *Lease) putTrash(t *tx, x *Trash) error {
	return t.do(`INSERT INTO trash (sync, side, item, version, reason, fields, run, at, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, l.sync, int64(x.Side), string(x.Item), string(x.Version), int64(x.Reason), int64(x.Fields),
		int64(x.Run), millis(l.s.now()), x.Content)
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
	rows, err := s.reader.QueryContext(ctx, `SELECT t.id, y.user, y.kind, t.side, t.item, t.version, t.reason, t.fields, t.run, t.at, t.content
		FROM trash t JOIN syncs y ON y.id = t.sync WHERE y.user = ?1 AND (?2 = 0 OR t.id < ?2) ORDER BY t.id DESC LIMIT ?3`,
		string(user), int64(before), limit)
	if err != nil {
		return nil, failed("store.Trash", err)
	}
	defer rows.Close() //nolint:errcheck // read only
	var out []Trash
	for rows.Next() {
		var x Trash
		var at int64
		if err := rows.Scan((*int64)(&x.ID), (*string)(&x.User), &x.Kind, &x.Side, (*string)(&x.Item), (*string)(&x.Version),
			&x.Reason, &x.Fields, (*int64)(&x.Run), &at, &x.Content); err != nil {
			return nil, failed("store.Trash", err)
		}
		x.At = fromMillis(at)
		out = append(out, x)
	}
	return out, failed("store.Trash", rows.Err())
}

// Prune removes kept copies, notices, finished runs and audit entries older than t.
func (s *Store) Prune(ctx context.Context, t time.Time) error {
	return s.write(ctx, "store.Prune", func(x *tx) error {
		for _, q := range []string{
			`DELETE FROM trash WHERE at < ?`, `DELETE FROM former WHERE NOT there AND at < ?`, `DELETE FROM problems WHERE notice AND last < ?`,
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
