package pim

import (
	"slices"
	"time"
)

// canonicalRecurrence gives one form to patterns that mean the same. What cannot be
// expanded is only tidied up.
func canonicalRecurrence(i Item) {
	r := i.Shared().Recurrence
	if r == nil {
		return
	}
	tidyRecurrence(r)
	a, _ := i.(*Appointment)
	var zone *time.Location
	if a != nil {
		var ok bool
		if zone, ok = zoneOf(a.When); !ok {
			return
		}
	}
	if d := firstOf(i, zone); !d.IsZero() {
		r.First = d
	}
	fill(r)
	if r.Check() != nil {
		return
	}
	if !r.toFirst() {
		return // it ends before it begins
	}
	r.simplify()
	r.end()
	if a == nil {
		return
	}
	a.moveTo(r.First, zone)
	if t, err := r.Timing(a.When); err == nil {
		exceptions(a, t)
	}
}

func tidyRecurrence(r *Recurrence) {
	r.Pattern = Pattern(clean(string(r.Pattern)))
	r.Interval = max(r.Interval, 1)
	r.First, r.Until = day(r.First), day(r.Until)
	slices.Sort(r.Weekdays)
	r.Weekdays = slices.Compact(r.Weekdays)
	if len(r.Weekdays) == 0 {
		r.Weekdays = nil
	}
	for i, t := range r.Deleted {
		r.Deleted[i] = second(t)
	}
	slices.SortFunc(r.Deleted, time.Time.Compare)
	r.Deleted = slices.Compact(r.Deleted)
	for i := range r.Changed {
		r.Changed[i].Original = second(r.Changed[i].Original)
		if it := r.Changed[i].Item; it != nil {
			it = it.Clone().(*Appointment)
			it.Recurrence, it.Meeting, it.UID, it.Guest = nil, nil, "", false
			r.Changed[i].Item = Canonical(it).(*Appointment)
		}
	}
	slices.SortStableFunc(r.Changed, func(a, b Exception) int { return a.Original.Compare(b.Original) })
	emptyLists(r)
}

func emptyLists(r *Recurrence) {
	if len(r.Deleted) == 0 {
		r.Deleted = nil
	}
	if len(r.Changed) == 0 {
		r.Changed = nil
	}
}

func zoneOf(w When) (*time.Location, bool) {
	if w.AllDay {
		return time.UTC, true
	}
	loc, err := time.LoadLocation(w.Zone)
	return loc, err == nil && w.Zone != "Local"
}

// firstOf is the day the item itself begins on; zero leaves the pattern's own.
func firstOf(i Item, zone *time.Location) Date {
	switch x := i.(type) {
	case *Appointment:
		if x.When.AllDay {
			return x.When.First
		}
		return day(DateOf(x.When.Start.In(zone)))
	case *Task:
		if !x.Recurrence.First.IsZero() {
			return Date{}
		}
		if !x.Start.IsZero() {
			return x.Start
		}
		return x.Due
	}
	return Date{}
}

// fill completes a pattern from its first day and empties what it does not use.
func fill(r *Recurrence) {
	switch r.Pattern {
	case Daily:
		r.Weekdays, r.DayOfMonth, r.Month, r.Index = nil, 0, 0, 0
	case Weekly:
		r.DayOfMonth, r.Month, r.Index = 0, 0, 0
		if len(r.Weekdays) == 0 {
			r.Weekdays = []time.Weekday{weekdayOf(r.First.number())}
		}
	case AbsoluteMonthly, AbsoluteYearly:
		r.Weekdays, r.Index = nil, 0
		if r.DayOfMonth == 0 {
			r.DayOfMonth = r.First.Day
		}
	case RelativeMonthly, RelativeYearly:
		r.DayOfMonth = 0
	}
	switch r.Pattern {
	case AbsoluteMonthly, RelativeMonthly:
		r.Month = 0
	case AbsoluteYearly, RelativeYearly:
		if r.Month == 0 {
			r.Month = r.First.Month
		}
	}
	if r.Pattern != Weekly || r.Interval == 1 {
		r.FirstDayOfWeek = time.Sunday
	}
	if r.Count = max(r.Count, 0); r.Count > 0 {
		r.Until = Date{}
	}
	if r.Until.Year >= 4500 { // MAPI's "no end"
		r.Until = Date{}
	}
}

