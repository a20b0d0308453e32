package business

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"abgleich/agent/fault"
)

// Config says which database to open, and how.
type Config struct {
	// Driver is the kind of database: "sqlite" is the only one so far, and "" means it.
	Driver string
	// DSN is the database file: a path, or "file:" and a path.
	DSN string
	// Foreign tells that the database belongs to another program and offers the
	// contract as tables or views; it is never altered.
	Foreign bool
	// KeyStore is the file of our own beside a foreign database. Required when
	// Foreign is set, unused otherwise.
	KeyStore string
	// PollInterval is how often to look for changes while somebody watches; zero
	// means 200 ms.
	PollInterval time.Duration
	// Keeper is the installation that works with the database; nil for a program that
	// only reads, or writes what a person asked for: then copies aren't looked for.
	Keeper Keeper
	// Machine is a mark of this machine, "" where it has none.
	Machine string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Database is a business database, open or waiting to be ([New]); safe for use by many goroutines. It
// implements side.Side and side.Watcher.
type Database struct {
	cfg  Config
	path string
	// main is nil until the database is open. It is set last: who has read it sees
	// ours and views.
	main atomic.Pointer[pools] // the business tables
	ours *pools                // the key store; nil when embedded
	// views are the contract's relations that are views.
	views map[string]bool
	entry entrance
	// homing is held while the mark is read and written.
	homing sync.Mutex

	// foreignWork is held while a foreign database is written or compared. Its ids
	// may be used again at once, so what follows a deletion in the key store must
	// not meet the key of an item created since.
	foreignWork sync.Mutex
	watch       *watchers
	closing     sync.Once
	closed      error
}

// Open opens the database, creating and migrating an embedded one. Codes:
// [fault.ParameterInvalid], [fault.DatabaseUnreachable], [fault.DatabaseBusy],
// [fault.SchemaIncomplete] (the cause is a [Missing] listing exactly what a
// foreign database lacks; nothing was changed), [fault.StoreNewer].
func Open(ctx context.Context, cfg Config) (*Database, error) {
	d, err := New(cfg)
	if err != nil {
		return nil, err
	}
	if err := d.TryOpen(ctx); err != nil {
		_ = d.Close()
		return nil, err
	}
	return d, nil
}

func checkConfig(cfg *Config) (string, error) {
	if cfg.Driver != "" && cfg.Driver != "sqlite" {
		return "", fmt.Errorf("driver %q is not known; allowed: sqlite", cfg.Driver)
	}
	if cfg.PollInterval <= 0 {
		cfg.PollInterval = 200 * time.Millisecond
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	path, err := filePath(cfg.DSN)
	if err != nil {
		return "", err
	}
	if !cfg.Foreign {
		return path, nil
	}
	if cfg.KeyStore == "" {
		return "", errors.New("a foreign database needs a key store file of its own")
	}
	if cfg.KeyStore, err = filePath(cfg.KeyStore); err != nil {
		return "", err
	}
	if cfg.KeyStore == path {
		return "", errors.New("the key store must not be the database itself")
	}
	return path, nil
}

func (d *Database) openEmbedded(ctx context.Context) (*pools, error) {
	if err := private(d.path); err != nil {
		return nil, err
	}
	p, err := openPools(ctx, d.path, ownFile)
	if err != nil {
		return nil, err
	}
	if err = migrate(ctx, p.write); err == nil {
		err = d.compact(ctx, p)
	}
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (d *Database) openForeign(ctx context.Context) (_ *pools, err error) {
	if _, err := os.Stat(d.path); err != nil {
		return nil, fault.New(fault.DatabaseUnreachable, "business.open", d.path, err)
	}
	p, err := openPools(ctx, d.path, foreignFile)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err == nil {
			return
		}
		err = errors.Join(err, p.close())
		if d.ours != nil {
			err = errors.Join(err, d.ours.close())
			d.ours = nil
		}
	}()
	if d.views, err = checkSchema(ctx, p.read); err != nil {
		return nil, err
	}
	if err := private(d.cfg.KeyStore); err != nil {
		return nil, err
	}
	if d.ours, err = openPools(ctx, d.cfg.KeyStore, ownFile); err != nil {
		return nil, err
	}
	if err := d.openKeyStore(ctx); err != nil {
		return nil, err
	}
	if err := d.compact(ctx, d.ours); err != nil {
		return nil, err
	}
	return p, d.settlePending(ctx, p)
}

// private makes a new file readable by its owner alone, because it will hold
// personal data; an existing one keeps its permissions.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fault.New(fault.DatabaseUnreachable, "business.open", filepath.Base(path), err)
	}
	return f.Close()
}

// Foreign tells whether employee and permission data are read-only.
func (d *Database) Foreign() bool { return d.cfg.Foreign }

// Path is the database file.
func (d *Database) Path() string { return d.path }

// Close ends watching and closes the files. It may be called twice.
func (d *Database) Close() error {
	d.closing.Do(func() {
		d.watch.stop()
		d.closed = d.closePools()
	})
	return d.closed
}

// hashSize is the length of the hash that is an item's version.
const hashSize = 16

type rowHash [hashSize]byte

// hashExceptions carries a row's hash on over its exceptions.
func hashExceptions(row rowHash, all []exception) rowHash {
	h := sha256.New()
	h.Write(row[:])
	var n [5]byte
	for i := range all {
		for _, c := range all[i].column {
			n = [5]byte{0, byte(len(c.String)), byte(len(c.String) >> 8), byte(len(c.String) >> 16), byte(len(c.String) >> 24)}
			if c.Valid {
				n[0] = 1
			}
			h.Write(n[:])
			h.Write([]byte(c.String))
		}
	}
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return rowHash(sum[:hashSize])
}

// hashRow hashes the raw columns, each with its length before it.
func hashRow(columns []sql.RawBytes) rowHash {
	h := sha256.New()
	var n [4]byte
	for _, c := range columns {
		n[0], n[1], n[2], n[3] = byte(len(c)), byte(len(c)>>8), byte(len(c)>>16), byte(len(c)>>24)
		h.Write(n[:])
		h.Write(c)
	}
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return rowHash(sum[:hashSize])
}
