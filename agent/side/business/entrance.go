package business

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"abgleich/agent/fault"
)

const (
	// firstPause and longestPause bound the time between two attempts to open a
	// database that can't be opened; it doubles from one to the other.
	firstPause   = time.Second
	longestPause = 30 * time.Second
)

// entrance is how a database comes to be open. Until it is, every call fails with
// why it is not: nothing is ever answered from nowhere, permissions least of all.
type entrance struct {
	mu     sync.Mutex // one attempt at a time; guards closed
	closed bool
	fault  atomic.Pointer[fault.Error]
}

// New names a database without opening it: until [Database.TryOpen] or
// [Database.Await] has, every call fails with the code for why. Code:
// [fault.ParameterInvalid].
func New(cfg Config) (*Database, error) {
	const op = "business.Open"
	path, err := checkConfig(&cfg)
	if err != nil {
		return nil, fault.New(fault.ParameterInvalid, op, cfg.DSN, err)
	}
	d := &Database{cfg: cfg, path: path, views: map[string]bool{}}
	d.watch = newWatchers(d)
	d.refuse(fault.New(fault.DatabaseUnreachable, op, path, errors.New("not opened yet")))
	return d, nil
}

// TryOpen opens a database that isn't open yet. Codes: those of [Open].
func (d *Database) TryOpen(ctx context.Context) error {
	const op = "business.Open"
	d.entry.mu.Lock()
	defer d.entry.mu.Unlock()
	switch {
	case d.entry.closed:
		return fault.New(fault.Cancelled, op, d.path, errClosed)
	case d.main.Load() != nil:
		return nil
	}
	open := d.openEmbedded
	if d.cfg.Foreign {
		open = d.openForeign
	}
	p, err := open(ctx)
	if err != nil {
		err = coded(op, d.path, err)
		if !fault.Has(err, fault.Cancelled) {
			d.refuse(err)
		}
		return err
	}
	d.main.Store(p)
	return nil
}

// Await tries again and again, with growing pauses, until the database is open; it
// fails only when the context ends or the database is closed. failed hears every
// attempt that fails.
func (d *Database) Await(ctx context.Context, failed func(error)) error {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := d.TryOpen(ctx)
		if err == nil || fault.Has(err, fault.Cancelled) {
			return err
		}
		failed(err)
		again := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			again.Stop()
			return fault.New(fault.Cancelled, "business.Await", d.path, ctx.Err())
		case <-again.C:
		}
	}
}

func (d *Database) refuse(err error) {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		f = &fault.Error{Code: fault.CodeOf(err), Op: "business.Open", Subject: d.path, Err: err}
	}
	d.entry.fault.Store(f)
}

// pools gives the connections to the business tables, or why there are none.
func (d *Database) pools() (*pools, error) {
	if p := d.main.Load(); p != nil {
		return p, nil
	}
	return nil, d.entry.fault.Load()
}

// begin starts a transaction on the business tables.
func (d *Database) begin(ctx context.Context, write bool) (*tx, error) {
	p, err := d.pools()
	if err != nil {
		return nil, err
	}
	return p.begin(ctx, write)
}

func (d *Database) closePools() error {
	d.entry.mu.Lock()
	defer d.entry.mu.Unlock()
	d.entry.closed = true
	var errs []error
	if p := d.main.Load(); p != nil {
		errs = append(errs, p.close())
	}
	if d.ours != nil {
		errs = append(errs, d.ours.close())
	}
	return errors.Join(errs...)
}
