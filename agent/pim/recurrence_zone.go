package pim

import (
	"slices"
	"time"
)

// MoveToZone lets an appointment be at the same instants by another zone's clock. A
// series keeps its number of occurrences, and its exceptions stay those of the same
// numbers; its weekdays move along where the start falls on another day there. Days of
// months can't: such a series begins on the next day that its pattern has. All-day
// appointments have no zone and stay as they are, as does a series that can't be
// expanded in either zone, but for the name.
func (a *Appointment) MoveToZone(zone string) {
	if a.When.AllDay || a.When.Zone == zone {
		return
	}
	r, when := a.Recurrence, a.When
	a.When.Zone = zone
	if r == nil {
		return
	}
	from, ok := zoneOf(when)
	to, known := zoneOf(a.When)
	if !ok || !known || r.Check() != nil {
		return
	}
	old, err := r.Timing(when)
	if err != nil || old.w.last == 0 {
		return
	}
	now := r.Clone()
	first := firstOf(a, to)
	if now.Pattern == Weekly {
		now.turn(first.number() - firstOf(&Appointment{When: when}, from).number())
	}
	now.First, now.Until = first, Date{}
	if !now.toFirst() {
		return
	}
	a.moveTo(now.First, to)
	if !r.Until.IsZero() {
		now.Until, _ = now.Day(old.w.last)
	}
	there, err := now.Timing(a.When)
	if err != nil {
		return
	}
	same := func(original time.Time) time.Time {
		if n, ok := old.Index(original); ok {
			if start, ok := there.Start(n); ok {
				return start
			}
		}
		return original
	}
	for i, d := range now.Deleted {
		now.Deleted[i] = same(d)
	}
	for i := range now.Changed {
		now.Changed[i].Original = same(now.Changed[i].Original)
	}
	a.Recurrence = now
}

// turn moves the days of a week.
func (r *Recurrence) turn(days int) {
	for i, d := range r.Weekdays {
		r.Weekdays[i] = time.Weekday(((int(d)+days)%7 + 7) % 7)
	}
	slices.Sort(r.Weekdays)
	r.FirstDayOfWeek = time.Weekday(((int(r.FirstDayOfWeek)+days)%7 + 7) % 7)
}
