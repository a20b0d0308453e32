package executor_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"abgleich/agent/engine"
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
	// secret are those of them that were written into what was private in Exchange
	// then, and never has been anything else.
	secret map[string]bool
	log    []string
	// decision is what persons say of what is held.
	decision store.Decision
	// varied tells that the options changed on the way, asked that a person asked for
	// something to be undone, restored or declined: an item may then be on one side
	// only, for a reason that can be told.
	varied, asked bool
	// denied tells that the user lost his permission: nothing runs for him.
	denied bool
	// behind tells that the store is an older one, and no run has come to its end since.
	behind bool
	// latest is what the clock showed before it jumped.
	latest time.Time
	// struck is the side that a backup or a reset took something from, 0 for none.
	struck pim.SideID
	// saved are backups of both sides and of the store, each nil for none.
	saved map[pim.SideID]*fake.Snapshot
	state []byte
}

func newModel(w *world) *model {
	return &model{world: w, most: map[string]int{}, least: map[string]int{}, live: map[string]bool{},
		secret: map[string]bool{}, saved: map[pim.SideID]*fake.Snapshot{}}
}

func (m *model) note(f string, args ...any) { m.log = append(m.log, fmt.Sprintf(f, args...)) }

func (m *model) story() string { return strings.Join(m.log, "\n") }

func token(i pim.Item) string {
	t, _, _ := strings.Cut(i.Shared().Subject, "~")
	return t
}

// token is the one an item was made with. A private item's copy does not tell; its
// original does. "" where nobody can tell.
func (m *model) token(id pim.SideID, e fake.Entry) string {
	if e.Item.Shared().Subject != engine.MaskSubject {
		return token(e.Item)
	}
	for _, x := range m.side(id.Other()).Items(m.user, m.kind) {
		if x.Key == e.Key && e.Key != "" {
			return token(x.Item)
		}
	}
	return ""
}

// fresh is a new item with a token, at the nth time.
func (m *model) fresh(tok string, n int) pim.Item {
	if m.kind == pim.KindTask {
		return &pim.Task{Common: pim.Common{Subject: tok}, Due: pim.Date{Year: 2026, Month: time.April, Day: 1 + n%20}}
	}
	return appointment(tok, n%20)
}

// texts are what persons wrote into an item and its single days.
func texts(i pim.Item) []string {
	out := []string{i.Shared().Body}
	if a, ok := i.(*pim.Appointment); ok {
		out = append(out, a.Location)
	}
	if r := i.Shared().Recurrence; r != nil {
		for _, c := range r.Changed {
			out = append(out, c.Item.Subject)
		}
	}
	return out
}

// told are all texts that an item tells, those that its days have from before too.
func told(i pim.Item) []string {
	out := texts(i)
	if r := i.Shared().Recurrence; r != nil {
		for _, c := range r.Changed {
			out = append(out, c.Item.Body, c.Item.Location)
		}
	}
	return out
}

// text is a new one, for an item of a side.
func (m *model) text(id pim.SideID, i pim.Item) string {
	m.serial++
	return m.written(id, i, fmt.Sprintf("v%d", m.serial))
}

// written notes that a person wrote a text into an item of a side.
func (m *model) written(id pim.SideID, i pim.Item, v string) string {
	m.live[v] = true
	m.secret[v] = id == pim.Exchange && i.Shared().Sensitivity != pim.Normal
	return v
}

func (m *model) gone(texts ...string) {
	for _, v := range texts {
		delete(m.live, v)
	}
}

// put lets a person make an item.
func (m *model) put(tok string, change func(pim.Item), sides ...pim.SideID) {
	m.most[tok], m.least[tok] = len(sides), 1
	n := m.serial
	for _, id := range sides {
		i := m.fresh(tok, n)
		change(i)
		i.Shared().Body = m.text(id, i)
		m.note("%s put %s %s", id, tok, i.Shared().Body)
		m.side(id).Put(m.user, i)
	}
}

func (m *model) newToken() string {
	m.serial++
	return fmt.Sprintf("t%d", m.serial)
}

