package pim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// ruleDays are the weekdays' names in RFC 5545, from Sunday.
const ruleDays = "SUMOTUWETHFRSA"

func ruleDay(d time.Weekday) string { return ruleDays[2*d : 2*d+2] }

// Rule writes a canonical pattern as the value of an RRULE (RFC 5545, section
// 3.3.10) for a series that takes place when. Whoever expands it by the RFC gets
// our days: what Exchange means by day 31 stands there as "the last day", day 30 as
// the last of 28 to 30. Exceptions are not part of it. An error is a
// [*SeriesError].
func (r *Recurrence) Rule(when When) (string, error) {
	t, err := r.Timing(when)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	switch r.Pattern {
	case Daily:
		b.WriteString("FREQ=DAILY")
	case Weekly:
		b.WriteString("FREQ=WEEKLY")
	case AbsoluteMonthly, RelativeMonthly:
		b.WriteString("FREQ=MONTHLY")
	default:
		b.WriteString("FREQ=YEARLY")
	}
	if r.Interval > 1 {
		fmt.Fprintf(&b, ";INTERVAL=%d", r.Interval)
	}
	switch r.Pattern {
	case Weekly:
		b.WriteString(";BYDAY=")
		writeDays(&b, r.Weekdays)
		if r.Interval > 1 && r.FirstDayOfWeek != time.Monday {
			b.WriteString(";WKST=" + ruleDay(r.FirstDayOfWeek))
		}
	case AbsoluteYearly, RelativeYearly:
		fmt.Fprintf(&b, ";BYMONTH=%d", r.Month)
	}
	switch r.Pattern {
	case AbsoluteMonthly, AbsoluteYearly:
		r.writeDay(&b)
	case RelativeMonthly, RelativeYearly:
		if len(r.Weekdays) == 1 {
			fmt.Fprintf(&b, ";BYDAY=%d%s", r.Index, ruleDay(r.Weekdays[0]))
			break
		}
		b.WriteString(";BYDAY=")
		writeDays(&b, r.Weekdays)
		fmt.Fprintf(&b, ";BYSETPOS=%d", r.Index)
	}
	switch {
	case r.Count > 0:
		fmt.Fprintf(&b, ";COUNT=%d", r.Count)
	case r.Until.IsZero():
	case when.AllDay:
		b.WriteString(";UNTIL=" + strings.ReplaceAll(r.Until.String(), "-", ""))
	default: // of a time with a zone it must be UTC
		b.WriteString(";UNTIL=" + t.on(r.Until).UTC().Format("20060102T150405Z"))
	}
	return b.String(), nil
}

// writeDays begins on Monday, as people expect.
func writeDays(b *strings.Builder, days []time.Weekday) {
	days = slices.Clone(days)
	slices.SortFunc(days, func(x, y time.Weekday) int { return int((x+6)%7) - int((y+6)%7) })
	for i, d := range days {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(ruleDay(d))
	}
}

func (r *Recurrence) writeDay(b *strings.Builder) {
	last := 31
	if r.Pattern == AbsoluteYearly {
		last = daysIn(2000, r.Month)
		if r.Month != time.February {
			last++ // no other month changes its length
		}
	}
	switch {
	case r.DayOfMonth >= last:
		b.WriteString(";BYMONTHDAY=-1")
	case r.DayOfMonth > 28 && r.Pattern == AbsoluteMonthly:
		b.WriteString(";BYMONTHDAY=28")
		for d := 29; d <= r.DayOfMonth; d++ {
			fmt.Fprintf(b, ",%d", d)
		}
		b.WriteString(";BYSETPOS=-1")
	default:
		fmt.Fprintf(b, ";BYMONTHDAY=%d", r.DayOfMonth)
	}
}
