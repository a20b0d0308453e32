package executor_test

import (
	"fmt"
	"testing"
	"time"

	"abgleich/agent/engine"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/fake"
	"abgleich/agent/store"
)

func TestMassDeletionsAreHeldUntilAPersonDecides(t *testing.T) {
	for _, d := range []store.Decision{store.Confirm, store.Restore} {
		w := newWorld(t, false)
		for i := range 60 {
			w.put(pim.Business, appointment(fmt.Sprintf("a%02d", i), i%20))
		}
		w.run()
		all := w.subjects(pim.Business)
		for i := range 30 {
			w.delete(pim.Exchange, fmt.Sprintf("a%02d", i))
		}
		w.put(pim.Exchange, appointment("new", 5))
		w.run()
		if got := w.subjects(pim.Business); got != all+" new" {
			t.Fatalf("not held: %s", got)
		}
		holds, err := w.store.Holds(t.Context(), w.user)
		if err != nil || len(holds) != 1 || holds[0].Items != 30 || holds[0].Code != fault.DeletionsHeld {
			t.Fatalf("holds %+v, %v", holds, err)
		}
		items, err := w.store.HeldItems(t.Context(), holds[0].ID, 0, 5)
		if err != nil || len(items) != 5 || items[0].Content == nil {
			t.Fatalf("items %+v, %v", items, err)
		}
		w.quiet()
		if err := w.store.ResolveHold(t.Context(), w.user, holds[0].ID, d, "anna"); err != nil {
			t.Fatal(err)
		}
		w.run()
		w.equal()
		want := 61
		if d == store.Confirm {
			want = 31
		}
		if got := len(w.business.Items(w.user, kind)); got != want {
			t.Errorf("decision %d leaves %d items", d, got)
		}
		w.quiet()
	}
}

func TestAFirstSyncThatWouldFillAFilledSideAsks(t *testing.T) {
	w := newWorld(t, false)
	for i := range 40 {
		w.put(pim.Business, appointment(fmt.Sprintf("a%02d", i), i%20))
		w.put(pim.Exchange, appointment(fmt.Sprintf("b%02d", i), i%20))
	}
	w.put(pim.Business, appointment("same", 5))
	w.put(pim.Exchange, appointment("same", 5))
	w.run()
	if n := len(w.business.Items(w.user, kind)); n != 41 {
		t.Fatalf("%d items in business", n)
	}
	holds, err := w.store.Holds(t.Context(), w.user)
	if err != nil || len(holds) != 2 || holds[0].Items != 40 {
		t.Fatalf("holds %+v, %v", holds, err)
	}
	w.quiet()
	for _, h := range holds {
		if err := w.store.ResolveHold(t.Context(), w.user, h.ID, store.Confirm, "anna"); err != nil {
			t.Fatal(err)
		}
	}
	w.run()
	w.equal()
	if n := len(w.business.Items(w.user, kind)); n != 81 {
		t.Errorf("%d items in business", n)
	}
	w.quiet()
}

func TestTheNewerOfTwoEditsWins(t *testing.T) {
	w := newWorld(t, false)
	w.policy = engine.Newer
	w.put(pim.Business, appointment("a", 8))
	w.run()
	// The business edit is read but cannot be written; the other comes later.
	w.edit(pim.Business, "a", func(a *pim.Appointment) { a.Subject = "b" })
	w.faults.At(1, fake.Refuse)
	w.run()
	w.edit(pim.Exchange, "a", func(a *pim.Appointment) { a.Subject = "c" })
	w.now = w.now.Add(time.Hour)
	w.run()
	w.want("c")
}
