package exchangesim

import (
	"slices"
	"strings"
	"time"
)

// deadOccurrence is PidLidTaskDeadOccurrence (MS-OXOTASK 2.2.2.2.10): a task left
// behind completed when the recurring one moved on.
var deadOccurrence = PropertyName{Set: "00062003-0000-0000-c000-000000000046", ID: 0x8109, HasID: true, Type: "Boolean"}

// regenerate splits a recurring task that was just completed into the one that keeps
// its id and the new one. Both have all properties, our key too. A task with no next
// date stays completed.
func (m *Mailbox) regenerate(it *Item) (kept, added *Item) {
	next := it.advanced(m.now().In(m.zone.loc))
	if next == nil {
		return it, nil
	}
	done := *it
	done.Recurrence, done.ReminderSet = nil, false
	done.SetProperty(deadOccurrence, "true")
	done.Created, done.Modified = m.now().UTC(), m.now().UTC()
	if m.renew {
		next.Created, next.Modified = done.Created, done.Modified
		return &done, next
	}
	return next, &done
}

// skip moves a recurring task on to its next date without completing it, which is
// what deleting only one occurrence of it means; false when there is none.
func (m *Mailbox) skip(it *Item) bool {
	if it.Recurrence == nil {
		return false
	}
	next := it.advanced(m.now().In(m.zone.loc))
	if next == nil {
		return false
	}
	m.replace(it, next, changedFields(it, next))
	m.emit(event{name: "ModifiedEvent", item: string(next.ID), key: next.ChangeKey, folder: next.folder})
	return true
}

// advanced is the task as it is due next; nil when it was the last time.
func (it *Item) advanced(today time.Time) *Item {
	now := it.Due
	if now.IsZero() {
		now = it.TaskStart
	}
	if now.IsZero() {
		day, ok := parseDay(it.Recurrence.Start)
		if !ok {
			return nil
		}
		now = dateOf(day)
	}
	next := *it
	var day int
	if unit, ok := strings.CutSuffix(it.Recurrence.Pattern, "Regeneration"); ok {
		rec := *it.Recurrence
		if rec.Count == 1 {
			return nil
		}
		rec.Count = max(rec.Count-1, 0)
		done := it.Completed
		if done.IsZero() {
			done = today
		}
		y, mo, d := done.Date()
		n := max(rec.Interval, 1)
		switch unit {
		case "Daily":
			d += n
		case "Weekly":
			d += 7 * n
		case "Monthly":
			mo, d = mo+time.Month(n), min(d, daysIn(y, mo+time.Month(n)))
		default:
			y, d = y+n, min(d, daysIn(y+n, mo))
		}
		day = dayNumber(y, mo, d)
		if end, ok := parseDay(rec.End); ok && day > end {
			return nil
		}
		next.Recurrence = &rec
	} else {
		for _, d := range it.Recurrence.days() {
			if d > dayOf(now) {
				day = d
				break
			}
		}
		if day == 0 {
			return nil
		}
	}
	by := time.Duration(day-dayOf(now)) * 24 * time.Hour
	for _, t := range []*time.Time{&next.Due, &next.TaskStart, &next.ReminderDue} {
		if !t.IsZero() {
			*t = t.Add(by)
		}
	}
	next.reopen("NotStarted")
	next.Properties = slices.DeleteFunc(slices.Clone(next.Properties), func(p Property) bool { return p.Name == deadOccurrence })
	return &next
}
