package ews

import (
	"context"
	"slices"
	"sync"
	"time"

	"abgleich/agent/fault"
)

// throttle keeps to what a mail server bears. How many requests run at once
// starts low, grows by one after some good answers while more are wanted, and
// halves when the server says that it is too much. Places are handed out in turn
// to lanes, one a mailbox and credential, so that a slow mailbox waits for
// itself and not the others for it.
type throttle struct {
	clock      Clock
	max        int
	maxBackOff time.Duration

	// lock order: mu is a leaf.
	mu        sync.Mutex
	limit     int
	running   int
	lanes     map[laneKey]*lane
	queue     []*lane // those with somebody waiting, the next one first
	notBefore time.Time
	busyRuns  int // busy answers in a row without a time of their own

	halved  time.Time // when the limit was last lowered; zero for never
	quiet   int       // good answers since the limit last changed
	pressed bool      // somebody had to wait since then
}

// laneKey is what waits for itself.
type laneKey struct {
	login   *session
	mailbox string
}

type lane struct {
	key       laneKey
	running   int
	waiting   []chan struct{}
	notBefore time.Time // for this mailbox alone
	busyRuns  int
}

// turn is a request's leave to run.
type turn struct {
	lane  *lane
	began time.Time
	// hit tells that the server found something in it too much.
	hit bool
	// beside is how many ran at its end, itself included.
	beside int
}

const (
	// startConcurrency is what every server bears.
	startConcurrency = 4
	// restAfterHalving is how long a lowered limit stays, whatever goes well.
	restAfterHalving = 10 * time.Second
)

func newThrottle(clock Clock, most int, maxBackOff time.Duration) *throttle {
	return &throttle{clock: clock, max: most, maxBackOff: maxBackOff, limit: min(startConcurrency, most), lanes: map[laneKey]*lane{}}
}

// at finds a lane. The caller holds mu.
func (t *throttle) at(k laneKey) *lane {
	l := t.lanes[k]
	if l == nil {
		for _, old := range t.lanes {
			t.forget(old)
		}
		l = &lane{key: k}
		t.lanes[k] = l
	}
	return l
}

// forget drops a lane nobody needs, and a pause some minutes after its end. The
// caller holds mu.
func (t *throttle) forget(l *lane) {
	if l.running > 0 || len(l.waiting) > 0 {
		return
	}
	if l.busyRuns == 0 && !t.clock.Now().Before(l.notBefore) || t.clock.Now().Sub(l.notBefore) > 5*time.Minute {
		if t.lanes[l.key] == l {
			delete(t.lanes, l.key)
		}
	}
}

// share is how many places one lane may have: half of them beside others, all
// but one when it is alone, so that who comes next finds a place. The caller
// holds mu.
func (t *throttle) share(l *lane) int {
	for _, o := range t.lanes {
		if o != l && (o.running > 0 || len(o.waiting) > 0) {
			return max(1, (t.limit+1)/2)
		}
	}
	return max(1, t.limit-1)
}

// acquire waits for a place and for the end of every back-off.
func (t *throttle) acquire(ctx context.Context, k laneKey) (*turn, error) {
	for {
		if err := t.calm(ctx, k); err != nil {
			return nil, err
		}
		l, err := t.place(ctx, k)
		if err != nil {
			return nil, err
		}
		tn := &turn{lane: l, began: t.clock.Now()}
		if t.until(k).IsZero() {
			return tn, nil
		}
		// It came while we waited, and must not be sat out on a place.
		t.release(tn)
	}
}

func (t *throttle) place(ctx context.Context, k laneKey) (*lane, error) {
	t.mu.Lock()
	l := t.at(k)
	if len(l.waiting) == 0 && t.running < t.limit && l.running < t.share(l) {
		t.running++
		l.running++
		t.mu.Unlock()
		return l, nil
	}
	t.pressed = true
	granted := make(chan struct{}, 1)
	if len(l.waiting) == 0 {
		t.queue = append(t.queue, l)
	}
	l.waiting = append(l.waiting, granted)
	t.mu.Unlock()
	select {
	case <-granted:
		return l, nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	if i := slices.Index(l.waiting, granted); i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
		if len(l.waiting) == 0 {
			t.queue = slices.DeleteFunc(t.queue, func(o *lane) bool { return o == l })
		}
		t.hand() // with one lane fewer, others may have more
		t.forget(l)
		t.mu.Unlock()
		return nil, ctx.Err()
	}
	t.mu.Unlock()
	t.release(&turn{lane: l}) // the place came at the same moment
	return nil, ctx.Err()
}

func (t *throttle) release(tn *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	tn.beside = t.running
	t.running--
	tn.lane.running--
	t.hand()
	t.forget(tn.lane)
}

