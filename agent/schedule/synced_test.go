package schedule

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// calls counts slices by slot and remembers the last of each.
type calls struct {
	mu   sync.Mutex
	n    map[slot]int
	last map[slot]Slice
	at   map[slot]time.Time
}

func (c *calls) note(s Slice) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n, c.last, c.at = map[slot]int{}, map[slot]Slice{}, map[slot]time.Time{}
	}
	k := slot{s.Account.User, s.Kind}
	c.n[k]++
	c.last[k], c.at[k] = s, time.Now()
	return c.n[k]
}

func (c *calls) of(user pim.UserID, kind pim.Kind) (int, Slice, time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := slot{user, kind}
	return c.n[k], c.last[k], c.at[k]
}

func (c *calls) total() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range c.n {
		n += v
	}
	return n
}

// settle lets fake time pass and everything come to rest.
func settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestEveryListedUserRunsAtTheStartAndAgainAfterTheInterval(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		users := &fakeUsers{list: []User{employee("anna"), employee("ben", pim.KindTask)}}
		r := begin(t, dir, users, func(context.Context, Slice) (Result, error) { return Result{}, nil },
			func(c *Config) { c.Interval = 100 * time.Second })
		settle(time.Second)
		if n := r.seen.runs("anna", pim.KindAppointment); n != 1 {
			t.Errorf("anna's appointments ran %d times, want 1", n)
		}
		if n := r.seen.runs("ben", pim.KindAppointment); n != 0 {
			t.Errorf("ben's appointments ran %d times, though only tasks are on", n)
		}
		settle(115 * time.Second)
		if n := r.seen.runs("anna", pim.KindTask); n != 2 {
			t.Errorf("anna's tasks ran %d times within one interval, want 2", n)
		}
		if err := r.ParametersChanged(t.Context(), 10*time.Second); err != nil {
			t.Fatal(err)
		}
		settle(55 * time.Second)
		if n := r.seen.runs("anna", pim.KindTask); n < 2+1+4 {
			t.Errorf("anna's tasks ran %d times, too few for the shorter interval", n)
		}
	})
}

func TestATriggerStartsARunWithoutAnyPolling(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var seen calls
		r := begin(t, dir, &fakeUsers{list: []User{employee("anna")}}, func(_ context.Context, s Slice) (Result, error) {
			seen.note(s)
			return Result{}, nil
		}, nil)
		settle(time.Second)
		for i := range 20 {
			settle(time.Duration(rand.IntN(7000)) * time.Millisecond)
			asked := time.Now()
			if err := r.Trigger(t.Context(), "anna", ByHint, pim.KindTask); err != nil {
				t.Fatal(err)
			}
			settle(150 * time.Millisecond)
			n, _, at := seen.of("anna", pim.KindTask)
			if n != i+2 || at.Sub(asked) > 150*time.Millisecond {
				t.Fatalf("trigger %d: %d runs, the last %s after it", i, n, at.Sub(asked))
			}
		}
	})
}

func TestManyBigFirstSyncsDoNotHoldUpALiveEdit(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		users := &fakeUsers{list: []User{employee("anna")}}
		var seen calls
		r := begin(t, dir, users, func(ctx context.Context, s Slice) (Result, error) {
			seen.note(s)
			if s.Account.User == "anna" {
				return Result{}, nil
			}
			select {
			case <-time.After(s.Budget):
				return Result{More: true}, nil
			case <-ctx.Done():
				return Result{}, ctx.Err()
			}
		}, nil)
		settle(time.Second)
		list := []User{employee("anna")}
		for i := range 20 {
			list = append(list, employee(fmt.Sprintf("new%02d", i)))
		}
		users.set(list...)
		if err := r.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		settle(25 * time.Second)
		asked := time.Now()
		if err := r.Trigger(t.Context(), "anna", ByHint, pim.KindAppointment); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		if _, _, at := seen.of("anna", pim.KindAppointment); at.Before(asked) || at.Sub(asked) > 150*time.Millisecond {
			t.Errorf("anna's edit waited: run at %s, asked at %s", at, asked)
		}
		// 41 slices of 10 s each go round four workers: all get their turn.
		settle(150 * time.Second)
		for i := range 20 {
			id := pim.UserID(fmt.Sprintf("new%02d", i))
			a, _, _ := seen.of(id, pim.KindAppointment)
			b, _, _ := seen.of(id, pim.KindTask)
			if a == 0 || b == 0 {
				t.Errorf("%s had %d and %d slices", id, a, b)
			}
		}
	})
}

