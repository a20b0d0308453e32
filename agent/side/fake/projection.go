package fake

import (
	"time"

	"abgleich/agent/pim"
)

// Loss says what a side cannot hold. The zero value loses nothing.
type Loss struct {
	// Zone gives the zone that comes back for a zone written: one name for a whole
	// class of zones. It must give Zone(Zone(z)) = Zone(z). nil keeps all.
	Zone func(string) string
	// Subject, Body and Location are the longest texts in runes; 0 is no limit.
	Subject, Body, Location int
	// Minutes cuts off the seconds of instants.
	Minutes bool
	// PrivateOnly knows but normal and private.
	PrivateOnly bool
	// Drop are fields the side does not have.
	Drop pim.FieldSet
	// ReadOnly are fields the side returns but does not let itself be written.
	ReadOnly pim.FieldSet
}

type projection struct {
	loss Loss
	kind pim.Kind
}

// Writable gives the fields that may be written.
func (p projection) Writable() pim.FieldSet {
	return pim.FieldsOf(p.kind) &^ p.loss.Drop &^ p.loss.ReadOnly
}

// Project gives what is left of an item.
func (p projection) Project(i pim.Item) pim.Item {
	c := pim.Canonical(i)
	if c == nil {
		return nil
	}
	p.loss.of(c)
	if r := c.Shared().Recurrence; r != nil {
		for _, e := range r.Changed {
			if e.Item != nil {
				p.loss.of(e.Item)
			}
		}
	}
	return pim.Canonical(c) // a cut can leave a blank at the end
}

// of takes from an item, or a single day of a series, what can't be held.
func (l Loss) of(c pim.Item) {
	pim.Apply(c, blank(c.Kind()), l.Drop)
	sh := c.Shared()
	sh.Subject = cut(sh.Subject, l.Subject)
	sh.Body = cut(sh.Body, l.Body)
	if l.PrivateOnly && sh.Sensitivity != pim.Normal {
		sh.Sensitivity = pim.Private
	}
	if l.Minutes && sh.Reminder != nil {
		sh.Reminder.At = sh.Reminder.At.Truncate(time.Minute)
	}
	if a, ok := c.(*pim.Appointment); ok {
		a.Location = cut(a.Location, l.Location)
		if l.Minutes {
			a.When.Start = a.When.Start.Truncate(time.Minute)
			a.When.End = a.When.End.Truncate(time.Minute)
		}
		if l.Zone != nil && !a.When.AllDay {
			a.MoveToZone(l.Zone(a.When.Zone))
		}
	}
}

func blank(k pim.Kind) pim.Item {
	if k == pim.KindTask {
		return &pim.Task{}
	}
	return &pim.Appointment{}
}

func cut(s string, runes int) string {
	if runes <= 0 || len(s) <= runes {
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
