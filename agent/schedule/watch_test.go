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
	takes  time.Duration // until it is ready or fails
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
	if f.takes > 0 {
		f.mu.Unlock()
		time.Sleep(f.takes)
		f.mu.Lock()
	}
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
		w := &fakeWatcher{takes: time.Second}
		begin(t, dir, &fakeUsers{list: []User{employee("anna")}}, func(_ context.Context, s Slice) (Result, error) {
			seen.note(s)
			return Result{}, nil
		}, func(c *Config) { c.Watches = []Watch{{Name: "exchange", Watcher: w, Again: 2 * time.Second}} })
		settle(10 * time.Second)
		n, _, _ := seen.of("anna", pim.KindTask)
		other, _, _ := seen.of("anna", pim.KindAppointment)
		if n != 2 || other != 2 {
			t.Errorf("%d and %d runs, want a first one of each kind and one for what changed before watching began", n, other)
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

func TestARunThatBeginsAfterWatchingBeganCoversWhatChangedBefore(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var seen calls
		w, users := &fakeWatcher{}, &fakeUsers{}
		r := begin(t, dir, users, func(_ context.Context, s Slice) (Result, error) {
			seen.note(s)
			return Result{}, nil
		}, func(c *Config) { c.Watches = []Watch{{Name: "exchange", Watcher: w}} })
		settle(time.Second)
		// The first run of tasks has to wait longer than watching takes to begin.
		if _, err := r.queue.db.ExecContext(t.Context(), `INSERT INTO slot (user, kind, server_until) VALUES (?, ?, ?)`,
			"anna", pim.KindTask, stored(time.Now().Add(5*time.Second))); err != nil {
			t.Fatal(err)
		}
		users.set(employee("anna"))
		if err := r.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		settle(20 * time.Second)
		n, _, _ := seen.of("anna", pim.KindTask)
		other, _, _ := seen.of("anna", pim.KindAppointment)
		if n != 1 || other != 2 {
			t.Errorf("tasks ran %d times, want 1; appointments %d times, want 2", n, other)
		}
	})
}

func TestNobodyWatchesBeforeTheLoginWorkedNorDuringAPause(t *testing.T) {
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
		if _, begun := w.now(); begun != 1 || seen.total() != n {
			t.Errorf("watched %d times and ran %d more times with a refused login", begun, seen.total()-n)
		}
		if c := r.seen.stopCode("anna"); c != fault.LoginRejected {
			t.Errorf("stopped by %q", c)
		}
	})
}

func TestARunThatBeganBeforeTheLoginWasRefusedProvesNothing(t *testing.T) {
	for name, end := range map[string]error{
		"ends well":        nil,
		"ends by itself":   fault.New(fault.ServerFailed, "ews", "", nil),
		"sees the refusal": fault.New(fault.LoginRejected, "ews", "", nil),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := &fakeWatcher{takes: time.Second, fails: 1000, err: fault.New(fault.LoginRejected, "ews", "", nil)}
				var seen calls
				r := begin(t, dir, &fakeUsers{list: []User{employee("anna")}}, func(_ context.Context, s Slice) (Result, error) {
					seen.note(s)
					if seen.total() == 1 {
						return Result{}, nil // the login works, and watching begins
					}
					time.Sleep(3 * time.Second) // the login is refused meanwhile
					return Result{}, end
				}, func(c *Config) {
					c.Interval = 10 * time.Second
					c.Watches = []Watch{{Name: "exchange", Watcher: w}}
				})
				settle(5 * time.Minute)
				if _, begun := w.now(); begun != 1 || seen.total() != 2 {
					t.Errorf("watched %d times in %d runs with a refused login, want 1 in 2", begun, seen.total())
				}
				if c := r.seen.stopCode("anna"); c != fault.LoginRejected {
					t.Errorf("stopped by %q", c)
				}
			})
		})
	}
}

func TestARunThatBeganBeforeAPersonAskedDoesNotUseUpTheAttempt(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var seen calls
		var mu sync.Mutex
		tries := 0
		w := &fakeWatcher{takes: time.Second, fails: 1, err: fault.New(fault.LoginRejected, "ews", "", nil)}
		r := begin(t, dir, &fakeUsers{list: []User{employee("anna")}}, func(_ context.Context, s Slice) (Result, error) {
			seen.note(s)
			mu.Lock()
			if s.TryRejected {
				tries++
			}
			mu.Unlock()
			if seen.total() == 2 {
				time.Sleep(3 * time.Second)
			}
			return Result{}, nil
		}, func(c *Config) { c.Watches = []Watch{{Name: "exchange", Watcher: w}} })
		settle(2 * time.Second) // the second run is under way, and watching was refused
		if c := r.seen.stopCode("anna"); c != fault.LoginRejected {
			t.Fatalf("stopped by %q", c)
		}
		if err := r.SyncNow(t.Context(), "anna"); err != nil {
			t.Fatal(err)
		}
		settle(10 * time.Second)
		mu.Lock()
		defer mu.Unlock()
		if tries == 0 {
			t.Error("a person asked, but no run may try the refused login")
		}
	})
}

func TestEverybodyIsRunSoonAfterTheStart(t *testing.T) {
	for round := range starts {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			var list []User
			for i := range crowd {
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
