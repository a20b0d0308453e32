package schedule

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// world is what the runs of a soak test see: a version for each slot that every
// trigger raises, and the version that the last complete run had seen at its
// beginning. It outlives schedulers, as a store does.
type world struct {
	mu       sync.Mutex
	version  map[slot]int
	reading  map[slot]int
	covered  map[slot]int
	claim    map[slot]int64
	inside   map[slot]bool
	triggers int
	slices   int
	failures int
	broken   []string
}

func newWorld() *world {
	return &world{version: map[slot]int{}, reading: map[slot]int{}, covered: map[slot]int{},
		claim: map[slot]int64{}, inside: map[slot]bool{}}
}

// run is a runner with random failures, that checks it is alone in its slot.
func (w *world) run(ctx context.Context, s Slice) (Result, error) {
	k := slot{s.Account.User, s.Kind}
	w.mu.Lock()
	w.slices++
	if w.inside[k] {
		w.broken = append(w.broken, fmt.Sprintf("two slices at once for %v", k))
	}
	if s.Claim <= w.claim[k] {
		w.broken = append(w.broken, fmt.Sprintf("claim %d of %v after %d", s.Claim, k, w.claim[k]))
	}
	w.inside[k], w.claim[k] = true, s.Claim
	if !s.Continues {
		w.reading[k] = w.version[k]
	}
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.inside[k] = false
		w.mu.Unlock()
	}()
	select {
	case <-ctx.Done():
		return Result{}, ctx.Err()
	case <-time.After(time.Duration(rand.IntN(200)) * time.Millisecond):
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch n := rand.IntN(100); {
	case n < 3:
		w.failures++
		return Result{}, fault.New(fault.ServerFailed, "soak", "", nil)
	case n < 4:
		w.failures++
		panic("soak")
	case n < 20:
		return Result{More: true}, nil
	}
	w.covered[k] = w.reading[k]
	return Result{}, nil
}

// quiet tells that complete runs have seen every change.
func (w *world) quiet() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Equal(w.version, w.covered)
}

func TestNoTriggerIsLostAndNoSliceOverlaps(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		var list []User
		for i := range 12 {
			list = append(list, employee(fmt.Sprintf("user%02d", i)))
		}
		users := &fakeUsers{list: list}
		const rounds, each = 4, soakTriggers / 4
		for round := range rounds {
			r := begin(t, dir, users, w.run, func(c *Config) { c.Interval = 1000 * time.Hour })
			settle(time.Second)
			for range each {
				u, kind := list[rand.IntN(len(list))].Account.User, pim.Kinds()[rand.IntN(2)]
				w.mu.Lock()
				w.version[slot{u, kind}]++
				w.triggers++
				w.mu.Unlock()
				if err := r.Trigger(t.Context(), u, ByHint, kind); err != nil {
					t.Fatal(err)
				}
				switch n := rand.IntN(100); {
				case n < 60:
					time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
				case n < 62:
					if err := r.Pause(t.Context(), u, time.Now().Add(time.Duration(rand.IntN(3000))*time.Millisecond)); err != nil {
						t.Fatal(err)
					}
				}
			}
			if round < rounds-1 {
				stop(t, r.Scheduler) // in the midst of it
			} else {
				for range 90 {
					if settle(10 * time.Second); w.quiet() {
						break
					}
				}
			}
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, b := range w.broken {
			t.Error(b)
		}
		for k, v := range w.version {
			if w.covered[k] != v {
				t.Errorf("%v: %d changes, but the last complete run saw %d", k, v, w.covered[k])
			}
		}
		t.Logf("%d triggers, %d slices, %d failures", w.triggers, w.slices, w.failures)
		if w.failures == 0 || w.slices < w.triggers/10 {
			t.Errorf("the soak was too dry: %d failures, %d slices", w.failures, w.slices)
		}
	})
}
