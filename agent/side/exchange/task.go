package exchange

import (
	"math"

	"abgleich/agent/ews"
	"abgleich/agent/pim"
)

func (m mapping) writeTask(t *pim.Task, it *ews.Item, fields pim.FieldSet, w *fieldWriter) {
	k := it.Task
	if fields.Has(pim.FieldDates) {
		k.Start, k.Due = t.Start.In(m.home), t.Due.In(m.home)
		w.orClear(ews.FieldTaskStart, !t.Start.IsZero())
		w.orClear(ews.FieldDue, !t.Due.IsZero())
	}
	if fields.Has(pim.FieldProgress) {
		k.Status, k.Percent = statusOut(t.Status), float64(t.Percent)
		w.put(ews.FieldStatus, ews.FieldPercent)
		if !t.Completed.IsZero() {
			k.Completed = t.Completed.In(m.home)
			w.put(ews.FieldCompleted)
		}
	}
	if fields.Has(pim.FieldReminder) && t.Reminder != nil {
		it.ReminderDueBy = t.Reminder.At
		w.put(ews.FieldReminderDueBy)
	}
}

func (m mapping) readTask(common pim.Common, it *ews.Item) *pim.Task {
	t := &pim.Task{Common: common}
	k := it.Task
	if k == nil {
		return t
	}
	t.Start, t.Due, t.Completed = m.date(k.Start), m.date(k.Due), m.date(k.Completed)
	t.Status, t.Percent = statusIn(k.Status), int(math.Round(k.Percent))
	if it.ReminderIsSet && !it.ReminderDueBy.IsZero() {
		t.Reminder = &pim.Reminder{At: it.ReminderDueBy}
	}
	if k.Recurrence != nil || k.Recurring {
		t.Recurrence = recurrenceIn(k.Recurrence)
	}
	return t
}

func statusOut(s pim.TaskStatus) string {
	switch s {
	case pim.InProgress:
		return "InProgress"
	case pim.Completed:
		return "Completed"
	case pim.Waiting:
		return "WaitingOnOthers"
	case pim.Deferred:
		return "Deferred"
	}
	return "NotStarted"
}

func statusIn(s string) pim.TaskStatus {
	switch s {
	case "InProgress":
		return pim.InProgress
	case "Completed":
		return pim.Completed
	case "WaitingOnOthers":
		return pim.Waiting
	case "Deferred":
		return pim.Deferred
	}
	return pim.NotStarted
}
