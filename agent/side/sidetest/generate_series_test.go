package sidetest_test

import (
	"testing"

	"pgregory.net/rapid"

	"abgleich/agent/pim"
	"abgleich/agent/side/sidetest"
)

func TestGeneratedSeriesAreThoseBothSidesCanHold(t *testing.T) {
	met := map[string]bool{}
	rapid.Check(t, func(t *rapid.T) {
		a := sidetest.Series().Draw(t, "series")
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
