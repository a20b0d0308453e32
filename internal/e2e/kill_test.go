package e2e

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/ipc/contract"
)

var seedFlag = flag.Uint64("seed", 0, "repeat the kills of this seed; 0 makes one up")

func seedOf(t *testing.T) uint64 {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64N(1 << 32)
	}
	t.Logf("seed %d (repeat with -seed %d)", seed, seed)
	return seed
}

// TestKilledAtRandomMomentsTheFirstSyncEndsAsIfUndisturbed is the promise that an
// agent is safe to kill at any instant.
func TestKilledAtRandomMomentsTheFirstSyncEndsAsIfUndisturbed(t *testing.T) {
	for _, c := range []struct {
		name         string
		kills, short int
		lost, edits  bool
	}{
		{name: "undisturbed"},
		{name: "killed fifty times", kills: 50, short: 15},
		{name: "killed while one reply in twenty is lost", kills: 25, short: 8, lost: true},
		{name: "killed while people edit and delete on both sides", kills: 25, short: 8, edits: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			kills := c.kills
			if testing.Short() {
				kills = c.short
			}
			seed := seedOf(t)
			r := rand.New(rand.NewPCG(seed, 1))
			w := newWorld(t, options{people: 6, latency: 15 * time.Millisecond})
			all := w.seed(r)
			w.sim.Faults().Seed(seed)
			k := &killer{w: w, r: r, all: all, kills: kills, lost: c.lost, edits: c.edits}
			k.begin()
			k.run()
			w.sim.Faults().Clear()
			w.sim.Faults().SetLatency(0)
			w.slow.set(0)
			k.finish(t)
			w.judge(t)
		})
	}
}

// killer ends lives of the agent.
type killer struct {
	w           *world
	r           *rand.Rand
	all         [][]*seeded
	kills       int
	lost, edits bool
	n           int // what persons did so far
	deleted     [2]int
}

// begin hands over the logins to a first life, while the mail server refuses to
// do anything yet.
func (k *killer) begin() {
	if k.kills > 0 {
		k.w.sim.Faults().Add(exchangesim.Fault{Effect: exchangesim.Stall, For: time.Hour, Times: -1})
	}
	k.w.start()
	k.w.call().login(k.w.people)
	if k.kills > 0 {
		k.w.kill()
	}
}

// writes counts requests that change a mailbox, and the items both sides hold.
func (k *killer) writes() (requests, items int64) {
	s := k.w.sim.Stats()
	for _, p := range k.w.people {
		items += int64(k.w.box(p).Count(exchangesim.Calendar) + k.w.box(p).Count(exchangesim.Tasks))
	}
	items += k.w.number(`SELECT (SELECT count(*) FROM appointments) + (SELECT count(*) FROM tasks)`)
	return s.Requests["CreateItem"] + s.Requests["UpdateItem"], items
}

// run lives and dies.
func (k *killer) run() {
	// What a life may bring at most: so much is left for the last one.
	const mostInALife = 150
	inWrite, withProgress, most := 0, 0, 0
	// On a machine that is busy with other things more lives end before they begin.
	few := func() bool { return inWrite < k.kills/4 || withProgress < 3 }
	for i := 0; i < k.kills || few() && i < 4*k.kills; i++ {
		requests, items := k.writes()
		missing := k.missing()
		most = max(most, missing)
		if k.edits {
			k.person()
		}
		k.weather(missing*k.kills > most*(k.kills-i) && missing > mostInALife)
		k.w.start()
		k.live(i, requests)
		k.w.kill()
		r, n := k.writes()
		if r > requests {
			inWrite++
		}
		if n > items {
			withProgress++
		}
	}
	if k.kills == 0 {
		return
	}
	_, items := k.writes()
	missing := k.missing()
	k.w.t.Logf("%d kills: %d after writes had begun, %d lives that brought new items, %d items in the end, %d still missing",
		k.kills, inWrite, withProgress, items, missing)
	if missing == 0 {
		k.w.t.Error("the first sync was over before the last kill: the kills hit nothing any more")
	}
	if few() {
		k.w.t.Error("too few kills hit a working agent")
	}
}

// missing counts things that are on one side only, and things without a key.
func (k *killer) missing() (n int) {
	for i, p := range k.w.people {
		n += len(k.w.same(p, wanted(k.all[i])))
	}
	return n
}

