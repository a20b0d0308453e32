package exchangesim

import (
	"fmt"
	"slices"
	"time"
)

// Occurrences answers the occurrences of a series that overlap a time, by start,
// changed ones as they are now, deleted ones not.
func (m *Mailbox) Occurrences(master ItemID, from, to time.Time) ([]Item, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	it, code := m.lookup(master)
	if code == "" && (it.Recurrence == nil || it.Kind != Appointment) {
		code = "ErrorCalendarCannotUseIdForOccurrenceId"
	}
	if code != "" {
		return nil, fmt.Errorf("occurrences: %w (%s)", ErrNoItem, code)
	}
	list := it.between(from, to)
	slices.SortFunc(list, func(a, b *Item) int { return a.Start.Compare(b.Start) })
	out := make([]Item, len(list))
	for i, o := range list {
		out[i] = *o
	}
	return out, nil
}

// ChangeOccurrence lets f change one occurrence of a series, named by where the
// pattern puts it, and answers it as stored. Only the master is seen to change.
func (m *Mailbox) ChangeOccurrence(master ItemID, original time.Time, f func(*Item)) (Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o, code := m.occurrenceOf(master, original)
	if code != "" {
		return Item{}, fmt.Errorf("change an occurrence: %w (%s)", ErrNoItem, code)
	}
	return m.edit(o, f)
}

// DeleteOccurrence deletes one occurrence of a series, named by where the pattern
// puts it. The last one can't be deleted.
func (m *Mailbox) DeleteOccurrence(master ItemID, original time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	o, code := m.occurrenceOf(master, original)
	if code != "" {
		return fmt.Errorf("delete an occurrence: %w (%s)", ErrNoItem, code)
	}
	if code := m.deleteOccurrence(o); code != "" {
		return fmt.Errorf("delete an occurrence: %w (%s)", ErrRefused, code)
	}
	return nil
}

// occurrenceOf finds an occurrence by its original start; the lock is held.
func (m *Mailbox) occurrenceOf(master ItemID, original time.Time) (*Item, string) {
	it, code := m.lookup(master)
	if code != "" {
		return nil, code
	}
	if it.Recurrence == nil || it.Kind != Appointment {
		return nil, "ErrorCalendarCannotUseIdForOccurrenceId"
	}
	_, _, loc := it.clock()
	day := dayOf(original.In(loc))
	if start, _ := it.times(day); !start.Equal(original) {
		return nil, "ErrorItemNotFound"
	}
	return it.occurrenceOn(day)
}
