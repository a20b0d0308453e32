package exchange

import (
	"slices"
	"strings"
	"time"

	"abgleich/agent/ews"
	"abgleich/agent/pim"
	"abgleich/agent/side/exchange/zone"
)

// series reads the pattern of a series and its deleted occurrences. One in a zone
// nobody knows has no pattern of ours: its days are on a clock we cannot read.
func (m mapping) series(c *ews.CalendarFields, when pim.When) *pim.Recurrence {
	r := recurrenceIn(c.Recurrence)
	if _, known := zone.IANA(c.StartTimeZone); !known && c.StartTimeZone != "" && !when.AllDay {
		r.Pattern = ""
	}
	for _, d := range c.Deletions {
		r.Deleted = append(r.Deleted, m.original(d, when, c.StartTimeZone))
	}
	return r
}

// original is how an occurrence is named: by its instant, or by its day.
func (m mapping) original(start time.Time, series pim.When, windows string) time.Time {
	if !series.AllDay {
		return start
	}
	return m.firstDay(start, windows).In(time.UTC)
}

// writeRecurrence sets the pattern, or ends the series. Exceptions are written
// afterwards, occurrence by occurrence.
func (m mapping) writeRecurrence(r *pim.Recurrence, it *ews.Item, w *fieldWriter) {
	f := ews.FieldRecurrence
	if m.kind == pim.KindTask {
		f = ews.FieldTaskRecurrence
	}
	w.orClear(f, r != nil)
	switch {
	case r == nil:
	case m.kind == pim.KindTask:
		it.Task.Recurrence = recurrenceOut(r)
	default:
		it.Calendar.Recurrence = recurrenceOut(r)
	}
}

func patternNames() map[pim.Pattern]string {
	return map[pim.Pattern]string{
		pim.Daily: "DailyRecurrence", pim.Weekly: "WeeklyRecurrence",
		pim.AbsoluteMonthly: "AbsoluteMonthlyRecurrence", pim.RelativeMonthly: "RelativeMonthlyRecurrence",
		pim.AbsoluteYearly: "AbsoluteYearlyRecurrence", pim.RelativeYearly: "RelativeYearlyRecurrence",
	}
}

const last = "Last"

// weekIndexes are the schema's names, by our index; the last one is -1.
var weekIndexes = [...]string{"", "First", "Second", "Third", "Fourth", last}

// recurrenceOut writes a canonical pattern that passed [pim.CheckSeries].
func recurrenceOut(r *pim.Recurrence) *ews.Recurrence {
	out := &ews.Recurrence{
		Pattern: patternNames()[r.Pattern], Interval: r.Interval, DayOfMonth: r.DayOfMonth,
		Range: "NoEndRecurrence", StartDate: r.First.String(),
	}
	if r.Month != 0 {
		out.Month = r.Month.String()
	}
	switch {
	case r.Index < 0:
		out.WeekIndex = last
	case r.Index > 0:
		out.WeekIndex = weekIndexes[r.Index]
	}
	relative := r.Index != 0
	switch {
	case relative && len(r.Weekdays) > 1:
		for _, group := range [...]string{"Day", "Weekday", "WeekendDay"} {
			if slices.Equal(weekdays(group), r.Weekdays) {
				out.DaysOfWeek = group
			}
		}
	default:
		names := make([]string, len(r.Weekdays))
		for i, d := range r.Weekdays {
			names[i] = d.String()
		}
		out.DaysOfWeek = strings.Join(names, " ")
	}
	if r.Pattern == pim.Weekly {
		out.FirstDayOfWeek = r.FirstDayOfWeek.String()
	}
	switch {
	case r.Count > 0:
		out.Range, out.Count = "NumberedRecurrence", r.Count
	case !r.Until.IsZero():
		out.Range, out.EndDate = "EndDateRecurrence", r.Until.String()
	}
	return out
}

// recurrenceIn reads a pattern; what is not known still says that there is one.
func recurrenceIn(r *ews.Recurrence) *pim.Recurrence {
	out := &pim.Recurrence{Interval: 1}
	if r == nil {
		return out
	}
	out.Pattern = pim.Pattern(r.Pattern) // regenerating tasks have no type of ours
	for ours, theirs := range patternNames() {
		if theirs == r.Pattern {
			out.Pattern = ours
		}
	}
	out.Interval = max(r.Interval, 1)
	for day := range strings.FieldsSeq(r.DaysOfWeek) {
		out.Weekdays = append(out.Weekdays, weekdays(day)...)
	}
	if first := weekdays(r.FirstDayOfWeek); len(first) == 1 {
		out.FirstDayOfWeek = first[0]
	}
	out.DayOfMonth = r.DayOfMonth
	for month := time.January; month <= time.December; month++ {
		if month.String() == r.Month {
			out.Month = month
		}
	}
	if i := slices.Index(weekIndexes[:], r.WeekIndex); i > 0 {
		out.Index = i
		if r.WeekIndex == last {
			out.Index = -1
		}
	}
	out.First, out.Until, out.Count = dateIn(r.StartDate), dateIn(r.EndDate), r.Count
	return out
}

// weekdays gives the days a name of the schema means.
func weekdays(name string) []time.Weekday {
	switch name {
	case "Day":
		return []time.Weekday{0, 1, 2, 3, 4, 5, 6}
	case "Weekday":
		return []time.Weekday{1, 2, 3, 4, 5}
	case "WeekendDay":
		return []time.Weekday{0, 6}
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		if d.String() == name {
			return []time.Weekday{d}
		}
	}
	return nil
}

// dateIn reads a date that may carry a zone or a time behind it.
func dateIn(s string) pim.Date {
	if len(s) > len(time.DateOnly) {
		s = s[:len(time.DateOnly)]
	}
	d, err := pim.ParseDate(s)
	if err != nil {
		return pim.Date{}
	}
	return d
}
