package pim

import "strings"

// Field is one mapped field: the unit of difference, merge and conflict. The
// values are stored as bits: fixed.
type Field uint8

// The fields. When, Dates and Progress each hold values that only make sense
// together.
const (
	FieldSubject Field = iota
	FieldBody
	FieldLocation
	FieldWhen // start, end, zone, all-day
	FieldBusy // free, tentative, busy, away
	FieldSensitivity
	FieldImportance
	FieldCategories
	FieldReminder
	FieldRecurrence
	FieldDates    // task: start and due
	FieldProgress // task: status, percent, completed on
	FieldMeeting  // organiser, attendees, answers: read-only
	fieldCount
)

var fieldNames = [fieldCount]string{
	"subject", "body", "location", "when", "busy", "sensitivity", "importance",
	"categories", "reminder", "recurrence", "dates", "progress", "meeting",
}

// String is the field's stable name.
func (f Field) String() string {
	if f < fieldCount {
		return fieldNames[f]
	}
	return "unknown"
}

// FieldSet is a set of fields, one bit each.
type FieldSet uint32

// Fields makes a set.
func Fields(fs ...Field) FieldSet {
	var s FieldSet
	for _, f := range fs {
		s |= 1 << f
	}
	return s
}

// The fields each kind has.
const (
	sharedFields FieldSet = 1<<FieldSubject | 1<<FieldBody | 1<<FieldSensitivity | 1<<FieldImportance |
		1<<FieldCategories | 1<<FieldReminder | 1<<FieldRecurrence
	// AppointmentFields are the mapped fields of an appointment.
	AppointmentFields = sharedFields | 1<<FieldLocation | 1<<FieldWhen | 1<<FieldBusy | 1<<FieldMeeting
	// TaskFields are the mapped fields of a task.
	TaskFields = sharedFields | 1<<FieldDates | 1<<FieldProgress
	// ParticipantFields belong to the one person whose copy it is, and may be
	// written even into a meeting somebody else organises.
	ParticipantFields FieldSet = 1<<FieldReminder | 1<<FieldCategories | 1<<FieldBusy | 1<<FieldSensitivity
)

// FieldsOf gives the mapped fields of a kind.
func FieldsOf(k Kind) FieldSet {
	switch k {
	case KindAppointment:
		return AppointmentFields
	case KindTask:
		return TaskFields
	}
	return 0
}

// Has tells whether f is in the set.
func (s FieldSet) Has(f Field) bool { return s&(1<<f) != 0 }

// Empty tells the empty set.
func (s FieldSet) Empty() bool { return s == 0 }

// List gives the fields in their fixed order.
func (s FieldSet) List() []Field {
	var l []Field
	for f := range fieldCount {
		if s.Has(f) {
			l = append(l, f)
		}
	}
	return l
}

// String joins the names with commas.
func (s FieldSet) String() string {
	var names []string
	for _, f := range s.List() {
		names = append(names, f.String())
	}
	return strings.Join(names, ",")
}