// toFirst moves First to the first day the pattern has: Exchange does so, and RFC
// 5545 leaves a start beside the rule undefined (section 3.8.5.3).
func (r *Recurrence) toFirst() bool {
	w := r.walk()
	d, ok := w.nth(1)
	if ok {
		r.First = dateOfNumber(d)
	}
	return ok
}

// simplify gives one name to patterns that fall on the same days: Exchange says
// "every second year" as "every 24 months".
func (r *Recurrence) simplify() {
	if len(r.Weekdays) == 1 {
		r.FirstDayOfWeek = time.Sunday // the first day tells which week
	}
	if r.Pattern == Weekly && r.Interval == 1 && len(r.Weekdays) == 7 {
		r.Pattern, r.Weekdays = Daily, nil
	}
	switch {
	case r.Pattern == AbsoluteYearly && r.Interval > 1:
		r.Pattern, r.Interval, r.Month = AbsoluteMonthly, 12*r.Interval, 0
	case r.Pattern == RelativeYearly && r.Interval > 1:
		r.Pattern, r.Interval, r.Month = RelativeMonthly, 12*r.Interval, 0
	case r.Pattern == AbsoluteMonthly && r.Interval == 12:
		r.Pattern, r.Interval, r.Month = AbsoluteYearly, 1, r.First.Month
	case r.Pattern == RelativeMonthly && r.Interval == 12:
		r.Pattern, r.Interval, r.Month = RelativeYearly, 1, r.First.Month
	}
	if r.Pattern == AbsoluteYearly || r.Pattern == AbsoluteMonthly && r.Interval%12 == 0 {
		r.DayOfMonth = min(r.DayOfMonth, daysIn(2000, r.First.Month)) // a leap year
	}
}

// end lets Until be the last day there is, and says a number beyond Exchange's
// as the day it leads to.
func (r *Recurrence) end() {
	w := r.walk()
	switch {
	case !r.Until.IsZero():
	case r.Count > maxCount:
		r.Count = 0
	default:
		return
	}
	if d, ok := w.nth(w.last); ok && dateOfNumber(d).Year < 4500 {
		r.Until = dateOfNumber(d)
	}
}

// moveTo brings an appointment to the day of its first occurrence.
func (a *Appointment) moveTo(d Date, zone *time.Location) {
	now := firstOf(a, zone)
	if now == d {
		return
	}
	if a.When.AllDay {
		length := a.When.Last.number() - a.When.First.number()
		a.When.First, a.When.Last = d, day(d.AddDays(length))
		return
	}
	start := wall(d, sinceMidnight(a.When.Start.In(zone), now), zone)
	end := wall(d, sinceMidnight(a.When.End.In(zone), now), zone)
	a.When.Start, a.When.End = second(start), second(end)
	if a.When.End.Before(a.When.Start) {
		a.When.End = a.When.Start
	}
}

// exceptions drops those of occurrences that do not exist (any more) and those that
// say nothing, and keys the others by the start the pattern gives.
func exceptions(a *Appointment, t *Timing) {
	r := a.Recurrence
	deleted := r.Deleted[:0]
	for _, d := range r.Deleted {
		if i, ok := t.Index(d); ok {
			s, _ := t.Start(i)
			deleted = append(deleted, s)
		}
	}
	slices.SortFunc(deleted, time.Time.Compare)
	r.Deleted = slices.Compact(deleted)
	var changed []Exception
	for _, e := range r.Changed {
		i, ok := t.Index(e.Original)
		if !ok || e.Item == nil {
			continue
		}
		e.Original, _ = t.Start(i)
		again := slices.ContainsFunc(changed, func(o Exception) bool { return o.Original.Equal(e.Original) })
		_, gone := slices.BinarySearchFunc(r.Deleted, e.Original, time.Time.Compare)
		if again || gone {
			continue
		}
		if !e.Item.When.AllDay && !a.When.AllDay {
			e.Item.When.Zone = a.When.Zone // an occurrence has no zone of its own
		}
		if plain, ok := a.Occurrence(t, i); ok && Diff(plain, e.Item) == 0 {
			continue
		}
		changed = append(changed, e)
	}
	slices.SortFunc(changed, func(a, b Exception) int { return a.Original.Compare(b.Original) })
	r.Changed = changed
	emptyLists(r)
}
