package ews_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"abgleich/agent/ews"
	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
)

// shiftedClock stands still until it is moved by hand; its timers are the machine's.
type shiftedClock struct {
	ews.SystemClock
	mu  sync.Mutex
	now time.Time
}

func newShiftedClock() *shiftedClock { return &shiftedClock{now: time.Now()} }

func (c *shiftedClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *shiftedClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func clientOf(t *testing.T, s *ews.Server, name, password string) *ews.Client {
	t.Helper()
	c := ews.NewClient(s, ews.ClientOptions{Logins: []ews.Login{ews.NTLM(`LAB\`+name, password)}, MaxConnections: 20,
		View: ews.View{Mailbox: name + "@lab.test"}, NewRequestID: newID})
	t.Cleanup(c.Close)
	return c
}

func calendarOf(ctx context.Context, c *ews.Client) error {
	r, err := c.GetFolder(ctx, []ews.FolderID{ews.Folder(ews.Calendar)}, nil)
	if err == nil {
		err = r[0].Err
	}
	return err
}

// every makes n requests at once and gives the errors.
func every(t *testing.T, c *ews.Client, n int) {
	t.Helper()
	done := make(chan error, n)
	for range n {
		go func() { done <- calendarOf(t.Context(), c) }()
	}
	for range n {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestTheSimulatorsBudgetIsKeptTo(t *testing.T) {
	const budget, most = 2, 4
	sim, url := startSim(t, exchangesim.Options{Latency: 3 * time.Millisecond})
	clock := newShiftedClock()
	s, err := ews.NewServer(ews.ServerOptions{URL: url, Clock: clock, MaxConcurrency: most})
	noError(t, err)
	c := clientOf(t, s, "anna", "secret1")
	noError(t, calendarOf(t.Context(), c)) // the login
	sim.Faults().Throttle(budget, exchangesim.ConnectionCount, 0)
	every(t, c, 60)
	if _, limit := s.Concurrency(); sim.Faults().Hits() > 0 && limit > budget {
		t.Errorf("refused %d times, and still %d at once", sim.Faults().Hits(), limit)
	}
	// Later it tries more again, is refused again, and nothing fails.
	clock.advance(30 * time.Second)
	every(t, c, 60)
	if running, _ := s.Concurrency(); running != 0 {
		t.Errorf("%d places lost", running)
	}
	// Where there is no budget any more, it grows to the most it may.
	sim.Faults().Throttle(0, 0, 0)
	limit := 0
	for limit < most {
		clock.advance(30 * time.Second)
		every(t, c, 20)
		_, limit = s.Concurrency()
	}
	if limit > most {
		t.Errorf("%d at once, at most %d are allowed", limit, most)
	}
}

// The forms a server says "busy" in (ews-facts, Throttling), as the simulator has them.
func TestBackOffIsKeptInEveryForm(t *testing.T) {
	for name, x := range map[string]struct {
		effect exchangesim.Effect
		pause  time.Duration
	}{
		"HTTP 500 with a fault":                {exchangesim.BusyFault, 90 * time.Second},
		"HTTP 503 with a fault":                {exchangesim.Busy503, 90 * time.Second},
		"HTTP 503 with Retry-After":            {exchangesim.Unavailable, 90 * time.Second},
		"HTTP 200 with a response code":        {exchangesim.BusyResponse, 90 * time.Second},
		"too many connections, without a time": {exchangesim.ConnectionCount, 0},
	} {
		t.Run(name, func(t *testing.T) {
			sim, url := startSim(t, exchangesim.Options{})
			clock := newShiftedClock()
			s, err := ews.NewServer(ews.ServerOptions{URL: url, Clock: clock, Timeouts: ews.Timeouts{MaxBackOff: time.Second}})
			noError(t, err)
			c := clientOf(t, s, "anna", "secret1")
			noError(t, calendarOf(t.Context(), c))
			sim.Faults().Add(exchangesim.Fault{Effect: x.effect, Operation: "GetFolder", BackOff: x.pause})
			before := clock.Now()
			err = calendarOf(t.Context(), c)
			if x.pause == 0 {
				if _, limit := s.Concurrency(); err != nil || limit != 1 {
					t.Errorf("%v with %d at once", err, limit)
				}
				return
			}
			// Longer than it is patient: told to the caller, and kept by everybody.
			if !fault.Has(err, fault.ServerBusy) || ews.BackOff(err) != x.pause {
				t.Errorf("%v, back-off %v", err, ews.BackOff(err))
			}
			if until := s.NotBefore(); until.Before(before.Add(x.pause)) || until.After(clock.Now().Add(x.pause)) {
				t.Errorf("left alone until %v, want %v later", until, x.pause)
			}
			clock.advance(x.pause)
			noError(t, calendarOf(t.Context(), clientOf(t, s, "bert", "secret2")))
		})
	}
}

func TestAStalledMailboxOfTheSimulatorHoldsNobodyUp(t *testing.T) {
	sim, url := startSim(t, exchangesim.Options{})
	s, err := ews.NewServer(ews.ServerOptions{URL: url})
	noError(t, err)
	slow, quick := clientOf(t, s, "bert", "secret2"), clientOf(t, s, "anna", "secret1")
	noError(t, calendarOf(t.Context(), slow))
	sim.Faults().Add(exchangesim.Fault{Effect: exchangesim.Stall, User: "bert", For: time.Hour, Times: -1})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 30)
	for range 30 {
		go func() { ended <- calendarOf(ctx, slow) }()
	}
	every(t, quick, 40)
	cancel()
	for range 30 {
		if err := <-ended; !fault.Has(err, fault.Cancelled) {
			t.Errorf("the stalled request ended with %v", err)
		}
	}
}

// A server that takes any change key must not make the client loop or fail.
func TestStaleChangeKeysThatAreAcceptedDoNoHarm(t *testing.T) {
	sim, url := startSim(t, exchangesim.Options{Quirks: exchangesim.Grommunio})
	it, err := sim.Mailbox("anna@lab.test").Create(exchangesim.Item{Subject: "a"})
	noError(t, err)
	c := client(t, url, `LAB\anna`, "secret1", ews.View{Mailbox: "anna@lab.test"}, nil)
	change := func(subject string) ews.ItemResult {
		t.Helper()
		r, err := c.UpdateItem(t.Context(), ews.NeverOverwrite, []ews.ItemChange{{ID: ews.ItemID{ID: ews.ID(it.ID), ChangeKey: ews.ChangeKey(it.ChangeKey)},
			Item: ews.Item{Element: ews.CalendarElement, Subject: subject}, Set: ews.Fields(ews.FieldSubject)}})
		noError(t, err)
		return r[0]
	}
	first, second := change("b"), change("c")
	if first.Err != nil || second.Err != nil || first.Item.ID.ChangeKey == second.Item.ID.ChangeKey || second.Item.ID.ChangeKey == "" {
		t.Errorf("%+v\n%+v", first, second)
	}
	if got, _ := sim.Mailbox("anna@lab.test").Get(it.ID); got.Subject != "c" {
		t.Errorf("subject %q", got.Subject)
	}
}
