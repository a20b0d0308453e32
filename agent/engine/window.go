package engine

import (
	"slices"
	"strings"
	"time"

	"abgleich/agent/pim"
)

// Travels tells whether an item of side s, unpaired so far, is to be made on the
// other side.
func (r *Rules) Travels(s pim.SideID, i pim.Item) bool {
	return r.Options.writes(s.Other()) && r.Inside(i)
}

// Inside tells whether the filters let an item travel, whichever way.
func (r *Rules) Inside(i pim.Item) bool {
	if !r.chosen(i) {
		return false
	}
	in, _ := r.reach(i)
	return in
}

// ComesInside is the day on which an item of side s will travel though nobody
// changes it, because time passes; zero for never, and for one that travels already.
func (r *Rules) ComesInside(s pim.SideID, i pim.Item) pim.Date {
	if !r.Options.writes(s.Other()) || !r.chosen(i) {
		return pim.Date{}
	}
	_, day := r.reach(i)
	return day
}

// chosen asks every filter but the time.
func (r *Rules) chosen(i pim.Item) bool {
	o := &r.Options
	if o.Private == PrivateNot && private(i) {
		return false
	}
	if t, ok := i.(*pim.Task); ok && o.OpenOnly && t.Status == pim.Completed {
		return false
	}
	return len(o.Categories) == 0 || slices.ContainsFunc(i.Shared().Categories, func(c string) bool {
		return slices.ContainsFunc(o.Categories, func(w string) bool { return strings.EqualFold(c, strings.TrimSpace(w)) })
	})
}

// reach tells whether an item is inside the time window, or when it will be.
func (r *Rules) reach(i pim.Item) (bool, pim.Date) {
	o := &r.Options
	if o.Past == nil && o.Future == nil || r.Today.IsZero() {
		return true, pim.Date{}
	}
	w := window{}
	if o.Past != nil {
		w.from = r.Today.AddDays(-*o.Past)
	}
	if o.Future != nil {
		w.to = r.Today.AddDays(*o.Future)
	}
	var in bool
	var next pim.Date
	switch x := i.(type) {
	case *pim.Task:
		in, next = w.task(x)
	case *pim.Appointment:
		in, next = w.appointment(x, r.zone())
	}
	if in || next.IsZero() {
		return in, pim.Date{}
	}
	return false, next.AddDays(-*o.Future)
}

func (r *Rules) zone() *time.Location {
	if r.Zone == nil {
		return time.UTC
	}
	return r.Zone
}

// window is days, zero for no bound.
type window struct{ from, to pim.Date }

// holds tells whether a stretch of days touches the window, and behind whether it
// lies behind it.
func (w window) holds(first, last pim.Date) (in, behind bool) {
	if !w.to.IsZero() && first.Compare(w.to) > 0 {
		return false, true
	}
	return w.from.IsZero() || last.Compare(w.from) >= 0, false
}

// task looks at what is open still as something of today: it never is too old. What
// is done belongs to the day it was done.
func (w window) task(t *pim.Task) (bool, pim.Date) {
	day := t.Start
	if day.IsZero() {
		day = t.Due
	}
	if t.Status == pim.Completed {
		if day = t.Completed; day.IsZero() {
			day = t.Due
		}
	} else {
		w.from = pim.Date{}
	}
	if day.IsZero() {
		return true, pim.Date{}
	}
	in, behind := w.holds(day, day)
	if behind {
		return false, day
	}
	return in, pim.Date{}
}

// days are the first and the last day of an appointment.
func days(w pim.When, zone *time.Location) (first, last pim.Date) {
	if w.AllDay {
		return w.First, w.Last
	}
	return pim.DateOf(w.Start.In(zone)), pim.DateOf(w.End.In(zone))
}

// appointment gives, for one outside, the next day behind the window.
func (w window) appointment(a *pim.Appointment, zone *time.Location) (bool, pim.Date) {
	first, last := days(a.When, zone)
	rec := a.Recurrence
	if rec == nil {
		in, behind := w.holds(first, last)
		if behind {
			return false, first
		}
		return in, pim.Date{}
	}
	if rec.Check() != nil {
		// Nobody knows its days. It is shown as a problem rather than left out unseen.
		return true, pim.Date{}
	}
	var next pim.Date
	try := func(first, last pim.Date) bool {
		in, behind := w.holds(first, last)
		if behind && (next.IsZero() || first.Compare(next) < 0) {
			next = first
		}
		return in
	}
	own := zone // the pattern counts days of the series' own zone
	if z, err := time.LoadLocation(a.When.Zone); err == nil && !a.When.AllDay && a.When.Zone != "" {
		own = z
	}
	if a.When.AllDay {
		own = time.UTC
	}
	not := make(map[pim.Date]bool, len(rec.Deleted)+len(rec.Changed))
	for _, d := range rec.Deleted {
		not[pim.DateOf(d.In(own))] = true
	}
	for _, c := range rec.Changed {
		not[pim.DateOf(c.Original.In(own))] = true
		if c.Item != nil && try(days(c.Item.When, zone)) {
			return true, pim.Date{}
		}
	}
	length := 0 // in days, beyond the first
	for first.AddDays(length).Compare(last) < 0 && length < MostDays {
		length++
	}
	for d := range rec.Days() {
		if not[d] {
			continue
		}
		if try(d, d.AddDays(length)) {
			return true, pim.Date{}
		}
		if !w.to.IsZero() && d.Compare(w.to) > 0 {
			break
		}
	}
	return false, next
}