// visit is acquire for what takes no place; end it with leave.
func (t *throttle) visit(ctx context.Context, k laneKey) (*turn, error) {
	if err := t.calm(ctx, k); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return &turn{lane: t.at(k), began: t.clock.Now()}, nil
}

func (t *throttle) leave(tn *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget(tn.lane)
}

// hand gives free places to the lanes in turn. The caller holds mu.
func (t *throttle) hand() {
	for t.running < t.limit {
		i := slices.IndexFunc(t.queue, func(l *lane) bool { return l.running < t.share(l) })
		if i < 0 {
			return
		}
		l := t.queue[i]
		t.queue = slices.Delete(t.queue, i, i+1)
		l.waiting[0] <- struct{}{}
		l.waiting = l.waiting[1:]
		if len(l.waiting) > 0 {
			t.queue = append(t.queue, l)
		}
		t.running++
		l.running++
	}
}

// until is when a lane may go on; zero for now.
func (t *throttle) until(k laneKey) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	until := t.notBefore
	if l := t.lanes[k]; l != nil && l.notBefore.After(until) {
		until = l.notBefore
	}
	if !t.clock.Now().Before(until) {
		return time.Time{}
	}
	return until
}

// calm waits until the server wants requests again, or says that this takes too
// long.
func (t *throttle) calm(ctx context.Context, k laneKey) error {
	for {
		until := t.until(k)
		if until.IsZero() {
			return ctx.Err()
		}
		wait := until.Sub(t.clock.Now())
		if wait > t.maxBackOff {
			return &Error{Code: fault.ServerBusy, BackOff: wait, Message: "the server asked not to be used before " + until.UTC().Format(time.RFC3339)}
		}
		if err := t.sleep(ctx, wait); err != nil {
			return err
		}
	}
}

func (t *throttle) sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	done := make(chan struct{})
	stop := t.clock.AfterFunc(d, func() { close(done) })
	defer stop()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// busy notes a busy answer and tells how long to wait. Without a time of its own
// the pause doubles from one second to one minute.
func (t *throttle) busy(tn *turn, e *Error) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	tn.hit = true
	if ofMailbox(e.ResponseCode) {
		l := t.at(tn.lane.key) // it may have been forgotten when the request ended
		return t.pause(&l.notBefore, &l.busyRuns, e.BackOff)
	}
	t.halve(tn)
	return t.pause(&t.notBefore, &t.busyRuns, e.BackOff)
}

// ofMailbox tells busy answers that speak of one mailbox or one request only.
func ofMailbox(responseCode string) bool {
	switch responseCode {
	case "ErrorMailboxStoreUnavailable", "ErrorMailboxMoveInProgress", "ErrorMailboxFailover",
		"ErrorTimeoutExpired", "ErrorConnectionFailed":
		return true
	}
	return false
}

// pause moves a time on. The caller holds mu.
func (t *throttle) pause(notBefore *time.Time, runs *int, d time.Duration) time.Duration {
	now := t.clock.Now()
	if d <= 0 {
		if now.Before(*notBefore) { // one of many requests that were under way
			return notBefore.Sub(now)
		}
		d = min(time.Second<<min(*runs, 6), time.Minute)
		*runs++
	}
	if until := now.Add(d); until.After(*notBefore) {
		*notBefore = until
	}
	return d
}

// crowded notes ErrorExceededConnectionCount, which names no time.
func (t *throttle) crowded(tn *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	tn.hit = true
	t.halve(tn)
}

// halve lowers the limit once for all requests that were under way together. The
// caller holds mu.
func (t *throttle) halve(tn *turn) {
	if !tn.began.After(t.halved) {
		return
	}
	t.limit = max(1, min(t.limit, max(t.running, tn.beside))/2)
	t.halved, t.quiet, t.pressed = t.clock.Now(), 0, false
}

// answered notes a good answer. Until the server was busy for the first time the
// limit grows quickly, afterwards by one in as many answers as it lets run.
func (t *throttle) answered(tn *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if tn.hit {
		return
	}
	t.busyRuns = 0
	if l := t.lanes[tn.lane.key]; l != nil {
		l.busyRuns = 0
		t.forget(l)
	}
	enough := startConcurrency
	if !t.halved.IsZero() {
		if t.clock.Now().Before(t.halved.Add(restAfterHalving)) {
			return
		}
		enough = t.limit
	}
	if t.quiet++; t.quiet < enough || !t.pressed || t.limit >= t.max {
		return
	}
	t.limit++
	t.quiet, t.pressed = 0, len(t.queue) > 0
	t.hand()
}
