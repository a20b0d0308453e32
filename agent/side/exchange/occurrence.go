package exchange

import (
	"cmp"
	"slices"
	"time"

	"abgleich/agent/ews"
	"abgleich/agent/pim"
)

// occurrenceChange sets fields of one occurrence of a series.
type occurrenceChange struct {
	number  int // in the pattern, from 1
	fields  pim.FieldSet
	item    *pim.Appointment
	forward bool // to a later start
}

// ordered brings changes into an order in which no step moves an occurrence onto
// the day of its neighbour, provided the end is such a state: those that move to
// later from the last to the first, all others from the first to the last.
func ordered(set []occurrenceChange) []occurrenceChange {
	slices.SortFunc(set, func(a, b occurrenceChange) int {
		switch {
		case a.forward && b.forward:
			return cmp.Compare(b.number, a.number)
		case a.forward:
			return -1
		case b.forward:
			return 1
		}
		return cmp.Compare(a.number, b.number)
	})
	return set
}

// occurrence gives the change of one occurrence of a series. Nothing is deleted
// from it: what is not there is taken from the master. Where the clocks skip the hour
// it begins in, so that it has no length, or the midnight it ends at, its times go
// along: the pattern's own end lies before the start or in the next day, and a server
// refuses or stretches a change that leaves it there.
func (m mapping) occurrence(series pim.ItemID, c occurrenceChange, days *time.Location) ews.ItemChange {
	m.home = days
	fields := c.fields & writable(m.kind)
	w := c.item.When
	if w.AllDay && !hasMidnight(w.Last.AddDays(1), days) || !w.AllDay && w.Start.Equal(w.End) {
		fields |= pim.Fields(pim.FieldWhen)
	}
	it, set, clear := m.write(c.item, fields)
	it.Properties = nil
	set &^= ews.Fields(ews.FieldStartTimeZone, ews.FieldEndTimeZone)
	return ews.ItemChange{ID: ews.ItemID{ID: ews.ID(series), Instance: c.number}, Item: it, Set: set | clear}
}
