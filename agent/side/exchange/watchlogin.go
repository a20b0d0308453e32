package exchange

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
)

// streamDefaults fills in the limits of ews-throttling-in-exchange: 200 subscriptions
// a connection; 3 hanging connections in Exchange 2013, 10 since 2016.
func (o *Options) streamDefaults() {
	if o.StreamIDs <= 0 {
		o.StreamIDs = 200
	}
	if o.HangingConnections <= 0 {
		o.HangingConnections = 3
	}
	if o.Regroup <= 0 {
		o.Regroup = 2 * time.Second
	}
}

// streams are the groups of each login.
type streams struct {
	mu     sync.Mutex
	logins map[string]*login // by credential id
}

// login is the streams of one account.
type login struct {
	turn   chan struct{} // held while a group has two connections
	groups []*group
}

// errGroupOver is a group whose last mailbox left, or whose connection broke, just now.
var errGroupOver = errors.New("the connection of the group has just ended")

var errNoSeat = errors.New("the account has as many event connections as the server allows: the interval remains")

// seat finds a place in a group, or makes a group. Where the mailboxes are
// impersonated each group's connection is charged to one of its mailboxes, and there
// may be as many as it takes; else all are charged to the account, and one of those
// it may have is kept for changing over.
func (s *Side) seat(id string, impersonate bool) (*group, error) {
	st := &s.streams
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.logins == nil {
		st.logins = map[string]*login{}
	}
	l := st.logins[id]
	if l == nil {
		l = &login{turn: make(chan struct{}, 1)}
		st.logins[id] = l
	}
	open := 0
	for _, g := range l.groups {
		if !g.open() {
			continue // it ends when those in it have left
		}
		if g.seats < s.opts.StreamIDs {
			g.seats++
			return g, nil
		}
		open++
	}
	if !impersonate && open >= max(1, s.opts.HangingConnections-1) {
		return nil, fault.New(fault.TooManyConnections, "exchange.Watch", "", errNoSeat)
	}
	g := &group{
		side: s, login: l, affinity: new(ews.Affinity), seats: 1, first: make(chan struct{}, 1),
		joined: make(chan struct{}, 1), ended: make(chan struct{}), members: map[string]*member{},
	}
	g.first <- struct{}{}
	l.groups = append(l.groups, g)
	return g, nil
}

// unseat gives a place back, and forgets what nobody uses.
func (s *Side) unseat(id string, g *group) {
	st := &s.streams
	st.mu.Lock()
	defer st.mu.Unlock()
	if g.seats--; g.seats > 0 {
		return
	}
	l := g.login
	l.groups = slices.DeleteFunc(l.groups, func(o *group) bool { return o == g })
	if len(l.groups) == 0 && st.logins[id] == l {
		delete(st.logins, id)
	}
}

func (g *group) open() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.over
}

// stream watches through a connection shared with the other mailboxes of the login,
// until the context ends or the connection or the subscription breaks: whoever
// begins anew then subscribes afresh.
func (w *watcher) stream(ctx context.Context) error {
	for {
		if err := w.streamOnce(ctx); !errors.Is(err, errGroupOver) {
			return err
		}
	}
}

func (w *watcher) streamOnce(ctx context.Context) error {
	g, err := w.side.seat(w.credential.ID, w.credential.Impersonate)
	if err != nil {
		return err
	}
	defer w.side.unseat(w.credential.ID, g)
	c := w.client.Grouped(g.affinity)
	id, err := g.subscribe(ctx, c, w.folders)
	if err != nil {
		return err
	}
	m := &member{subscription: id, client: c, watcher: w, failed: make(chan error, 1)}
	if !g.join(m) {
		return errGroupOver
	}
	defer g.leave(m)
	select {
	case err := <-m.failed:
		return err
	case <-w.elsewhere:
		return errElsewhere()
	case <-ctx.Done():
		return fault.New(fault.Cancelled, "exchange.Watch", "", context.Cause(ctx))
	}
}
