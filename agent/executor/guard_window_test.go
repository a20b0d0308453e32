package executor_test

import (
	"fmt"
	"testing"
	"time"

	"abgleich/agent/engine"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// filled is a world with so many appointments on both sides.
func filled(t *testing.T, n int) *world {
	w := newWorld(t, false)
	for i := range n {
		w.put(pim.Business, appointment(fmt.Sprintf("a%02d", i), i%20))
	}
	w.run()
	return w
}

// deleteSome deletes some of them in Exchange, runs, and gives how many deletions are
// held.
func (w *world) deleteSome(from, to int) (held int) {
	w.t.Helper()
	for i := from; i < to; i++ {
		w.delete(pim.Exchange, fmt.Sprintf("a%02d", i))
	}
	w.run()
	holds, err := w.store.Holds(w.t.Context(), w.user)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, h := range holds {
		if h.Code == fault.DeletionsHeld {
			held += h.Items
		}
	}
	return held
}

func TestTheGuardCountsADayAndNotARun(t *testing.T) {
	w := filled(t, 60)
	if n := w.deleteSome(0, 18); n != 0 {
		t.Errorf("18 of 60: %d held", n)
	}
	w.now = w.now.Add(23 * time.Hour)
	if n := w.deleteSome(18, 24); n != 6 {
		t.Errorf("6 more on the same day: %d held", n)
	}
	w = filled(t, 60)
	w.deleteSome(0, 18)
	w.now = w.now.Add(25 * time.Hour)
	if n := w.deleteSome(18, 24); n != 0 {
		t.Errorf("6 more on the next day: %d held", n)
	}
}

func TestTheGuardsThresholdsAreParameters(t *testing.T) {
	for _, c := range []struct {
		guard engine.Guard
		held  int
	}{{engine.Guard{}, 0}, {engine.Guard{Items: 5, Percent: 10}, 10}, {engine.Guard{Items: 9, Percent: 16}, 10}, {engine.Guard{Items: 10, Percent: 10}, 0},
		{engine.Guard{Items: 5, Percent: 17}, 0}} {
		w := filled(t, 60)
		w.guard = c.guard
		w.restart()
		if n := w.deleteSome(0, 10); n != c.held {
			t.Errorf("10 of 60 with %+v: %d held, want %d", c.guard, n, c.held)
		}
	}
}
