package demo

import (
	"fmt"
	"strings"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/pim"
)

// mailboxRecurrence is the pattern and range of a series of the sample, as Exchange
// names them; nil for no series.
func mailboxRecurrence(r *pim.Recurrence) *exchangesim.Recurrence {
	if r == nil {
		return nil
	}
	x := &exchangesim.Recurrence{
		Pattern: map[pim.Pattern]string{pim.Daily: "DailyRecurrence", pim.Weekly: "WeeklyRecurrence",
			pim.AbsoluteMonthly: "AbsoluteMonthlyRecurrence"}[r.Pattern],
		Interval: r.Interval, Start: r.First.String(), Count: r.Count, DayOfMonth: r.DayOfMonth,
	}
	if !r.Until.IsZero() {
		x.End = r.Until.String()
	}
	if r.Pattern == pim.Weekly {
		var days []string
		for _, d := range r.Weekdays {
			days = append(days, d.String())
		}
		x.DaysOfWeek, x.FirstDayOfWeek = strings.Join(days, " "), time.Monday.String()
		if r.Interval > 1 {
			x.FirstDayOfWeek = r.FirstDayOfWeek.String()
		}
	}
	return x
}

// except deletes and changes occurrences of a series as a person would: one after
// the other.
func except(box *exchangesim.Mailbox, id exchangesim.ItemID, a *pim.Appointment, loc *time.Location) error {
	for _, d := range a.Recurrence.Deleted {
		if err := box.DeleteOccurrence(id, d); err != nil {
			return fmt.Errorf("%s: %w", a.Subject, err)
		}
	}
	for _, e := range a.Recurrence.Changed {
		x := mailboxItem(e.Item, loc)
		_, err := box.ChangeOccurrence(id, e.Original, func(o *exchangesim.Item) {
			o.Subject, o.Body, o.Location, o.Start, o.End = x.Subject, x.Body, x.Location, x.Start, x.End
			o.Busy, o.Sensitivity, o.Importance, o.Categories = x.Busy, x.Sensitivity, x.Importance, x.Categories
			o.ReminderSet, o.ReminderMinutes = x.ReminderSet, x.ReminderMinutes
		})
		if err != nil {
			return fmt.Errorf("%s: %w", a.Subject, err)
		}
	}
	return nil
}
