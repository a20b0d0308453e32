package pim

import (
	"iter"
	"time"
)

// Timing places a pattern's days on the clock of an appointment: the wall clock of
// its start, in its zone.
type Timing struct {
	r      *Recurrence
	w      walk
	allDay bool
	loc    *time.Location
	clock  time.Duration // from midnight to the start
	until  time.Duration // from midnight of the first day to the end, by the wall clock
	length int           // days of an all-day item
}

// Timing gives the original starts of a series. An error is a [*SeriesError].
func (r *Recurrence) Timing(when When) (*Timing, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	t := &Timing{r: r, w: r.walk(), allDay: when.AllDay, loc: time.UTC}
	if when.AllDay {
		t.length = when.Last.number() - when.First.number()
		return t, nil
	}
	loc, err := time.LoadLocation(when.Zone)
	if err != nil || when.Zone == "Local" {
		return nil, &SeriesError{What: "zone", Value: when.Zone}
	}
	t.loc = loc
	day := DateOf(when.Start.In(loc))
	t.clock = sinceMidnight(when.Start.In(loc), day)
	t.until = sinceMidnight(when.End.In(loc), day)
	return t, nil
}

// sinceMidnight is by the wall clock, from midnight of a day.
func sinceMidnight(local time.Time, d Date) time.Duration {
	y, m, day := local.Date()
	h, min, s := local.Clock()
	return time.Date(y, m, day, h, min, s, 0, time.UTC).Sub(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC))
}

// wall is the instant at which a zone's clock shows a time: the first of two; in a
// gap, what the offset before it gives (RFC 5545, section 3.3.5).
func wall(d Date, since time.Duration, loc *time.Location) time.Time {
	shown := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Add(since)
	var before time.Time
	for t := shown.Add(-26 * time.Hour).In(loc); ; {
		_, offset := t.Zone()
		start, end := stretch(t)
		at := shown.Add(-time.Duration(offset) * time.Second)
		if !before.IsZero() && !start.IsZero() && at.Before(start) {
			return before
		}
		if end.IsZero() || at.Before(end) {
			return at
		}
		before, t = at, end
	}
}

// on is the start on a day.
func (t *Timing) on(d Date) time.Time {
	if t.allDay {
		return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
	}
	return wall(d, t.clock, t.loc)
}

// Start gives the original start of the nth occurrence, counted from 1: an instant
// in UTC, midnight UTC of the day for an all-day series.
func (t *Timing) Start(n int) (time.Time, bool) {
	d, ok := t.w.nth(n)
	if !ok {
		return time.Time{}, false
	}
	return t.on(dateOfNumber(d)), true
}

// Index finds the occurrence that a start belongs to: the one on the day that the
// start shows on the zone's clock, so that programs which disagree about an offset
// still mean the same one.
func (t *Timing) Index(start time.Time) (int, bool) {
	day := DateOf(start.In(t.loc)).number()
	i, ok := t.w.index(day)
	if ok {
		return i, true
	}
	// A gap around midnight moves a start into the next day.
	if i, ok = t.w.index(day - 1); ok {
		if s, _ := t.Start(i); s.Equal(start) {
			return i, true
		}
	}
	return 0, false
}

// Starts gives number and original start of every occurrence, deleted ones
// included.
func (t *Timing) Starts() iter.Seq2[int, time.Time] {
	return func(yield func(int, time.Time) bool) {
		for i := 1; ; i++ {
			s, ok := t.Start(i)
			if !ok || !yield(i, s) {
				return
			}
		}
	}
}

// When gives the time of the nth occurrence as the pattern has it.
func (t *Timing) When(n int, zone string) (When, bool) {
	number, ok := t.w.nth(n)
	if !ok {
		return When{}, false
	}
	d := dateOfNumber(number)
	if t.allDay {
		return When{AllDay: true, First: d, Last: d.AddDays(t.length)}, true
	}
	w := When{Start: t.on(d), End: wall(d, t.until, t.loc), Zone: zone}
	if w.End.Before(w.Start) {
		w.End = w.Start
	}
	return w, true
}

// Occurrence gives the nth occurrence of a series as the pattern has it, without
// its exceptions: a single appointment, without UID and meeting.
func (a *Appointment) Occurrence(t *Timing, n int) (*Appointment, bool) {
	when, ok := t.When(n, a.When.Zone)
	if !ok {
		return nil, false
	}
	o := *a
	o.Recurrence, o.Meeting, o.UID, o.Guest = nil, nil, "", false
	c := o.Clone().(*Appointment)
	c.When = when
	return c, true
}
