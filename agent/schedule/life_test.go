package schedule

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

func TestASecondSchedulerOnTheSameFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	quiet := runnerFunc(func(context.Context, Slice) (Result, error) { return Result{}, nil })
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	first := begin(t, dir, &fakeUsers{}, quiet, nil)
	defer stop(t, first.Scheduler)
	_, err := Start(t.Context(), Config{Folder: dir, Runner: quiet, Users: &fakeUsers{}, Observer: newRecord(), Now: time.Now})
	if !fault.Has(err, fault.AlreadyRunning) {
		t.Errorf("got %v", err)
	}
}

func TestAStartThatFailsLeavesNothingBehind(t *testing.T) {
	quiet := runnerFunc(func(context.Context, Slice) (Result, error) { return Result{}, nil })
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, FileName), []byte("this is no database, and long enough to be seen as none"), 0o600); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		dir  string
		code fault.Code
	}{
		"no folder":         {t.Context(), filepath.Join(t.TempDir(), "missing"), fault.StoreCorrupt},
		"a damaged file":    {t.Context(), broken, fault.StoreCorrupt},
		"a cancelled start": {cancelled, t.TempDir(), fault.Cancelled},
	} {
		t.Run(name, func(t *testing.T) {
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
			s, err := Start(c.ctx, Config{Folder: c.dir, Runner: quiet, Users: &fakeUsers{}, Observer: newRecord(), Now: time.Now})
			if s != nil || !fault.Has(err, c.code) {
				t.Errorf("got %v, want %s", err, c.code)
			}
		})
	}
}

func TestStopCancelsWhatRunsMayBeCalledTwiceAndLeavesNoGoroutine(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	dir := t.TempDir()
	running := make(chan struct{}, 2)
	s, err := Start(t.Context(), Config{Folder: dir, Observer: newRecord(), Now: time.Now,
		Users: &fakeUsers{list: []User{employee("anna", pim.KindTask)}},
		Runner: runnerFunc(func(ctx context.Context, _ Slice) (Result, error) {
			running <- struct{}{}
			<-ctx.Done()
			return Result{}, ctx.Err()
		})})
	if err != nil {
		t.Fatal(err)
	}
	next(t, running, "the first slice")
	stop(t, s)
	stop(t, s)
	if err := s.SyncNow(t.Context(), "anna"); err == nil {
		t.Error("a stopped scheduler takes requests")
	}
}

func TestStopDoesNotWaitLongerThanItsCallerForASliceThatWillNotEnd(t *testing.T) {
	dir := t.TempDir()
	running, end := make(chan struct{}, 1), make(chan struct{})
	s, err := Start(t.Context(), Config{Folder: dir, Observer: newRecord(), Now: time.Now,
		Users: &fakeUsers{list: []User{employee("anna", pim.KindTask)}},
		Runner: runnerFunc(func(context.Context, Slice) (Result, error) {
			running <- struct{}{}
			<-end
			return Result{}, nil
		})})
	if err != nil {
		t.Fatal(err)
	}
	next(t, running, "the first slice")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Stop(ctx); !fault.Has(err, fault.Cancelled) {
		t.Errorf("got %v", err)
	}
	close(end)
	stop(t, s)
}
