package exchangesim

import (
	"strconv"
	"strings"

	"abgleich/agent/exchangesim/xmltree"
)

// setRecurrence reads a pattern and a range; the schema has checked both.
func setRecurrence(_ *setting, it *Item, n *xmltree.Node) string {
	p := n.First
	if p == nil || p.Next == nil {
		return "ErrorCalendarInvalidRecurrence"
	}
	r := p.Next
	rec := &Recurrence{
		Pattern:        strings.Clone(p.Name),
		DaysOfWeek:     strings.Join(strings.Fields(p.ChildText("DaysOfWeek")), " "),
		FirstDayOfWeek: strings.Clone(p.ChildText("FirstDayOfWeek")),
		WeekIndex:      strings.Clone(p.ChildText("DayOfWeekIndex")),
		Month:          strings.Clone(p.ChildText("Month")),
		Start:          dateOnly(r.ChildText("StartDate")),
		End:            dateOnly(r.ChildText("EndDate")),
	}
	var err error
	for _, x := range []struct {
		at   *int
		node *xmltree.Node
		max  int
	}{
		{&rec.Interval, p.Child("Interval"), 999},
		{&rec.DayOfMonth, p.Child("DayOfMonth"), 31},
		{&rec.Count, r.Child("NumberOfOccurrences"), 999},
	} {
		if x.node == nil {
			continue
		}
		if *x.at, err = strconv.Atoi(strings.TrimSpace(x.node.Text)); err != nil || *x.at < 1 || *x.at > x.max {
			return "ErrorCalendarInvalidRecurrence"
		}
	}
	if rec.Pattern == "WeeklyRecurrence" && (weekdaySet(rec.DaysOfWeek) == 0 || strings.Contains(rec.DaysOfWeek, "Week") || strings.Contains(" "+rec.DaysOfWeek+" ", " Day ")) {
		return "ErrorCalendarInvalidDayForWeeklyRecurrence"
	}
	if rec.End != "" && rec.End < rec.Start {
		return "ErrorCalendarEndDateIsEarlierThanStartDate"
	}
	it.Recurrence = rec
	return ""
}

func dateOnly(s string) string {
	s = strings.TrimSpace(s)
	return strings.Clone(s[:min(len(s), len("2006-01-02"))])
}

// putRecurrence writes dates with a Z, as Exchange does.
func putRecurrence(w *writer, it *Item, x *render) {
	r := it.Recurrence
	if r == nil {
		return
	}
	w.s("<t:Recurrence>")
	w.open(r.Pattern)
	if r.Interval > 0 {
		w.elemInt("Interval", r.Interval)
	}
	// The order of elements differs between patterns, but never between these.
	if r.Pattern == "AbsoluteMonthlyRecurrence" || r.Pattern == "AbsoluteYearlyRecurrence" {
		w.elemInt("DayOfMonth", r.DayOfMonth)
	}
	if r.DaysOfWeek != "" {
		w.elem("DaysOfWeek", r.DaysOfWeek)
	}
	if r.WeekIndex != "" {
		w.elem("DayOfWeekIndex", r.WeekIndex)
	}
	if r.Pattern == "WeeklyRecurrence" && r.FirstDayOfWeek != "" {
		w.elem("FirstDayOfWeek", r.FirstDayOfWeek)
	}
	if r.Month != "" {
		w.elem("Month", r.Month)
	}
	w.close(r.Pattern)
	suffix := "Z"
	if x.quirks == Grommunio {
		suffix = "T00:00:00Z"
	}
	start := r.Start + suffix
	switch {
	case r.Count > 0:
		w.s("<t:NumberedRecurrence>")
		w.elem("StartDate", start)
		w.elemInt("NumberOfOccurrences", r.Count)
		w.s("</t:NumberedRecurrence>")
	case r.End != "":
		w.s("<t:EndDateRecurrence>")
		w.elem("StartDate", start)
		w.elem("EndDate", r.End+suffix)
		w.s("</t:EndDateRecurrence>")
	default:
		w.s("<t:NoEndRecurrence>")
		w.elem("StartDate", start)
		w.s("</t:NoEndRecurrence>")
	}
	w.s("</t:Recurrence>")
}
