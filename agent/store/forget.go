package store

import (
	"context"
	"database/sql"
	"errors"

	"abgleich/agent/pim"
)

// Forgotten counts what was erased of a user.
type Forgotten struct {
	Pairs, Trash, Runs int
	// Any tells that there was something at all.
	Any bool
}

// ForgetUser erases all that is kept about a user, whatever the case of his name: credentials, proofs of identity,
// pairs, cursors, inbox, journal, problems, holds, trash, history, ties, options. What stood
// there is overwritten in the file. The items on both sides stay; so do entries of
// the audit record, which hold names and no content, until they are old.
func (s *Store) ForgetUser(ctx context.Context, user pim.UserID) (Forgotten, error) {
	const op = "store.ForgetUser"
	var f Forgotten
	if err := s.pragma(ctx, `PRAGMA secure_delete = ON`); err != nil {
		return f, failed(op, err)
	}
	err := s.write(ctx, op, func(t *tx) error {
		const mine = ` IN (SELECT id FROM syncs WHERE user = ?1 COLLATE NOCASE OR owner = ?1 COLLATE NOCASE)`
		for _, c := range []struct {
			table string
			n     *int
		}{{"pairs", &f.Pairs}, {"trash", &f.Trash}, {"runs", &f.Runs}} {
			if _, err := t.row(`SELECT count(*) FROM `+c.table+` WHERE sync`+mine, []any{string(user)}, c.n); err != nil {
				return err
			}
		}
		for _, q := range []string{
			`DELETE FROM syncs WHERE user = ?1 COLLATE NOCASE OR owner = ?1 COLLATE NOCASE`, // and all that hangs on them
			`DELETE FROM problems WHERE user = ?1 COLLATE NOCASE`,
			`DELETE FROM options WHERE user = ?1 COLLATE NOCASE`,
			`DELETE FROM ties WHERE user = ?1 COLLATE NOCASE`,
			`DELETE FROM accounts WHERE user = ?1 COLLATE NOCASE`,
			`DELETE FROM identities WHERE user = ?1 COLLATE NOCASE`,
		} {
			res, err := t.exec(q, string(user))
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil || n > 0 {
				f.Any = true
			}
		}
		return nil
	})
	if err != nil {
		return f, err
	}
	// Earlier versions of rows lie in pages of the file that are in use no more: it is
	// written anew. Then out of the log beside it, where nobody is reading there.
	ctx = context.WithoutCancel(ctx)
	return f, failed(op, errors.Join(s.pragma(ctx, `VACUUM`), s.pragma(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`), s.pragma(ctx, `PRAGMA secure_delete = OFF`)))
}

// pragma runs one on the writing connection, between transactions.
func (s *Store) pragma(ctx context.Context, text string) error {
	select {
	case _, open := <-s.writer.turn:
		if !open {
			return sql.ErrConnDone
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.writer.turn <- struct{}{} }()
	_, err := s.writer.conn.ExecContext(ctx, text)
	return err
}
