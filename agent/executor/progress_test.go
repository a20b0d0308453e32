package executor_test

import (
	"fmt"
	"testing"

	"abgleich/agent/executor"
	"abgleich/agent/pim"
	"abgleich/agent/store"
)

func TestProgressCountsEveryItemOnceAlsoWhenDeletionsAreHeldAndConfirmed(t *testing.T) {
	w := newWorld(t, false)
	var steps []executor.Progress
	w.exec = executor.New(executor.Config{Store: w.store, Business: w.business, Exchange: w.exchange, Now: w.clock,
		Progress: func(p executor.Progress) { steps = append(steps, p) }})
	ends := func(what string, want int) {
		t.Helper()
		for _, p := range steps {
			t.Log(p.Stage, p.Done, p.Expected, p.Counts)
		}
		end := steps[len(steps)-1]
		for _, p := range steps {
			if p.Done > p.Expected || p.Stage >= executor.StageWriting && p.Expected > want {
				t.Errorf("%s: %d of %d while %s", what, p.Done, p.Expected, p.Stage)
			}
		}
		if end.Done != want || end.Expected != want {
			t.Errorf("%s: ends with %d of %d, want %d", what, end.Done, end.Expected, want)
		}
		steps = nil
	}
	for i := range 60 {
		w.put(pim.Business, appointment(fmt.Sprintf("a%02d", i), i%20))
		if i < 20 {
			w.put(pim.Exchange, appointment(fmt.Sprintf("a%02d", i), i%20))
		}
	}
	w.run()
	ends("first sync", 60)
	for i := range 30 {
		w.delete(pim.Exchange, fmt.Sprintf("a%02d", i))
	}
	w.put(pim.Exchange, appointment("new", 5))
	w.run()
	ends("held", 31)
	holds, err := w.store.Holds(t.Context(), w.user)
	if err != nil || len(holds) != 1 {
		t.Fatal(holds, err)
	}
	if err := w.store.ResolveHold(t.Context(), w.user, holds[0].ID, store.Confirm, "anna"); err != nil {
		t.Fatal(err)
	}
	w.run()
	ends("confirmed", 30)
}
