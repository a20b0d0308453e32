package pim

import (
	"fmt"
	"slices"
	"time"
)

// SeriesError says what Exchange's patterns cannot express, or what makes no sense.
type SeriesError struct {
	// What is the part: "pattern", "interval", "weekdays", "index", "day", "month",
	// "first", "count", "until", "zone", "deleted", "moved", or the name of an RRULE
	// part such as "BYYEARDAY".
	What string
	// Value is what stands there.
	Value string
}

// Error names part and value.
func (e *SeriesError) Error() string {
	return fmt.Sprintf("a series with %s %q cannot be expressed", e.What, e.Value)
}

// The largest intervals Exchange takes (MS-OXOCAL 2.2.1.44.1.1 and Outlook).
const (
	maxDays   = 999
	maxWeeks  = 99
	maxMonths = 99
	maxYears  = maxMonths / 12 // more than one year is a number of months
	maxCount  = 999
)

// Check tells whether the pattern is one that can be expanded and that Exchange
// can hold; an error is a [*SeriesError].
func (r *Recurrence) Check() error {
	most := 0
	relative, absolute := false, false
	switch r.Pattern {
	case Daily:
		most = maxDays
	case Weekly:
		most = maxWeeks
	case AbsoluteMonthly:
		most, absolute = maxMonths, true
	case RelativeMonthly:
		most, relative = maxMonths, true
	case AbsoluteYearly:
		most, absolute = maxYears, true
	case RelativeYearly:
		most, relative = maxYears, true
	default:
		return &SeriesError{"pattern", string(r.Pattern)}
	}
	yearly := r.Pattern == AbsoluteYearly || r.Pattern == RelativeYearly
	switch {
	case r.Interval < 1 || r.Interval > most:
		return &SeriesError{"interval", fmt.Sprint(r.Interval)}
	case r.First.Year < 1601 || r.First.Year > 4499 || dateOfNumber(r.First.number()) != r.First:
		return &SeriesError{"first", r.First.String()}
	case !sortedDays(r.Weekdays), r.Pattern == Weekly && len(r.Weekdays) == 0, relative && !oneOrGroup(r.Weekdays):
		return &SeriesError{"weekdays", fmt.Sprint(r.Weekdays)}
	case r.FirstDayOfWeek < time.Sunday || r.FirstDayOfWeek > time.Saturday:
		return &SeriesError{"first day of week", fmt.Sprint(int(r.FirstDayOfWeek))}
	case relative && r.Index != -1 && (r.Index < 1 || r.Index > 4), !relative && r.Index != 0:
		return &SeriesError{"index", fmt.Sprint(r.Index)}
	case absolute && (r.DayOfMonth < 1 || r.DayOfMonth > 31):
		return &SeriesError{"day", fmt.Sprint(r.DayOfMonth)}
	case yearly && (r.Month < time.January || r.Month > time.December):
		return &SeriesError{"month", fmt.Sprint(int(r.Month))}
	case r.Count < 0:
		return &SeriesError{"count", fmt.Sprint(r.Count)}
	}
	return nil
}

func sortedDays(days []time.Weekday) bool {
	for i, d := range days {
		if d < time.Sunday || d > time.Saturday || i > 0 && d <= days[i-1] {
			return false
		}
	}
	return true
}

var (
	everyDay = []time.Weekday{0, 1, 2, 3, 4, 5, 6}
	workDays = []time.Weekday{1, 2, 3, 4, 5}
	weekend  = []time.Weekday{0, 6}
)

func oneOrGroup(days []time.Weekday) bool {
	return len(days) == 1 || slices.Equal(days, everyDay) || slices.Equal(days, workDays) || slices.Equal(days, weekend)
}

// CheckSeries tells whether an item is single, or a series that both sides can
// hold; an error is a [*SeriesError]. The item must be canonical.
func CheckSeries(i Item) error {
	if isNil(i) || i.Shared().Recurrence == nil {
		return nil
	}
	r := i.Shared().Recurrence
	if err := r.Check(); err != nil {
		return err
	}
	if r.Count > maxCount {
		return &SeriesError{"count", fmt.Sprint(r.Count)}
	}
	if _, ok := r.Day(1); !ok {
		return &SeriesError{"until", r.Until.String()}
	}
	if a, ok := i.(*Appointment); ok {
		t, err := r.Timing(a.When)
		if err != nil {
			return err
		}
		return CheckMoves(a, t, t.loc)
	}
	if len(r.Changed)+len(r.Deleted) > 0 {
		return &SeriesError{"pattern", "a task with exceptions"}
	}
	return nil
}
