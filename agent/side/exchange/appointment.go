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
			c.Start, c.End = a.When.First.In(m.home), endOfDay(a.When.Last, m.home)
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
		a.Recurrence = m.series(c, a.When)
	}
	a.Meeting = m.meeting(c)
	return a
}

func (m mapping) when(c *ews.CalendarFields) pim.When {
	if !c.AllDay {
		return pim.When{Start: c.Start, End: c.End, Zone: m.zoneIn(c.StartTimeZone)}
	}
	home := m.dayZone(c.Start, c.StartTimeZone)
	return pim.When{AllDay: true, First: pim.DateOf(c.Start.In(home).Add(halfDay)), Last: pim.DateOf(c.End.In(home).Add(-halfDay))}
}

// endOfDay is the midnight that ends a day. Where the clocks skip it, the next day
// begins at one, which a server may stretch to the end of that day: then it is the
// last minute of the day, which every server stretches to the end of its own.
func endOfDay(d pim.Date, loc *time.Location) time.Time {
	end := d.AddDays(1).In(loc)
	if !hasMidnight(d.AddDays(1), loc) {
		end = end.Add(-time.Minute)
	}
	return end
}

// hasMidnight tells that the clocks do not skip the midnight a day begins with.
func hasMidnight(d pim.Date, loc *time.Location) bool { return d.In(loc).Hour() == 0 }

// halfDay is the tolerance for the first instant of a day, about which servers
// disagree where clocks change at midnight.
const halfDay = 12 * time.Hour

// dayZone is where a day begins at an instant: the user's zone, or the one an item
// was made in, when it is midnight there and not here: a colleague's day, on the
// date he meant.
func (m mapping) dayZone(start time.Time, windows string) *time.Location {
	if !midnight(start.In(m.home)) {
		if made, err := time.LoadLocation(m.zoneIn(windows)); err == nil && midnight(start.In(made)) {
			return made
		}
	}
	return m.home
}

// firstDay is the day that begins at an instant.
func (m mapping) firstDay(start time.Time, windows string) pim.Date {
	return pim.DateOf(start.In(m.dayZone(start, windows)).Add(halfDay))
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
