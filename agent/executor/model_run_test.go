package executor_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"abgleich/agent/engine"
	"abgleich/agent/pim"
	"abgleich/agent/side/fake"
)

// TestNothingIsLostOrDoubledWhateverHappens lets persons work on both sides,
// before and during runs, while the process is killed around any effect, replies
// are lost or requests repeated, items refused, servers busy, clocks wrong and
// cursors forgotten. In some worlds the user has options, asks for runs to be undone
// or loses his permission; in some, databases are restored and mailboxes reset.
func TestNothingIsLostOrDoubledWhateverHappens(t *testing.T) {
	enough(t, 75, func(rt *rapid.T, done *steps) {
		tb := &trial{TB: t, rt: rt, log: func() string { return "" }}
		m := worldOf(rt, tb, done)
		tb.log = m.story
		if rapid.IntRange(0, 2).Draw(rt, "limited") == 0 {
			m.standard = rapid.SampledFrom(optionsOfModel).Draw(rt, "options")
			m.note("options %+v", m.standard)
			m.restart()
		}
		controlled := rapid.IntRange(0, 2).Draw(rt, "controlled") == 0
		unlucky := [][]string{nil, nil, nil, disasters, disasters, storeDisasters}[rapid.IntRange(0, 5).Draw(rt, "unlucky")]
		victim := rapid.SampledFrom(both).Draw(rt, "victim")
		actor := func() func() {
			if controlled && rapid.IntRange(0, 5).Draw(rt, "who") == 0 {
				return m.control(rt, done)
			}
			return m.person(rt, done)
		}
		for range rapid.IntRange(1, 8).Draw(rt, "runs") {
			for range rapid.IntRange(0, 20).Draw(rt, "before") {
				actor()()
			}
			m.disaster(rt, done, victim, unlucky)
			m.meet(rt, done, actor)
			m.met(done)
			m.now = m.now.Add(time.Duration(rapid.IntRange(0, 5).Draw(rt, "minutes")) * time.Minute)
		}
		if m.varied || m.limited() {
			m.peace(false)
			m.quiet()
			m.standard, m.varied = engine.Options{}, true
			m.choose(engine.Options{})
		}
		m.peace(true)
		m.check()
		m.quiet()
	})
}

// TestAKillAtAnyEffectChangesNothingInTheEnd runs one scripted story and kills
// the process before and after every single effect of it: each write to a side,
// each commit.
func TestAKillAtAnyEffectChangesNothingInTheEnd(t *testing.T) {
	story := func(t *testing.T, kill int, how fake.Trouble) (effects int, end string) {
		w := newWorld(t, true)
		run := func() {
			for range 5 {
				_, err := w.slices()
				if err == nil {
					return
				}
				if !errors.Is(err, fake.ErrCrash) {
					t.Fatal(err)
				}
				w.faults.Revive()
				w.restart()
			}
			t.Fatal("crashes again and again")
		}
		w.put(pim.Business, appointment("a", 8), appointment("b", 9), appointment("c", 10))
		w.put(pim.Exchange, appointment("a", 8), appointment("d", 11))
		if kill > 0 {
			w.faults.At(kill, how)
		}
		run()
		w.edit(pim.Business, "a", func(a *pim.Appointment) { a.Body = "text" })
		w.edit(pim.Exchange, "a", func(a *pim.Appointment) { a.Location = "room" })
		w.delete(pim.Exchange, "b")
		w.delete(pim.Business, "c")
		w.edit(pim.Exchange, "c", func(a *pim.Appointment) { a.Body = "wins" })
		w.exchange.Copy(w.user, kind, w.only(pim.Exchange, "d").ID)
		if kill > 0 && w.faults.Effects() < kill {
			w.faults.Revive() // planned numbers are absolute: plan again
			w.faults.At(kill-w.faults.Effects(), how)
		}
		run()
		effects = w.faults.Effects()
		w.faults.Revive() // what was planned behind the end
		w.settle()
		w.equal()
		w.quiet()
		var lines []string
		for _, e := range w.business.Items(w.user, kind) {
			a := e.Item.(*pim.Appointment)
			lines = append(lines, a.Subject+"/"+a.Body+"/"+a.Location)
		}
		slices.Sort(lines)
		return effects, strings.Join(lines, " ")
	}
	effects, want := story(t, 0, fake.None)
	if want != "a/text/room c/wins/ d// d//" {
		t.Fatal(want)
	}
	for n := 1; n <= effects; n += every() {
		for _, how := range []fake.Trouble{fake.CrashBefore, fake.CrashAfter} {
			t.Run(fmt.Sprintf("effect %d, trouble %d", n, how), func(t *testing.T) {
				if _, got := story(t, n, how); got != want {
					t.Errorf("got %s", got)
				}
			})
		}
	}
}
