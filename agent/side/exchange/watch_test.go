package exchange_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/schedule"
	"abgleich/agent/side/exchange"
)

const (
	firstPush = 41 * time.Second
	frequency = time.Minute
	silence   = 2*frequency + 30*time.Second
)

// heldClock runs no timer by itself; a test lets those of one length go off.
type heldClock struct {
	mu     sync.Mutex
	change sync.Cond
	timers map[*heldTimer]bool
}

type heldTimer struct {
	d time.Duration
	f func()
}

func newHeldClock() *heldClock {
	c := &heldClock{timers: map[*heldTimer]bool{}}
	c.change.L = &c.mu
	return c
}

func (c *heldClock) Now() time.Time { return time.Now() }

func (c *heldClock) AfterFunc(d time.Duration, f func()) func() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &heldTimer{d, f}
	c.timers[t] = true
	c.change.Broadcast()
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		was := c.timers[t]
		delete(c.timers, t)
		return was
	}
}

// pass lets the timer of this length go off, once there is one.
func (c *heldClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		for t := range c.timers {
			if t.d == d {
				delete(c.timers, t)
				t.f()
				return
			}
		}
		c.change.Wait()
	}
}

// pushRoad is how the simulated server reaches the event server, until it is closed.
type pushRoad struct {
	mu     sync.Mutex
	closed bool
	paths  []string
}

func (p *pushRoad) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	closed := p.closed
	p.paths = append(p.paths, r.URL.Path)
	p.mu.Unlock()
	if closed {
		return nil, errors.New("no way through the firewall")
	}
	return http.DefaultTransport.RoundTrip(r)
}

func (p *pushRoad) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
}

func (p *pushRoad) seen() map[string]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := map[string]bool{}
	for _, s := range p.paths {
		m[s] = true
	}
	return m
}

// watched is a world in which anna is watched by push.
type watched struct {
	*world
	clock *heldClock
	road  *pushRoad
	hints chan pim.Kind
}

func watchByPush(t *testing.T) *watched {
	t.Helper()
	w := &watched{clock: newHeldClock(), road: &pushRoad{}, hints: make(chan pim.Kind, 1000)}
	events := withEvents(t)
	w.world = newWorld(t, options{
		sim: func(o *exchangesim.Options) { o.PushClient = &http.Client{Transport: w.road} },
		side: func(o *exchange.Options) {
			events(o)
			o.Clock, o.FirstPush, o.PushFrequency = w.clock, firstPush, frequency
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- w.side.Watch(ctx, account(t, "anna"), func() { close(ready) }, func(k pim.Kind) { w.hints <- k })
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; fault.CodeOf(err) != fault.Cancelled {
			t.Errorf("watching ended with %v", err)
		}
	})
	select {
	case <-ready:
	case err := <-done:
		done <- err
		t.Fatal(err)
	}
	return w
}

// both waits until both kinds were hinted at so many times.
func (w *watched) both(times int) {
	n := map[pim.Kind]int{}
	for n[pim.KindAppointment] < times || n[pim.KindTask] < times {
		n[<-w.hints]++
	}
}

func (w *watched) edit(t *testing.T) {
	t.Helper()
	if _, err := w.sim.Mailbox("anna@lab.test").Create(exchangesim.Item{Kind: exchangesim.Task, Subject: "x"}); err != nil {
		t.Fatal(err)
	}
}

func TestSilenceMeansANewSubscriptionAndALookAtEverything(t *testing.T) {
	w := watchByPush(t)
	w.sim.Mailbox("anna@lab.test").LoseSubscriptions()
	w.edit(t) // nobody is told of it
	w.clock.pass(silence)
	// Once for the silence, and again when the new subscription lives: what changed
	// between is found as well.
	w.both(2)
	if n := w.sim.Stats().Requests["Subscribe"]; n != 2 {
		t.Errorf("%d subscriptions", n)
	}
	if len(w.road.seen()) != 2 {
		t.Errorf("two subscriptions share an address: %v", w.road.seen())
	}
	w.edit(t)
	if k := <-w.hints; k != pim.KindTask {
		t.Errorf("hint for %s", k)
	}
	if w.sim.Stats().Requests["GetStreamingEvents"] != 0 {
		t.Error("a stream was opened though pushes arrive")
	}
}

func TestAStreamReplacesPushesThatNoLongerArrive(t *testing.T) {
	w := watchByPush(t)
	w.sim.Mailbox("anna@lab.test").LoseSubscriptions()
	w.road.close()
	w.clock.pass(silence)
	w.clock.pass(firstPush) // the new subscription isn't called either
	w.both(2)               // for the silence, and when the stream is open
	w.edit(t)
	if k := <-w.hints; k != pim.KindTask {
		t.Errorf("hint for %s", k)
	}
	if n := w.sim.Stats().Requests["GetStreamingEvents"]; n != 1 {
		t.Errorf("%d streams", n)
	}
}

func TestAServerThatWantsNoPushSubscriptionIsListenedToByStream(t *testing.T) {
	events := withEvents(t)
	w := newWorld(t, options{side: events})
	w.sim.Faults().Add(exchangesim.Fault{Effect: exchangesim.InternalError, Operation: "Subscribe"})
	if err := w.side.ProvePush(t.Context(), account(t, "anna")); !fault.Has(err, fault.EventServerUnproven) {
		t.Errorf("proving says %v", err)
	}
	w.sim.Faults().Add(exchangesim.Fault{Effect: exchangesim.InternalError, Operation: "Subscribe"})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- w.side.Watch(ctx, account(t, "anna"), func() { close(ready) }, func(pim.Kind) {}) }()
	select {
	case <-ready:
		cancel()
		<-done
	case err := <-done:
		t.Fatal(err)
	}
	if n := w.sim.Stats().Requests["GetStreamingEvents"]; n != 1 {
		t.Errorf("%d streams", n)
	}
}

