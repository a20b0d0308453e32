package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"abgleich/agent/fault"
)

// writer is the one connection that writes. Statements are prepared once and stay.
type writer struct {
	conn  *sql.Conn
	turn  chan struct{} // holds one token while the connection is free
	stmts map[string]*sql.Stmt
}

// tx is one write transaction.
type tx struct {
	ctx context.Context
	w   *writer
}

func (t *tx) stmt(query string) (*sql.Stmt, error) {
	if st, ok := t.w.stmts[query]; ok {
		return st, nil
	}
	st, err := t.w.conn.PrepareContext(t.ctx, query)
	if err != nil {
		return nil, err
	}
	t.w.stmts[query] = st
	return st, nil
}

// do runs a statement.
func (t *tx) do(query string, args ...any) error {
	_, err := t.exec(query, args...)
	return err
}

func (t *tx) exec(query string, args ...any) (sql.Result, error) {
	st, err := t.stmt(query)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(t.ctx, args...)
}

// row reads one row into dst; false when there is none.
func (t *tx) row(query string, args []any, dst ...any) (bool, error) {
	st, err := t.stmt(query)
	if err != nil {
		return false, err
	}
	err = st.QueryRowContext(t.ctx, args...).Scan(dst...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// write runs f in one transaction. Transactions are short and hold no side's
// call, so a cancellation is honoured while waiting for the turn and then no
// more: an outcome that is half known would be worse than a moment's wait.
func (s *Store) write(ctx context.Context, op string, f func(*tx) error) error {
	if err := ctx.Err(); err != nil {
		return fault.New(fault.Cancelled, op, "", err)
	}
	select {
	case _, open := <-s.writer.turn:
		if !open {
			return fault.New(fault.StoreCorrupt, op, "agent.db", sql.ErrConnDone)
		}
	case <-ctx.Done():
		return fault.New(fault.Cancelled, op, "", ctx.Err())
	}
	defer func() { s.writer.turn <- struct{}{} }()
	t := &tx{ctx: context.WithoutCancel(ctx), w: s.writer}
	if err := t.do("BEGIN IMMEDIATE"); err != nil {
		return failed(op, err)
	}
	if err := f(t); err != nil {
		return failed(op, errors.Join(err, t.do("ROLLBACK")))
	}
	if err := t.do("COMMIT"); err != nil {
		return failed(op, errors.Join(err, t.do("ROLLBACK")))
	}
	return nil
}

// failed gives an error without a code the code of a broken store.
func failed(op string, err error) error {
	if err == nil {
		return nil
	}
	if c := fault.CodeOf(err); c != fault.Internal {
		return err
	}
	return fault.New(fault.StoreCorrupt, op, "agent.db", err)
}

// millis is how times are stored; zero stays zero.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
