package status

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// Board is the picture. Its methods may be called from any goroutine and return
// at once. It hears the scheduler (its Observer) and, through [Board.Progress],
// the executor.
type Board struct {
	now func() time.Time
	gap time.Duration

	// mu guards the fields below.
	mu sync.Mutex
	// version counts changes; each entry remembers its last one.
	version uint64
	agent   Agent
	agentAt uint64
	users   map[pim.UserID]*entry
	// withoutID are never changed in place.
	withoutID   []User
	withoutIDAt uint64
	// changed is closed at the next change; nil while nobody waits.
	changed chan struct{}
}

// entry is one user on the board.
type entry struct {
	user User
	at   uint64
	// base is [NotSetUp] or [Disabled] with its code for a user who isn't synced,
	// else [Fine].
	base     State
	baseCode fault.Code
	// stop is why nothing runs for him until something changes.
	stop  fault.Code
	paces [3]pace  // by pim.Kind
	runs  [3]int64 // whose counts are on show, by pim.Kind; 0 for not known
}

// DefaultGap is the gap of a board that is made without one.
const DefaultGap = 200 * time.Millisecond

// New makes an empty board. Watchers get changes at most every gap.
func New(now func() time.Time, gap time.Duration) *Board {
	if gap <= 0 {
		gap = DefaultGap
	}
	return &Board{now: now, gap: gap, users: map[pim.UserID]*entry{}, agent: Agent{Started: now()}}
}

// change runs f on a user's entry and tells the watchers. A user nobody spoke of
// before is entered.
func (b *Board) change(id pim.UserID, f func(*entry)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changeLocked(id, f)
}

func (b *Board) changeLocked(id pim.UserID, f func(*entry)) {
	e := b.users[id]
	if e == nil {
		e = &entry{user: User{User: id}, base: Fine}
		for _, k := range pim.Kinds() {
			e.user.Kinds = append(e.user.Kinds, Kind{Kind: k, Phase: Idle, FirstSync: true})
		}
		b.users[id] = e
	}
	f(e)
	b.version++
	e.at = b.version
	b.tellLocked()
}

func (b *Board) tellLocked() {
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}

// changeKind runs f on one kind of a user; an unknown kind is nobody's.
func (b *Board) changeKind(id pim.UserID, kind pim.Kind, f func(*Kind, *pace)) {
	if !slices.Contains(pim.Kinds(), kind) {
		return
	}
	b.change(id, func(e *entry) { f(e.kind(kind), &e.paces[kind]) })
}

func (e *entry) kind(kind pim.Kind) *Kind {
	for i := range e.user.Kinds {
		if e.user.Kinds[i].Kind == kind {
			return &e.user.Kinds[i]
		}
	}
	panic("status: unknown kind")
}

// SetAgent changes the picture of the agent.
func (b *Board) SetAgent(f func(*Agent)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f(&b.agent)
	b.version++
	b.agentAt = b.version
	// The business database is behind every user's word.
	for _, e := range b.users {
		e.at = b.version
	}
	b.tellLocked()
}

// Known enters or renames an employee. base is [NotSetUp] or [Disabled] with the
// reason's code for one who isn't to be synced, else [Fine].
func (b *Board) Known(user pim.UserID, name string, base State, code fault.Code) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.users[user]; e != nil && e.user.Name == name && e.base == base && e.baseCode == code {
		return
	}
	b.changeLocked(user, func(e *entry) { e.user.Name, e.base, e.baseCode = name, base, code })
}

// WithoutID sets who has no User-ID in the master data: names, in any order. Nothing
// else can be known of them.
func (b *Board) WithoutID(names []string) {
	list := make([]User, len(names))
	for i, name := range names {
		list[i] = User{Name: name, State: Disabled, Code: fault.EmployeeWithoutID}
	}
	slices.SortFunc(list, func(x, y User) int { return cmp.Compare(x.Name, y.Name) })
	b.mu.Lock()
	defer b.mu.Unlock()
	if slices.EqualFunc(list, b.withoutID, func(x, y User) bool { return x.Name == y.Name }) {
		return
	}
	b.version++
	b.withoutID, b.withoutIDAt = list, b.version
	b.tellLocked()
}

// Directed sets which way a user's items of a kind travel.
func (b *Board) Directed(user pim.UserID, kind pim.Kind, d Direction) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.users[user]; e != nil && slices.ContainsFunc(e.user.Kinds, func(k Kind) bool { return k.Kind == kind && k.Direction == d }) {
		return
	}
	if slices.Contains(pim.Kinds(), kind) {
		b.changeLocked(user, func(e *entry) { e.kind(kind).Direction = d })
	}
}

// Counted sets how many problems need a person and how many guards wait for one.
func (b *Board) Counted(user pim.UserID, problems, holds uint32) {
	b.change(user, func(e *entry) { e.user.Problems, e.user.Holds = problems, holds })
}

// Paired sets how many items of a kind are paired.
func (b *Board) Paired(user pim.UserID, kind pim.Kind, pairs uint64) {
	b.changeKind(user, kind, func(k *Kind, _ *pace) { k.Pairs = pairs })
}