func TestAServerWithoutNotificationsStopsNobody(t *testing.T) {
	w := newWorld(t, options{side: withEvents(t)})
	w.sim.Faults().Add(exchangesim.Fault{Effect: exchangesim.Unsupported, Operation: "Subscribe", Times: -1})
	err := w.side.Watch(t.Context(), account(t, "anna"), func() { t.Error("it listens") }, func(pim.Kind) {})
	if code := fault.CodeOf(err); err == nil || schedule.Stops(code) {
		t.Errorf("watching ended with %v, which stops the user", err)
	}
	if n := w.sim.Stats().Requests["Subscribe"]; n != 2 {
		t.Errorf("%d subscriptions, not one by push and one by stream", n)
	}
}

func TestNoHintIsLostWhilePushesComeFasterThanTheyArePassedOn(t *testing.T) {
	road := &pushRoad{}
	events := withEvents(t)
	w := newWorld(t, options{
		sim:  func(o *exchangesim.Options) { o.PushClient = &http.Client{Transport: road} },
		side: events,
	})
	ctx, cancel := context.WithCancel(t.Context())
	ready, done := make(chan struct{}), make(chan error, 1)
	held, hints := make(chan struct{}), make(chan pim.Kind, 1000)
	go func() {
		done <- w.side.Watch(ctx, account(t, "anna"), func() { close(ready) }, func(k pim.Kind) {
			<-held
			hints <- k
		})
	}()
	select {
	case <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	box := w.sim.Mailbox("anna@lab.test")
	pushed := w.sim.Stats().Pushed
	push := func(it exchangesim.Item) {
		t.Helper()
		if _, err := box.Create(it); err != nil {
			t.Fatal(err)
		}
		pushed++
		for w.sim.Stats().Pushed < pushed {
			runtime.Gosched()
		}
	}
	for i := range 70 { // more than wait in line
		push(meeting(1 + i%28))
	}
	push(exchangesim.Item{Kind: exchangesim.Task, Subject: "x"})
	close(held)
	for k := range hints {
		if k == pim.KindTask {
			break
		}
	}
	cancel()
	if err := <-done; fault.CodeOf(err) != fault.Cancelled {
		t.Errorf("ended with %v", err)
	}
}
