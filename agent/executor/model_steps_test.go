package executor_test

import (
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"abgleich/agent/side/fake"
)

// steps counts what happened in the trials of a model test: what persons did, runs,
// troubles, and effects, which are the instants at which a process may end.
type steps struct{ deeds, runs, troubles, effects atomic.Int64 }

func (s *steps) total() int64 {
	return s.deeds.Load() + s.runs.Load() + s.troubles.Load() + s.effects.Load()
}

// enough repeats trials with new random seeds until so many steps are taken, or
// ABGLEICH_STEPS many. Under the race detector it is content with one round.
func enough(t *testing.T, least int64, trial func(*rapid.T, *steps)) {
	t.Helper()
	if long, err := strconv.ParseInt(os.Getenv("ABGLEICH_STEPS"), 10, 64); err == nil {
		least = long
	}
	var s steps
	for {
		rapid.Check(t, func(rt *rapid.T) { trial(rt, &s) })
		if testing.Short() || t.Failed() || s.total() >= least {
			break
		}
	}
	t.Logf("%d steps: %d deeds of persons, %d runs, %d troubles, %d effects",
		s.total(), s.deeds.Load(), s.runs.Load(), s.troubles.Load(), s.effects.Load())
}

// counted counts a trouble that is planned.
func (s *steps) counted(t fake.Trouble) fake.Trouble {
	s.troubles.Add(1)
	return t
}

// trial reports to one of rapid's trials, with the story so far.
type trial struct {
	testing.TB
	rt  *rapid.T
	log func() string
}

func (x *trial) Cleanup(f func()) { x.rt.Cleanup(f) }

func (x *trial) TempDir() string {
	dir, err := os.MkdirTemp(x.TB.TempDir(), "")
	if err != nil {
		x.Fatal(err)
	}
	x.rt.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			x.rt.Error(err)
		}
	})
	return dir
}

func (x *trial) Errorf(f string, args ...any) {
	x.rt.Fatalf("%s\n%s", x.log(), fmt.Sprintf(f, args...))
}
func (x *trial) Fatalf(f string, args ...any) { x.Errorf(f, args...) }
func (x *trial) Error(args ...any)            { x.Errorf("%s", fmt.Sprint(args...)) }
func (x *trial) Fatal(args ...any)            { x.Errorf("%s", fmt.Sprint(args...)) }
