package pim

import (
	"slices"
	"time"
)

// Item is an *[Appointment] or a *[Task], and nothing else.
type Item interface {
	// Kind tells which of the two it is.
	Kind() Kind
	// Shared gives the fields both kinds have; a pointer into the item.
	Shared() *Common
	// Clone copies the item and everything it points to.
	Clone() Item

	sealed()
}

// Common holds the fields both kinds have.
type Common struct {
	// Subject is one line, without line breaks.
	Subject string `json:"subject,omitempty"`
	// Body is plain text with "\n" line ends.
	Body string `json:"body,omitempty"`
	// Sensitivity says who may see the content.
	Sensitivity Sensitivity `json:"sensitivity,omitempty"`
	// Importance as the person set it.
	Importance Importance `json:"importance,omitempty"`
	// Categories are the person's labels; order and repetition mean nothing.
	Categories []string `json:"categories,omitempty"`
	// Reminder, nil when there is none.
	Reminder *Reminder `json:"reminder,omitempty"`
	// Recurrence, nil for a single item.
	Recurrence *Recurrence `json:"recurrence,omitempty"`
	// UID is the calendar-wide id an appointment carries between programs, "" if
	// the side has none. A hint for pairing, never a mapped field.
	UID string `json:"uid,omitempty"`
}

// Appointment is a single appointment, or the master of a series.
type Appointment struct {
	Common
	// When it takes place.
	When When `json:"when"`
	// Location is one line.
	Location string `json:"location,omitempty"`
	// Busy is how the time shows to others.
	Busy Busy `json:"busy,omitempty"`
	// Meeting is set when other people are involved; read-only, from Exchange.
	Meeting *Meeting `json:"meeting,omitempty"`
	// Guest tells, on the business side, that the user takes part in an appointment
	// that another employee owns. Like UID it is never a mapped field.
	Guest bool `json:"guest,omitempty"`
}

// When is the time of an appointment: either two instants with a zone, or two
// dates. The unused half is zero.
type When struct {
	// Start and End are instants in UTC, to the second; End is not before Start.
	Start time.Time `json:"start,omitzero"`
	End   time.Time `json:"end,omitzero"`
	// Zone is the IANA name of the zone the times were entered in.
	Zone string `json:"zone,omitempty"`
	// AllDay switches to dates: First to Last, both included.
	AllDay bool `json:"allDay,omitempty"`
	First  Date `json:"first,omitzero"`
	Last   Date `json:"last,omitzero"`
}

// Meeting says whose meeting an appointment is. It comes from Exchange only.
type Meeting struct {
	// Role is the mailbox owner's part in it.
	Role Role `json:"role"`
	// Organizer is the organiser's e-mail address.
	Organizer string `json:"organizer,omitempty"`
	// Attendees as Exchange lists them, sorted by address.
	Attendees []Attendee `json:"attendees,omitempty"`
}

// Attendee is one invited person and the answer.
type Attendee struct {
	Address  string   `json:"address"`
	Name     string   `json:"name,omitempty"`
	Optional bool     `json:"optional,omitempty"`
	Response Response `json:"response,omitempty"`
}

// Task is a single task, or the current one of a recurring task.
type Task struct {
	Common
	// Start and Due are dates, zero when not set.
	Start Date `json:"start,omitzero"`
	Due   Date `json:"due,omitzero"`
	// Status, Percent (0 to 100) and Completed (zero unless done) are one thing:
	// Canonical makes them agree.
	Status    TaskStatus `json:"status,omitempty"`
	Percent   int        `json:"percent,omitempty"`
	Completed Date       `json:"completed,omitzero"`
}

// Reminder is set before an appointment starts, or at a moment for a task.
type Reminder struct {
	// Before is minutes before the start; appointments only.
	Before int `json:"before,omitempty"`
	// At is the instant in UTC; tasks only.
	At time.Time `json:"at,omitzero"`
}

// Kind is KindAppointment.
func (*Appointment) Kind() Kind { return KindAppointment }

// Kind is KindTask.
func (*Task) Kind() Kind { return KindTask }

// Shared gives the fields both kinds have.
func (a *Appointment) Shared() *Common { return &a.Common }

// Shared gives the fields both kinds have.
func (t *Task) Shared() *Common { return &t.Common }

func (*Appointment) sealed() {}
func (*Task) sealed()        {}

// Clone copies the appointment and everything it points to.
func (a *Appointment) Clone() Item {
	c := *a
	c.Common = c.Common.clone()
	if a.Meeting != nil {
		m := *a.Meeting
		m.Attendees = slices.Clone(m.Attendees)
		c.Meeting = &m
	}
	return &c
}

// Clone copies the task and everything it points to.
func (t *Task) Clone() Item {
	c := *t
	c.Common = c.Common.clone()
	return &c
}

func (c Common) clone() Common {
	c.Categories = slices.Clone(c.Categories)
	if c.Reminder != nil {
		r := *c.Reminder
		c.Reminder = &r
	}
	c.Recurrence = c.Recurrence.Clone()
	return c
}
