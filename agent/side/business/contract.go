package business

import (
	"strings"

	"abgleich/agent/pim"
)

// relation is one table or view of the contract and the columns it must have.
type relation struct {
	name    string
	columns []string
}

// The two relations that hold items. The order of columns is that of decoding;
// "id" and "user_id" come first.
var (
	appointmentRelation = relation{"appointments", []string{
		"id", "user_id", "subject", "body", "private", "importance", "categories",
		"recurrence_rule", "uid", "location", "start_at", "end_at", "time_zone", "all_day",
		"start_date", "end_date", "busy", "reminder_minutes",
		"meeting_role", "meeting_organizer", "meeting_attendees",
	}}
	taskRelation = relation{"tasks", []string{
		"id", "user_id", "subject", "body", "private", "importance", "categories",
		"recurrence_rule", "uid", "start_date", "due_date", "status", "percent",
		"completed_on", "reminder_at", "recurrence_start",
	}}
)

// The columns' places, shared ones first.
const (
	colID = iota
	colUser
	colSubject
	colBody
	colPrivate
	colImportance
	colCategories
	colRule
	colUID
	colShared // how many both kinds have
)

const (
	colLocation = iota + colShared
	colStartAt
	colEndAt
	colZone
	colAllDay
	colStartDate
	colEndDate
	colBusy
	colMinutes
	colRole
	colOrganizer
	colAttendees
)

const (
	colTaskStart = iota + colShared
	colDue
	colStatus
	colPercent
	colCompleted
	colRemindAt
	colFirst
)

// contract lists all relations a database must offer.
func contract() []relation {
	return []relation{
		{"employees", []string{"user_id", "name", "email", "time_zone", "active"}},
		{"permission_groups", []string{"name", "description"}},
		{"group_members", []string{"group_name", "user_id"}},
		{"group_functions", []string{"group_name", "function"}},
		appointmentRelation,
		participantRelation,
		exceptionRelation,
		taskRelation,
	}
}

// relationOf gives the relation of a kind.
func relationOf(k pim.Kind) relation {
	if k == pim.KindTask {
		return taskRelation
	}
	return appointmentRelation
}

// selection is the list of columns for a SELECT. Every column is wrapped, so that
// NULL reads as "" and the driver does not interpret a foreign declared type
// (a DATETIME column would come back as a time.Time).
func (r relation) selection() string {
	var b strings.Builder
	b.WriteString("id, ")
	for i, c := range r.columns[1:] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("COALESCE(")
		b.WriteString(c)
		b.WriteString(",'')")
	}
	return b.String()
}

// fieldColumns says which columns a mapped field stands in.
func fieldColumns(k pim.Kind, f pim.Field) []int {
	switch f {
	case pim.FieldSubject:
		return []int{colSubject}
	case pim.FieldBody:
		return []int{colBody}
	case pim.FieldSensitivity:
		return []int{colPrivate}
	case pim.FieldImportance:
		return []int{colImportance}
	case pim.FieldCategories:
		return []int{colCategories}
	case pim.FieldReminder:
		if k == pim.KindTask {
			return []int{colRemindAt}
		}
		return []int{colMinutes}
	case pim.FieldRecurrence:
		if k == pim.KindTask {
			return []int{colRule, colFirst}
		}
		return []int{colRule} // the exceptions stand in their own relation
	}
	if k == pim.KindTask {
		switch f {
		case pim.FieldDates:
			return []int{colTaskStart, colDue}
		case pim.FieldProgress:
			return []int{colStatus, colPercent, colCompleted}
		}
		return nil
	}
	switch f {
	case pim.FieldLocation:
		return []int{colLocation}
	case pim.FieldWhen:
		return []int{colStartAt, colEndAt, colZone, colAllDay, colStartDate, colEndDate}
	case pim.FieldBusy:
		return []int{colBusy}
	case pim.FieldMeeting:
		return []int{colRole, colOrganizer, colAttendees}
	}
	return nil
}
