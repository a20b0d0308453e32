package pim

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxRule is the longest RRULE that is looked at.
const maxRule = 1024

// ParseRule reads an RRULE (RFC 5545, section 3.3.10, with or without "RRULE:") of
// a series whose first occurrence takes place when; of a task that is an all-day
// When. What Exchange's patterns cannot say is refused with a [*SeriesError] that
// names the part. One thing is read differently from the RFC: day 29, 30 or 31 of a
// month that is shorter is its last day, as in Exchange and as people mean it, and
// not skipped. The result becomes canonical with its item.
func ParseRule(text string, when When) (*Recurrence, error) {
	p := ruleParts{}
	if err := p.split(text); err != nil {
		return nil, err
	}
	r := &Recurrence{Interval: 1, FirstDayOfWeek: time.Monday, First: when.First}
	loc, ok := zoneOf(when)
	if !ok {
		return nil, &SeriesError{"zone", when.Zone}
	}
	if !when.AllDay {
		r.First = DateOf(when.Start.In(loc))
	}
	if err := p.common(r, when, loc); err != nil {
		return nil, err
	}
	if err := p.pattern(r); err != nil {
		return nil, err
	}
	for name, value := range p { // what was not used was not understood
		return nil, &SeriesError{name, value}
	}
	fill(r)
	if err := r.Check(); err != nil {
		return nil, err
	}
	return r, nil
}

type ruleParts map[string]string

func (p ruleParts) split(text string) error {
	text = strings.ToUpper(strings.TrimSpace(text))
	text = strings.TrimPrefix(text, "RRULE:")
	if len(text) > maxRule {
		return &SeriesError{"RRULE", "too long"}
	}
	for part := range strings.SplitSeq(strings.TrimSuffix(text, ";"), ";") {
		name, value, ok := strings.Cut(part, "=")
		if _, twice := p[name]; !ok || value == "" || twice {
			return &SeriesError{"RRULE", part}
		}
		p[name] = value
	}
	return nil
}

func (p ruleParts) take(name string) (string, bool) {
	v, ok := p[name]
	delete(p, name)
	return v, ok
}

// number takes a part that must be between two numbers.
func (p ruleParts) number(name string, into *int, least, most int) error {
	v, ok := p.take(name)
	if !ok {
		return nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > most {
		return &SeriesError{name, v}
	}
	*into = n
	return nil
}

func (p ruleParts) common(r *Recurrence, when When, loc *time.Location) error {
	if err := p.number("INTERVAL", &r.Interval, 1, 9999); err != nil {
		return err
	}
	if err := p.number("COUNT", &r.Count, 1, 99999); err != nil {
		return err
	}
	if v, ok := p.take("WKST"); ok {
		d, ok := weekdayNamed(v)
		if !ok {
			return &SeriesError{"WKST", v}
		}
		r.FirstDayOfWeek = d
	}
	v, ok := p.take("UNTIL")
	if !ok {
		return nil
	}
	if r.Count > 0 {
		return &SeriesError{"UNTIL", v}
	}
	r.Until, ok = until(v, when, loc)
	if !ok {
		return &SeriesError{"UNTIL", v}
	}
	if r.Until.Compare(r.First) < 0 {
		r.Until = r.First.AddDays(-1) // it has no day at all
	}
	return nil
}

// until gives the last day that may have an occurrence.
func until(v string, when When, loc *time.Location) (Date, bool) {
	if t, err := time.Parse("20060102", v); err == nil {
		return DateOf(t), true
	}
	if when.AllDay {
		t, err := time.Parse("20060102T150405", strings.TrimSuffix(v, "Z"))
		return DateOf(t), err == nil
	}
	clock := func(t time.Time) time.Duration { return sinceMidnight(t, DateOf(t)) }
	if t, err := time.Parse("20060102T150405", v); err == nil { // by the local clock
		d := DateOf(t)
		if clock(t) < clock(when.Start.In(loc)) {
			d = d.AddDays(-1)
		}
		return d, true
	}
	t, err := time.Parse("20060102T150405Z", v)
	d := DateOf(t.In(loc))
	if err == nil && wall(d, clock(when.Start.In(loc)), loc).After(t) {
		d = d.AddDays(-1)
	}
	return d, err == nil
}

func weekdayNamed(name string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if ruleDay(d) == name {
			return d, true
		}
	}
	return 0, false
}

