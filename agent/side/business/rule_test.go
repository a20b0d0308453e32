package business

import (
	"testing"

	"pgregory.net/rapid"

	"abgleich/agent/pim"
	"abgleich/agent/side/sidetest"
)

func TestThePatternOfAnAppointmentComesBackFromItsColumn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := project(sidetest.Series().Draw(t, "series")).(*pim.Appointment)
		v, err := encode(a)
		if err != nil {
			t.Fatal(err)
		}
		rule := v[colRule-colSubject].(string)
		b := a.Clone().(*pim.Appointment)
		b.Recurrence = parseRule(rule, a.When)
		b.Recurrence.Deleted, b.Recurrence.Changed = a.Recurrence.Deleted, a.Recurrence.Changed
		if d := pim.Diff(a, project(b)); d != 0 {
			t.Fatalf("%s: %v\n%+v\n%+v", rule, d, a.Recurrence, b.Recurrence)
		}
	})
}

func TestThePatternOfATaskComesBackFromItsColumn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := sidetest.Task().Draw(t, "task")
		k.Recurrence = sidetest.Pattern().Draw(t, "pattern")
		first := days(taskBegin(k))
		k.Recurrence.First = first.First
		k = project(k).(*pim.Task)
		if pim.CheckSeries(k) != nil {
			if !first.First.IsZero() {
				t.Fatalf("refused: %+v", k.Recurrence)
			}
			return
		}
		rule, err := formatRule(k)
		if err != nil {
			t.Fatal(err)
		}
		again := *k
		again.Recurrence = parseRule(rule, days(k.Recurrence.First))
		if d := pim.Diff(k, project(&again)); d != 0 {
			t.Fatalf("%s: %v\n%+v\n%+v", rule, d, k.Recurrence, again.Recurrence)
		}
	})
}

func TestARuleNobodyCanCarryIsStillASeries(t *testing.T) {
	for _, rule := range []string{"FREQ=YEARLY;BYWEEKNO=20", "FREQ=MONTHLY;BYMONTHDAY=1,15", "jeden Montag", " "} {
		a := &pim.Appointment{When: days(pim.Date{Year: 2026, Month: 11, Day: 23})}
		a.Recurrence = parseRule(rule, a.When)
		i := project(a)
		if i.Shared().Recurrence == nil || pim.CheckSeries(i) == nil {
			t.Errorf("%q is read as %+v", rule, i.Shared().Recurrence)
		}
		if _, err := encode(i); err == nil {
			t.Errorf("%q would be overwritten", rule)
		}
	}
}
