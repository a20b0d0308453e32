package exchangesim

import "time"

// seriesWord is the CalendarItemType.
func (it *Item) seriesWord() string {
	switch {
	case it.IsMaster():
		return "RecurringMaster"
	case it.orphan():
		return "Exception"
	case it.master == nil:
		return "Single"
	case it.Exceptional:
		return "Exception"
	}
	return "Occurrence"
}

// orphan tells an occurrence without its series: somebody was invited to it alone. It
// bears the series' ids (MS-OXOCAL 2.2.1.27).
func (it *Item) orphan() bool {
	return it.Kind == Appointment && it.master == nil && it.Recurrence == nil && !it.OriginalStart.IsZero()
}

// occurrenceOn answers the occurrence of a master, with a response code for days
// that are deleted or not in the pattern (any more).
func (it *Item) occurrenceOn(day int) (*Item, string) {
	switch {
	case it.Kind != Appointment || it.indexOf(day) == 0:
		return nil, "ErrorItemNotFound"
	case it.isRemoved(day):
		return nil, "ErrorCalendarOccurrenceIsDeletedFromRecurrence"
	}
	return it.occurrence(day), ""
}

// occurrenceAt does the same by the 1-based index, in which deleted ones count.
func (it *Item) occurrenceAt(index int) (*Item, string) {
	if it.Recurrence == nil || it.Kind != Appointment {
		return nil, "ErrorCalendarCannotUseIdForOccurrenceId"
	}
	for i, day := range it.Recurrence.days() {
		if i == index {
			return it.occurrenceOn(day)
		}
		if i > index {
			break
		}
	}
	return nil, "ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange"
}

// changeOccurrence saves a changed occurrence into its master and answers it as it
// is then; fields are the ones the save named or changed.
func (m *Mailbox) changeOccurrence(o *Item, changed fieldSet) (*Item, string) {
	master := o.master
	plain := master.plain(o.day)
	if !o.Start.Equal(plain.Start) || master.exception(o.day) != nil {
		if master.crosses(o) {
			return nil, "ErrorOccurrenceCrossingBoundary"
		}
	}
	own := changed.union(changedFields(plain, o))
	if e := master.exception(o.day); e != nil {
		own = own.union(e.own)
	}
	kept := *o
	kept.master, kept.saves = nil, nil
	next := master.withException(newException(o.day, own, &kept))
	m.saveSeries(master, next, changed, o.day)
	return next.occurrence(o.day), ""
}

// deleteOccurrence takes an occurrence out of its series.
func (m *Mailbox) deleteOccurrence(o *Item) string {
	next := o.master.without(o.day)
	if next == nil {
		return "ErrorRecurrenceHasNoOccurrence"
	}
	m.saveSeries(o.master, next, fieldSet{}, o.day)
	return ""
}

// saveSeries is one save of the master, which is all that feeds and subscribers see
// of a change to an occurrence.
func (m *Mailbox) saveSeries(old, next *Item, changed fieldSet, day int) {
	m.replace(old, next, changed)
	next.saves[len(next.saves)-1].day = day
	m.emit(event{name: "ModifiedEvent", item: string(next.ID), key: next.ChangeKey, folder: next.folder})
}

// Exceptions answers a master's changed occurrences as they are now, by day.
func (it *Item) Exceptions() []Item {
	list := make([]Item, 0, len(it.exceptions))
	for i := range it.exceptions {
		list = append(list, *it.occurrence(it.exceptions[i].day))
	}
	return list
}

// DeletedOccurrences answers the original starts of a master's deleted occurrences.
func (it *Item) DeletedOccurrences() []time.Time {
	list := make([]time.Time, 0, len(it.removed))
	for _, day := range it.removed {
		start, _ := it.times(day)
		list = append(list, start)
	}
	return list
}

func putOriginal(elem string) func(*writer, *Item, *render) {
	return func(w *writer, it *Item, r *render) {
		if it.master != nil || it.orphan() {
			w.elemTime(elem, it.OriginalStart, r.loc)
		}
	}
}

func (w *writer) occurrenceInfo(elem string, o *Item, r *render) {
	w.open(elem)
	w.itemID("ItemId", o.ID, o.ChangeKey)
	w.elemTime("Start", o.Start, r.loc)
	w.elemTime("End", o.End, r.loc)
	w.elemTime("OriginalStart", o.OriginalStart, r.loc)
	w.close(elem)
}

func putFirstOccurrence(w *writer, it *Item, r *render) {
	if it.Recurrence == nil {
		return
	}
	for day := range it.there() {
		w.occurrenceInfo("FirstOccurrence", it.occurrence(day), r)
		return
	}
}

// putLastOccurrence writes nothing for a series without an end.
func putLastOccurrence(w *writer, it *Item, r *render) {
	if it.Recurrence == nil || it.Recurrence.End == "" && it.Recurrence.Count == 0 {
		return
	}
	last, found := 0, false
	for day := range it.there() {
		last, found = day, true
	}
	if found {
		w.occurrenceInfo("LastOccurrence", it.occurrence(last), r)
	}
}

func putModifiedOccurrences(w *writer, it *Item, r *render) {
	if len(it.exceptions) == 0 {
		return
	}
	w.open("ModifiedOccurrences")
	for i := range it.exceptions {
		w.occurrenceInfo("Occurrence", it.occurrence(it.exceptions[i].day), r)
	}
	w.close("ModifiedOccurrences")
}

func putDeletedOccurrences(w *writer, it *Item, r *render) {
	if len(it.removed) == 0 {
		return
	}
	w.open("DeletedOccurrences")
	for _, start := range it.DeletedOccurrences() {
		w.open("DeletedOccurrence")
		w.elemTime("Start", start, r.loc)
		w.close("DeletedOccurrence")
	}
	w.close("DeletedOccurrences")
}
