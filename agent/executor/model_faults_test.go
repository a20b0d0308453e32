package executor_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"pgregory.net/rapid"

	"abgleich/agent/fault"
	"abgleich/agent/side/fake"
)

// What can happen to a run.

var effectTroubles = []fake.Trouble{fake.CrashBefore, fake.CrashAfter, fake.LoseItemReply, fake.LoseItemRequest, fake.LoseReply,
	fake.LoseRequest, fake.Refuse, fake.Stale, fake.Twice}

// callTrouble is what meets a call of a side before it does anything.
type callTrouble string

const (
	callBusy        callTrouble = "busy"
	callUnreachable callTrouble = "unreachable"
	callStalled     callTrouble = "stalled"
	callCrash       callTrouble = "crash"
	callStop        callTrouble = "stop" // the service is asked to end
)

var callTroubles = []callTrouble{callBusy, callBusy, callUnreachable, callStalled, callCrash, callStop}

// jumps are what a wrong clock, or a night's sleep, does.
var jumps = []time.Duration{time.Hour, 26 * time.Hour, 20 * 24 * time.Hour, -time.Hour, -30 * time.Hour}

// meet plans what one run meets: persons who go on working, and trouble.
func (m *model) meet(rt *rapid.T, done *steps, actor func() func()) {
	during := map[int]func(){}
	for range rapid.IntRange(0, 5).Draw(rt, "meanwhile") {
		during[m.faults.Effects()+rapid.IntRange(1, 25).Draw(rt, "when")] = actor()
	}
	m.meanwhile(during)
	for range rapid.IntRange(0, 3).Draw(rt, "troubles") {
		at, what := rapid.IntRange(1, 25).Draw(rt, "at"), rapid.SampledFrom(effectTroubles).Draw(rt, "trouble")
		m.note("trouble %d at effect %d", what, m.faults.Effects()+at)
		done.troubles.Add(1)
		m.faults.At(at, what)
	}
	calls := map[int]callTrouble{}
	for range rapid.IntRange(0, 3).Draw(rt, "call troubles") / 2 {
		at, what := rapid.IntRange(1, 30).Draw(rt, "at call"), rapid.SampledFrom(callTroubles).Draw(rt, "call trouble")
		m.note("%s at call %d", what, at)
		done.troubles.Add(1)
		calls[at] = what
	}
	m.calls(calls)
	if rapid.IntRange(0, 5).Draw(rt, "repeats") == 0 {
		id, n := rapid.SampledFrom(both).Draw(rt, "side"), rapid.IntRange(1, 12).Draw(rt, "again")
		m.note("the feed of %s repeats %d", id, n)
		done.troubles.Add(1)
		m.side(id).Repeat(n)
	}
	if rapid.IntRange(0, 7).Draw(rt, "clock") == 0 {
		by := rapid.SampledFrom(jumps).Draw(rt, "jump")
		m.note("the clock jumps by %s", by)
		done.troubles.Add(1)
		if m.now.After(m.latest) {
			m.latest = m.now
		}
		m.now = m.now.Add(by)
	}
}

// meanwhile lets persons work at given effects, one at a time. What they do may ask
// the store, which has no time while it commits: then at the next effect.
func (m *model) meanwhile(during map[int]func()) {
	var one, list sync.Mutex // list guards during; one is held by who works
	m.faults.Decide(func(e fake.Effect) fake.Trouble {
		list.Lock()
		do := during[e.N]
		delete(during, e.N)
		if do != nil && e.Side == 0 {
			if during[e.N+1] == nil {
				during[e.N+1] = do
			}
			do = nil
		}
		list.Unlock()
		if do != nil {
			one.Lock() // effects of both sides come at the same time
			defer one.Unlock()
			m.note("during effect %d %s of %s", e.N, e.Op, e.User)
			do()
		}
		return fake.None
	})
}

// calls plans trouble for the calls of the next run, by their number.
func (m *model) calls(at map[int]callTrouble) {
	ctx, stop := context.WithCancel(m.t.Context())
	m.t.Cleanup(stop)
	m.ctx = ctx
	var mu sync.Mutex
	n := 0
	m.faults.BeforeCall(func(c fake.Call) error {
		mu.Lock()
		n++
		what := at[n]
		mu.Unlock()
		switch what {
		case callBusy:
			return fault.New(fault.ServerBusy, "fake."+string(c.Op), string(c.User), nil)
		case callUnreachable:
			return fault.New(fault.ServerUnreachable, "fake."+string(c.Op), string(c.User), nil)
		case callStalled:
			return fault.New(fault.ServerStalled, "fake."+string(c.Op), string(c.User), nil)
		case callCrash:
			m.faults.Crash()
		case callStop:
			stop()
			return fault.New(fault.Cancelled, "fake."+string(c.Op), string(c.User), context.Canceled)
		}
		return nil
	})
}

// met is one run with whatever is planned, and what is checked at once.
func (m *model) met(done *steps) {
	if m.denied {
		m.note("denied")
		m.faults.Revive()
		return
	}
	done.runs.Add(1)
	from, pairs := len(m.faults.Log()), m.pairs()
	_, err := m.slices()
	m.note("ran: %v", err)
	m.behind = m.behind && err != nil
	switch fault.CodeOf(err) {
	case "", fault.ReplyLost, fault.ServerBusy, fault.ServerUnreachable, fault.ServerStalled, fault.Cancelled, fault.AlreadyRunning:
	default:
		if !errors.Is(err, fake.ErrCrash) {
			m.t.Fatal(err)
		}
	}
	m.faults.Revive()
	m.restart()
	m.obedient(from, pairs)
}
