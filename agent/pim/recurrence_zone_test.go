package pim_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"abgleich/agent/pim"
	"abgleich/agent/side/sidetest"
)

// timed makes a series one of days or weeks that is at a time of a zone: days of months
// are other days in another zone. One that would end before it begins never ends.
func timed(a *pim.Appointment, zone string) *pim.Appointment {
	if p := a.Recurrence.Pattern; p != pim.Daily && p != pim.Weekly {
		a.Recurrence.Pattern = pim.Daily
	}
	if a.When.AllDay {
		at := time.Date(2026, 5, 4, 21, 30, 0, 0, time.UTC)
		a.When = pim.When{Start: at, End: at.Add(5 * time.Hour)}
	}
	a.When.Zone = zone
	a = pim.Canonical(a).(*pim.Appointment)
	if pim.CheckSeries(a) != nil { // a day was moved onto another one's
		a.Recurrence.Changed, a.Recurrence.Deleted = nil, nil
	}
	if a.Recurrence.Until.Compare(a.Recurrence.First) < 0 {
		a.Recurrence.Until = pim.Date{}
	}
	return pim.Canonical(a).(*pim.Appointment)
}

// TestASeriesIsTheSameByAnotherZonesClock moves series of days and weeks between zones
// without changes of their clocks, where each occurrence has to stay where it is.
func TestASeriesIsTheSameByAnotherZonesClock(t *testing.T) {
	zones := []string{"UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata", "America/Phoenix"}
	rapid.Check(t, func(rt *rapid.T) {
		a := timed(sidetest.Series().Draw(rt, "series"), rapid.SampledFrom(zones).Draw(rt, "from"))
		moved := a.Clone().(*pim.Appointment)
		moved.MoveToZone(rapid.SampledFrom(zones).Draw(rt, "to"))
		moved = pim.Canonical(moved).(*pim.Appointment)
		if d := cmp.Diff(happenings(rt, a), happenings(rt, moved)); d != "" {
			rt.Fatalf("%s\n%s\n%s", d, marshal(rt, a), marshal(rt, moved))
		}
		moved.MoveToZone(a.When.Zone)
		if d := cmp.Diff(marshal(rt, a), marshal(rt, pim.Canonical(moved))); d != "" {
			rt.Fatalf("there and back: %s", d)
		}
	})
}

// happenings are the first and the last occurrences of a series, with the numbers of
// the deleted and the changed ones.
func happenings(rt *rapid.T, a *pim.Appointment) (all []any) {
	t, err := a.Recurrence.Timing(a.When)
	if err != nil {
		rt.Fatal(err)
	}
	var last time.Time
	n := 0
	for number, start := range t.Starts() {
		if n, last = number, start; number <= 20 {
			all = append(all, start)
		}
		if number == 3000 {
			break
		}
	}
	all = append(all, n, last)
	for _, d := range a.Recurrence.Deleted {
		n, _ := t.Index(d)
		all = append(all, n)
	}
	for _, c := range a.Recurrence.Changed {
		n, _ := t.Index(c.Original)
		all = append(all, n, c.Item.When.Start)
	}
	return all
}
