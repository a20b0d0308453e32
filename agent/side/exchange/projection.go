package exchange

import (
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/exchange/zone"
)

// Projection says what Exchange holds: one IANA zone for each Windows zone,
// lines of 255 UTF-16 units, reminders of at most five years.
func (s *Side) Projection(k pim.Kind) side.Projection { return projection{k} }

type projection struct{ kind pim.Kind }

func (p projection) Project(i pim.Item) pim.Item { return project(i) }

func (p projection) Writable() pim.FieldSet { return writable(p.kind) }

// writable leaves out what only Outlook may change, and series, which come later.
func writable(k pim.Kind) pim.FieldSet {
	return pim.FieldsOf(k) &^ pim.Fields(pim.FieldRecurrence, pim.FieldMeeting)
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
	if a, ok := c.(*pim.Appointment); ok {
		a.Location = cut(a.Location)
		if r := a.Recurrence; r != nil {
			for n, e := range r.Changed {
				if e.Item != nil {
					r.Changed[n].Item = project(e.Item).(*pim.Appointment)
				}
			}
		}
		if !a.When.AllDay {
			a.When.Zone = zone.Canonical(a.When.Zone)
		}
	}
	return pim.Canonical(c) // a cut can leave a blank at the end
}
