package business

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite", pure Go
)

// ownership says what may be done to a file.
type ownership bool

const (
	// ownFile is made by us: write-ahead log, so that readers never wait.
	ownFile ownership = true
	// foreignFile keeps its journal mode, which is a property of the file.
	foreignFile ownership = false
)

// readers is how many connections read at once; one more writes.
const readers = 3

// pools are the connections to one file: exactly one that writes, because two
// writers only wait for each other in SQLite, and a few that read.
type pools struct {
	write, read *sql.DB
}

// filePath takes the file out of a DSN.
func filePath(dsn string) (string, error) {
	p := strings.TrimPrefix(dsn, "file:")
	if p == "" {
		return "", errors.New("no database file given")
	}
	if strings.ContainsAny(p, "?\x00") {
		return "", fmt.Errorf("%q: give a file without options", dsn)
	}
	if strings.Contains(p, ":memory:") {
		return "", errors.New("a database in memory cannot be shared with other programs")
	}
	return filepath.Abs(p)
}

func openPools(ctx context.Context, path string, own ownership) (*pools, error) {
	dsn := func(write bool) string {
		q := url.Values{}
		q.Add("_pragma", "busy_timeout(10000)")
		q.Add("_pragma", "foreign_keys(1)")
		q.Add("_pragma", "synchronous(FULL)")
		q.Add("_pragma", "cache_size(-8000)")
		if write {
			q.Set("_txlock", "immediate")
		} else {
			q.Add("_pragma", "query_only(1)")
		}
		q.Set("mode", "rw")
		u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath(), RawQuery: q.Encode()}
		return u.String()
	}
	w, err := sql.Open("sqlite", dsn(true))
	if err != nil {
		return nil, err
	}
	w.SetMaxOpenConns(1)
	r, err := sql.Open("sqlite", dsn(false))
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	r.SetMaxOpenConns(readers)
	r.SetMaxIdleConns(readers)
	p := &pools{write: w, read: r}
	if own == ownFile {
		_, err = w.ExecContext(ctx, "PRAGMA journal_mode = WAL")
	} else {
		err = w.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(new(int))
	}
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *pools) close() error {
	return errors.Join(p.read.Close(), p.write.Close())
}

// tx is one transaction with the statements prepared for its connection.
type tx struct {
	*sql.Tx
	bound map[string]*sql.Stmt
}

// begin starts a transaction; a writing one takes the write lock at once, so that
// what it reads is still true when it writes.
func (p *pools) begin(ctx context.Context, write bool) (*tx, error) {
	db := p.read
	if write {
		db = p.write
	}
	t, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	return &tx{Tx: t, bound: map[string]*sql.Stmt{}}, nil
}

// stmt prepares a text once a transaction. It prepares on the transaction: on the
// pool it would wait for ever for the one connection that this transaction has.
func (t *tx) stmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if s := t.bound[text]; s != nil {
		return s, nil
	}
	s, err := t.Tx.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	t.bound[text] = s
	return s, nil
}

func (t *tx) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	s, err := t.stmt(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

func (t *tx) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	s, err := t.stmt(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}