// act lets a person do something on a side; n chooses what and with which item.
func (m *model) act(id pim.SideID, action string, n int) {
	s := m.side(id)
	items := s.Items(m.user, m.kind)
	switch action {
	case "put":
		m.put(m.newToken(), func(pim.Item) {}, id)
		return
	case "secret": // something private, from the first instant
		m.put(m.newToken(), func(i pim.Item) { i.Shared().Sensitivity = pim.Private }, id)
		return
	case "both": // the same appointment entered on both sides
		m.put(m.newToken(), func(pim.Item) {}, both...)
		return
	case "back":
		if l := s.Elsewhere(m.user, m.kind); len(l) > 0 {
			m.note("%s back %s", id, l[n%len(l)].Item.Shared().Subject)
			s.MoveBack(m.user, m.kind, l[n%len(l)].ID)
		}
		return
	case "undelete":
		if l := s.Trash(m.user, m.kind); len(l) > 0 {
			e := l[n%len(l)]
			m.note("%s undelete %s %s", id, e.Item.Shared().Subject, e.ID)
			m.most[token(e.Item)]++
			s.Undelete(m.user, m.kind, e.ID)
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
	tok := m.token(id, e)
	if tok == "" {
		return
	}
	m.note("%s %s %s %s %q", id, action, e.Item.Shared().Subject, e.ID, texts(e.Item))
	m.edit(id, action, n, e, tok)
}

// edit lets a person do something with an item.
func (m *model) edit(id pim.SideID, action string, n int, e fake.Entry, tok string) {
	s := m.side(id)
	change := func(f func(pim.Item)) { s.Edit(m.user, m.kind, e.ID, f) }
	a, appointment := e.Item.(*pim.Appointment)
	switch action {
	case "body":
		m.gone(e.Item.Shared().Body)
		v := m.text(id, e.Item)
		m.note("  to %s", v)
		change(func(i pim.Item) { i.Shared().Body = v })
	case "location":
		if !appointment {
			return
		}
		m.gone(a.Location)
		v := m.text(id, e.Item)
		m.note("  to %s", v)
		change(func(i pim.Item) { i.(*pim.Appointment).Location = v })
	case "hour": // a new time, in the zone's own name on that side; or a new day
		change(func(i pim.Item) {
			switch x := i.(type) {
			case *pim.Appointment:
				w := &x.When
				w.Start, w.End = w.Start.Add(time.Hour), w.End.Add(time.Hour)
			case *pim.Task:
				x.Due = x.Due.AddDays(1)
			}
		})
	case "series": // one more exception, or single becomes series, or series single
		m.recurs(id, n, e, tok)
	case "private":
		m.opened(id, e)
		change(func(i pim.Item) {
			i.Shared().Sensitivity = []pim.Sensitivity{pim.Normal, pim.Personal, pim.Private}[n%3]
		})
	case "category":
		change(func(i pim.Item) {
			c := &i.Shared().Categories
			if *c = nil; n%2 == 0 {
				*c = []string{"work"}
			}
		})
	case "touch":
		s.Touch(m.user, m.kind, e.ID)
	case "copy":
		m.most[tok]++
		s.Copy(m.user, m.kind, e.ID)
	case "move":
		if m.behind { // it can't be known for the other half of the one that stays
			m.most[tok]++
		}
		s.Move(m.user, m.kind, e.ID)
	case "delete", "wipe":
		m.least[tok] = 0
		m.gone(texts(e.Item)...)
		if action == "delete" {
			s.Delete(m.user, m.kind, e.ID)
		} else {
			s.HardDelete(m.user, m.kind, e.ID)
		}
	}
}

// recurs lets a person change the pattern of an item, or the state of a task. What the
// days said that then are no more is gone.
func (m *model) recurs(id pim.SideID, n int, e fake.Entry, tok string) {
	m.serial++
	name := fmt.Sprintf("%s~%d", tok, m.serial)
	m.side(id).Edit(m.user, m.kind, e.ID, func(i pim.Item) { recur(i, n, name) })
	now, _ := m.side(id).Item(m.user, m.kind, e.ID)
	left := texts(now.Item)
	for _, v := range texts(e.Item) {
		if !slices.Contains(left, v) {
			m.gone(v)
		}
	}
	if slices.Contains(left, name) {
		m.note("  a day is %s", m.written(id, now.Item, name))
	}
}

// recur changes the pattern of an item, with a name for a day, or the state of a task.
func recur(i pim.Item, n int, name string) {
	a, ok := i.(*pim.Appointment)
	if !ok {
		t := i.(*pim.Task)
		t.Status = []pim.TaskStatus{pim.NotStarted, pim.InProgress, pim.Completed}[n%3]
		t.Percent, t.Completed = 0, pim.Date{}
		if t.Status == pim.Completed {
			t.Percent, t.Completed = 100, t.Due
		}
		return
	}
	switch {
	case a.Recurrence == nil:
		makeSeries(a)
	case n%4 == 0:
		a.Recurrence = nil
	case n%4 == 1:
		drop(a, 1+n%9)
	default:
		rename(a, 1+n%9, name)
	}
}

// opened notes that what stands in an item and its other half is no secret any more.
func (m *model) opened(id pim.SideID, e fake.Entry) {
	all := told(e.Item)
	for _, x := range m.side(id.Other()).Items(m.user, m.kind) {
		if token(x.Item) == m.token(id, e) {
			all = append(all, told(x.Item)...)
		}
	}
	for _, v := range all {
		delete(m.secret, v)
	}
}

var actions = []string{"put", "put", "both", "secret", "body", "body", "location", "hour", "series", "series", "private", "category",
	"touch", "copy", "move", "back", "delete", "undelete", "wipe", "lose"}

// person gives something that somebody may do.
func (m *model) person(rt *rapid.T, done *steps) func() {
	id := rapid.SampledFrom(both).Draw(rt, "side")
	what, n := rapid.SampledFrom(actions).Draw(rt, "action"), rapid.IntRange(0, 50).Draw(rt, "which")
	return func() { done.deeds.Add(1); m.act(id, what, n) }
}

// optionsOfModel are what a user may choose.
var optionsOfModel = []engine.Options{
	{}, {Direction: engine.ToExchange}, {Direction: engine.ToBusiness}, {Private: engine.PrivateBusy}, {Private: engine.PrivateNot},
	{Direction: engine.ToExchange, Private: engine.PrivateBusy}, {Direction: engine.ToBusiness, Private: engine.PrivateBusy},
	{Past: days(10), Future: days(35)}, {Future: days(5)}, {Categories: []string{"Work"}}, {OpenOnly: true},
	{Policy: engine.BusinessWins}, {Policy: engine.ExchangeWins},
	{Groups: map[engine.Group]engine.Policy{engine.GroupContent: engine.ExchangeWins, engine.GroupTime: engine.BusinessWins}},
}

// worldOf draws a world: how both sides answer, how the agent is set up, and how it
// is used.
func worldOf(rt *rapid.T, tb *trial, done *steps) *model {
	bo, eo := fake.Business(), fake.Exchange()
	for _, o := range []*fake.Options{&bo, &eo} {
		o.PageSize, o.BatchSize = rapid.IntRange(1, 9).Draw(rt, "page"), rapid.IntRange(1, 5).Draw(rt, "batch")
	}
	bo.Loss.PrivateOnly = true
	eo.Loss.Zone = func(z string) string { return strings.Replace(z, "Vienna", "Berlin", 1) }
	w, _ := done.stores.world(tb, bo, eo)
	m := newModel(w)
	m.kind = rapid.SampledFrom([]pim.Kind{pim.KindAppointment, pim.KindAppointment, pim.KindAppointment, pim.KindTask}).Draw(rt, "kind")
	m.hasty = rapid.IntRange(0, 3).Draw(rt, "hasty") == 0
	m.decision = rapid.SampledFrom([]store.Decision{store.Confirm, store.Restore}).Draw(rt, "decision")
	if n := rapid.IntRange(0, 3).Draw(rt, "guard"); n > 0 {
		m.guard = engine.Guard{Items: n, Percent: 20}
	}
	if rapid.Bool().Draw(rt, "silent feed") {
		m.seen = &quietly{Side: m.exchange, named: map[pim.ItemID]bool{}}
	}
	for _, id := range both {
		empty := m.side(id).Snapshot()
		m.saved[id] = &empty
	}
	m.restart()
	return m
}

// has tells whether a side holds an item with a token, in its folder or another one.
func (m *model) holds(id pim.SideID, tok string) bool {
	in := func(l []fake.Entry) bool {
		return slices.ContainsFunc(l, func(e fake.Entry) bool { return token(e.Item) == tok })
	}
	return in(m.side(id).Items(m.user, m.kind)) || in(m.side(id).Elsewhere(m.user, m.kind))
}
