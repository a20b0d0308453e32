package ews

import (
	"strconv"
	"strings"
)

// anyID writes the id of an item, or of an occurrence by its place in the pattern.
func (w *writer) anyID(id ItemID) {
	if id.Instance == 0 {
		w.itemID("ItemId", id)
		return
	}
	w.raw("<t:OccurrenceItemId")
	w.attr("RecurringMasterId", string(id.ID))
	if id.ChangeKey != "" {
		w.attr("ChangeKey", string(id.ChangeKey))
	}
	w.raw(` InstanceIndex="`)
	w.raw(strconv.Itoa(id.Instance))
	w.raw(`"/>`)
}

// recurrence writes a pattern and a range (types.xsd RecurrenceType and, without
// the regenerating patterns, TaskRecurrenceType), the parts in the schema's order.
func (w *writer) recurrence(r *Recurrence) {
	if r == nil { // checkWrite lets none through
		return
	}
	w.open("Recurrence")
	w.open(r.Pattern)
	relative := strings.HasPrefix(r.Pattern, "Relative")
	yearly := strings.HasSuffix(r.Pattern, "YearlyRecurrence")
	if !yearly {
		w.int("Interval", r.Interval)
	}
	if relative || r.Pattern == "WeeklyRecurrence" {
		w.text("DaysOfWeek", r.DaysOfWeek)
	}
	switch {
	case r.Pattern == "WeeklyRecurrence" && r.FirstDayOfWeek != "":
		w.text("FirstDayOfWeek", r.FirstDayOfWeek)
	case relative:
		w.text("DayOfWeekIndex", r.WeekIndex)
	case strings.HasPrefix(r.Pattern, "Absolute"):
		w.int("DayOfMonth", r.DayOfMonth)
	}
	if yearly {
		w.text("Month", r.Month)
	}
	w.close(r.Pattern)
	w.open(r.Range)
	w.text("StartDate", r.StartDate)
	switch r.Range {
	case "EndDateRecurrence":
		w.text("EndDate", r.EndDate)
	case "NumberedRecurrence":
		w.int("NumberOfOccurrences", r.Count)
	}
	w.close(r.Range)
	w.close("Recurrence")
}