// days takes BYDAY with BYSETPOS: the days, and which of them in the month; 0 is
// all of them.
func (p ruleParts) days() (days []time.Weekday, index int, err error) {
	v, ok := p.take("BYDAY")
	if !ok {
		return nil, 0, nil
	}
	for name := range strings.SplitSeq(v, ",") {
		ordinal := strings.TrimRight(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
		d, ok := weekdayNamed(name[len(ordinal):])
		if !ok || ordinal != "" && strings.Contains(v, ",") {
			return nil, 0, &SeriesError{"BYDAY", v}
		}
		if ordinal != "" {
			if index, err = strconv.Atoi(ordinal); err != nil || index == 0 {
				return nil, 0, &SeriesError{"BYDAY", v}
			}
		}
		days = append(days, d)
	}
	slices.Sort(days)
	days = slices.Compact(days)
	if pos, ok := p.take("BYSETPOS"); ok {
		if index != 0 {
			return nil, 0, &SeriesError{"BYSETPOS", pos}
		}
		if index, err = strconv.Atoi(pos); err != nil || index == 0 {
			return nil, 0, &SeriesError{"BYSETPOS", pos}
		}
	}
	return days, index, nil
}

func (p ruleParts) pattern(r *Recurrence) error {
	freq, _ := p.take("FREQ")
	byDay := p["BYDAY"]
	days, index, err := p.days()
	if err != nil {
		return err
	}
	switch freq {
	case "DAILY", "WEEKLY":
		if index != 0 {
			return &SeriesError{"BYDAY", byDay}
		}
		r.Pattern, r.Weekdays = Weekly, days
		if freq == "DAILY" {
			if len(days) == 0 {
				r.Pattern = Daily
			} else if r.Interval > 1 {
				return &SeriesError{"BYDAY", byDay}
			}
		}
		return nil
	case "MONTHLY":
		r.Pattern = AbsoluteMonthly
	case "YEARLY":
		r.Pattern = AbsoluteYearly
		month := 0
		_, told := p["BYMONTH"]
		if err := p.number("BYMONTH", &month, 1, 12); err != nil {
			return err
		}
		monthDay, fixed := p["BYMONTHDAY"]
		switch {
		case !told && len(days) > 0:
			return &SeriesError{"BYDAY", byDay} // of the whole year
		case !told && fixed:
			return &SeriesError{"BYMONTHDAY", monthDay} // of every month
		case told:
			r.Month = time.Month(month)
		default:
			r.Month = r.First.Month
		}
	default:
		return &SeriesError{"FREQ", freq}
	}
	if len(days) == 0 {
		return p.monthDay(r)
	}
	switch {
	case index != 0:
		r.Index, r.Weekdays = index, days
	case r.Pattern == AbsoluteMonthly && r.Interval == 1: // each of them: every week
		r.Pattern, r.Weekdays = Weekly, days
		return nil
	default:
		return &SeriesError{"BYDAY", byDay}
	}
	if r.Pattern == AbsoluteMonthly {
		r.Pattern = RelativeMonthly
	} else {
		r.Pattern = RelativeYearly
	}
	return nil
}

// monthDay takes BYMONTHDAY: one day, the last one, or the last of the 28th to the
// nth, which is how [Recurrence.Rule] writes the 29th and 30th.
func (p ruleParts) monthDay(r *Recurrence) error {
	v, ok := p.take("BYMONTHDAY")
	r.DayOfMonth = r.First.Day
	if !ok {
		return nil
	}
	list := strings.Split(v, ",")
	for i, s := range list {
		n, err := strconv.Atoi(s)
		single := len(list) == 1
		switch {
		case err != nil, n < 1 && (n != -1 || !single), n > 31, !single && n != 28+i:
			return &SeriesError{"BYMONTHDAY", v}
		case n == -1:
			n = 31
		}
		r.DayOfMonth = n
	}
	pos, picks := p.take("BYSETPOS")
	if len(list) > 1 && pos != "-1" || len(list) == 1 && picks && pos != "1" && pos != "-1" {
		return &SeriesError{"BYMONTHDAY", v}
	}
	return nil
}
