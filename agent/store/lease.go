package store

import (
	"context"
	"database/sql"
	"fmt"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// Lease is the right to write the sync state of one user and kind. The newest
// lease wins; an older one's writes fail with [fault.AlreadyRunning]. Reads see
// the last committed state.
type Lease struct {
	s     *Store
	sync  int64
	fence int64
	user  pim.UserID
	kind  pim.Kind
}

// Begin takes the lease for one user and kind, and thereby ends any older one.
func (s *Store) Begin(ctx context.Context, user pim.UserID, kind pim.Kind) (*Lease, error) {
	l := &Lease{s: s, user: user, kind: kind}
	err := s.write(ctx, "store.Begin", func(t *tx) error {
		_, err := t.row(`INSERT INTO syncs (user, kind, fence) VALUES (?, ?, 1)
			ON CONFLICT (user, kind) DO UPDATE SET fence = fence + 1 RETURNING id, fence`,
			[]any{string(user), int64(kind)}, &l.sync, &l.fence)
		return err
	})
	if err != nil {
		return nil, err
	}
	return l, nil
}

// User is whose state it is.
func (l *Lease) User() pim.UserID { return l.user }

// Kind is which kind's state it is.
func (l *Lease) Kind() pim.Kind { return l.kind }

// write runs f in one transaction if the lease is still the newest.
func (l *Lease) write(ctx context.Context, op string, f func(*tx) error) error {
	err := l.s.write(ctx, op, func(t *tx) error {
		var fence int64
		if _, err := t.row(`SELECT fence FROM syncs WHERE id = ?`, []any{l.sync}, &fence); err != nil {
			return err
		}
		if fence != l.fence {
			return fault.New(fault.AlreadyRunning, op, string(l.user),
				fmt.Errorf("lease %d of %s was superseded", l.fence, l.kind))
		}
		if err := f(t); err != nil {
			return err
		}
		if l.s.commit != nil {
			return l.s.commit(false)
		}
		return nil
	})
	if err == nil && l.s.commit != nil {
		return l.s.commit(true)
	}
	return err
}

// SyncState is what is known of one user and kind as a whole.
type SyncState struct {
	// FirstDone tells that the first sync was completed once.
	FirstDone bool
	// CreationsChecked tells that the guard over creations has looked at what the
	// current full listing would create.
	CreationsChecked bool
	// Run is the run that is not finished yet, 0 if none.
	Run RunID
	// Pairs is how many pairs there are.
	Pairs int
}

// State reads the whole's state.
func (l *Lease) State(ctx context.Context) (SyncState, error) {
	var st SyncState
	var run, first sql.NullInt64
	err := l.s.reader.QueryRowContext(ctx, `SELECT run, first_done, creations_checked,
		(SELECT count(*) FROM pairs WHERE sync = syncs.id) FROM syncs WHERE id = ?`, l.sync).
		Scan(&run, &first, &st.CreationsChecked, &st.Pairs)
	st.Run, st.FirstDone = RunID(run.Int64), first.Valid
	return st, failed("store.State", err)
}

// MarkFirstDone records that the first sync is complete.
func (l *Lease) MarkFirstDone(ctx context.Context) error {
	return l.write(ctx, "store.MarkFirstDone", func(t *tx) error {
		return t.do(`UPDATE syncs SET first_done = ? WHERE id = ? AND first_done IS NULL`, millis(l.s.now()), l.sync)
	})
}

// Forget drops everything known about one user and kind: pairs, cursors, inbox,
// trash and history. The next run is a first sync that pairs again by key.
func (s *Store) Forget(ctx context.Context, user pim.UserID, kind pim.Kind) error {
	return s.write(ctx, "store.Forget", func(t *tx) error {
		if err := t.do(`DELETE FROM problems WHERE user = ? AND kind = ?`, string(user), int64(kind)); err != nil {
			return err
		}
		return t.do(`DELETE FROM syncs WHERE kind = ?2 AND (user = ?1 OR owner = ?1)`, string(user), int64(kind))
	})
}
