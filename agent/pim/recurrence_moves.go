package pim

import (
	"fmt"
	"time"
)

// CheckMoves tells whether the exceptions of a canonical series are ones Exchange
// can hold: no occurrence on or beyond the day of the one before or after it
// (MS-OXOCAL 3.1.4.6.2.1; EWS ErrorOccurrenceCrossingBoundary), and at least one
// left. loc is the zone in which the series' days begin; an all-day series does not
// tell by itself. An error is a [*SeriesError].
func CheckMoves(a *Appointment, t *Timing, loc *time.Location) error {
	r := a.Recurrence
	if len(r.Deleted) >= t.w.last {
		return &SeriesError{"deleted", "all"}
	}
	deleted, moved := map[int]bool{}, map[int]int{}
	for _, d := range r.Deleted {
		if n, ok := t.Index(d); ok {
			deleted[n] = true
		}
	}
	for _, e := range r.Changed {
		if n, ok := t.Index(e.Original); ok && e.Item != nil {
			moved[n] = dayIn(e.Item.When, loc)
		}
	}
	day := func(n int) (int, bool) {
		if d, ok := moved[n]; ok {
			return d, true
		}
		return t.w.nth(n)
	}
	for n, d := range moved {
		before, after := n-1, n+1
		for deleted[before] {
			before--
		}
		for deleted[after] {
			after++
		}
		b, hasBefore := day(before)
		f, hasAfter := day(after)
		if hasBefore && b >= d || hasAfter && f <= d {
			return &SeriesError{"moved", fmt.Sprint(dateOfNumber(d))}
		}
	}
	return nil
}

func dayIn(w When, loc *time.Location) int {
	if w.AllDay {
		return w.First.number()
	}
	return DateOf(w.Start.In(loc)).number()
}