// Progress takes an executor's report.
func (b *Board) Progress(p Progress) {
	if !slices.Contains(pim.Kinds(), p.Kind) {
		return
	}
	b.change(p.User, func(e *entry) {
		k, pc, run := e.kind(p.Kind), &e.paces[p.Kind], &e.runs[p.Kind]
		k.Phase, k.FirstSync = p.Phase, p.First
		// A run that has met nothing yet, or never does, leaves the last one's on show.
		if p.Done > 0 || p.Expected > 0 || p.Counts != (Counts{}) {
			k.Pairs += newPairs(*run, k.Counts, p)
			expected := p.Expected
			// The next slice of a run looks through the feeds before it counts again what
			// there is to do: until then that stands which is known.
			if *run == p.Run && p.Phase < Writing {
				expected = max(expected, k.Expected)
			}
			k.Done, k.Expected, k.Counts, *run = p.Done, expected, p.Counts, p.Run
		}
		// While it only knocks at the door, what was in the way may still be.
		if p.Code != "" || p.Phase > Reading || p.Done > 0 {
			k.BlockedCode, k.BlockedUntil = p.Code, time.Time{}
		}
		pc.step(p.Run, p.Done, b.now())
	})
}

// newPairs estimates how many pairs a run made since its last report, until
// [Board.Paired] tells exactly. Of a run that began unseen nothing is known.
func newPairs(run int64, last Counts, p Progress) uint64 {
	made := func(c Counts) uint64 { return c.CreatedBusiness + c.CreatedExchange + c.Paired }
	switch {
	case run == 0, made(p.Counts) < made(last) && run == p.Run:
		return 0
	case run != p.Run:
		return made(p.Counts)
	}
	return made(p.Counts) - made(last)
}

// Listed is the scheduler's: the user is to be synced.
func (b *Board) Listed(user pim.UserID, kinds []pim.Kind) {
	b.change(user, func(e *entry) {
		e.base, e.baseCode = Fine, ""
		for i := range e.user.Kinds {
			e.user.Kinds[i].Enabled = slices.Contains(kinds, e.user.Kinds[i].Kind)
		}
	})
}

// Unlisted is the scheduler's: the user isn't synced any more. Unless [Board.Known]
// told why, he counts as not set up.
func (b *Board) Unlisted(user pim.UserID) {
	b.change(user, func(e *entry) {
		if e.base == Fine {
			e.base = NotSetUp
		}
		e.stop = ""
		for i := range e.user.Kinds {
			k := &e.user.Kinds[i]
			k.Enabled, k.Phase, k.NextRun = false, Idle, time.Time{}
			k.BlockedCode, k.BlockedUntil = "", time.Time{}
		}
	})
}

// Paused is the scheduler's: a person paused the user, or it is over.
func (b *Board) Paused(user pim.UserID, paused bool, until time.Time) {
	b.change(user, func(e *entry) { e.user.Paused, e.user.PausedUntil = paused, until })
}

// Stopped is the scheduler's: nothing runs because of code until something
// changes; "" when it is over.
func (b *Board) Stopped(user pim.UserID, code fault.Code, until time.Time) {
	b.change(user, func(e *entry) {
		old := e.stop
		e.stop = code
		for i := range e.user.Kinds {
			k := &e.user.Kinds[i]
			switch {
			case code != "" && k.Enabled:
				k.BlockedCode, k.BlockedUntil, k.NextRun = code, until, until
			case code == "" && old != "" && k.BlockedCode == old:
				k.BlockedCode, k.BlockedUntil = "", time.Time{}
			}
		}
	})
}

// Queued is the scheduler's: a run waits for its turn. A run that only waits for
// its next slice keeps its phase.
func (b *Board) Queued(user pim.UserID, kind pim.Kind) {
	b.changeKind(user, kind, func(k *Kind, _ *pace) {
		if k.Phase == Idle {
			k.Phase = Queued
		}
	})
}

// SliceBegan is the scheduler's: a slice is running.
func (b *Board) SliceBegan(user pim.UserID, kind pim.Kind, at time.Time) {
	b.changeKind(user, kind, func(k *Kind, _ *pace) {
		k.LastTry, k.NextRun = at, time.Time{}
		if k.Phase == Idle || k.Phase == Queued {
			k.Phase = Reading
		}
	})
}

// RunEnded is the scheduler's: a run is complete.
func (b *Board) RunEnded(user pim.UserID, kind pim.Kind, at, next time.Time) {
	b.changeKind(user, kind, func(k *Kind, p *pace) {
		k.Phase, k.FirstSync, k.LastSuccess, k.NextRun = Idle, false, at, next
		k.BlockedCode, k.BlockedUntil = "", time.Time{}
		*p = pace{}
	})
}

// RunFailed is the scheduler's: a slice failed and is tried again at until.
func (b *Board) RunFailed(user pim.UserID, kind pim.Kind, _ time.Time, code fault.Code, until time.Time) {
	b.changeKind(user, kind, func(k *Kind, p *pace) {
		k.Phase, k.NextRun = Idle, until
		k.BlockedCode, k.BlockedUntil = code, until
		*p = pace{}
	})
}

// RunCutOff is the scheduler's: a slice was ended by pause, stop or removal.
func (b *Board) RunCutOff(user pim.UserID, kind pim.Kind) {
	b.changeKind(user, kind, func(k *Kind, p *pace) {
		k.Phase = Idle
		*p = pace{}
	})
}
