package executor_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/fake"
	"abgleich/agent/store"
)

// model is what persons did, and what must therefore be true once all is quiet.
type model struct {
	*world
	serial int
	// most is how many items with one token there may be on a side; least is 1
	// as long as nobody took one away.
	most, least map[string]int
	// live are the texts persons wrote and no person replaced or deleted since.
	live map[string]bool
	log  []string
	// feed is Exchange with a feed that is silent about what came and went; nil for
	// one that reports every deletion.
	feed *quietly
}

// restart is a new process that sees Exchange as the one before.
func (m *model) restart() {
	m.world.restart()
	if m.feed != nil {
		m.through(m.feed)
	}
}

func (m *model) note(f string, args ...any) { m.log = append(m.log, fmt.Sprintf(f, args...)) }

func token(i pim.Item) string {
	t, _, _ := strings.Cut(i.Shared().Subject, "~")
	return t
}

// act lets a person do something on a side; n chooses what and with which item.
func (m *model) act(id pim.SideID, action string, n int) {
	s := m.side(id)
	items := s.Items(m.user, kind)
	switch action {
	case "put":
		m.serial++
		tok := fmt.Sprintf("t%d", m.serial)
		a := appointment(tok, m.serial%20)
		a.Body = m.text()
		m.most[tok], m.least[tok] = 1, 1
		m.note("%s put %s %s", id, tok, a.Body)
		s.Put(m.user, a)
		return
	case "both": // the same appointment entered on both sides
		m.serial++
		tok := fmt.Sprintf("t%d", m.serial)
		m.most[tok], m.least[tok] = 2, 1
		for _, id := range both {
			a := appointment(tok, m.serial%20)
			a.Body = m.text()
			m.note("%s put %s %s", id, tok, a.Body)
			m.side(id).Put(m.user, a)
		}
		return
	case "back":
		if l := s.Elsewhere(m.user, kind); len(l) > 0 {
			m.note("%s back %s", id, l[n%len(l)].Item.Shared().Subject)
			s.MoveBack(m.user, kind, l[n%len(l)].ID)
		}
		return
	case "undelete":
		if l := s.Trash(m.user, kind); len(l) > 0 {
			e := l[n%len(l)]
			m.note("%s undelete %s %s", id, e.Item.Shared().Subject, e.ID)
			m.most[token(e.Item)]++
			s.Undelete(m.user, kind, e.ID)
		}
		return
	case "lose":
		m.note("%s lose", id)
		s.LoseCursors()
		return
	}
	if len(items) == 0 {
		return
	}
	e := items[n%len(items)]
	tok := token(e.Item)
	a := e.Item.(*pim.Appointment)
	m.note("%s %s %s %s (%s, %q)", id, action, e.Item.Shared().Subject, e.ID, a.Body, a.Location)
	switch action {
	case "body":
		m.gone(a.Body)
		v := m.text()
		m.note("  to %s", v)
		s.Edit(m.user, kind, e.ID, func(i pim.Item) { i.Shared().Body = v })
	case "location":
		m.gone(a.Location)
		v := m.text()
		m.note("  to %s", v)
		s.Edit(m.user, kind, e.ID, func(i pim.Item) { i.(*pim.Appointment).Location = v })
	case "hour": // a new time, in the zone's own name on that side
		s.Edit(m.user, kind, e.ID, func(i pim.Item) {
			w := &i.(*pim.Appointment).When
			w.Start, w.End = w.Start.Add(time.Hour), w.End.Add(time.Hour)
		})
	case "series": // one more exception, or single becomes series, or series single
		s.Edit(m.user, kind, e.ID, func(i pim.Item) {
			switch a := i.(*pim.Appointment); {
			case a.Recurrence == nil:
				makeSeries(a)
			case n%4 == 0:
				a.Recurrence = nil
			case n%4 == 1:
				drop(a, 1+n%9)
			default:
				rename(a, 1+n%9, fmt.Sprintf("%s~%d", token(a), m.serial))
			}
		})
	case "private":
		s.Edit(m.user, kind, e.ID, func(i pim.Item) {
			i.Shared().Sensitivity = []pim.Sensitivity{pim.Normal, pim.Personal, pim.Private}[n%3]
		})
	case "touch":
		s.Touch(m.user, kind, e.ID)
	case "copy":
		m.most[tok]++
		s.Copy(m.user, kind, e.ID)
	case "move":
		s.Move(m.user, kind, e.ID)
	case "delete", "wipe":
		m.least[tok] = 0
		m.gone(a.Body)
		m.gone(a.Location)
		if action == "delete" {
			s.Delete(m.user, kind, e.ID)
		} else {
			s.HardDelete(m.user, kind, e.ID)
		}
	}
}

func (m *model) text() string {
	m.serial++
	v := fmt.Sprintf("v%d", m.serial)
	m.live[v] = true
	return v
}

func (m *model) gone(v string) { delete(m.live, v) }

var actions = []string{"put", "put", "both", "body", "body", "location", "hour", "series", "series", "private", "touch", "copy", "move", "back", "delete", "undelete", "wipe", "lose"}

