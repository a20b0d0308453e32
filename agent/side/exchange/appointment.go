package exchange

import (
	"strings"
	"time"

	"abgleich/agent/ews"
	"abgleich/agent/pim"
	"abgleich/agent/side/exchange/zone"
)

func (m mapping) writeAppointment(a *pim.Appointment, it *ews.Item, fields pim.FieldSet, w *fieldWriter) {
	c := it.Calendar
	if fields.Has(pim.FieldWhen) {
		c.AllDay = a.When.AllDay
		if a.When.AllDay {
			c.Start, c.End = a.When.First.In(m.home), a.When.Last.AddDays(1).In(m.home)
			c.StartTimeZone = m.windows
		} else {
			c.Start, c.End = a.When.Start, a.When.End
			c.StartTimeZone, _ = zone.Windows(a.When.Zone)
		}
		c.EndTimeZone = c.StartTimeZone
		// Start never moves End along: both go, always.
		w.put(ews.FieldStart, ews.FieldEnd, ews.FieldAllDay, ews.FieldStartTimeZone, ews.FieldEndTimeZone)
	}
	if fields.Has(pim.FieldLocation) {
		c.Location = a.Location
		w.orClear(ews.FieldLocation, a.Location != "")
	}
	if fields.Has(pim.FieldBusy) {
		c.FreeBusy = busyOut(a.Busy)
		w.put(ews.FieldFreeBusy)
	}
	if fields.Has(pim.FieldReminder) && a.Reminder != nil {
		it.ReminderMinutes = a.Reminder.Before
		w.put(ews.FieldReminderMinutes)
	}
}

func (m mapping) readAppointment(common pim.Common, it *ews.Item) *pim.Appointment {
	a := &pim.Appointment{Common: common}
	c := it.Calendar
	if c == nil {
		return a
	}
	a.UID = c.UID
	a.Location = c.Location
	a.Busy = busyIn(c.FreeBusy)
	a.When = m.when(c)
	if it.ReminderIsSet {
		a.Reminder = &pim.Reminder{Before: it.ReminderMinutes}
	}
	if c.Series() {
		a.Recurrence = recurrenceIn(c.Recurrence)
		a.Recurrence.Deleted = c.Deletions
	}
	a.Meeting = m.meeting(c)
	return a
}

func (m mapping) when(c *ews.CalendarFields) pim.When {
	if !c.AllDay {
		return pim.When{Start: c.Start, End: c.End, Zone: m.zoneIn(c.StartTimeZone)}
	}
	// The zone it was made in, when it is midnight there and not here: a colleague's
	// day, on the date he meant.
	home := m.home
	if !midnight(c.Start.In(home)) {
		if made, err := time.LoadLocation(m.zoneIn(c.StartTimeZone)); err == nil && midnight(c.Start.In(made)) {
			home = made
		}
	}
	// Half a day of tolerance: where clocks change at midnight, servers disagree
	// about the first instant of a day.
	const half = 12 * time.Hour
	return pim.When{AllDay: true, First: pim.DateOf(c.Start.In(home).Add(half)), Last: pim.DateOf(c.End.In(home).Add(-half))}
}

func midnight(t time.Time) bool { return t.Equal(pim.DateOf(t).In(t.Location())) }

func (m mapping) meeting(c *ews.CalendarFields) *pim.Meeting {
	if !c.Meeting && len(c.Required)+len(c.Optional) == 0 {
		return nil
	}
	out := &pim.Meeting{Role: pim.RoleAttendee, Organizer: c.Organizer.Address}
	if c.MyResponse == "Organizer" || c.MyResponse == "" && strings.EqualFold(c.Organizer.Address, m.mail) {
		out.Role = pim.RoleOrganizer
	}
	for i, list := range [][]ews.Attendee{c.Required, c.Optional} {
		for _, x := range list {
			out.Attendees = append(out.Attendees, pim.Attendee{
				Address: x.Mailbox.Address, Name: x.Mailbox.Name, Optional: i == 1, Response: responseIn(x.Response),
			})
		}
	}
	return out
}

func responseIn(s string) pim.Response {
	switch s {
	case "Accept", "Organizer":
		return pim.Accepted
	case "Tentative":
		return pim.TentativeR
	case "Decline":
		return pim.Declined
	}
	return pim.NoResponse
}

func busyOut(b pim.Busy) string {
	switch b {
	case pim.BusyFree:
		return "Free"
	case pim.BusyTentative:
		return "Tentative"
	case pim.BusyAway:
		return "OOF"
	case pim.BusyElsewhere:
		return "WorkingElsewhere"
	}
	return "Busy"
}

func busyIn(s string) pim.Busy {
	switch s {
	case "Free":
		return pim.BusyFree
	case "Tentative":
		return pim.BusyTentative
	case "OOF":
		return pim.BusyAway
	case "WorkingElsewhere":
		return pim.BusyElsewhere
	}
	return pim.BusyBusy
}

// recurrenceIn reads a pattern; what is not known still says that there is one.
func recurrenceIn(r *ews.Recurrence) *pim.Recurrence {
	out := &pim.Recurrence{Interval: 1}
	if r == nil {
		return out
	}
	switch r.Pattern {
	case "DailyRecurrence":
		out.Pattern = pim.Daily
	case "WeeklyRecurrence":
		out.Pattern = pim.Weekly
	case "AbsoluteMonthlyRecurrence":
		out.Pattern = pim.AbsoluteMonthly
	case "RelativeMonthlyRecurrence":
		out.Pattern = pim.RelativeMonthly
	case "AbsoluteYearlyRecurrence":
		out.Pattern = pim.AbsoluteYearly
	case "RelativeYearlyRecurrence":
		out.Pattern = pim.RelativeYearly
	default:
		out.Pattern = pim.Pattern(r.Pattern) // regenerating tasks have no type of ours
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
	out.Index = map[string]int{"First": 1, "Second": 2, "Third": 3, "Fourth": 4, "Last": -1}[r.WeekIndex]
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
