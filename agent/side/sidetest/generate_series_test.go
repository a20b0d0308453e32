package sidetest_test

import (
	"testing"

	"pgregory.net/rapid"

	"abgleich/agent/pim"
	"abgleich/agent/side/sidetest"
)

// drawn checks random examples, and always the same ones, so that what must be met
// among them is met every time.
func drawn[T any](t *testing.T, g *rapid.Generator[T], check func(rapid.TB, T)) {
	for seed := range 400 {
		check(t, g.Example(seed))
	}
	rapid.Check(t, func(t *rapid.T) { check(t, g.Draw(t, "drawn")) })
}

func TestGeneratedTaskSeriesAreThoseBothSidesCanHold(t *testing.T) {
	moved := false
	drawn(t, sidetest.TaskSeries(), func(t rapid.TB, k *pim.Task) {
		if err := pim.CheckSeries(k); err != nil {
			t.Fatal(err)
		}
		moved = moved || !k.Start.IsZero() && k.Recurrence.First != k.Start
	})
	if !moved {
		t.Error("no task has moved on")
	}
}

func TestFullExceptionsDifferInEveryField(t *testing.T) {
	var met pim.FieldSet
	switched := false
	drawn(t, sidetest.FullSeries(), func(t rapid.TB, a *pim.Appointment) {
		if err := pim.CheckSeries(a); err != nil {
			t.Fatal(err)
		}
		if once, twice := pim.Canonical(a), pim.Canonical(pim.Canonical(a)); pim.Diff(once, twice) != 0 {
			t.Fatalf("not canonical: %v", pim.Diff(once, twice))
		}
		timing, err := a.Recurrence.Timing(a.When)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range a.Recurrence.Changed {
			n, _ := timing.Index(e.Original)
			plain, _ := a.Occurrence(timing, n)
			met |= pim.Diff(plain, e.Item)
			switched = switched || e.Item.When.AllDay != a.When.AllDay
		}
	})
	if want := pim.AppointmentFields &^ pim.Fields(pim.FieldRecurrence, pim.FieldMeeting); met != want || !switched {
		t.Errorf("met %v of %v, all-day switched: %v", met, want, switched)
	}
}

func TestGeneratedSeriesAreThoseBothSidesCanHold(t *testing.T) {
	met := map[string]bool{}
	drawn(t, sidetest.Series(), func(t rapid.TB, a *pim.Appointment) {
		if err := pim.CheckSeries(a); err != nil {
			t.Fatal(err)
		}
		r := a.Recurrence
		met[string(r.Pattern)] = true
		met["deleted"] = met["deleted"] || len(r.Deleted) > 0
		met["changed"] = met["changed"] || len(r.Changed) > 0
		met["all-day"] = met["all-day"] || a.When.AllDay
		met["count"] = met["count"] || r.Count > 0
		met["until"] = met["until"] || !r.Until.IsZero()
		met["no end"] = met["no end"] || r.Count == 0 && r.Until.IsZero()
		rule, err := r.Rule(a.When)
		if err != nil {
			t.Fatal(err)
		}
		back, err := pim.ParseRule(rule, a.When)
		if err != nil {
			t.Fatalf("%s: %v", rule, err)
		}
		back.Deleted, back.Changed = r.Deleted, r.Changed
		b := a.Clone().(*pim.Appointment)
		b.Recurrence = back
		if d := pim.Diff(a, pim.Canonical(b)); d != 0 {
			t.Fatalf("%s: %v", rule, d)
		}
	})
	for _, want := range []string{"daily", "weekly", "absolute-monthly", "relative-monthly", "absolute-yearly", "relative-yearly",
		"deleted", "changed", "all-day", "count", "until", "no end"} {
		if !met[want] {
			t.Errorf("never met: %s", want)
		}
	}
}
