package exchangesim

import (
	"iter"
	"strings"
	"time"
)

// A day is counted from 1 January 1970, without zone or clock.

func dayOf(t time.Time) int { return dayNumber(t.Date()) }

func dayNumber(y int, m time.Month, d int) int {
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func dateOf(day int) time.Time { return time.Unix(int64(day)*86400, 0).UTC() }

func weekdayOf(day int) int { return ((day+4)%7 + 7) % 7 } // 1 January 1970 was a Thursday

func parseDay(s string) (int, bool) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, false
	}
	return dayOf(t), true
}

func daysIn(y int, m time.Month) int { return dayNumber(y, m+1, 1) - dayNumber(y, m, 1) }

// lastDay is where series without an end are cut (MS-OXOCAL 2.2.1.44.1 ends them in
// the year 4500).
var lastDay = dayNumber(4500, time.August, 31)

// days walks the days the pattern falls on, with their 1-based index. Deleted and
// moved occurrences count like any other.
func (r *Recurrence) days() iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		start, ok := parseDay(r.Start)
		if !ok {
			return
		}
		last := lastDay
		if end, ok := parseDay(r.End); ok {
			last = min(end, last)
		}
		index := 0
		r.candidates(start, func(day int) bool {
			if day < start {
				return true
			}
			index++
			if day > last || r.Count > 0 && index > r.Count {
				return false
			}
			return yield(index, day)
		})
	}
}

// candidates walks the pattern from the unit (day, week, month, year) start is in.
func (r *Recurrence) candidates(start int, yield func(int) bool) {
	step := max(r.Interval, 1)
	date := dateOf(start)
	switch r.Pattern {
	case "DailyRecurrence":
		for d := start; d <= lastDay; d += step {
			if !yield(d) {
				return
			}
		}
	case "WeeklyRecurrence":
		r.weekly(start, step, yield)
	case "AbsoluteMonthlyRecurrence", "RelativeMonthlyRecurrence":
		for m := int(date.Month()) - 1; date.Year()+m/12 <= 4500; m += step {
			if !yield(r.inMonth(date.Year()+m/12, time.Month(m%12+1))) {
				return
			}
		}
	case "AbsoluteYearlyRecurrence", "RelativeYearlyRecurrence":
		month := monthNumber(r.Month)
		for y := date.Year(); month > 0 && y <= 4500; y++ {
			if !yield(r.inMonth(y, month)) {
				return
			}
		}
	default: // regenerating tasks: the next one depends on when this one is done
		yield(start)
	}
}

// weekly counts weeks from the one start is in; FirstDayOfWeek says where it began.
func (r *Recurrence) weekly(start, step int, yield func(int) bool) {
	set := weekdaySet(r.DaysOfWeek)
	if set == 0 {
		return
	}
	first := max(weekdayNumber(r.FirstDayOfWeek), 0)
	for week := start - (weekdayOf(start)-first+7)%7; week <= lastDay; week += 7 * step {
		for i := range 7 {
			if set&(1<<((first+i)%7)) != 0 && !yield(week+i) {
				return
			}
		}
	}
}

// inMonth is the pattern's day in a month. A day the month doesn't have becomes its
// last one, as in Exchange.
func (r *Recurrence) inMonth(y int, m time.Month) int {
	first, length := dayNumber(y, m, 1), daysIn(y, m)
	if r.WeekIndex == "" {
		return first + min(max(r.DayOfMonth, 1), length) - 1
	}
	set := weekdaySet(r.DaysOfWeek)
	if set == 0 {
		set = 1<<7 - 1
	}
	nth := map[string]int{"First": 1, "Second": 2, "Third": 3, "Fourth": 4}[r.WeekIndex]
	found := first
	for d := first; d < first+length; d++ {
		if set&(1<<weekdayOf(d)) == 0 {
			continue
		}
		found = d
		if nth--; nth == 0 {
			break
		}
	}
	return found
}

func weekdayNumber(name string) int {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if d.String() == name {
			return int(d)
		}
	}
	return -1
}

// weekdaySet reads "Monday Tuesday", Day, Weekday, WeekendDay; bit 0 is Sunday.
func weekdaySet(words string) (set int) {
	for w := range strings.FieldsSeq(words) {
		switch w {
		case "Day":
			set |= 0b1111111
		case "Weekday":
			set |= 0b0111110
		case "WeekendDay":
			set |= 0b1000001
		default:
			if d := weekdayNumber(w); d >= 0 {
				set |= 1 << d
			}
		}
	}
	return set
}

func monthNumber(name string) time.Month {
	for m := time.January; m <= time.December; m++ {
		if m.String() == name {
			return m
		}
	}
	return 0
}

// wall is the instant a clock shows a time of day. A time the clock skips is read
// with the offset before the gap, one it shows twice is the first of the two.
func wall(day int, sinceMidnight time.Duration, loc *time.Location) time.Time {
	y, m, d := dateOf(day).Date()
	local := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Add(sinceMidnight)
	_, before := local.Add(-26 * time.Hour).In(loc).Zone()
	_, after := local.Add(26 * time.Hour).In(loc).Zone()
	early := local.Add(-time.Duration(before) * time.Second)
	if _, o := early.In(loc).Zone(); o == before {
		return early
	}
	late := local.Add(-time.Duration(after) * time.Second)
	if _, o := late.In(loc).Zone(); o == after {
		return late
	}
	return early
}
