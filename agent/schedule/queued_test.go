package schedule

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"abgleich/agent/pim"
)

// A round of the timekeeper may have read the counters before a run that ended
// since then: its job finds nothing to do.
func TestNothingIsLeftQueuedWhenItsJobComesTooLate(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := begin(t, dir, &fakeUsers{list: []User{employee("anna")}}, func(context.Context, Slice) (Result, error) {
			return Result{}, nil
		}, nil)
		settle(time.Second)
		k := slot{"anna", pim.KindTask}
		stale, err := r.queue.of(t.Context(), "anna")
		if err != nil {
			t.Fatal(err)
		}
		stale.slot = k
		if err := r.put(stale, r.clock.now()); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		r.seen.mu.Lock()
		defer r.seen.mu.Unlock()
		if r.seen.waiting[k] {
			t.Error("the run is shown as queued, and nothing is")
		}
		if r.seen.ended[k] != 1 {
			t.Errorf("%d runs, want 1", r.seen.ended[k])
		}
	})
}
