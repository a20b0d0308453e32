package pim

// The enumerations below are stored and sent by their text, so that a reader that
// does not know a value can keep it apart from those it knows. The zero value is
// what an item has when nobody chose.

// Sensitivity says who may see an item's content.
type Sensitivity string

// Sensitivities. Personal and Confidential exist in Exchange; a business
// database that knows only "private" holds them as Private.
const (
	Normal       Sensitivity = ""
	Personal     Sensitivity = "personal"
	Private      Sensitivity = "private"
	Confidential Sensitivity = "confidential"
)

// Importance as the person set it.
type Importance string

// Importances.
const (
	ImportanceNormal Importance = ""
	ImportanceLow    Importance = "low"
	ImportanceHigh   Importance = "high"
)

// Busy is how an appointment's time shows to others.
type Busy string

// Busy states. The zero value is Busy: what a new appointment has.
const (
	BusyBusy      Busy = ""
	BusyFree      Busy = "free"
	BusyTentative Busy = "tentative"
	BusyAway      Busy = "away"      // out of office
	BusyElsewhere Busy = "elsewhere" // working elsewhere
)

// TaskStatus is a task's state.
type TaskStatus string

// Task states.
const (
	NotStarted TaskStatus = ""
	InProgress TaskStatus = "in-progress"
	Completed  TaskStatus = "completed"
	Waiting    TaskStatus = "waiting" // on somebody else
	Deferred   TaskStatus = "deferred"
)

// Role is the mailbox owner's part in a meeting.
type Role string

// Roles.
const (
	// RoleOrganizer invited others: only he may change it for all, from Outlook.
	RoleOrganizer Role = "organizer"
	// RoleAttendee was invited.
	RoleAttendee Role = "attendee"
)

// Response is an attendee's answer.
type Response string

// Responses.
const (
	NoResponse Response = ""
	Accepted   Response = "accepted"
	TentativeR Response = "tentative"
	Declined   Response = "declined"
)
