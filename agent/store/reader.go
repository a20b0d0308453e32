package store

import (
	"context"
	"database/sql"
	"sync"
)

// readers is how many reads of the file are under way at once.
const readers = 4

// reader reads beside the writer. Statements stay prepared: preparing one costs
// more than most of them take.
type reader struct {
	db    *sql.DB
	mu    sync.Mutex
	stmts map[string]*sql.Stmt
}

func newReader(db *sql.DB) *reader {
	db.SetMaxOpenConns(readers)
	db.SetMaxIdleConns(readers)
	return &reader{db: db, stmts: make(map[string]*sql.Stmt)}
}

// QueryContext is that of [sql.DB].
func (r *reader) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := r.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// QueryRowContext is that of [sql.DB].
func (r *reader) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	s, err := r.prepared(ctx, query)
	if err != nil {
		return r.db.QueryRowContext(ctx, query, args...) // its row carries the error
	}
	return s.QueryRowContext(ctx, args...)
}

// prepared doesn't hold the lock while it prepares: that may wait for a connection
// of somebody who waits for the lock.
func (r *reader) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if s := r.kept(query, nil); s != nil {
		return s, nil
	}
	s, err := r.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if first := r.kept(query, s); first != s {
		return first, s.Close()
	}
	return s, nil
}

// kept gives the statement kept for a query; the first one that is offered stays.
func (r *reader) kept(query string, offered *sql.Stmt) *sql.Stmt {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stmts[query]
	if s == nil && offered != nil {
		r.stmts[query], s = offered, offered
	}
	return s
}

// Close ends the statements with their connections.
func (r *reader) Close() error { return r.db.Close() }
