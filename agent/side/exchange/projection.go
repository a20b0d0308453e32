package exchange

import (
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/exchange/zone"
)

// Projection says what Exchange holds: one IANA zone for each Windows zone, also for
// an occurrence at a time of day in an all-day series (UTC); a series
// at the first of two hours that the clock shows alike; lines of 255 UTF-16 units; reminders of at most five years; of a recurring task that is done, only
// that it is done.
func (s *Side) Projection(k pim.Kind) side.Projection { return projection{k} }

type projection struct{ kind pim.Kind }

func (p projection) Project(i pim.Item) pim.Item { return project(i) }

func (p projection) Writable() pim.FieldSet { return writable(p.kind) }

// writable leaves out what only Outlook may change.
func writable(k pim.Kind) pim.FieldSet { return pim.FieldsOf(k) &^ pim.Fields(pim.FieldMeeting) }

// onTheClock puts a series at the times its pattern gives: where the clock shows an
// hour twice, at the first.
func onTheClock(a *pim.Appointment) {
	if timing, err := a.Recurrence.Timing(a.When); err == nil {
		if w, ok := timing.When(1, a.When.Zone); ok {
			a.When = w
		}
	}
}

// maxReminder is the schema's ReminderMinutesBeforeStartType, five years.
const maxReminder = 2629800

func project(i pim.Item) pim.Item {
	c := pim.Canonical(i)
	if c == nil {
		return nil
	}
	s := c.Shared()
	s.Subject = cut(s.Subject)
	for n := range s.Categories {
		s.Categories[n] = cut(s.Categories[n])
	}
	if s.Reminder != nil {
		s.Reminder.Before = min(s.Reminder.Before, maxReminder)
	}
	switch x := c.(type) {
	case *pim.Appointment:
		x.Location = cut(x.Location)
		if !x.When.AllDay {
			x.When.Zone = zone.Canonical(x.When.Zone)
		}
		if r := x.Recurrence; r != nil {
			onTheClock(x)
			for n, e := range r.Changed {
				if e.Item != nil {
					r.Changed[n].Item = project(e.Item).(*pim.Appointment)
					occurrenceZone(r.Changed[n].Item, x)
				}
			}
		}
	case *pim.Task:
		// Setting a recurring task to completed moves it on to its next date.
		if x.Status == pim.Completed {
			x.Recurrence = nil
		}
	}
	return pim.Canonical(c) // a cut can leave a blank at the end
}
