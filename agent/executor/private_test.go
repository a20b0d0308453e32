package executor_test

import (
	"testing"
	"time"

	"abgleich/agent/engine"
	"abgleich/agent/pim"
	"abgleich/agent/store"
)

func TestPrivateItemsThatDoNotTravelRest(t *testing.T) {
	w := newWorld(t, false)
	w.options(engine.Options{Private: engine.PrivateNot})
	w.put(pim.Exchange, on("a", 1), secret("s", 2))
	w.put(pim.Business, secret("t", 3))
	w.run()
	w.has(pim.Business, "a t")
	w.has(pim.Exchange, "a s")
	w.edit(pim.Exchange, "a", func(a *pim.Appointment) { a.Sensitivity, a.Body = pim.Private, "secret" })
	w.run()
	if i := w.only(pim.Business, "a").Item; i.Shared().Body != "" {
		t.Errorf("business knows %+v", i)
	}
	if got, want := w.states(), "a 5, s 5, t 5"; got != want {
		t.Errorf("compare says %s, want %s", got, want)
	}
	w.quiet()
	w.delete(pim.Exchange, "a")
	w.run()
	w.has(pim.Business, "a t")
}

func TestAPrivateItemReachesBusinessAsTimeAlone(t *testing.T) {
	w := newWorld(t, false)
	w.standard = engine.Options{Private: engine.PrivateBusy}
	w.restart()
	w.put(pim.Exchange, secret("s", 2), on("open", 3))
	w.run()
	w.has(pim.Business, "Privat open")
	clean := func() {
		t.Helper()
		a := w.only(pim.Business, engine.MaskSubject).Item.(*pim.Appointment)
		if a.Body+a.Location != "" || a.Categories != nil || a.Sensitivity != pim.Private {
			t.Errorf("business knows %+v", a)
		}
		b := w.only(pim.Exchange, "s").Item.(*pim.Appointment)
		if b.Body != "body of s" || b.Location != "place of s" {
			t.Errorf("the original is %+v", b)
		}
		if !b.When.Start.Equal(a.When.Start) {
			t.Errorf("%s and %s", a.When.Start, b.When.Start)
		}
	}
	clean()
	w.quiet()
	later := func(a *pim.Appointment) {
		a.When.Start, a.When.End = a.When.Start.Add(time.Hour), a.When.End.Add(time.Hour)
	}
	w.edit(pim.Business, engine.MaskSubject, later)
	w.run()
	clean()
	w.edit(pim.Exchange, "s", later)
	w.run()
	clean()
	if got, want := w.states(), "Privat 5, open 1"; got != want {
		t.Errorf("compare says %s, want %s", got, want)
	}

	// What a person writes into the copy is set back, and kept.
	w.edit(pim.Business, engine.MaskSubject, func(a *pim.Appointment) { a.Subject, a.Body = "guess", "who" })
	w.run()
	clean()
	kept, err := w.store.Trash(t.Context(), w.user, 0, 10)
	if err != nil || len(kept) == 0 || kept[0].Reason != store.TrashConflict {
		t.Errorf("kept %+v, %v", kept, err)
	}
	w.quiet()

	// An item made private later loses what business had of it; one that is no longer
	// private gets it.
	w.edit(pim.Exchange, "open", func(a *pim.Appointment) { a.Sensitivity = pim.Private })
	w.edit(pim.Exchange, "s", func(a *pim.Appointment) { a.Sensitivity = pim.Normal })
	w.run()
	w.has(pim.Business, "Privat s")
	w.options(engine.Options{Private: engine.PrivateWhole})
	w.run()
	w.equal()
	w.quiet()
	w.options(engine.Options{Private: engine.PrivateBusy})
	w.run()
	w.has(pim.Business, "Privat s")
	w.quiet()
}

func TestBusinessKeepsTheContentOfItsOwnPrivateItems(t *testing.T) {
	w := newWorld(t, false)
	w.options(engine.Options{Private: engine.PrivateBusy})
	w.put(pim.Business, secret("s", 2))
	w.run()
	w.equal()
	w.edit(pim.Exchange, "s", func(a *pim.Appointment) { a.Body = "for me alone" })
	w.edit(pim.Business, "s", func(a *pim.Appointment) { a.Location = "room" })
	w.run()
	a, b := w.only(pim.Business, "s").Item.(*pim.Appointment), w.only(pim.Exchange, "s").Item.(*pim.Appointment)
	if a.Body != "body of s" || b.Body != "for me alone" || b.Location != "room" {
		t.Errorf("%+v\n%+v", a, b)
	}
	w.quiet()
	w.options(engine.Options{})
	w.run()
	w.equal()
}
