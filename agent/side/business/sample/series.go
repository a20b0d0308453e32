package sample

import (
	"fmt"
	"slices"
	"time"

	"abgleich/agent/pim"
)

var rounds = []string{
	"Jour fixe Buchhaltung", "Teambesprechung", "Wochenplanung", "Abteilungsrunde", "Monatsabschluss besprechen", "Standortbesuch Graz",
}

// exceptionsAtMost is how many occurrences of a series are other than it says.
const exceptionsAtMost = 4

// series makes the nth: weekly, every other week or monthly, for a year or without an
// end, now and then with an occurrence that is left out, renamed or at another hour.
func (s *source) series(n int) *pim.Appointment {
	day := s.weekday().AddDays(-90)
	start := time.Date(day.Year, day.Month, day.Day, 8+s.r.IntN(9), 15*s.r.IntN(4), 0, 0, s.zone)
	a := &pim.Appointment{
		Common: s.common(fmt.Sprintf("%s (%d)", pick(s.r, rounds), n)), Location: pick(s.r, rooms),
		When: pim.When{Start: start, End: start.Add(time.Duration(2+s.r.IntN(4)) * 15 * time.Minute), Zone: s.zone.String()},
	}
	a.Reminder = &pim.Reminder{Before: pick(s.r, []int{5, 15, 30})}
	r := &pim.Recurrence{Pattern: pim.Weekly, Interval: 1 + s.r.IntN(2)}
	if s.r.IntN(4) == 0 {
		r.Pattern, r.Interval, r.DayOfMonth = pim.AbsoluteMonthly, 1, 1+s.r.IntN(28)
	}
	switch s.r.IntN(3) {
	case 0:
		r.Count = 10 + s.r.IntN(20)
	case 1:
		r.Until = day.AddDays(365)
	}
	a.Recurrence = r
	a = pim.Canonical(a).(*pim.Appointment)
	timing, err := a.Recurrence.Timing(a.When)
	if err != nil {
		return a // the zone's name is not known here: without exceptions
	}
	at, count, stride := 0, s.exceptions, 2 // the shortest series, of ten, holds five
	if count == 0 {
		at, count, stride = 1, s.r.IntN(exceptionsAtMost+1), 3
	}
	for range count {
		at += 1 + s.r.IntN(stride)
		original, ok := timing.Start(at)
		o, there := a.Occurrence(timing, at)
		if !ok || !there {
			break
		}
		switch s.r.IntN(3) {
		case 0:
			a.Recurrence.Deleted = append(a.Recurrence.Deleted, original)
			continue
		case 1:
			o.Subject += ", verschoben"
			o.When.Start, o.When.End = o.When.Start.Add(time.Hour), o.When.End.Add(time.Hour)
		case 2:
			// Any other place: one that is the same would be no exception.
			o.Location = pick(s.r, slices.DeleteFunc(slices.Clone(rooms), func(r string) bool { return r == a.Location }))
		}
		a.Recurrence.Changed = append(a.Recurrence.Changed, pim.Exception{Original: original, Item: o})
	}
	return pim.Canonical(a).(*pim.Appointment)
}
