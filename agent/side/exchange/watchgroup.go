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

// member is one mailbox in a group: its subscription and whom to tell.
type member struct {
	subscription string
	client       *ews.Client
	watcher      *watcher
	failed       chan error // takes the reason why it can't stay

	mu   sync.Mutex // held while its watcher is called
	left bool
}

// call calls the member's watcher unless it has left.
func (m *member) call(f func(*watcher)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.left {
		f(m.watcher)
	}
}

// group is mailboxes that are heard of through one connection. It keeps that
// connection going until the last mailbox has left or it breaks: then all its
// mailboxes leave with the reason.
type group struct {
	side     *Side
	login    *login
	affinity *ews.Affinity
	first    chan struct{} // held by who makes the first subscription
	joined   chan struct{} // a token: mailboxes joined
	empty    context.CancelFunc
	ended    chan struct{}

	// lock order: Side.streams.mu, then mu.
	mu      sync.Mutex
	members map[string]*member // by subscription
	// started and over tell whether run has begun, and whether nobody may join.
	started, over bool

	seats int // guarded by Side.streams.mu
}

// subscribe makes a member's subscription on the group's mailbox server. Until that
// is known they come one by one.
func (g *group) subscribe(ctx context.Context, c *ews.Client, folders []ews.FolderID) (string, error) {
	select {
	case _, first := <-g.first:
		if first {
			sub, err := c.SubscribeStreaming(ctx, folders)
			if err != nil {
				g.first <- struct{}{} // the next one is the first
				return "", err
			}
			close(g.first)
			return sub.ID, nil
		}
	case <-ctx.Done():
		return "", fault.New(fault.Cancelled, "exchange.Watch", "", context.Cause(ctx))
	}
	sub, err := c.SubscribeStreaming(ctx, folders)
	return sub.ID, err
}

// join adds a member; the group begins with its first. False if it is over.
func (g *group) join(m *member) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.over {
		return false
	}
	g.members[m.subscription] = m
	if !g.started {
		g.started = true
		ctx, cancel := context.WithCancel(context.Background()) // it ends with its last member
		g.empty = cancel
		go g.run(ctx)
		return true
	}
	select {
	case g.joined <- struct{}{}:
	default:
	}
	return true
}

// leave takes a member out. Its subscription stays in the open connection, unheard,
// until the next one opens. The last to leave waits for the connection to end.
func (g *group) leave(m *member) {
	m.mu.Lock()
	m.left = true
	m.mu.Unlock()
	g.mu.Lock()
	if g.members[m.subscription] == m {
		delete(g.members, m.subscription)
	}
	last := len(g.members) == 0
	if last {
		g.over = true
		g.empty()
	}
	g.mu.Unlock()
	if last {
		<-g.ended
	}
}

// run keeps a connection for all members.
func (g *group) run(ctx context.Context) {
	defer close(g.ended)
	s := g.renew(ctx, nil)
	for s != nil {
		select {
		case <-g.joined:
			// Those who join together cost one new connection.
			if g.settle(ctx, s); s.over() {
				s = g.after(ctx, s)
			} else {
				s = g.renew(ctx, s)
			}
		case <-s.ended:
			s = g.after(ctx, s)
		case <-ctx.Done():
			s.end()
			s = nil
		}
	}
	g.fail(context.Canceled) // nobody is there any more
}

// after goes on when a connection has ended: nil when it can't.
func (g *group) after(ctx context.Context, s *stream) *stream {
	switch lost := (*ews.LostSubscriptionsError)(nil); {
	case s.err == nil:
		// Closed in good order when its time was over. One that closes at once must
		// not be asked again at once.
		if g.side.opts.Clock.Now().Sub(s.began) < g.side.opts.Regroup {
			g.settle(ctx, nil)
		}
	case errors.As(s.err, &lost) && g.drop(s.ids, lost.IDs, s.err):
	default:
		g.fail(s.err)
		return nil
	}
	return g.renew(ctx, nil)
}

// settle waits a moment, or until the open stream ends.
func (g *group) settle(ctx context.Context, s *stream) {
	var ended chan struct{}
	if s != nil {
		ended = s.ended
	}
	over := make(chan struct{})
	stop := g.side.opts.Clock.AfterFunc(g.side.opts.Regroup, func() { close(over) })
	defer stop()
	select {
	case <-over:
	case <-ended:
	case <-ctx.Done():
	}
}

// renew opens a stream for all members, and closes the one before when it is open:
// until then that one is listened to. Every member is told to look: nobody knows
// what the server does with an event that comes in between. nil when nobody is left.
func (g *group) renew(ctx context.Context, old *stream) *stream {
	select {
	case g.login.turn <- struct{}{}: // one more connection than there are groups
		defer func() { <-g.login.turn }()
	case <-ctx.Done():
		old.end()
		return nil
	}
	for {
		select {
		case <-g.joined: // they are among those counted now
		default:
		}
		ids, now := g.present()
		if len(ids) == 0 {
			old.end()
			return nil
		}
		s := g.listen(ctx, ids, now)
		select {
		case <-s.opened:
		case <-s.ended:
		}
		crowded := s.over() && fault.Has(s.err, fault.TooManyConnections) && old != nil
		old.end()
		if old = nil; crowded {
			continue // perhaps it was the old one that was too many
		}
		return s
	}
}

// present gives the members there are.
func (g *group) present() (ids []string, now []*member) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id, m := range g.members {
		ids, now = append(ids, id), append(now, m)
	}
	return ids, now
}

// tell passes a notification to its mailbox.
func (g *group) tell(n ews.Notification) {
	g.mu.Lock()
	m := g.members[n.Subscription]
	g.mu.Unlock()
	if m != nil {
		m.call(func(w *watcher) { w.tell(n) })
	}
}

// drop takes out the members whose subscriptions are gone; false if the server
// speaks of none that the stream was asked for. They may have left before.
func (g *group) drop(asked, lost []string, why error) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	found := false
	for _, id := range lost {
		found = found || slices.Contains(asked, id)
		if m := g.members[id]; m != nil {
			delete(g.members, id)
			m.failed <- why
		}
	}
	if len(g.members) == 0 {
		g.over = true
	}
	return found
}

// fail sends all members away.
func (g *group) fail(why error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.over = true
	for id, m := range g.members {
		delete(g.members, id)
		m.failed <- why
	}
}

// stream is one connection of a group.
type stream struct {
	ids    []string
	began  time.Time
	cancel context.CancelFunc
	opened chan struct{}
	ended  chan struct{}
	err    error // once ended
}

// listen opens a stream for the subscriptions. Where mailboxes are impersonated it
// is the first one's, so that no group uses up what the account may have.
func (g *group) listen(ctx context.Context, ids []string, now []*member) *stream {
	ctx, cancel := context.WithCancel(ctx)
	s := &stream{ids: ids, began: g.side.opts.Clock.Now(), cancel: cancel, opened: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		defer cancel()
		opened := sync.OnceFunc(func() { close(s.opened) }) // it may open anew after an error inside
		s.err = now[0].client.Stream(ctx, ids, streamLife, func() {
			opened()
			for _, m := range now {
				m.call((*watcher).begin)
			}
		}, g.tell)
	}()
	return s
}

// end closes the stream and waits for it. nil has ended.
func (s *stream) end() {
	if s != nil {
		s.cancel()
		<-s.ended
	}
}

func (s *stream) over() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}