// peace ends all trouble and lets persons tidy up: what was moved comes back,
// holds are decided, ambiguous items get names of their own.
func (m *model) peace(d store.Decision) {
	m.faults.Decide(nil)
	m.faults.Revive()
	m.restart()
	for _, id := range both {
		for len(m.side(id).Elsewhere(m.user, kind)) > 0 {
			m.act(id, "back", 0)
		}
	}
	for range 20 {
		m.now = m.now.Add(25 * time.Hour) // what was moved away is looked for once a day
		m.settle()
		holds, err := m.store.Holds(m.t.Context(), m.user)
		if err != nil {
			m.t.Fatal(err)
		}
		list, err := m.store.Problems(m.t.Context(), store.ProblemQuery{User: m.user})
		if err != nil {
			m.t.Fatal(err)
		}
		if len(holds) == 0 && len(list) == 0 {
			return
		}
		for _, h := range holds {
			m.note("hold %d of %d: %d", h.ID, h.Items, d)
			if err := m.store.ResolveHold(m.t.Context(), m.user, h.ID, d, "anna"); err != nil {
				m.t.Fatal(err)
			}
		}
		for _, p := range list {
			if p.Code != fault.ItemAmbiguous {
				m.t.Fatalf("a problem stays: %+v", p)
			}
			m.serial++
			m.note("%s rename %s", p.Side, p.Item)
			m.side(p.Side).Edit(m.user, kind, p.Item, func(i pim.Item) {
				i.Shared().Subject = fmt.Sprintf("%s~%d", token(i), m.serial)
			})
		}
	}
	m.t.Fatalf("never at peace: %s", m.problems())
}

// check compares the world with the model.
func (m *model) check() {
	m.equal()
	texts := map[string]bool{}
	for _, id := range both {
		have := map[string]int{}
		for _, e := range m.side(id).Items(m.user, kind) {
			a := e.Item.(*pim.Appointment)
			have[token(a)]++
			texts[a.Body], texts[a.Location] = true, true
		}
		for tok, most := range m.most {
			if n := have[tok]; n > most || n < m.least[tok] {
				m.t.Errorf("%s has %d items %s, want %d to %d", id, n, tok, m.least[tok], most)
			}
		}
	}
	trash, err := m.store.Trash(m.t.Context(), m.user, 0, 10000)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, x := range trash {
		i, err := pim.Unmarshal(x.Content)
		if err != nil {
			m.t.Fatal(err)
		}
		a := i.(*pim.Appointment)
		texts[a.Body], texts[a.Location] = true, true
	}
	for v := range m.live {
		if !texts[v] {
			m.t.Errorf("%s was written by a person and is neither in an item nor in the trash", v)
		}
	}
}

// TestNothingIsLostOrDoubledWhateverHappens lets persons work on both sides,
// before and during runs, while the process is killed around any effect, replies
// are lost, items refused and cursors forgotten.
func TestNothingIsLostOrDoubledWhateverHappens(t *testing.T) {
	enough(t, 100_000, func(rt *rapid.T, done *steps) {
		tb := &trial{TB: t, rt: rt, log: func() string { return "" }}
		bo, eo := fake.Business(), fake.Exchange()
		for _, o := range []*fake.Options{&bo, &eo} {
			o.PageSize, o.BatchSize = rapid.IntRange(1, 9).Draw(rt, "page"), rapid.IntRange(1, 5).Draw(rt, "batch")
		}
		bo.Loss.PrivateOnly = true
		eo.Loss.Zone = func(z string) string { return strings.Replace(z, "Vienna", "Berlin", 1) }
		m := &model{world: newWorldWith(tb, true, bo, eo), most: map[string]int{}, least: map[string]int{}, live: map[string]bool{}}
		m.hasty = rapid.Bool().Draw(rt, "hasty")
		if rapid.Bool().Draw(rt, "silent feed") {
			m.feed = &quietly{Side: m.exchange, named: map[pim.ItemID]bool{}}
			m.restart()
		}
		tb.log = func() string { return strings.Join(m.log, "\n") }
		troubles := []fake.Trouble{fake.CrashBefore, fake.CrashAfter, fake.LoseItemReply, fake.LoseItemRequest, fake.LoseReply,
			fake.LoseRequest, fake.Refuse, fake.Stale}
		actor := rapid.Custom(func(rt *rapid.T) func() {
			id := rapid.SampledFrom(both).Draw(rt, "side")
			what, n := rapid.SampledFrom(actions).Draw(rt, "action"), rapid.IntRange(0, 50).Draw(rt, "which")
			return func() { done.deeds.Add(1); m.act(id, what, n) }
		})
		for range rapid.IntRange(1, 6).Draw(rt, "runs") {
			for _, do := range rapid.SliceOfN(actor, 0, 6).Draw(rt, "before") {
				do()
			}
			var one sync.Mutex
			during := map[int]func(){}
			for range rapid.IntRange(0, 2).Draw(rt, "meanwhile") {
				during[m.faults.Effects()+rapid.IntRange(1, 25).Draw(rt, "when")] = actor.Draw(rt, "what")
			}
			m.faults.Decide(func(e fake.Effect) fake.Trouble {
				if do := during[e.N]; do != nil {
					one.Lock() // effects of both sides come at the same time
					defer one.Unlock()
					m.note("during effect %d %s", e.N, e.Op)
					do()
				}
				return fake.None
			})
			for range rapid.IntRange(0, 3).Draw(rt, "troubles") {
				at, what := rapid.IntRange(1, 25).Draw(rt, "at"), rapid.SampledFrom(troubles).Draw(rt, "trouble")
				m.note("trouble %d at %d", what, m.faults.Effects()+at)
				m.faults.At(at, done.counted(what))
			}
			done.runs.Add(1)
			_, err := m.slices()
			m.note("ran: %v", err)
			if err != nil && !errors.Is(err, fake.ErrCrash) && fault.CodeOf(err) != fault.ReplyLost {
				rt.Fatalf("%v\n%s", err, strings.Join(m.log, "\n"))
			}
			m.faults.Revive()
			m.restart()
			m.now = m.now.Add(time.Duration(rapid.IntRange(0, 5).Draw(rt, "minutes")) * time.Minute)
		}
		done.effects.Add(int64(m.faults.Effects()))
		m.peace(rapid.SampledFrom([]store.Decision{store.Confirm, store.Restore}).Draw(rt, "decision"))
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
