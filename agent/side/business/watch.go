package business

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"strings"
	"sync"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// patience is how many looks in a row may fail before watching is given up.
const patience = 25

// watchers is the one poller of a database and those it tells. The poller lives
// from the first Watch to the end of the last.
type watchers struct {
	d *Database

	mu     sync.Mutex // guards the rest
	subs   map[*subscriber]bool
	cancel context.CancelFunc // ends the poller; nil when none runs
	done   chan struct{}      // closed when the poller has ended
	closed bool
}

type subscriber struct {
	user string
	hint func(pim.Kind)
	fail chan error // at most one
}

func newWatchers(d *Database) *watchers {
	return &watchers{d: d, subs: map[*subscriber]bool{}}
}

// Watch calls hint when the user's items changed, whoever wrote them. In an embedded
// database own writes are hinted at too; a foreign one has no feed, so any write of
// another program is hinted at for everybody.
func (d *Database) Watch(ctx context.Context, a side.Account, ready func(), hint func(pim.Kind)) error {
	const op = "business.Watch"
	e, err := d.Employee(ctx, a.User)
	if err != nil {
		return err
	}
	s := &subscriber{user: string(e.User), hint: hint, fail: make(chan error, 1)}
	if err := d.watch.add(ctx, s); err != nil {
		return coded(op, string(a.User), err)
	}
	defer d.watch.remove(s)
	if ready != nil {
		ready()
	}
	select {
	case <-ctx.Done():
		return coded(op, string(a.User), ctx.Err())
	case err := <-s.fail:
		return coded(op, string(a.User), err)
	}
}

// add subscribes; the poller has taken its first look when add returns, so that
// nothing that happens afterwards is missed.
func (w *watchers) add(ctx context.Context, s *subscriber) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return errClosed
	}
	if w.cancel == nil {
		p := &poller{d: w.d}
		if err := p.begin(ctx); err != nil {
			return err
		}
		run, cancel := context.WithCancel(context.WithoutCancel(ctx))
		w.cancel, w.done = cancel, make(chan struct{})
		go w.run(run, p, w.done)
	}
	w.subs[s] = true
	return nil
}

var errClosed = errors.New("the database is closed")

func (w *watchers) remove(s *subscriber) {
	w.mu.Lock()
	delete(w.subs, s)
	var done chan struct{}
	if len(w.subs) == 0 && w.cancel != nil {
		w.cancel()
		w.cancel, done = nil, w.done
	}
	w.mu.Unlock()
	if done != nil {
		<-done
	}
}

// stop ends the poller and every Watch.
func (w *watchers) stop() {
	w.mu.Lock()
	w.closed = true
	cancel, done := w.cancel, w.done
	w.cancel = nil
	w.failAll(fault.New(fault.Cancelled, "business.Watch", "", errClosed))
	w.mu.Unlock()
	if cancel != nil {
		cancel()
		<-done
	}
}

// failAll ends every Watch; the caller holds mu.
func (w *watchers) failAll(err error) {
	for s := range w.subs {
		select {
		case s.fail <- err:
		default:
		}
	}
}

func (w *watchers) run(ctx context.Context, p *poller, done chan struct{}) {
	defer close(done)
	defer p.end()
	tick := time.NewTicker(w.d.cfg.PollInterval)
	defer tick.Stop()
	for failed := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		found, err := p.look(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			failed = 0
			w.tell(found)
			continue
		}
		if failed++; failed < patience {
			continue
		}
		w.mu.Lock()
		w.failAll(err)
		w.mu.Unlock()
		failed = 0
	}
}

// touched is a user and a kind something happened to; an empty user is everybody,
// kind 0 is every kind.
type touched struct {
	user string
	kind pim.Kind
}

func (w *watchers) tell(found []touched) {
	if len(found) == 0 {
		return
	}
	type call struct {
		hint func(pim.Kind)
		kind pim.Kind
	}
	var calls []call
	w.mu.Lock()
	for s := range w.subs {
		for _, t := range found {
			if t.user != "" && !strings.EqualFold(t.user, s.user) {
				continue
			}
			for _, k := range pim.Kinds() {
				if t.kind == 0 || t.kind == k {
					calls = append(calls, call{s.hint, k})
				}
			}
		}
	}
	w.mu.Unlock()
	for _, c := range calls { // outside the lock: a hint may call back
		c.hint(c.kind)
	}
}

// poller looks whether the file changed.
type poller struct {
	d        *Database
	conn     *sql.Conn // data_version is a connection's own view
	file     os.FileInfo
	version  int64
	revision int64
}

func (p *poller) begin(ctx context.Context) error {
	var err error
	if p.file, err = os.Stat(p.d.path); err != nil {
		return err
	}
	if !p.d.cfg.Foreign {
		if p.conn, err = p.d.main.Load().read.Conn(ctx); err != nil {
			return err
		}
	}
	if p.version, err = p.dataVersion(ctx); err == nil && p.conn != nil {
		p.revision, err = p.top(ctx)
	}
	if err != nil {
		p.end()
	}
	return err
}

func (p *poller) end() {
	if p.conn != nil {
		_ = p.conn.Close()
		p.conn = nil
	}
}

// dataVersion changes when another connection has written. For a foreign database
// it is asked on our writing connection, which does not count our own writes: they
// would set off runs for everybody.
func (p *poller) dataVersion(ctx context.Context) (v int64, err error) {
	const text = "PRAGMA data_version"
	if p.conn != nil {
		err = p.conn.QueryRowContext(ctx, text).Scan(&v)
	} else {
		err = p.d.main.Load().write.QueryRowContext(ctx, text).Scan(&v)
	}
	return v, err
}

func (p *poller) top(ctx context.Context) (r int64, err error) {
	err = p.conn.QueryRowContext(ctx, `SELECT COALESCE(max(revision), 0) FROM changes`).Scan(&r)
	return r, err
}

func (p *poller) look(ctx context.Context) ([]touched, error) {
	everybody := []touched{{}}
	now, err := os.Stat(p.d.path)
	if err != nil {
		return nil, err
	}
	if !os.SameFile(now, p.file) {
		p.end()
		if err := p.d.reopen(ctx); err != nil {
			return nil, err
		}
		return everybody, p.begin(ctx)
	}
	if p.conn == nil && !p.d.cfg.Foreign { // a begin after reopening failed
		return everybody, p.begin(ctx)
	}
	v, err := p.dataVersion(ctx)
	if err != nil || v == p.version {
		return nil, err
	}
	if p.conn == nil {
		p.version = v
		return everybody, nil
	}
	found, top, err := p.since(ctx)
	if err != nil {
		return nil, err
	}
	restored := top < p.revision
	p.version, p.revision = v, top
	if restored {
		return everybody, nil
	}
	return found, nil
}

// since asks the feed who was touched after the last look.
func (p *poller) since(ctx context.Context) ([]touched, int64, error) {
	top, err := p.top(ctx)
	if err != nil || top <= p.revision {
		return nil, top, err
	}
	rows, err := p.conn.QueryContext(ctx, `SELECT DISTINCT user_id, kind FROM changes WHERE revision > ? AND revision <= ?`, p.revision, top)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	var found []touched
	for rows.Next() {
		var t touched
		if err := rows.Scan(&t.user, &t.kind); err != nil {
			return nil, 0, err
		}
		found = append(found, t)
	}
	return found, top, rows.Err()
}