func TestARejectedLoginIsTriedOnceForBothKindsAndThenLeftAloneForADay(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var seen calls
		r := begin(t, dir, &fakeUsers{list: []User{employee("anna")}}, func(_ context.Context, s Slice) (Result, error) {
			seen.note(s)
			time.Sleep(300 * time.Millisecond)
			return Result{}, fault.New(fault.LoginRejected, "ews", "anna", nil)
		}, func(c *Config) { c.Interval = time.Minute })
		settle(time.Second)
		r.clock.leap(23 * time.Hour)
		if n := seen.total(); n != 1 {
			t.Fatalf("%d attempts with a wrong password within a day, want 1", n)
		}
		if c := r.seen.stopCode("anna"); c != fault.LoginRejected {
			t.Errorf("stopped by %q", c)
		}
		r.clock.leap(2 * time.Hour)
		_, a, _ := seen.of("anna", pim.KindAppointment)
		_, b, _ := seen.of("anna", pim.KindTask)
		if n := seen.total(); n != 2 || !a.TryRejected && !b.TryRejected {
			t.Fatalf("%d attempts after a day, want 2; may try rejected: %t %t", n, a.TryRejected, b.TryRejected)
		}
		if err := r.SyncNow(t.Context(), "anna"); err != nil {
			t.Fatal(err)
		}
		r.clock.leap(time.Hour)
		if n := seen.total(); n != 3 {
			t.Fatalf("%d attempts after a request, want 3", n)
		}
		stop(t, r.Scheduler)
		was := r.clock
		r = begin(t, dir, r.users, func(_ context.Context, s Slice) (Result, error) {
			seen.note(s)
			return Result{}, nil
		}, func(c *Config) { c.Now = was.now })
		r.clock = was
		r.clock.leap(time.Hour)
		if n := seen.total(); n != 3 {
			t.Fatalf("%d attempts after a restart, want still 3", n)
		}
		if c := r.seen.stopCode("anna"); c != fault.LoginRejected {
			t.Errorf("after a restart stopped by %q", c)
		}
		if err := r.CredentialsChanged(t.Context(), "anna"); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		if r.seen.runs("anna", pim.KindAppointment) == 0 || r.seen.runs("anna", pim.KindTask) == 0 {
			t.Error("new credentials did not run both kinds")
		}
		if _, s, _ := seen.of("anna", pim.KindTask); s.TryRejected {
			t.Error("new credentials were run as an attempt with rejected ones")
		}
	})
}

// busy is an error with what the server asked to wait.
type busy struct {
	error
	wait time.Duration
}

func (b busy) RetryAfter() time.Duration { return b.wait }
func (b busy) Unwrap() error             { return b.error }

func TestFailuresAreTriedAgainWithGrowingPausesAndGoOnByThemselves(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var tries []time.Time
		healthyAt := time.Now().Add(25 * time.Minute)
		var fineAt time.Time
		begin(t, dir, &fakeUsers{list: []User{employee("anna", pim.KindTask)}}, func(context.Context, Slice) (Result, error) {
			mu.Lock()
			defer mu.Unlock()
			if time.Now().Before(healthyAt) {
				tries = append(tries, time.Now())
				return Result{}, fault.New(fault.ServerUnreachable, "ews", "mail", nil)
			}
			if fineAt.IsZero() {
				fineAt = time.Now()
			}
			return Result{}, nil
		}, func(c *Config) { c.Interval = 5 * time.Second })
		settle(31 * time.Minute)
		mu.Lock()
		defer mu.Unlock()
		if fineAt.IsZero() || fineAt.Sub(healthyAt) > longestPause+time.Second {
			t.Errorf("went on at %s, the server was back at %s", fineAt, healthyAt)
		}
		if n := len(tries); n < 10 || n > 16 {
			t.Errorf("%d tries in 25 minutes", n)
		}
		for i := 2; i < len(tries); i++ {
			if gap, before := tries[i].Sub(tries[i-1]), tries[i-1].Sub(tries[i-2]); gap < before*3/4 || gap > longestPause+time.Second {
				t.Errorf("pause %d was %s after %s", i, gap, before)
			}
		}
	})
}

