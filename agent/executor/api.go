package executor

import (
	"time"

	"abgleich/agent/engine"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/store"
)

// Config is what an executor works with. All fields without "may be nil" are needed.
type Config struct {
	Store    *store.Store
	Business side.Side
	Exchange side.Side
	// Policy settles conflicts; "" is [engine.Newer].
	Policy engine.Policy
	// Guard is when deletions are held; the zero value is [engine.Standard].
	Guard engine.Guard
	// CreationGuard is when a first sync's creations are held; the zero value is Guard.
	CreationGuard engine.Guard
	// Options hold for users who have none of their own; may be nil.
	Options map[pim.Kind]engine.Options
	// Now is the clock; may be nil for time.Now.
	Now func() time.Time
	// NewKey makes a key nobody has; may be nil for random ones.
	NewKey func(pim.UserID) pim.Key
	// Progress is told how a slice goes on, from one goroutine at a time; it must
	// not block. May be nil.
	Progress func(Progress)
}

// Task is what one slice is for.
type Task struct {
	Account side.Account
	Kind    pim.Kind
	// Cause is why it runs, for the history: "interval", "push", "request", …
	Cause string
	// Asked tells that a person asked for the run: what waits for another try is
	// tried at once.
	Asked bool
	// Until is when the slice should end (a soft limit: a batch that was begun is
	// finished). Zero means no limit.
	Until time.Time
	// TakeOver claims a mailbox even if another installation's mark stands on it.
	TakeOver bool
}

// Result is how a slice ended.
type Result struct {
	// More asks for another slice at once: there is work left.
	More bool
	// NextTry is when the earliest waiting item wants to be tried again, zero if
	// none waits.
	NextTry time.Time
	// FirstDone tells that the first sync is complete.
	FirstDone bool
	// Run is the run with its counts up to the slice's end.
	Run store.Run
	// Side is where a failed call failed, 0 if neither side is to blame.
	Side pim.SideID
}

// Stage is what a slice is doing. The values go over the wire: fixed.
type Stage uint8

// The stages, in their order.
const (
	StageOpening  Stage = 1 // logging in, opening folders
	StageReading  Stage = 2 // feeds
	StageMatching Stage = 3 // pairing what is unpaired
	StageWriting  Stage = 4 // creations and updates
	StageDeleting Stage = 5
)

// String is the stage's stable name.
func (s Stage) String() string {
	switch s {
	case StageOpening:
		return "opening"
	case StageReading:
		return "reading"
	case StageMatching:
		return "matching"
	case StageWriting:
		return "writing"
	case StageDeleting:
		return "deleting"
	}
	return "unknown"
}

// Progress is a run's picture at one moment.
type Progress struct {
	User  pim.UserID
	Kind  pim.Kind
	Run   store.RunID
	Stage Stage
	// First tells that this is the first sync.
	First bool
	// Done and Expected count items of the whole run, over all its slices.
	// Expected grows while feeds are read; it is complete from StageWriting on.
	Done, Expected int
	// Read is how many entries of each feed the run has read so far.
	Read store.PerSide[int]
	// Counts is what was done so far.
	Counts store.Counts
	// Waiting is the side an answer is waited for right now, 0 for none, and Code
	// why it takes long, "" for no reason known.
	Waiting pim.SideID
	Code    fault.Code
}

// PlanAction is what a plan wants to do with an item. The values go over the
// wire: fixed.
type PlanAction uint8

// Plan actions.
const (
	PlanCreate PlanAction = 1
	PlanUpdate PlanAction = 2
	PlanDelete PlanAction = 3
	// PlanProblem is an item that will be a problem with Code.
	PlanProblem PlanAction = 4
	// PlanHold is a write a guard keeps back.
	PlanHold PlanAction = 5
	// PlanPair is an item found to be on both sides already.
	PlanPair PlanAction = 6
)

// PlanItem is one line of a dry run.
type PlanItem struct {
	Action PlanAction
	// Side is where it would be written; for a problem where it is.
	Side pim.SideID
	// Item is the item as it would be, or as it is for a deletion; nil where it
	// isn't known.
	Item pim.Item
	// Fields would be written, for an update.
	Fields pim.FieldSet
	// Code is the problem's or the hold's; for a write how it failed last.
	Code fault.Code
}
