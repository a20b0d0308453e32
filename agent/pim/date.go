package pim

import (
	"fmt"
	"time"
)

// Date is a day in the calendar, without time and zone. The zero Date is "no date".
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the day that t shows on the clock of its location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// ParseDate reads "2006-01-02"; the empty text is the zero Date.
func ParseDate(s string) (Date, error) {
	if s == "" {
		return Date{}, nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("date %q: %w", s, err)
	}
	return DateOf(t), nil
}

// IsZero tells "no date".
func (d Date) IsZero() bool { return d == Date{} }

// String writes "2006-01-02", or "" for the zero Date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// In is the first instant of the day in a zone. Where midnight does not exist (a
// DST change at midnight), it is the first instant that does; where it happens
// twice, the first; where the whole day does not exist (a zone that crossed the
// date line), the beginning of the next.
func (d Date) In(loc *time.Location) time.Time {
	midnight := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
	// No zone is ever a day away from UTC. Walk through the stretches of constant
	// offset: in each, the clock passes midnight once at most.
	for t := midnight.Add(-24 * time.Hour).In(loc); ; {
		_, offset := t.Zone()
		start, end := stretch(t)
		first := midnight.Add(-time.Duration(offset) * time.Second).In(loc)
		if !start.IsZero() && first.Before(start) {
			first = start
		}
		if end.IsZero() || first.Before(end) {
			return first
		}
		t = end
	}
}

// stretch gives the bounds of the constant offset around t, as [time.Time.ZoneBounds]
// does, but its end is always behind t: on the last day of leap years from 2040 on
// Go gives an end that has passed (Go 1.26: behind the zone file's table the year
// has 365 days), and a walk from end to end would stand still there.
func stretch(t time.Time) (start, end time.Time) {
	start, end = t.ZoneBounds()
	if !end.IsZero() && !end.After(t) {
		end = t.AddDate(0, 0, 1)
	}
	return start, end
}

// AddDays moves by days.
func (d Date) AddDays(n int) Date {
	return DateOf(time.Date(d.Year, d.Month, d.Day+n, 12, 0, 0, 0, time.UTC))
}

// Compare orders dates; the zero Date comes first.
func (d Date) Compare(o Date) int {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).
		Compare(time.Date(o.Year, o.Month, o.Day, 0, 0, 0, 0, time.UTC))
}

// MarshalText writes what String writes.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what String writes.
func (d *Date) UnmarshalText(b []byte) error {
	p, err := ParseDate(string(b))
	if err != nil {
		return err
	}
	*d = p
	return nil
}