func TestWhatTheServerAsksToWaitIsWaitedForEvenWhenAPersonAsks(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var seen calls
		r := begin(t, dir, &fakeUsers{list: []User{employee("anna", pim.KindTask)}}, func(_ context.Context, s Slice) (Result, error) {
			if seen.note(s) == 1 {
				return Result{}, fmt.Errorf("wrapped: %w", busy{fault.New(fault.ServerBusy, "ews", "mail", nil), 7 * time.Minute})
			}
			return Result{}, nil
		}, nil)
		settle(time.Minute)
		if err := r.SyncNow(t.Context(), "anna"); err != nil {
			t.Fatal(err)
		}
		settle(5*time.Minute + 50*time.Second)
		if n := seen.total(); n != 1 {
			t.Errorf("%d slices before the server's time was over", n)
		}
		settle(15 * time.Second)
		// The cut-off run is completed, and one more covers the request.
		if n := seen.total(); n != 3 {
			t.Errorf("%d slices after the server's time was over, want 3", n)
		}
	})
}

func TestOurOwnPauseEndsWhenAPersonAsks(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var seen calls
		r := begin(t, dir, &fakeUsers{list: []User{employee("anna", pim.KindTask)}}, func(_ context.Context, s Slice) (Result, error) {
			seen.note(s)
			return Result{}, fault.New(fault.ConnectionRefused, "ews", "mail", nil)
		}, nil)
		settle(20 * time.Minute)
		before := seen.total()
		if err := r.SyncNow(t.Context(), "anna"); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		if n := seen.total(); n != before+1 {
			t.Errorf("%d slices a second after the request, want %d", n, before+1)
		}
	})
}

func TestAPauseEndsTheRunningSliceKeepsTriggersAndSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var seen calls
		run := func(ctx context.Context, s Slice) (Result, error) {
			seen.note(s)
			if s.Kind == pim.KindTask {
				return Result{}, nil
			}
			<-ctx.Done()
			return Result{}, ctx.Err()
		}
		r := begin(t, dir, &fakeUsers{list: []User{employee("anna")}}, run, nil)
		settle(time.Second)
		until := time.Now().Add(time.Hour)
		if err := r.Pause(t.Context(), "anna", until); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		r.seen.mu.Lock()
		cut := r.seen.cut[slot{"anna", pim.KindAppointment}]
		r.seen.mu.Unlock()
		if cut != 1 {
			t.Errorf("the running slice was cut off %d times", cut)
		}
		before := seen.total()
		if err := r.SyncNow(t.Context(), "anna"); err != nil {
			t.Fatal(err)
		}
		stop(t, r.Scheduler)
		r = begin(t, dir, r.users, run, nil)
		settle(50 * time.Minute)
		if n := seen.total(); n != before {
			t.Errorf("%d slices during the pause", n-before)
		}
		r.seen.mu.Lock()
		if !r.seen.paused["anna"] {
			t.Error("after the restart nobody says that she is paused")
		}
		r.seen.mu.Unlock()
		settle(11 * time.Minute)
		if n, s, _ := seen.of("anna", pim.KindAppointment); n != 2 || !s.Continues {
			t.Errorf("after the pause %d slices, continuing: %t", n, s.Continues)
		}
		if err := r.Pause(t.Context(), "anna", time.Time{}); err != nil {
			t.Fatal(err)
		}
		r.clock.leap(1000 * time.Hour)
		if err := r.Resume(t.Context(), "anna"); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		if m, _, _ := seen.of("anna", pim.KindAppointment); m != 3 {
			t.Errorf("after resuming %d slices of appointments, want 3", m)
		}
	})
}
