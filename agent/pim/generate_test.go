package pim_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"abgleich/agent/pim"
	"abgleich/agent/side/sidetest"
)

// rawItem generates items with everything an item can have, untidied: what the
// sides do not carry yet, and slips of the keyboard in dates, too.
func rawItem(t *rapid.T, k pim.Kind) pim.Item {
	i := sidetest.Raw(k).Draw(t, "raw")
	c := i.Shared()
	c.UID = rapid.SampledFrom([]string{"", "uid-1", "uid\xff", "uid\x00"}).Draw(t, "uid")
	if rapid.Bool().Draw(t, "series") {
		c.Recurrence = recurrence(t, k)
	}
	switch x := i.(type) {
	case *pim.Appointment:
		if rapid.Bool().Draw(t, "meeting") {
			x.Meeting = meeting(t)
		}
		if rapid.IntRange(0, 5).Draw(t, "slip") == 0 {
			x.When.End = oddTime(t, "end")
			x.When.Last = oddDate(t, "last")
			x.When.Zone = rapid.SampledFrom([]string{"", " ", "No/Where", "\xff"}).Draw(t, "zone")
		}
	case *pim.Task:
		if rapid.IntRange(0, 5).Draw(t, "slip") == 0 {
			x.Start, x.Due, x.Completed = oddDate(t, "start"), oddDate(t, "due"), oddDate(t, "done")
		}
	}
	return i
}

func anyKind(t *rapid.T) pim.Kind { return rapid.SampledFrom(pim.Kinds()).Draw(t, "kind") }

func oddTime(t *rapid.T, label string) time.Time {
	return rapid.SampledFrom([]time.Time{
		{}, time.Unix(0, 0), time.Date(20226, 5, 1, 0, 0, 0, 0, time.UTC), time.Date(-44, 3, 15, 0, 0, 0, 0, time.UTC),
		time.Date(1, 1, 1, 0, 0, 0, 500, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999, time.FixedZone("", -12*3600)),
		time.Date(2026, 5, 1, 8, 0, 0, 123456789, time.FixedZone("odd", 5*3600+1)),
	}).Draw(t, label)
}

func oddDate(t *rapid.T, label string) pim.Date {
	return rapid.SampledFrom([]pim.Date{
		{}, {Year: 2026, Month: 2, Day: 31}, {Year: 20226, Month: 5, Day: 1}, {Year: -1, Month: 1, Day: 1},
		{Year: 2026}, {Day: 1}, {Year: 2026, Month: 13, Day: 40}, {Year: 2024, Month: 2, Day: 29}, {Year: 1, Month: 1, Day: 1},
	}).Draw(t, label)
}

func meeting(t *rapid.T) *pim.Meeting {
	return &pim.Meeting{
		Role:      rapid.SampledFrom([]pim.Role{pim.RoleOrganizer, pim.RoleAttendee, "", "\xffx"}).Draw(t, "role"),
		Organizer: rapid.SampledFrom([]string{"", "Anna@Lab.test", " anna@lab.test\n"}).Draw(t, "organizer"),
		Attendees: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) pim.Attendee {
			return pim.Attendee{
				Address:  rapid.SampledFrom([]string{"", "a@lab.test", "A@LAB.test", "b@lab.test"}).Draw(t, "address"),
				Name:     rapid.SampledFrom([]string{"", "A", " A ", "B"}).Draw(t, "name"),
				Optional: rapid.Bool().Draw(t, "optional"),
				Response: rapid.SampledFrom([]pim.Response{pim.NoResponse, pim.Accepted, pim.Declined, "\xff"}).Draw(t, "response"),
			}
		}), 0, 20).Draw(t, "attendees"),
	}
}

func recurrence(t *rapid.T, k pim.Kind) *pim.Recurrence {
	r := &pim.Recurrence{
		Pattern:  rapid.SampledFrom([]pim.Pattern{pim.Daily, pim.Weekly, pim.RelativeYearly, "", "\xff"}).Draw(t, "pattern"),
		Interval: rapid.IntRange(-1, 3).Draw(t, "interval"),
		Weekdays: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) time.Weekday {
			return time.Weekday(rapid.IntRange(0, 6).Draw(t, "day"))
		}), 0, 5).Draw(t, "weekdays"),
		First: oddDate(t, "first"),
		Until: oddDate(t, "until"),
		Deleted: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) time.Time {
			return oddTime(t, "deleted")
		}), 0, 3).Draw(t, "deleted"),
	}
	if k == pim.KindAppointment && rapid.Bool().Draw(t, "exceptions") {
		raw := sidetest.Raw(pim.KindAppointment).Draw(t, "exception").(*pim.Appointment)
		r.Changed = []pim.Exception{{Original: oddTime(t, "original"), Item: raw}, {Original: oddTime(t, "original")}}
	}
	return r
}

func marshal(t rapid.TB, i pim.Item) string {
	t.Helper()
	b, err := pim.Marshal(i)
	if err != nil {
		t.Fatalf("Marshal: %v", err)
	}
	return string(b)
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}
