package business

import (
	"strings"
	"time"

	"github.com/teambition/rrule-go"

	"abgleich/agent/pim"
)

// parseRule reads the recurrence_rule column (RFC 5545, section 3.3.10, with or
// without "RRULE:") as far as package pim has words for it. It never gives nil: an
// item with a rule nobody understands is a series all the same, with an empty
// pattern. Exceptions are not read yet.
func parseRule(text string, first pim.Date) *pim.Recurrence {
	r := &pim.Recurrence{Interval: 1, First: first}
	text = strings.TrimPrefix(strings.TrimSpace(text), "RRULE:")
	opt, err := rrule.StrToROption(text)
	if err != nil {
		return r
	}
	r.Interval = max(opt.Interval, 1)
	r.Count = max(opt.Count, 0)
	if !opt.Until.IsZero() && r.Count == 0 {
		r.Until = pim.DateOf(opt.Until)
	}
	r.FirstDayOfWeek = weekday(opt.Wkst)
	position, days := weekdays(opt)
	switch opt.Freq {
	case rrule.DAILY:
		r.Pattern = pim.Daily
	case rrule.WEEKLY:
		r.Pattern, r.Weekdays = pim.Weekly, days
		if len(days) == 0 {
			r.Weekdays = []time.Weekday{first.In(time.UTC).Weekday()}
		}
	case rrule.MONTHLY:
		r.Pattern = monthly(r, opt, first, position, days, pim.AbsoluteMonthly, pim.RelativeMonthly)
	case rrule.YEARLY:
		r.Month = first.Month
		if len(opt.Bymonth) == 1 {
			r.Month = time.Month(opt.Bymonth[0])
		}
		r.Pattern = monthly(r, opt, first, position, days, pim.AbsoluteYearly, pim.RelativeYearly)
	}
	return r
}

func monthly(r *pim.Recurrence, o *rrule.ROption, first pim.Date, position int, days []time.Weekday, abs, rel pim.Pattern) pim.Pattern {
	if len(days) > 0 {
		if position == 0 {
			return ""
		}
		r.Index, r.Weekdays = position, days
		return rel
	}
	r.DayOfMonth = first.Day
	if len(o.Bymonthday) == 1 {
		r.DayOfMonth = o.Bymonthday[0]
		if r.DayOfMonth == -1 {
			r.DayOfMonth = 31
		}
	}
	return abs
}

// weekdays gives the days and, for relative patterns, which of them in the month.
func weekdays(o *rrule.ROption) (position int, days []time.Weekday) {
	for _, d := range o.Byweekday {
		days = append(days, weekday(d))
		if n := d.N(); n != 0 {
			position = n
		}
	}
	if len(o.Bysetpos) == 1 {
		position = o.Bysetpos[0]
	}
	return position, days
}

// weekday translates from the library's week, which begins on Monday.
func weekday(d rrule.Weekday) time.Weekday { return time.Weekday((d.Day() + 1) % 7) }
