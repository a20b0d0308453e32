package fake

import (
	"errors"
	"slices"
	"sync"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// ErrCrash is what every call returns from a crash until [Faults.Revive]: to the
// caller, the process has ended.
var ErrCrash = errors.New("fake: crashed")

// Op names a method of the contract.
type Op string

// The methods.
const (
	OpOpen        Op = "open"
	OpChanges     Op = "changes"
	OpGet         Op = "get"
	OpCreate      Op = "create"
	OpUpdate      Op = "update"
	OpDelete      Op = "delete"
	OpSetKeys     Op = "setkeys"
	OpFindByKey   Op = "findbykey"
	OpWhereabouts Op = "whereabouts"
	OpClaim       Op = "claim"
	OpWatch       Op = "watch"
)

// Call is one call of a method, as a hook sees it before anything happened.
type Call struct {
	Side  pim.SideID
	User  pim.UserID
	Kind  pim.Kind
	Op    Op
	Items int // how many inputs it carries
}

// Effect is one write to one item, or a step of something else under test
// ([Faults.Step]).
type Effect struct {
	// N counts effects from 1, over everything that shares the Faults.
	N    int
	Side pim.SideID // 0 for a Step
	User pim.UserID
	Kind pim.Kind
	Op   Op
	// ID is "" for a creation; Key is "" for an update or deletion.
	ID  pim.ItemID
	Key pim.Key
	// Fields are those of an update.
	Fields pim.FieldSet
	// Done tells, in the log, that the effect happened.
	Done bool
	// Trouble is what met it.
	Trouble Trouble
}

// Trouble is what can happen to one effect.
type Trouble uint8

// Troubles.
const (
	// None lets the effect happen.
	None Trouble = iota
	// CrashBefore ends the process before the effect, CrashAfter behind it.
	CrashBefore
	CrashAfter
	// LoseItemReply carries the effect out but its result is ReplyLost;
	// LoseItemRequest gives the same result without carrying it out.
	LoseItemReply
	LoseItemRequest
	// LoseReply carries the whole batch out and returns ReplyLost for the call;
	// LoseRequest leaves this and all later effects of the batch undone.
	LoseReply
	LoseRequest
	// Refuse answers ItemRefused.
	Refuse
	// Stale lets the item change just before the effect, so that its version is
	// no longer the one the caller saw. A creation happens as if by None.
	Stale
	// Twice lets the request arrive twice; the answer is that of the second time. A
	// creation happens as if by None: no client repeats one by itself.
	Twice
)

// Faults plans trouble and keeps the log of effects. One may be shared by several
// fakes. Hooks run without any lock held: they may act as a person, or plan
// more trouble.
type Faults struct {
	mu      sync.Mutex
	n       int
	planned map[int]Trouble
	decide  func(Effect) Trouble
	before  func(Call) error
	busy    int
	crashed bool
	log     []Effect
	calls   []Call
}

// NewFaults makes one that causes no trouble yet.
func NewFaults() *Faults { return &Faults{planned: map[int]Trouble{}} }

// At plans trouble for the n-th effect from now; 1 is the next.
func (f *Faults) At(n int, t Trouble) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.planned[f.n+n] = t
}

// Decide lets a function choose the trouble of each effect that has none planned
// by At; nil ends it. The function's effect has N set.
func (f *Faults) Decide(fn func(Effect) Trouble) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.decide = fn
}

// BeforeCall runs fn before each call of a side; its error becomes the call's
// error and nothing happens. nil ends it.
func (f *Faults) BeforeCall(fn func(Call) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before = fn
}

// Busy lets the next n calls fail with [fault.ServerBusy].
func (f *Faults) Busy(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.busy = n
}

// Crash ends the process now.
func (f *Faults) Crash() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.crashed = true
}

// Crashed tells whether the process has ended.
func (f *Faults) Crashed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.crashed
}

// Revive starts the process again, and forgets all trouble planned with At and
// Busy; what Decide and BeforeCall set remains.
func (f *Faults) Revive() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.crashed, f.busy = false, 0
	clear(f.planned)
}

// Step lets something that is not a side, such as the agent's store, take part in
// numbering and crashing. Every trouble but CrashBefore and CrashAfter is None.
func (f *Faults) Step(op Op, do func() error) error {
	e, err := f.begin(Effect{Op: op})
	if err != nil {
		return err
	}
	if e.Trouble == CrashBefore {
		f.end(e, false)
		return ErrCrash
	}
	err = do()
	f.end(e, err == nil)
	if e.Trouble == CrashAfter {
		return ErrCrash
	}
	return err
}

// Effects is the number of effects so far, Steps included.
func (f *Faults) Effects() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n
}

// Log lists all effects so far.
func (f *Faults) Log() []Effect {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.log)
}

// Writes counts the writes that a side carried out, all of them or only those of
// the operations named.
func (f *Faults) Writes(ops ...Op) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, e := range f.log {
		if e.Done && e.Side != 0 && (len(ops) == 0 || slices.Contains(ops, e.Op)) {
			n++
		}
	}
	return n
}

// Calls lists all calls so far.
func (f *Faults) Calls() []Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

func (f *Faults) enter(c Call) error {
	f.mu.Lock()
	f.calls = append(f.calls, c)
	before := f.before
	busy := f.busy > 0
	if busy {
		f.busy--
	}
	crashed := f.crashed
	f.mu.Unlock()
	if crashed {
		return ErrCrash
	}
	if busy {
		return fault.New(fault.ServerBusy, "fake."+string(c.Op), string(c.User), nil)
	}
	if before == nil {
		return nil
	}
	if err := before(c); err != nil {
		return err
	}
	if f.Crashed() { // the hook may have ended the process
		return ErrCrash
	}
	return nil
}

// begin numbers an effect and chooses its trouble.
func (f *Faults) begin(e Effect) (Effect, error) {
	f.mu.Lock()
	if f.crashed {
		f.mu.Unlock()
		return e, ErrCrash
	}
	f.n++
	e.N = f.n
	t, planned := f.planned[e.N]
	delete(f.planned, e.N)
	decide := f.decide
	f.mu.Unlock()
	if !planned && decide != nil {
		t = decide(e)
	}
	e.Trouble = t
	return e, nil
}

// end logs an effect, and crashes if that is its trouble.
func (f *Faults) end(e Effect, done bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e.Done = done
	f.log = append(f.log, e)
	if e.Trouble == CrashBefore || e.Trouble == CrashAfter {
		f.crashed = true
	}
}
