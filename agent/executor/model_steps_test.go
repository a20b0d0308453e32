package executor_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

// steps counts what happened in the trials of a model test: what persons did, runs,
// and troubles. Runs that only bring a trial to rest don't count.
type steps struct {
	deeds, runs, troubles atomic.Int64
	stores                stores
}

func (s *steps) total() int64 { return s.deeds.Load() + s.runs.Load() + s.troubles.Load() }

// apart is how far the seeds of two rounds are from each other: rapid draws the trials of
// one from seeds that grow to some 5,000 beyond the round's own, so that nearer rounds
// would mostly repeat each other's worlds.
const apart = 10_000

// seeding is held from choosing a seed until rapid has taken it: a flag of rapid is
// the only way to give it one.
var seeding sync.Mutex

// enough repeats rounds of trials, each with a seed of its own, until the share (in
// percent) of ABGLEICH_STEPS steps is taken; one round without it. The rounds are
// spread over several workers. ABGLEICH_SEED is the first seed, -rapid.seed the only
// one.
func enough(t *testing.T, share int64, trial func(*rapid.T, *steps)) {
	t.Helper()
	want, _ := strconv.ParseInt(os.Getenv("ABGLEICH_STEPS"), 10, 64)
	first, err := strconv.ParseUint(os.Getenv("ABGLEICH_SEED"), 10, 64)
	if err != nil {
		first = rand.Uint64N(1e9) * 1_000_000
	}
	given := flag.Lookup("rapid.seed").Value.String()
	var s steps
	t.Cleanup(func() {
		s.stores.close(t)
		if err := flag.Set("rapid.seed", given); err != nil { // for the tests that follow
			t.Error(err)
		}
	})
	var rounds atomic.Uint64
	work := func(t *testing.T) {
		for {
			var taken sync.Once
			seeding.Lock()
			seed := given
			if given == "0" {
				seed = strconv.FormatUint(first+(rounds.Add(1)-1)*apart, 10)
			}
			if err := flag.Set("rapid.seed", seed); err != nil {
				t.Fatal(err)
			}
			func() {
				defer taken.Do(seeding.Unlock)
				rapid.Check(t, func(rt *rapid.T) {
					taken.Do(seeding.Unlock)
					trial(rt, &s)
				})
			}()
			if given != "0" || t.Failed() || s.total() >= want*share/100 {
				return
			}
		}
	}
	if want == 0 || given != "0" {
		work(t)
	} else {
		t.Run("all", func(t *testing.T) {
			for n := range 2 {
				t.Run(fmt.Sprintf("worker %d", n), func(t *testing.T) { t.Parallel(); work(t) })
			}
		})
	}
	seeds := given
	if given == "0" {
		seeds = fmt.Sprintf("%d to %d, every %d", first, first+(rounds.Load()-1)*apart, apart)
	}
	t.Logf("%d steps: %d deeds of persons, %d runs, %d troubles; seeds %s",
		s.total(), s.deeds.Load(), s.runs.Load(), s.troubles.Load(), seeds)
}

// trial reports to one of rapid's trials, with the story so far.
type trial struct {
	testing.TB
	rt  *rapid.T
	log func() string
}

func (x *trial) Cleanup(f func()) { x.rt.Cleanup(f) }

func (x *trial) Errorf(f string, args ...any) {
	x.rt.Fatalf("%s\n%s", x.log(), fmt.Sprintf(f, args...))
}
func (x *trial) Fatalf(f string, args ...any) { x.Errorf(f, args...) }
func (x *trial) Error(args ...any)            { x.Errorf("%s", fmt.Sprint(args...)) }
func (x *trial) Fatal(args ...any)            { x.Errorf("%s", fmt.Sprint(args...)) }
