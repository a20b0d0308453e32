package pim

import (
	"slices"
	"time"
)

// Recurrence is the pattern of a series and its exceptions, in Exchange's patterns:
// what they cannot say is refused (see [CheckSeries]) and never flattened into
// single items.
//
// An occurrence is at the start's wall clock in the item's zone, whatever the
// offset is that day; a time the clocks skip is read with the offset before the
// gap (RFC 5545, section 3.3.5), a time that comes twice means the first. Its end
// keeps the wall clock too, as in Exchange (MS-OXOCAL 2.2.1.44.1).
type Recurrence struct {
	Pattern Pattern `json:"pattern"`
	// Interval in the pattern's unit (days, weeks, months, years); at least 1.
	Interval int `json:"interval"`
	// Weekdays for Weekly and the relative patterns, sorted from Sunday. Relative
	// patterns know one day, all seven ("day"), Monday to Friday ("weekday"), and
	// Saturday with Sunday ("weekend day").
	Weekdays []time.Weekday `json:"weekdays,omitempty"`
	// FirstDayOfWeek decides which days belong to one week when Interval > 1; in
	// canonical form 0 wherever it decides nothing.
	FirstDayOfWeek time.Weekday `json:"firstDayOfWeek,omitempty"`
	// DayOfMonth (1 to 31) and Month for the absolute patterns. Day 31 means the
	// last day of shorter months, as Exchange does it (not as RFC 5545 does).
	DayOfMonth int        `json:"dayOfMonth,omitempty"`
	Month      time.Month `json:"month,omitempty"`
	// Index for the relative patterns: 1 to 4, or -1 for the last.
	Index int `json:"index,omitempty"`
	// First is the day of the first occurrence: of an appointment always the day
	// it begins on, in its own zone.
	First Date `json:"first"`
	// Until is the last day it may fall on, zero if none; Count the number of
	// occurrences, zero if none. At most one of the two is set; none: no end. In
	// canonical form Until is the day of the last occurrence.
	Until Date `json:"until,omitzero"`
	Count int  `json:"count,omitempty"`
	// Deleted occurrences and changed ones, by original start: in UTC, of all-day
	// series midnight UTC of the day.
	Deleted []time.Time `json:"deleted,omitempty"`
	Changed []Exception `json:"changed,omitempty"`
}

// Exception is one changed occurrence of a series.
type Exception struct {
	// Original is the instant at which the pattern put the occurrence, in UTC.
	Original time.Time `json:"original"`
	// Item is the occurrence as it is now, whole; without recurrence, UID and
	// meeting, which are the series' own.
	Item *Appointment `json:"item"`
}

// Pattern names how a series repeats.
type Pattern string

// Patterns, after the EWS types of the same names.
const (
	Daily           Pattern = "daily"
	Weekly          Pattern = "weekly"
	AbsoluteMonthly Pattern = "absolute-monthly"
	RelativeMonthly Pattern = "relative-monthly"
	AbsoluteYearly  Pattern = "absolute-yearly"
	RelativeYearly  Pattern = "relative-yearly"
)

// Clone copies the recurrence and its exceptions; nil stays nil.
func (r *Recurrence) Clone() *Recurrence {
	if r == nil {
		return nil
	}
	c := *r
	c.Weekdays = slices.Clone(r.Weekdays)
	c.Deleted = slices.Clone(r.Deleted)
	c.Changed = slices.Clone(r.Changed)
	for i, e := range c.Changed {
		if e.Item != nil {
			c.Changed[i].Item = e.Item.Clone().(*Appointment)
		}
	}
	return &c
}
