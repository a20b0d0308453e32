package pim

import (
	"iter"
	"slices"
	"time"
)

// walk is the arithmetic of a checked pattern. Days are numbered from 1970. A
// period is one unit times the interval: each full one has the same number of
// occurrences, so that the nth is found without counting.
type walk struct {
	r      *Recurrence
	first  int // day
	origin int // of period 0: day (daily), first day of the week, or month counted from year 0
	step   int // days or months from one period to the next
	each   int // occurrences in a full period
	skip   int // those of period 0 that come before the first day
	last   int // number of the last occurrence; never when there is no end
}

const never = int(^uint(0) >> 1)

// lastDay is where calendars end: MAPI has no later day (MS-OXOCAL 2.2.1.44.1).
var lastDay = Date{4500, time.August, 31}.number()

func (d Date) number() int {
	return int(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func dateOfNumber(n int) Date { return DateOf(time.Unix(int64(n)*86400, 0).UTC()) }

func weekdayOf(n int) time.Weekday { return time.Weekday(((n+4)%7 + 7) % 7) }

func (r *Recurrence) walk() walk {
	w := walk{r: r, first: r.First.number(), each: 1, step: r.Interval, last: never}
	switch r.Pattern {
	case Daily:
		w.origin = w.first
	case Weekly:
		w.step, w.each = 7*r.Interval, len(r.Weekdays)
		w.origin = w.first - int(weekdayOf(w.first)-r.FirstDayOfWeek+7)%7
	case AbsoluteMonthly, RelativeMonthly:
		w.origin = r.First.Year*12 + int(r.First.Month) - 1
	default:
		w.origin, w.step = r.First.Year*12+int(r.Month)-1, 12*r.Interval
	}
	for i := range w.each {
		if w.day(i) < w.first {
			w.skip++
		}
	}
	switch {
	case r.Count > 0:
		w.last = r.Count
	case !r.Until.IsZero():
		w.last = w.upTo(r.Until.number())
	}
	return w
}

// day gives the jth day from the beginning of period 0, skipped ones included.
func (w *walk) day(j int) int {
	period, in := j/w.each, j%w.each
	at := w.origin + period*w.step
	switch w.r.Pattern {
	case Daily:
		return at
	case Weekly:
		days := w.r.Weekdays
		// Sorted from Sunday; the week begins with the first day of the week.
		from, _ := slices.BinarySearch(days, w.r.FirstDayOfWeek)
		return at + int(days[(from+in)%len(days)]-w.r.FirstDayOfWeek+7)%7
	}
	year, month := at/12, time.Month(at%12+1)
	begin := Date{year, month, 1}.number()
	length := daysIn(year, month)
	if w.r.Index == 0 {
		return begin + min(w.r.DayOfMonth, length) - 1
	}
	d, found := begin, 0
	if w.r.Index < 0 {
		for d = begin + length - 1; !slices.Contains(w.r.Weekdays, weekdayOf(d)); d-- {
		}
		return d
	}
	for ; ; d++ {
		if slices.Contains(w.r.Weekdays, weekdayOf(d)) {
			if found++; found == w.r.Index {
				return d
			}
		}
	}
}

func daysIn(year int, m time.Month) int { return time.Date(year, m+1, 0, 0, 0, 0, 0, time.UTC).Day() }

// upTo counts the occurrences up to a day, this included, whatever the end.
func (w *walk) upTo(day int) int {
	if day < w.first {
		return 0
	}
	period := 0
	switch w.r.Pattern {
	case Daily, Weekly:
		period = (day - w.origin) / w.step
	default:
		d := dateOfNumber(day)
		period = (d.Year*12 + int(d.Month) - 1 - w.origin) / w.step
	}
	j := (max(period, 0)+1)*w.each - 1
	for j >= 0 && w.day(j) > day {
		j--
	}
	return max(j+1-w.skip, 0)
}

// nth gives the day of an occurrence, counted from 1.
func (w *walk) nth(i int) (int, bool) {
	if i < 1 || i > w.last || i > lastDay {
		return 0, false
	}
	d := w.day(i - 1 + w.skip)
	return d, d <= lastDay
}

// index gives the number of the occurrence on a day.
func (w *walk) index(day int) (int, bool) {
	i := w.upTo(day)
	d, ok := w.nth(i)
	return i, ok && d == day
}

// Day gives the day of the nth occurrence as the pattern has it, counted from 1,
// deleted ones included (the InstanceIndex of EWS). false is behind the end, and
// for a pattern that [Recurrence.Check] refuses.
func (r *Recurrence) Day(n int) (Date, bool) {
	if r.Check() != nil {
		return Date{}, false
	}
	w := r.walk()
	d, ok := w.nth(n)
	return dateOfNumber(d), ok
}

// Number is the inverse of Day: the number of the occurrence on a day.
func (r *Recurrence) Number(d Date) (int, bool) {
	if r.Check() != nil {
		return 0, false
	}
	w := r.walk()
	return w.index(d.number())
}

// Days gives the days of all occurrences, deleted ones included, in order: without
// an end up to the year 4500.
func (r *Recurrence) Days() iter.Seq[Date] {
	return func(yield func(Date) bool) {
		if r.Check() != nil {
			return
		}
		w := r.walk()
		for i := 1; ; i++ {
			d, ok := w.nth(i)
			if !ok || !yield(dateOfNumber(d)) {
				return
			}
		}
	}
}
