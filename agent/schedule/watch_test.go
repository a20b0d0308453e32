package schedule

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// fakeWatcher hands out its hint functions and can be made to fail.
type fakeWatcher struct {
	mu     sync.Mutex
	begun  []time.Time
	hints  map[pim.UserID]func(pim.Kind)
	fails  int
	err    error
	active int
}

func (f *fakeWatcher) Watch(ctx context.Context, a side.Account, ready func(), hint func(pim.Kind)) error {
	f.mu.Lock()
	f.begun = append(f.begun, time.Now())
	if f.fails > 0 {
		f.fails--
		f.mu.Unlock()
		return f.err
	}
	if f.hints == nil {
		f.hints = map[pim.UserID]func(pim.Kind){}
	}
	f.hints[a.User] = hint
	f.active++
	f.mu.Unlock()
	ready()
	<-ctx.Done()
	f.mu.Lock()
	f.active--
	f.mu.Unlock()
	return ctx.Err()
}

func (f *fakeWatcher) hint(user pim.UserID, kind pim.Kind) {
	f.mu.Lock()
	h := f.hints[user]
	f.mu.Unlock()
	if h != nil {
		h(kind)
	}
}

func (f *fakeWatcher) now() (active, begun int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.active, len(f.begun)
}

func TestAnExchangeHintRunsAtOnceAndAgainAfterTwoSeconds(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var seen calls
		w := &fakeWatcher{}
		begin(t, dir, &fakeUsers{list: []User{employee("anna")}}, func(_ context.Context, s Slice) (Result, error) {
			seen.note(s)
			return Result{}, nil
		}, func(c *Config) { c.Watches = []Watch{{Name: "exchange", Watcher: w, Again: 2 * time.Second}} })
		settle(10 * time.Second)
		n, _, _ := seen.of("anna", pim.KindTask)
		other, _, _ := seen.of("anna", pim.KindAppointment)
		// Watching begins when the first run has shown that the login works: before
		// the other kind's first run, which then serves for both, or after it.
		if n+other < 3 || n+other > 4 {
			t.Errorf("%d runs, want two first ones and one or two for what changed before watching began", n+other)
		}
		hinted := time.Now()
		w.hint("anna", pim.KindTask)
		settle(150 * time.Millisecond)
		if m, s, _ := seen.of("anna", pim.KindTask); m != n+1 || s.Why != ByHint {
			t.Errorf("%d runs right after the hint (%v), want %d", m, s.Why, n+1)
		}
		settle(time.Second)
		w.hint("anna", pim.KindTask) // the second run now covers both
		settle(10 * time.Second)
		m, _, at := seen.of("anna", pim.KindTask)
		if m != n+3 || at.Sub(hinted) < 3*time.Second || at.Sub(hinted) > 3500*time.Millisecond {
			t.Errorf("%d runs, the last %s after the first hint; want %d, about 3.15 s", m, at.Sub(hinted), n+3)
		}
		if o, _, _ := seen.of("anna", pim.KindAppointment); o != other {
			t.Error("a hint for tasks ran appointments")
		}
	})
}

func TestNobodyWatchesBeforeTheLoginWorkedNorDuringAPause(t *testing.T) {
	if raced {
		t.Skip("minutes of fake time")
	}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &fakeWatcher{}
		var mu sync.Mutex
		var err error = fault.New(fault.ServerUnreachable, "ews", "", nil)
		users := &fakeUsers{list: []User{employee("anna")}}
		r := begin(t, dir, users, func(context.Context, Slice) (Result, error) {
			mu.Lock()
			defer mu.Unlock()
			return Result{}, err
		}, func(c *Config) { c.Watches = []Watch{{Name: "exchange", Watcher: w}} })
		settle(5 * time.Minute)
		if _, begun := w.now(); begun != 0 {
			t.Errorf("watched %d times before a login worked", begun)
		}
		mu.Lock()
		err = nil
		mu.Unlock()
		settle(6 * time.Minute)
		if active, begun := w.now(); active != 1 || begun != 1 {
			t.Errorf("%d watching, begun %d times", active, begun)
		}
		check := func(want int, when string) {
			t.Helper()
			synctest.Wait()
			if active, _ := w.now(); active != want {
				t.Errorf("%s: %d watching, want %d", when, active, want)
			}
		}
		if err := r.Pause(t.Context(), "anna", time.Time{}); err != nil {
			t.Fatal(err)
		}
		check(0, "paused")
		if err := r.Resume(t.Context(), "anna"); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		check(1, "resumed")
		users.set()
		if err := r.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		check(0, "not listed")
	})
}

func TestAWatcherThatFailsIsStartedAgainWithGrowingPauses(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &fakeWatcher{fails: 4, err: errors.New("connection lost")}
		r := begin(t, dir, &fakeUsers{list: []User{employee("anna")}}, func(context.Context, Slice) (Result, error) {
			return Result{}, nil
		}, func(c *Config) { c.Watches = []Watch{{Name: "exchange", Watcher: w}} })
		settle(3 * time.Minute)
		w.mu.Lock()
		begun := w.begun
		w.mu.Unlock()
		if len(begun) != 5 {
			t.Fatalf("begun %d times, want 5", len(begun))
		}
		for i := 2; i < len(begun); i++ {
			if a, b := begun[i-1].Sub(begun[i-2]), begun[i].Sub(begun[i-1]); b <= a {
				t.Errorf("pause %d of %s after %s", i, b, a)
			}
		}
		if n := r.seen.runs("anna", pim.KindTask); n != 2 {
			t.Errorf("%d runs, want the first and one when watching began", n)
		}
	})
}

func TestAWatcherWhoseLoginIsRefusedStopsTheUser(t *testing.T) {
	if raced {
		t.Skip("minutes of fake time")
	}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &fakeWatcher{fails: 1000, err: fault.New(fault.LoginRejected, "ews", "", nil)}
		var seen calls
		r := begin(t, dir, &fakeUsers{list: []User{employee("anna")}}, func(_ context.Context, s Slice) (Result, error) {
			seen.note(s)
			return Result{}, nil
		}, func(c *Config) {
			c.Interval = 10 * time.Second
			c.Watches = []Watch{{Name: "exchange", Watcher: w}}
		})
		settle(time.Second)
		n := seen.total()
		settle(10 * time.Minute)
		// A first run that was under way when watching was refused still ends well,
		// and lets watching begin once more.
		if _, begun := w.now(); begun < 1 || begun > 2 || seen.total() != n {
			t.Errorf("watched %d times and ran %d more times with a refused login", begun, seen.total()-n)
		}
		if c := r.seen.stopCode("anna"); c != fault.LoginRejected {
			t.Errorf("stopped by %q", c)
		}
	})
}

func TestEverybodyIsRunSoonAfterTheStart(t *testing.T) {
	for round := range 3 {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			var list []User
			for i := range 40 {
				list = append(list, employee(fmt.Sprintf("user%02d", i)))
			}
			r := begin(t, dir, &fakeUsers{list: list}, func(context.Context, Slice) (Result, error) { return Result{}, nil }, nil)
			settle(2 * time.Second)
			for _, u := range list {
				for _, kind := range u.Kinds {
					if n := r.seen.runs(u.Account.User, kind); n != 1 {
						t.Errorf("start %d: %s of %s ran %d times", round, kind, u.Account.User, n)
					}
				}
			}
		})
	}
}
