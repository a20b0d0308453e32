package schedule

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

func TestWhoIsNoLongerListedIsCutOffAndTriggersForHimAreRefused(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var seen calls
		users := &fakeUsers{list: []User{employee("anna", pim.KindTask)}}
		r := begin(t, dir, users, func(ctx context.Context, s Slice) (Result, error) {
			seen.note(s)
			<-ctx.Done()
			return Result{}, ctx.Err()
		}, nil)
		settle(time.Second)
		users.set()
		if err := r.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		settle(10 * time.Minute)
		if n := seen.total(); n != 1 {
			t.Errorf("%d slices for somebody who is not synced", n)
		}
		if err := r.SyncNow(t.Context(), "anna"); !fault.Has(err, fault.SyncDisabled) {
			t.Errorf("SyncNow gave %v", err)
		}
		users.set(employee("anna", pim.KindTask))
		settle(2 * time.Minute) // nobody tells: the list is read every minute
		if n := seen.total(); n < 2 {
			t.Error("back in the list, but not run")
		}
	})
}

func TestAListThatCannotBeReadLeavesTheOldOneAndIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var seen calls
		users := &fakeUsers{err: errors.New("no database")}
		r := begin(t, dir, users, func(_ context.Context, s Slice) (Result, error) {
			seen.note(s)
			return Result{}, nil
		}, func(c *Config) { c.Interval = time.Minute })
		settle(10 * time.Minute)
		users.mu.Lock()
		users.err, users.list = nil, []User{employee("anna", pim.KindTask)}
		users.mu.Unlock()
		settle(2 * time.Minute)
		n := seen.total()
		if n == 0 {
			t.Fatal("the list came back, but nobody ran")
		}
		users.mu.Lock()
		users.err = errors.New("no database")
		users.mu.Unlock()
		settle(10 * time.Minute)
		if m := seen.total(); m < n+8 {
			t.Errorf("without a readable list %d runs in ten minutes", m-n)
		}
		if err := r.Reload(t.Context()); err == nil {
			t.Error("Reload hides that the list can't be read")
		}
	})
}

func TestAPanicAndAnEndlessSliceAreFailuresOfTheirUserOnly(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := begin(t, dir, &fakeUsers{list: []User{employee("anna", pim.KindTask), employee("ben", pim.KindTask), employee("cleo", pim.KindTask)}},
			func(ctx context.Context, s Slice) (Result, error) {
				switch s.Account.User {
				case "anna":
					panic("broken")
				case "ben":
					<-ctx.Done()
					return Result{}, ctx.Err()
				}
				return Result{}, nil
			}, nil)
		settle(2 * time.Minute)
		r.seen.mu.Lock()
		defer r.seen.mu.Unlock()
		if c := r.seen.failed[slot{"anna", pim.KindTask}]; c != fault.Internal {
			t.Errorf("a panic is %q", c)
		}
		if c := r.seen.failed[slot{"ben", pim.KindTask}]; c != fault.ServerStalled {
			t.Errorf("a slice over its time is %q", c)
		}
		if r.seen.ended[slot{"cleo", pim.KindTask}] != 1 {
			t.Error("cleo did not run")
		}
	})
}

func TestAnItemWaitingForItsNextTryBringsTheNextRunForward(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var seen calls
		begin(t, dir, &fakeUsers{list: []User{employee("anna", pim.KindTask)}}, func(_ context.Context, s Slice) (Result, error) {
			if seen.note(s) == 1 {
				return Result{NextTry: time.Now().Add(10 * time.Minute)}, nil
			}
			return Result{}, nil
		}, nil)
		settle(9 * time.Minute)
		if n := seen.total(); n != 1 {
			t.Errorf("%d runs before the item's time", n)
		}
		settle(2 * time.Minute)
		if n := seen.total(); n != 2 {
			t.Errorf("%d runs after the item's time", n)
		}
	})
}