// weather is how the server is during one life: how fast, how slow its line, and
// how many writes it takes before it hangs. Where the sync is ahead of its
// killers, it takes none.
func (k *killer) weather(behind bool) {
	f := k.w.sim.Faults()
	f.Clear()
	f.SetLatency(time.Duration(k.r.IntN(25)) * time.Millisecond)
	k.w.slow.set(time.Duration(k.r.IntN(25)) * time.Millisecond)
	if k.lost {
		f.Add(exchangesim.Fault{Effect: exchangesim.DropReply, Chance: 0.05, Times: -1})
	}
	pass := 0
	if behind {
		pass = 1 + k.r.IntN(3)
	}
	for _, op := range []string{"CreateItem", "UpdateItem"} {
		f.Add(exchangesim.Fault{Effect: exchangesim.Stall, Operation: op, For: time.Hour, Times: -1, Skip: pass})
	}
}

// live waits for the moment to die: some time after the life's first request, or
// a moment after a write.
func (k *killer) live(i int, before int64) {
	requests := func() (n int64) {
		for _, c := range k.w.sim.Stats().Requests {
			n += c
		}
		return n
	}
	first := requests()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	late := time.After(20 * time.Second)
	wait := func(ok func() bool, most time.Duration) {
		end := time.After(most)
		for !ok() {
			select {
			case <-look.C:
			case <-end:
				return
			case <-late:
				k.w.t.Fatalf("life %d: no request in 20 seconds", i)
			}
		}
	}
	wait(func() bool { return requests() > first }, time.Hour)
	if k.edits {
		k.person()
	}
	if k.r.IntN(2) == 0 {
		writes := func() bool {
			s := k.w.sim.Stats()
			return s.Requests["CreateItem"]+s.Requests["UpdateItem"] > before
		}
		wait(writes, 1500*time.Millisecond)
		wait(func() bool { return false }, time.Duration(k.r.IntN(80))*time.Millisecond)
	} else {
		wait(func() bool { return false }, time.Duration(30+k.r.IntN(370))*time.Millisecond)
	}
	if k.edits {
		k.person()
	}
}

// finish lets the sync end in peace and judges what became of everything.
func (k *killer) finish(t *testing.T) {
	w := k.w
	if w.agent == nil {
		w.start()
	}
	c := w.call()
	if k.edits {
		k.confirm(t, c)
	}
	c.await("the end of the first sync", func(list []*contract.UserStatus) bool {
		if !rest(len(w.people))(list) {
			return false
		}
		for _, u := range list {
			if u.GetHolds() > 0 && !k.edits {
				t.Fatalf("something is held: %v", u)
			}
			for _, s := range u.GetKinds() {
				want := 0
				for i, p := range w.people {
					if string(p.user) != u.GetUser() {
						continue
					}
					for _, x := range k.all[i] {
						if !x.gone && x.task == (s.GetKind() == contract.Kind_KIND_TASK) {
							want++
						}
					}
				}
				if s.GetPairs() != uint64(want) {
					return false
				}
			}
		}
		return true
	})
	eventually(t, "both sides are what they should be", func() string {
		for i, p := range w.people {
			if list := w.same(p, wanted(k.all[i])); len(list) > 0 {
				return fmt.Sprintf("%d differences, first: %s", len(list), list[0])
			}
		}
		return ""
	})
	if list := c.problems(); len(list) > 0 {
		t.Errorf("problems: %v", list)
	}
	w.quiet(t, c)
}

// quiet runs again and expects that nothing is written anywhere.
func (w *world) quiet(t *testing.T, c *caller) {
	t.Helper()
	c.syncNow(len(w.people)) // echoes
	revision := w.number(`SELECT max(revision) FROM changes`)
	before := w.sim.Stats().Requests
	c.syncNow(len(w.people))
	after := w.sim.Stats().Requests
	for _, op := range []string{"CreateItem", "UpdateItem", "DeleteItem", "MoveItem", "UpdateFolder"} {
		if n := after[op] - before[op]; n != 0 {
			t.Errorf("a quiet run made %d %s requests", n, op)
		}
	}
	if n := w.number(`SELECT max(revision) FROM changes`) - revision; n != 0 {
		t.Errorf("a quiet run made %d changes in the business database", n)
	}
}
