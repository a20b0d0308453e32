package exchange

import (
	"time"

	"abgleich/agent/ews"
	"abgleich/agent/pim"
	"abgleich/agent/side/exchange/zone"
)

// series is a recurring appointment as Exchange holds it, with every changed
// occurrence it lists: also those that differ in nothing (any more), which are no
// exceptions of ours but keep their values when the master's change.
type series struct {
	// master is canonical, with deleted occurrences and without changed ones.
	master *pim.Appointment
	timing *pim.Timing
	// listed are the changed occurrences, deleted the deleted ones, by number.
	listed  map[int]*pim.Appointment
	deleted map[int]bool
	// days is the zone in which its days begin.
	days *time.Location
}

// readSeries reads a master without its changed occurrences. The series is nil when
// the pattern cannot be expanded: then the item tells that there is one, and no more.
func (m mapping) readSeries(it *ews.Item) (pim.Item, *series) {
	a, ok := m.read(it).(*pim.Appointment)
	if !ok || a.Recurrence == nil {
		return a, nil
	}
	a = project(a).(*pim.Appointment)
	s := &series{days: m.seriesDays(a, it.Calendar.StartTimeZone), listed: map[int]*pim.Appointment{}}
	if !s.expand(a) {
		return a, nil
	}
	return a.Clone(), s
}

// numbered gives the changed occurrences a master lists their numbers in its pattern,
// 0 to those that are not in it.
func (m mapping) numbered(it *ews.Item, s *series) []int {
	out := make([]int, len(it.Calendar.Modifications))
	for i, o := range it.Calendar.Modifications {
		out[i], _ = s.timing.Index(m.original(o.OriginalStart, s.master.When, it.Calendar.StartTimeZone))
	}
	return out
}

// whole gives the item with the changed occurrences that were read.
func (s *series) whole() pim.Item {
	a := s.master.Clone().(*pim.Appointment)
	for n, o := range s.listed {
		original, _ := s.timing.Start(n)
		a.Recurrence.Changed = append(a.Recurrence.Changed, pim.Exception{Original: original, Item: o})
	}
	return project(a)
}

// expand prepares a canonical series without changed occurrences.
func (s *series) expand(a *pim.Appointment) bool {
	timing, err := a.Recurrence.Timing(a.When)
	if err != nil {
		return false
	}
	s.master, s.timing, s.deleted = a, timing, numbersOf(timing, a.Recurrence.Deleted)
	return true
}

// fresh is a series that was just written with its pattern only.
func (m mapping) fresh(target *pim.Appointment) *series {
	a := target.Clone().(*pim.Appointment)
	a.Recurrence.Changed, a.Recurrence.Deleted = nil, nil
	s := &series{days: m.seriesDays(a, ""), listed: map[int]*pim.Appointment{}}
	if !s.expand(a) {
		return nil
	}
	return s
}

// seriesDays is the zone of a series, in which Exchange lets all-day occurrences
// begin; of one just written without all-day items' zone, what is written.
func (m mapping) seriesDays(a *pim.Appointment, windows string) *time.Location {
	name, known := zone.IANA(windows)
	switch {
	case known:
	case a.When.AllDay:
		return m.home
	default:
		name = zone.Canonical(a.When.Zone)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return m.home
	}
	return loc
}

// readOccurrence reads a changed occurrence. It has no zone of its own.
func (m mapping) readOccurrence(it *ews.Item, master *pim.Appointment) *pim.Appointment {
	o, ok := m.read(it).(*pim.Appointment)
	if !ok {
		return &pim.Appointment{}
	}
	o.Recurrence, o.Meeting, o.UID = nil, nil, ""
	occurrenceZone(o, master)
	return o
}

// occurrenceZone gives an occurrence the zone of its series; one at a time of day in
// an all-day series, whose zone is the mailbox's own affair, is told in UTC.
func occurrenceZone(o, master *pim.Appointment) {
	switch {
	case o.When.AllDay:
	case master.When.AllDay:
		o.When.Zone = zone.UTC
	default:
		o.When.Zone = master.When.Zone
	}
}

// known are the exceptions a series has; none for no series.
func (s *series) known() (k known) {
	if s == nil {
		return k
	}
	for n := range s.listed {
		original, _ := s.timing.Start(n)
		k.Changed = append(k.Changed, original)
	}
	for n := range s.deleted {
		original, _ := s.timing.Start(n)
		k.Deleted = append(k.Deleted, original)
	}
	return k
}

// numbersOf finds occurrences by their original starts.
func numbersOf(timing *pim.Timing, originals []time.Time) map[int]bool {
	found := map[int]bool{}
	for _, o := range originals {
		if n, ok := timing.Index(o); ok {
			found[n] = true
		}
	}
	return found
}

// difference is what must be done to the occurrences of a series as it is, so that
// it becomes the target; exceptions that are in neither the target nor known are left
// alone. revive tells that one which is deleted must come back, which only a new
// pattern can do: then nothing else counts.
func (s *series) difference(target *pim.Appointment, k known) (remove []int, set []occurrenceChange, revive bool) {
	timing, err := target.Recurrence.Timing(target.When)
	if err != nil {
		return nil, nil, false
	}
	gone, ours := numbersOf(timing, target.Recurrence.Deleted), numbersOf(timing, k.Deleted)
	for n := range s.deleted {
		if ours[n] && !gone[n] {
			return nil, nil, true
		}
	}
	for n := range gone {
		if !s.deleted[n] {
			remove = append(remove, n)
		}
	}
	wanted := map[int]*pim.Appointment{}
	ours = numbersOf(timing, k.Changed)
	for n := range s.listed {
		if o, ok := target.Occurrence(timing, n); ok && ours[n] && !gone[n] {
			wanted[n] = o // no exception any more, unless it is one below
		}
	}
	for _, e := range target.Recurrence.Changed {
		if n, ok := timing.Index(e.Original); ok {
			if s.deleted[n] {
				continue // by a person, meanwhile
			}
			wanted[n] = e.Item
		}
	}
	for n, want := range wanted {
		is := s.listed[n]
		if is == nil {
			is, _ = s.master.Occurrence(s.timing, n)
		}
		if is == nil {
			continue
		}
		if d := pim.Diff(is, want); d != 0 {
			set = append(set, occurrenceChange{number: n, fields: d, item: want, forward: startsAfter(want, is, s.days)})
		}
	}
	return remove, ordered(set), false
}

func startsAfter(a, b *pim.Appointment, loc *time.Location) bool {
	return startOf(a, loc).After(startOf(b, loc))
}

func startOf(a *pim.Appointment, loc *time.Location) time.Time {
	if a.When.AllDay {
		return a.When.First.In(loc)
	}
	return a.When.Start
}
