package ical

import (
	"fmt"
	"time"

	"abgleich/agent/pim"
)

// ahead is how far from now the clocks of a zone are written for a series: programs
// that know the zone by its name do not need them.
const ahead = 10 // years

// stretch widens the time that zones are needed for to an appointment and all
// occurrences it has.
func stretch(span map[string][2]time.Time, a *pim.Appointment, now time.Time) {
	take := func(w pim.When, end time.Time) {
		if w.AllDay || w.Zone == "UTC" {
			return
		}
		s, known := span[w.Zone]
		if !known || w.Start.Before(s[0]) {
			s[0] = w.Start
		}
		if !known || end.After(s[1]) {
			s[1] = end
		}
		span[w.Zone] = s
	}
	take(a.When, a.When.End)
	r := a.Recurrence
	if r == nil {
		return
	}
	last := r.Until
	if r.Count > 0 {
		last, _ = r.Day(r.Count)
	}
	end := a.When.End
	if now.After(end) {
		end = now
	}
	end = end.AddDate(ahead, 0, 0)
	if over := last.AddDays(1).In(time.UTC); !last.IsZero() && over.Before(end) {
		end = over
	}
	take(a.When, end)
	for _, e := range r.Changed {
		take(e.Item.When, e.Item.When.End)
	}
}

// zone writes the changes of a zone's clocks in the time the items span, one
// component a change: right for every zone, whatever rules it had.
func (p *printer) zone(name string, span [2]time.Time) {
	loc, err := time.LoadLocation(name)
	if err != nil {
		return
	}
	p.line("BEGIN", "VTIMEZONE")
	p.line("TZID", name)
	at := time.Date(span[0].Year()-1, 1, 1, 0, 0, 0, 0, time.UTC)
	end := time.Date(min(span[1].Year()+2, at.Year()+200), 1, 1, 0, 0, 0, 0, time.UTC)
	_, before := at.In(loc).Zone()
	p.observance(at, before, before, false)
	for at.Before(end) {
		_, next := at.In(loc).ZoneBounds()
		if next.IsZero() || !next.Before(end) {
			break
		}
		if !next.After(at) { // some bounds do not move on (Go 1.26, far from the present)
			at = at.AddDate(0, 0, 1)
			continue
		}
		_, after := next.In(loc).Zone()
		if after == before { // the end of a year or another name, not of the clocks
			at = next
			continue
		}
		p.observance(next, before, after, next.In(loc).IsDST())
		at, before = next, after
	}
	p.line("END", "VTIMEZONE")
}

func (p *printer) observance(at time.Time, before, after int, dst bool) {
	name := "STANDARD"
	if dst {
		name = "DAYLIGHT"
	}
	p.line("BEGIN", name)
	p.line("DTSTART", at.UTC().Add(time.Duration(before)*time.Second).Format(localForm))
	p.line("TZOFFSETFROM", formatOffset(before))
	p.line("TZOFFSETTO", formatOffset(after))
	p.line("END", name)
}

func formatOffset(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	s := fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
	if seconds%60 != 0 {
		s += fmt.Sprintf("%02d", seconds%60)
	}
	return s
}
