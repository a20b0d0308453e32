package pim

import (
	"reflect"
	"slices"
)

// Diff gives the mapped fields in which two canonical items of one kind differ.
// Against nil, or an item of another kind, every field of a differs. Where both are
// series, time and pattern are one: they differ together, because half of each
// side's answer may be a series that neither has.
func Diff(a, b Item) FieldSet {
	if isNil(a) && isNil(b) {
		return 0
	}
	if isNil(a) {
		return FieldsOf(b.Kind())
	}
	if isNil(b) || a.Kind() != b.Kind() {
		return FieldsOf(a.Kind())
	}
	d := diffCommon(a.Shared(), b.Shared())
	switch x := a.(type) {
	case *Appointment:
		y := b.(*Appointment)
		d |= bit(FieldWhen, !equalWhen(x.When, y.When))
		if together := Fields(FieldWhen, FieldRecurrence); d&together != 0 && x.Recurrence != nil && y.Recurrence != nil {
			d |= together
		}
		d |= bit(FieldLocation, x.Location != y.Location)
		d |= bit(FieldBusy, x.Busy != y.Busy)
		d |= bit(FieldMeeting, !reflect.DeepEqual(x.Meeting, y.Meeting))
	case *Task:
		y := b.(*Task)
		d |= bit(FieldDates, x.Start != y.Start || x.Due != y.Due)
		d |= bit(FieldProgress, x.Status != y.Status || x.Percent != y.Percent || x.Completed != y.Completed)
	}
	return d
}

func diffCommon(a, b *Common) FieldSet {
	return bit(FieldSubject, a.Subject != b.Subject) |
		bit(FieldBody, a.Body != b.Body) |
		bit(FieldSensitivity, a.Sensitivity != b.Sensitivity) |
		bit(FieldImportance, a.Importance != b.Importance) |
		bit(FieldCategories, !slices.Equal(a.Categories, b.Categories)) |
		bit(FieldReminder, !equalReminder(a.Reminder, b.Reminder)) |
		bit(FieldRecurrence, !equalRecurrence(a.Recurrence, b.Recurrence))
}

func equalWhen(a, b When) bool {
	return a.Start.Equal(b.Start) && a.End.Equal(b.End) && a.Zone == b.Zone &&
		a.AllDay == b.AllDay && a.First == b.First && a.Last == b.Last
}

func equalReminder(a, b *Reminder) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Before == b.Before && a.At.Equal(b.At)
}

func equalRecurrence(a, b *Recurrence) bool {
	if a == nil || b == nil {
		return a == b
	}
	return reflect.DeepEqual(a, b)
}

func bit(f Field, set bool) FieldSet {
	if set {
		return 1 << f
	}
	return 0
}

// Apply copies the named fields from src into dst; both of one kind. Fields the
// kind does not have are ignored.
func Apply(dst, src Item, fields FieldSet) {
	if isNil(dst) || isNil(src) || dst.Kind() != src.Kind() {
		return
	}
	src = src.Clone()
	applyCommon(dst.Shared(), src.Shared(), fields)
	switch d := dst.(type) {
	case *Appointment:
		s := src.(*Appointment)
		set(fields, FieldWhen, &d.When, s.When)
		set(fields, FieldLocation, &d.Location, s.Location)
		set(fields, FieldBusy, &d.Busy, s.Busy)
		set(fields, FieldMeeting, &d.Meeting, s.Meeting)
	case *Task:
		s := src.(*Task)
		set(fields, FieldDates, &d.Start, s.Start)
		set(fields, FieldDates, &d.Due, s.Due)
		set(fields, FieldProgress, &d.Status, s.Status)
		set(fields, FieldProgress, &d.Percent, s.Percent)
		set(fields, FieldProgress, &d.Completed, s.Completed)
	}
}

func applyCommon(d, s *Common, fields FieldSet) {
	set(fields, FieldSubject, &d.Subject, s.Subject)
	set(fields, FieldBody, &d.Body, s.Body)
	set(fields, FieldSensitivity, &d.Sensitivity, s.Sensitivity)
	set(fields, FieldImportance, &d.Importance, s.Importance)
	set(fields, FieldCategories, &d.Categories, s.Categories)
	set(fields, FieldReminder, &d.Reminder, s.Reminder)
	set(fields, FieldRecurrence, &d.Recurrence, s.Recurrence)
}

func set[T any](fields FieldSet, f Field, dst *T, v T) {
	if fields.Has(f) {
		*dst = v
	}
}

func isNil(i Item) bool {
	if i == nil {
		return true
	}
	switch x := i.(type) {
	case *Appointment:
		return x == nil
	case *Task:
		return x == nil
	}
	return true
}

// EmptyFields gives the fields that hold nothing a person would miss: an empty
// text, no categories, no reminder, no dates. A first sync lets the other side's
// value win there. Fields that always have a value (when, busy, progress, …) are
// never empty.
func EmptyFields(i Item) FieldSet {
	c := i.Shared()
	e := bit(FieldSubject, c.Subject == "") | bit(FieldBody, c.Body == "") |
		bit(FieldCategories, len(c.Categories) == 0) | bit(FieldReminder, c.Reminder == nil)
	switch x := i.(type) {
	case *Appointment:
		e |= bit(FieldLocation, x.Location == "") | bit(FieldMeeting, x.Meeting == nil)
	case *Task:
		e |= bit(FieldDates, x.Start.IsZero() && x.Due.IsZero())
	}
	return e
}
