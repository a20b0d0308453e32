package business

import (
	"time"

	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// What the contract's columns hold.
const (
	maxSubject  = 255 // runes
	maxLocation = 255 // runes
	maxUID      = 1024
)

type projection struct{ kind pim.Kind }

// Projection says what the business database holds: subject and location of at
// most 255 characters, instants to the second with the zone as it was entered,
// and of the sensitivities normal and private; series with whole exceptions, as far
// as [pim.CheckSeries] lets them; meeting details, which come from Exchange.
func (d *Database) Projection(k pim.Kind) side.Projection { return projection{k} }

// Project gives what is left of an item; nil stays nil.
func (projection) Project(i pim.Item) pim.Item { return project(i) }

// Writable is everything.
func (p projection) Writable() pim.FieldSet { return pim.FieldsOf(p.kind) }

func project(i pim.Item) pim.Item {
	c := pim.Canonical(i)
	if c == nil {
		return nil
	}
	again := shorten(c)
	switch x := c.(type) {
	case *pim.Appointment:
		if x.Recurrence == nil {
			break
		}
		for _, e := range x.Recurrence.Changed {
			if e.Item != nil {
				shorten(e.Item)
			}
			again = true // it may now be as the series has it
		}
	case *pim.Task:
		// A reminder without a moment has nothing a column could hold.
		if x.Reminder != nil && x.Reminder.At.Equal(time.Time{}) {
			x.Reminder = nil
		}
	}
	if again {
		return pim.Canonical(c) // a cut can leave a blank at the end
	}
	return c
}

// shorten leaves what the columns hold; true if a text was cut.
func shorten(i pim.Item) bool {
	s := i.Shared()
	subject := cut(s.Subject, maxSubject)
	was := s.Subject != subject
	s.Subject = subject
	s.UID = cut(s.UID, maxUID)
	if s.Sensitivity != pim.Normal {
		s.Sensitivity = pim.Private
	}
	if a, ok := i.(*pim.Appointment); ok {
		place := cut(a.Location, maxLocation)
		was = was || a.Location != place
		a.Location = place
	}
	return was
}

// cut keeps the first runes of a text.
func cut(s string, runes int) string {
	if len(s) <= runes {
		return s
	}
	n := 0
	for i := range s {
		if n == runes {
			return s[:i]
		}
		n++
	}
	return s
}
