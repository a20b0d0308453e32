package schedule

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// fakeUsers is a list of users that a test can change.
type fakeUsers struct {
	mu   sync.Mutex
	list []User
	err  error
}

func (f *fakeUsers) Users(context.Context) ([]User, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]User(nil), f.list...), f.err
}

func (f *fakeUsers) set(list ...User) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = list
}

func employee(id string, kinds ...pim.Kind) User {
	if len(kinds) == 0 {
		kinds = pim.Kinds()
	}
	return User{Account: side.Account{User: pim.UserID(id), Mail: id + "@lab.test", Zone: time.UTC}, Kinds: kinds}
}

// runnerFunc is a runner made of a function.
type runnerFunc func(context.Context, Slice) (Result, error)

func (f runnerFunc) RunSlice(ctx context.Context, s Slice) (Result, error) { return f(ctx, s) }

// record is an observer that keeps the last word about each user.
type record struct {
	mu      sync.Mutex
	ended   map[slot]int
	failed  map[slot]fault.Code
	stopped map[pim.UserID]fault.Code
	paused  map[pim.UserID]bool
	cut     map[slot]int
	waiting map[slot]bool // queued is the last word
}

func newRecord() *record {
	return &record{ended: map[slot]int{}, failed: map[slot]fault.Code{}, stopped: map[pim.UserID]fault.Code{},
		paused: map[pim.UserID]bool{}, cut: map[slot]int{}, waiting: map[slot]bool{}}
}

func (r *record) Listed(pim.UserID, []pim.Kind) {}
func (r *record) Unlisted(pim.UserID)           {}
func (r *record) Paused(u pim.UserID, p bool, _ time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paused[u] = p
}
func (r *record) Stopped(u pim.UserID, c fault.Code, _ time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped[u] = c
}
func (r *record) Queued(u pim.UserID, k pim.Kind) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting[slot{u, k}] = true
}
func (r *record) SliceBegan(u pim.UserID, k pim.Kind, _ time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiting, slot{u, k})
}
func (r *record) RunEnded(u pim.UserID, k pim.Kind, _, _ time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended[slot{u, k}]++
	delete(r.waiting, slot{u, k})
}
func (r *record) RunFailed(u pim.UserID, k pim.Kind, _ time.Time, c fault.Code, _ time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed[slot{u, k}] = c
}
func (r *record) RunCutOff(u pim.UserID, k pim.Kind) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut[slot{u, k}]++
	delete(r.waiting, slot{u, k})
}

func (r *record) runs(u pim.UserID, k pim.Kind) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended[slot{u, k}]
}

func (r *record) stopCode(u pim.UserID) fault.Code {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stopped[u]
}

// rig is a scheduler under test.
type rig struct {
	*Scheduler
	users *fakeUsers
	seen  *record
	clock *clock
}

// clock is the time of day plus what a test leapt over: River's own timers make
// it dear to live through a day, even in fake time.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// leap puts the clock forward; the scheduler notices within a minute of itself.
func (c *clock) leap(d time.Duration) {
	c.ahead.Add(int64(d - 2*time.Minute))
	settle(2 * time.Minute)
}

func begin(t *testing.T, dir string, users *fakeUsers, run runnerFunc, change func(*Config)) rig {
	t.Helper()
	seen, now := newRecord(), &clock{}
	cfg := Config{Folder: dir, Runner: run, Users: users, Observer: seen, Now: now.now, Interval: time.Hour}
	if raced {
		cfg.bare, cfg.pollEvery = true, time.Hour
	}
	if change != nil {
		change(&cfg)
	}
	s, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	return rig{s, users, seen, now}
}

func stop(t *testing.T, s *Scheduler) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Errorf("Stop: %v", err)
	}
}

// next receives or fails.
func next[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(20 * time.Second):
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}
