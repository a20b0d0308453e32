package schedule

import (
	"context"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// User is somebody to be kept in sync.
type User struct {
	// Account is handed to the runner and to the watchers.
	Account side.Account
	// Kinds are the kinds of item to sync: not empty.
	Kinds []pim.Kind
}

// Users says who is to be synced: employees with credentials, permission and
// sync switched on, nobody while the master switch is off. It is asked at the
// start, on [Scheduler.Reload] and about once a minute.
type Users interface {
	Users(context.Context) ([]User, error)
}

// Slice asks a [Runner] for one piece of a run.
type Slice struct {
	Account side.Account
	Kind    pim.Kind
	// Claim is the fencing token: it grows with every slice of this user and
	// kind, across restarts. A store may refuse writes made under an older one.
	Claim int64
	// Continues tells that an earlier slice of the same run said More, failed or
	// was cut off. A new run must read both change feeds to their present end.
	Continues bool
	// Why is what the run was asked for by, for the history.
	Why Reason
	// TryRejected allows a login whose secret is known as rejected: a person
	// asked, or a day has passed.
	TryRejected bool
	// Budget is how long the slice should work before it returns with More. The
	// context ends some time after it, and earlier on pause and stop.
	Budget time.Duration
}

// Result is how a slice ended.
type Result struct {
	// More tells that the run isn't complete.
	More bool
	// NextTry is when something in the run wants to be tried again, such as an
	// item with a problem; zero for nothing. A complete run is followed by another
	// one then, or after the interval, whichever is earlier.
	NextTry time.Time
	// RetryAfter is, with an error, how long the server asked to be left alone.
	RetryAfter time.Duration
}

// Runner runs slices; different users and kinds at the same time.
//
// An error's code decides what follows: see [Stops].
type Runner interface {
	RunSlice(context.Context, Slice) (Result, error)
}

// Watch is a source of hints.
type Watch struct {
	// Name is for logs, such as "exchange".
	Name    string
	Watcher side.Watcher
	// Again asks for a second run this long after a hint: Exchange tells of
	// items before they can be read. 0 for none.
	Again time.Duration
}

// Observer hears what the scheduler does. Its methods are called from many
// goroutines and must return at once. Times are zero where there is none.
type Observer interface {
	// Listed: the user is to be synced, with these kinds.
	Listed(user pim.UserID, kinds []pim.Kind)
	// Unlisted: the user is no longer to be synced.
	Unlisted(user pim.UserID)
	// Paused: by a person, until a time or until resumed.
	Paused(user pim.UserID, paused bool, until time.Time)
	// Stopped: nothing runs for the user because of code until that time or a
	// change; "" when it is over.
	Stopped(user pim.UserID, code fault.Code, until time.Time)
	// Queued: a run waits for its turn.
	Queued(user pim.UserID, kind pim.Kind)
	// SliceBegan: a slice is running since at.
	SliceBegan(user pim.UserID, kind pim.Kind, at time.Time)
	// RunEnded: a run is complete; the next begins at next, if nothing asks earlier.
	RunEnded(user pim.UserID, kind pim.Kind, at, next time.Time)
	// RunFailed: a slice failed with code and is tried again at until, or when
	// the user is no longer stopped.
	RunFailed(user pim.UserID, kind pim.Kind, at time.Time, code fault.Code, until time.Time)
	// RunCutOff: a slice was ended by pause, stop or removal, or what was queued
	// is not wanted any more.
	RunCutOff(user pim.UserID, kind pim.Kind)
}

// Reason says why a run was asked for. It decides the order only.
type Reason int

// Reasons.
const (
	// ByInterval is the clock, and the start of the agent.
	ByInterval Reason = iota
	// ByHint is a watcher.
	ByHint
	// ByPerson is somebody waiting for it.
	ByPerson
)

// String is the word kept in the history.
func (r Reason) String() string {
	switch r {
	case ByHint:
		return "hint"
	case ByPerson:
		return "request"
	}
	return "interval"
}
