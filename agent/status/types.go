package status

import (
	"slices"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// Phase is what a user's kind is doing. The values are those of the contract's
// RunPhase: fixed.
type Phase uint8

// The phases, in a run's order.
const (
	Idle     Phase = 1
	Queued   Phase = 2
	Reading  Phase = 3
	Matching Phase = 4
	Writing  Phase = 5
	Deleting Phase = 6
)

// State is the one word for a user. The values are those of the contract's
// UserState: fixed, and growing with how bad they are.
type State uint8

// The states.
const (
	// NotSetUp is a user without credentials, or who switched sync off.
	NotSetUp State = 1
	Fine     State = 2
	Syncing  State = 3
	Paused   State = 4
	// Offline is a side that can't be reached for now. It goes on by itself.
	Offline State = 5
	// Attention is something a person must look at: problems, a hold, a mailbox
	// that refuses.
	Attention State = 6
	// CredentialsNeeded is a login that is missing or was refused.
	CredentialsNeeded State = 7
	// Disabled is a user whom the master switch, a missing permission or the
	// master data keep from syncing.
	Disabled State = 8
)

// Direction is which way a kind's items travel. The values are those of the
// contract's Direction: fixed. The zero value is not known.
type Direction uint8

// The directions.
const (
	Both       Direction = 1
	ToExchange Direction = 2
	ToBusiness Direction = 3
)

// Counts is what a run has done so far.
type Counts struct {
	CreatedBusiness, CreatedExchange uint64
	UpdatedBusiness, UpdatedExchange uint64
	DeletedBusiness, DeletedExchange uint64
	Paired, Problems                 uint64
	Conflicts, Held                  uint64
}

// Kind is the picture of one user's items of one kind. Times are UTC, zero for
// never or not known.
type Kind struct {
	Kind    pim.Kind
	Enabled bool
	Phase   Phase
	// FirstSync tells that the first sync isn't complete yet.
	FirstSync bool
	// Done and Expected count items of the present or last run; Expected is 0
	// while nothing is known.
	Done, Expected uint64
	// PerSecond is the smoothed speed of the present run in items a second.
	PerSecond float64
	// Remaining is how long the run will still take, its pauses between two slices
	// included; 0 for not known.
	Remaining time.Duration
	// LastSuccess is when a run was last complete, LastTry when a slice last began.
	LastSuccess, LastTry time.Time
	NextRun              time.Time
	// BlockedCode is why nothing moves, "" if nothing is in the way; BlockedUntil
	// when it is tried again.
	BlockedCode  fault.Code
	BlockedUntil time.Time
	Counts       Counts
	// Pairs is how many items are paired.
	Pairs     uint64
	Direction Direction
}

// User is the picture of one user.
type User struct {
	User pim.UserID
	Name string
	// State is the worst that is true, and Code why, "" if there is no fault.
	State State
	Code  fault.Code
	// Paused tells that a person paused him; PausedUntil is zero for until resumed.
	Paused      bool
	PausedUntil time.Time
	Kinds       []Kind
	// Problems counts those that need a person; Holds the guards that wait for one.
	Problems, Holds uint32
}

func (u User) clone() User {
	u.Kinds = slices.Clone(u.Kinds)
	return u
}

// Agent is the picture of the agent as a whole.
type Agent struct {
	Started     time.Time
	Version     string
	SyncEnabled bool
	// BusinessCode is why the business database can't be reached, "" when it can.
	BusinessCode fault.Code
	// EventsCode is why the mail server can't report changes to the event port, "" when it
	// can, or needn't. EventsCommands are what an administrator types against it. Never
	// changed in place.
	EventsCode     fault.Code
	EventsCommands []string
	// BusinessMissing is what it lacks of the contract, with [fault.SchemaIncomplete].
	// Never changed in place.
	BusinessMissing []string
	// Notifications is how changes in Exchange are heard of: "push", "streaming" or
	// "interval".
	Notifications string
	Interval      time.Duration
	// Access is whose login opens the mailboxes: "user", or a service account's with
	// "impersonation" or "delegate".
	Access string
}

// Change is what a watcher gets.
type Change struct {
	// Full tells that this is everything the watcher may see.
	Full bool
	// Agent is nil when it did not change.
	Agent *Agent
	// Users are those that changed, by User-ID.
	Users []User
	// WithoutID are the employees who have no User-ID, by name: nil when they did not
	// change, and for a watcher of one user.
	WithoutID []User
}

// Progress is how far a run is, as its executor reports it.
type Progress struct {
	User pim.UserID
	Kind pim.Kind
	// Run tells runs apart.
	Run   int64
	Phase Phase
	First bool
	// Done and Expected count items of the whole run.
	Done, Expected uint64
	Counts         Counts
	// Code is why an answer takes long, "" for no reason known.
	Code fault.Code
}
