package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"encoding/base32"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"abgleich/agent/fault"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Options are what a store needs beside its file. The zero value works.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Volatile gives up durability against a power cut (not against a kill) for
	// speed. For tests and the demo.
	Volatile bool
	// Commit, if set, stands around every commit of a lease's write, for tests
	// that kill the agent there: an error before it undoes the write; an error
	// after it is returned though the write is done.
	Commit func(after bool) error
}

// Store is the open state file. It is safe for use by several goroutines.
type Store struct {
	path         string
	now          func() time.Time
	commit       func(after bool) error
	writing      *sql.DB // one connection: two writers at once are slow in SQLite
	writer       *writer // that connection
	reader       *reader
	installation string
	copied       bool // a copy of another store: its file goes with it

	closing sync.Once
	closed  error
}

// Open opens the state file, creates it if missing, and brings it to this
// version's form. Codes: [fault.StoreNewer] for a file of a later version,
// [fault.StoreCorrupt] for one that can't be read.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	// The file holds people's appointments: nobody else may read it, and SQLite
	// gives its side files the same mode.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault.New(fault.StoreCorrupt, "store.Open", path, err)
	}
	if err := f.Close(); err != nil {
		return nil, fault.New(fault.StoreCorrupt, "store.Open", path, err)
	}
	removeCopies(path, o.Now())
	return connect(ctx, path, o, (*Store).prepare)
}

// connect opens a file that exists; prepare brings it into form.
func connect(ctx context.Context, path string, o Options, prepare func(*Store, context.Context) error) (*Store, error) {
	level := "FULL"
	if o.Volatile {
		level = "OFF"
	}
	var err error
	s := &Store{path: path, now: o.Now, commit: o.Commit}
	if s.writing, err = open(path, "_txlock=immediate", level); err != nil {
		return nil, err
	}
	s.writing.SetMaxOpenConns(1)
	db, err := open(path, "_pragma=query_only(1)", level)
	if err != nil {
		return nil, errors.Join(err, s.writing.Close())
	}
	s.reader = newReader(db)
	if err := prepare(s, ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	conn, err := s.writing.Conn(ctx)
	if err != nil {
		return nil, errors.Join(fault.New(fault.StoreCorrupt, "store.Open", path, err), s.Close())
	}
	s.writer = &writer{conn: conn, turn: make(chan struct{}, 1), stmts: make(map[string]*sql.Stmt)}
	s.writer.turn <- struct{}{}
	return s, nil
}

func open(path, extra, level string) (*sql.DB, error) {
	// The path becomes a URI: SQLite reads ? and # in it otherwise.
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}
	u.RawQuery = strings.Join([]string{extra,
		"_pragma=busy_timeout(10000)", "_pragma=journal_mode(WAL)", "_pragma=synchronous(" + level + ")",
		"_pragma=foreign_keys(1)", "_pragma=temp_store(MEMORY)", "_pragma=cache_size(-8000)"}, "&")
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, fault.New(fault.StoreCorrupt, "store.Open", path, err)
	}
	return db, nil
}

func (s *Store) prepare(ctx context.Context) error {
	corrupt := func(err error) error { return fault.New(fault.StoreCorrupt, "store.Open", s.path, err) }
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return corrupt(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, s.writing, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return corrupt(err)
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return corrupt(err)
	}
	if have > want {
		return fault.New(fault.StoreNewer, "store.Open", s.path,
			fmt.Errorf("the file has form %d, this program knows %d", have, want))
	}
	if _, err := p.Up(ctx); err != nil {
		return corrupt(err)
	}
	_, err = s.writing.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ('installation', ?) ON CONFLICT DO NOTHING`, newInstallation())
	if err != nil {
		return corrupt(err)
	}
	err = s.writing.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = 'installation'`).Scan(&s.installation)
	if err != nil {
		return corrupt(err)
	}
	return nil
}

func newInstallation() string {
	var b [10]byte
	rand.Read(b[:]) //nolint:errcheck // documented never to fail
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

// Installation is the random id this state file got when it was created: 16
// small letters and digits.
func (s *Store) Installation() string { return s.installation }

// Path is the file.
func (s *Store) Path() string { return s.path }

// Close waits for a write that is going on and ends all use of the file. It may
// be called twice.
func (s *Store) Close() error {
	s.closing.Do(func() {
		var errs []error
		if w := s.writer; w != nil {
			<-w.turn
			for _, st := range w.stmts {
				errs = append(errs, st.Close())
			}
			errs = append(errs, w.conn.Close())
			close(w.turn)
		}
		errs = append(errs, s.reader.Close(), s.writing.Close())
		if s.copied {
			errs = append(errs, removeFile(s.path))
		}
		s.closed = errors.Join(errs...)
	})
	return s.closed
}
