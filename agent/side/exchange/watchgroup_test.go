package exchange_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"abgleich/agent/ews"
	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/exchange"
)

// hearing is mailboxes watched with one service account, and what was heard.
type hearing struct {
	*world
	t     *testing.T
	users []string

	mu     sync.Mutex
	change sync.Cond
	ready  map[string]int
	hints  map[string]map[pim.Kind]int
	ends   map[string][]fault.Code
}

// hear makes so many mailboxes and the service account.
func hear(t *testing.T, mailboxes int, impersonate bool, sim func(*exchangesim.Options), opts func(*exchange.Options)) *hearing {
	t.Helper()
	h := &hearing{t: t, ready: map[string]int{}, hints: map[string]map[pim.Kind]int{}, ends: map[string][]fault.Code{}}
	h.change.L = &h.mu
	for i := range mailboxes {
		u := fmt.Sprintf("user%02d", i)
		h.users, h.hints[u] = append(h.users, u), map[pim.Kind]int{}
	}
	h.world = newWorld(t, options{
		sim: func(o *exchangesim.Options) {
			o.Users = []exchangesim.User{{Name: "service", Password: "secret", Mail: "service@lab.test", Impersonator: impersonate}}
			for _, u := range h.users {
				o.Users = append(o.Users, exchangesim.User{Name: u, Password: "secret", Mail: u + "@lab.test"})
			}
			o.HangingConnections, o.BackEnds = 3, 3
			sim(o)
		},
		side: func(o *exchange.Options) {
			o.Regroup = time.Millisecond
			o.Credentials = func(context.Context, pim.UserID) (exchange.Credential, error) {
				return exchange.Credential{ID: "service", Logins: []ews.Login{ews.NTLM(`LAB\service`, "secret")},
					Impersonate: impersonate, Delegate: !impersonate}, nil
			}
			opts(o)
		},
	})
	if !impersonate {
		for _, u := range h.users {
			for _, f := range []exchangesim.Folder{exchangesim.Calendar, exchangesim.Tasks} {
				if err := h.box(u).Grant("service@lab.test", f, exchangesim.Editor); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return h
}

func (h *hearing) box(user string) *exchangesim.Mailbox { return h.sim.Mailbox(user + "@lab.test") }

// watch keeps watching mailboxes, as the scheduler does, until the test is over.
func (h *hearing) watch(users ...string) {
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	for _, u := range users {
		a := account(h.t, u)
		work.Go(func() {
			for ctx.Err() == nil {
				err := h.side.Watch(ctx, a, func() { h.note(func() { h.ready[u]++ }) },
					func(k pim.Kind) { h.note(func() { h.hints[u][k]++ }) })
				if ctx.Err() == nil {
					h.note(func() { h.ends[u] = append(h.ends[u], fault.CodeOf(err)) })
				}
			}
		})
	}
	h.t.Cleanup(func() { cancel(); work.Wait() })
}

func (h *hearing) note(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
	h.change.Broadcast()
}

// until waits for something to be noted.
func (h *hearing) until(f func() bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for !f() {
		h.change.Wait()
	}
}

// begun waits until each was watched so many times.
func (h *hearing) begun(times int, users ...string) {
	for _, u := range users {
		h.until(func() bool { return h.ready[u] >= times })
	}
}

func (h *hearing) edit(user string) {
	h.t.Helper()
	if _, err := h.box(user).Create(exchangesim.Item{Kind: exchangesim.Task, Subject: "x"}); err != nil {
		h.t.Fatal(err)
	}
}

// hearEach edits each mailbox and waits for a hint after it, some times over: a hint
// at a gap serves as well, but there are only so many gaps.
func (h *hearing) hearEach(users ...string) {
	h.t.Helper()
	for range 4 {
		before := map[string]int{}
		h.mu.Lock()
		for _, u := range users {
			before[u] = h.hints[u][pim.KindTask]
		}
		h.mu.Unlock()
		for _, u := range users {
			h.edit(u)
		}
		for _, u := range users {
			h.until(func() bool { return h.hints[u][pim.KindTask] > before[u] })
		}
	}
}

func nothing[T any](*T) {}

func TestManyMailboxesOfOneAccountAreHeardThroughFewConnections(t *testing.T) {
	for _, x := range []struct {
		name        string
		impersonate bool
		ids         int
	}{
		{"delegate: one connection", false, 200},
		{"delegate: as many as the account may have, but one", false, 13},
		{"impersonation: more groups than the account may have connections", true, 5},
	} {
		t.Run(x.name, func(t *testing.T) {
			h := hear(t, 25, x.impersonate, func(o *exchangesim.Options) { o.StreamIDs = x.ids },
				func(o *exchange.Options) { o.StreamIDs = x.ids })
			h.watch(h.users...)
			h.begun(1, h.users...)
			h.hearEach(h.users...)
		})
	}
}

func TestAMailboxTooManyIsLeftToTheInterval(t *testing.T) {
	h := hear(t, 3, false, nothing, func(o *exchange.Options) { o.StreamIDs, o.HangingConnections = 1, 3 })
	h.watch(h.users[:2]...)
	h.begun(1, h.users[:2]...)
	err := h.side.Watch(t.Context(), account(t, h.users[2]), func() { t.Error("watched") }, func(pim.Kind) {})
	if !fault.Has(err, fault.TooManyConnections) {
		t.Errorf("got %v", err)
	}
	h.hearEach(h.users[:2]...)
}

func TestAVanishedSubscriptionConcernsItsMailboxOnly(t *testing.T) {
	h := hear(t, 5, false, nothing, nothing[exchange.Options])
	h.watch(h.users...)
	h.begun(1, h.users...)
	h.box(h.users[2]).LoseSubscriptions()
	h.edit(h.users[2]) // nobody is told of it: beginning anew is the hint
	h.begun(2, h.users[2])
	h.hearEach(h.users...)
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, u := range h.users {
		switch {
		case i == 2 && (len(h.ends[u]) != 1 || h.ends[u][0] != fault.ItemGone):
			t.Errorf("%s ended with %v", u, h.ends[u])
		case i != 2 && len(h.ends[u]) != 0:
			t.Errorf("%s ended too: %v", u, h.ends[u])
		}
	}
}

func TestASubscriptionThatVanishesAfterItsMailboxLeftDisturbsNobody(t *testing.T) {
	h := hear(t, 2, false, nothing, nothing[exchange.Options])
	h.watch(h.users[0])
	h.begun(1, h.users[0])
	ctx, cancel := context.WithCancel(t.Context())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- h.side.Watch(ctx, account(t, h.users[1]), func() { close(ready) }, func(pim.Kind) {})
	}()
	<-ready
	cancel()
	if err := <-done; !fault.Has(err, fault.Cancelled) {
		t.Errorf("ended with %v", err)
	}
	h.mu.Lock()
	n := h.hints[h.users[0]][pim.KindAppointment]
	h.mu.Unlock()
	h.box(h.users[1]).LoseSubscriptions()
	h.until(func() bool { return h.hints[h.users[0]][pim.KindAppointment] > n }) // the gap
	h.hearEach(h.users[0])
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.ends[h.users[0]]) != 0 {
		t.Errorf("ended with %v", h.ends)
	}
}

func TestALostConnectionHintsAtAllItsMailboxes(t *testing.T) {
	h := hear(t, 6, true, nothing, nothing[exchange.Options])
	h.watch(h.users...)
	h.begun(1, h.users...)
	h.sim.CutStreams()
	h.begun(2, h.users...) // whoever begins to watch looks at everything
	h.hearEach(h.users...)
}

func TestMailboxesJoinWhileEventsCome(t *testing.T) {
	h := hear(t, 12, false, nothing, nothing[exchange.Options])
	first := h.users[0]
	h.watch(first)
	h.begun(1, first)
	for _, u := range h.users[1:] {
		h.watch(u)
		for range 5 {
			h.mu.Lock()
			n := h.hints[first][pim.KindTask]
			h.mu.Unlock()
			h.edit(first)
			h.until(func() bool { return h.hints[first][pim.KindTask] > n })
		}
	}
	h.begun(1, h.users...)
	h.hearEach(h.users...)
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.ends) != 0 {
		t.Errorf("joining ended watches: %v", h.ends)
	}
}

func TestAConnectionWhoseTimeIsOverIsRenewedAndHintsAtTheGap(t *testing.T) {
	h := hear(t, 3, false, func(o *exchangesim.Options) { o.Minute = 4 * time.Millisecond }, nothing[exchange.Options])
	h.watch(h.users...)
	for _, u := range h.users {
		h.until(func() bool { return h.ready[u] > 0 && h.hints[u][pim.KindAppointment] >= 4 })
	}
	h.hearEach(h.users...)
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.ends) != 0 {
		t.Errorf("a renewal ended watches: %v", h.ends)
	}
	if n := h.sim.Stats().Requests["Subscribe"]; n != 3 {
		t.Errorf("%d subscriptions for 3 mailboxes", n)
	}
}
