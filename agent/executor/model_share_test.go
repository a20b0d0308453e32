package executor_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"abgleich/agent/pim"
	"abgleich/agent/side/fake"
	"abgleich/agent/store"
)

// sharing is a model of several persons who share appointments.
type sharing struct {
	*model
	team *team
	// had are those who ever had an item with a token; must those who must have one
	// in the end: nobody took it away from them.
	had, must map[string]map[pim.UserID]bool
	// wrote says whose a reminder is and when it was set; began when somebody came to
	// an item of somebody else's, and whose it was: until then he has what the owner has.
	wrote map[int]authorship
	began map[pim.UserID][]authorship
}

type authorship struct {
	who  pim.UserID
	when int
}

// meddle lets a person do something; another one may be concerned by it.
func (m *sharing) meddle(u, other pim.UserID, id pim.SideID, action string, n int) {
	was := m.user
	m.user = u
	defer func() { m.user = was }()
	items := m.side(id).Items(u, kind)
	switch action {
	case "put":
		tok := fmt.Sprintf("t%d", m.serial+1)
		m.had[tok], m.must[tok] = map[pim.UserID]bool{u: true}, map[pim.UserID]bool{u: true}
		m.act(id, action, n)
		m.least[tok] = 0 // must says it better
		return
	case "back", "undelete", "lose":
		m.act(id, action, n)
		return
	}
	if len(items) == 0 {
		return
	}
	e := items[n%len(items)]
	tok := token(e.Item)
	switch action {
	case "join":
		if e = m.own(u, n); e.ID == "" || m.has(other, e.ID) {
			return
		}
		tok = token(e.Item)
		m.note("%s joins %s of %s", other, tok, u)
		m.arrives(other, u, tok)
		m.business.Join(u, e.ID, other)
	case "leave":
		if e = m.own(u, n); e.ID == "" || !m.has(other, e.ID) || u == other {
			return
		}
		tok = token(e.Item)
		m.note("%s is taken off %s", other, tok)
		m.leaves(other, tok)
		m.business.Leave(other, e.ID)
	case "hand over":
		if e = m.own(u, n); e.ID == "" || u == other {
			return
		}
		tok = token(e.Item)
		m.note("%s of %s goes to %s", tok, u, other)
		if !m.has(other, e.ID) {
			m.arrives(other, u, tok)
		}
		m.leaves(u, tok)
		if m.had[tok][other] && !m.must[tok][other] {
			clear(m.must[tok]) // he may have deleted it already: now that deletes it for all
		}
		m.business.HandOver(u, kind, e.ID, other)
	case "reminder":
		m.serial++
		v := m.serial
		m.wrote[v] = authorship{u, m.serial}
		m.note("%s of %s on %s reminds %d", tok, u, id, v)
		m.side(id).Edit(u, kind, e.ID, func(i pim.Item) { i.Shared().Reminder = &pim.Reminder{Before: v} })
	case "delete", "wipe":
		if m.ownerOf(tok) != u {
			m.leaves(u, tok)
		} else {
			m.most[tok] += len(m.team.users)
			clear(m.must[tok])
		}
		m.act(id, action, n)
	default:
		m.act(id, action, n)
	}
}

// own gives an appointment a user owns.
func (m *sharing) own(u pim.UserID, n int) fake.Entry {
	var mine []fake.Entry
	for _, e := range m.business.Items(u, kind) {
		if m.business.Owner(u, kind, e.ID) == u {
			mine = append(mine, e)
		}
	}
	if len(mine) == 0 {
		return fake.Entry{}
	}
	return mine[n%len(mine)]
}

// ownerOf is the user whose deletion may be the owner's; "" for any.
func (m *sharing) ownerOf(tok string) pim.UserID {
	var found []pim.UserID
	for _, u := range m.team.users {
		for _, e := range m.business.Items(u, kind) {
			if token(e.Item) == tok && m.business.Owner(u, kind, e.ID) == u {
				found = append(found, u)
			}
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return m.user
}

func (m *sharing) has(u pim.UserID, id pim.ItemID) bool {
	return slices.ContainsFunc(m.business.Items(u, kind), func(e fake.Entry) bool { return e.ID == id })
}

// arrives notes that somebody comes to an appointment of somebody else's. Who has
// had one before may still have a copy to be deleted, or may have deleted it; and so
// may the owner.
func (m *sharing) arrives(u, owner pim.UserID, tok string) {
	m.serial++
	m.began[u] = append(m.began[u], authorship{owner, m.serial})
	if !m.had[tok][u] {
		m.had[tok][u] = true
		if m.must[tok][owner] {
			m.must[tok][u] = true
		}
	}
}

// leaves notes that somebody's copy ends. An edit on its way brings it back as an
// appointment of his own.
func (m *sharing) leaves(u pim.UserID, tok string) {
	m.most[tok]++
	delete(m.must[tok], u)
}

func (m *sharing) checkAll() {
	m.team.agree()
	there := map[string]bool{}
	tells := func(i pim.Item) {
		for _, v := range texts(i) {
			there[v] = true
		}
	}
	for _, u := range m.team.users {
		m.user = u
		for _, id := range both {
			have := map[string]int{}
			for _, e := range m.side(id).Items(u, kind) {
				a := e.Item.(*pim.Appointment)
				have[token(a)]++
				tells(a)
				m.reminded(u, id, a)
			}
			for tok, most := range m.most {
				if n := have[tok]; n > most || m.must[tok][u] && n == 0 {
					m.t.Errorf("%s has %d items %s on %s, want at most %d, at least one: %v", u, n, tok, id, most, m.must[tok][u])
				}
			}
		}
		list, err := m.store.Trash(m.t.Context(), u, 0, 10000)
		if err != nil {
			m.t.Fatal(err)
		}
		for _, x := range list {
			i, err := pim.Unmarshal(x.Content)
			if err != nil {
				m.t.Fatal(err)
			}
			tells(i)
		}
	}
	for v := range m.live {
		if !there[v] {
			m.t.Errorf("%s was written by a person and is neither in an item nor in the trash", v)
		}
	}
}

// reminded looks whose reminder a user has: his own, or what an owner had when he
// came.
func (m *sharing) reminded(u pim.UserID, id pim.SideID, a *pim.Appointment) {
	if a.Reminder == nil {
		return
	}
	if by := m.wrote[a.Reminder.Before]; !m.inherited(u, by, m.serial) {
		m.t.Errorf("%s has on %s in %s the reminder %d of %s", u, id, a.Subject, a.Reminder.Before, by.who)
	}
}

// inherited tells whether what somebody wrote may have come to u by then: it is his,
// or he came to an item of somebody whom it had come to.
func (m *sharing) inherited(u pim.UserID, by authorship, then int) bool {
	return u == by.who || slices.ContainsFunc(m.began[u], func(b authorship) bool {
		return by.when < b.when && b.when <= then && m.inherited(b.who, by, b.when-1)
	})
}

var sharingActions = []string{"put", "body", "body", "location", "hour", "series", "reminder", "reminder", "touch",
	"join", "join", "join", "leave", "hand over", "delete", "wipe", "move", "back", "lose"}

// TestWhatIsSharedReachesAllAndWhatIsPersonalNobody lets three persons share
// appointments, before and during their runs, while the process is killed around any
// effect, replies are lost, items refused, servers busy and cursors forgotten. Now and
// then one has no permission, and nothing runs for him.
func TestWhatIsSharedReachesAllAndWhatIsPersonalNobody(t *testing.T) {
	enough(t, 25, func(rt *rapid.T, done *steps) {
		tb := &trial{TB: t, rt: rt, log: func() string { return "" }}
		bo, eo := fake.Business(), fake.Exchange()
		for _, o := range []*fake.Options{&bo, &eo} {
			o.PageSize, o.BatchSize = rapid.IntRange(1, 9).Draw(rt, "page"), rapid.IntRange(1, 5).Draw(rt, "batch")
		}
		w, name := done.stores.world(tb, bo, eo)
		users := []pim.UserID{pim.UserID("anna" + name), pim.UserID("bernd" + name), pim.UserID("clara" + name)}
		m := &sharing{model: newModel(w),
			had: map[string]map[pim.UserID]bool{}, must: map[string]map[pim.UserID]bool{},
			wrote: map[int]authorship{}, began: map[pim.UserID][]authorship{}}
		m.team = &team{m.world, users}
		m.decision = rapid.SampledFrom([]store.Decision{store.Confirm, store.Restore}).Draw(rt, "decision")
		tb.log = m.story
		actor := func() func() {
			u, other := rapid.SampledFrom(users).Draw(rt, "user"), rapid.SampledFrom(users).Draw(rt, "other")
			id := rapid.SampledFrom(both).Draw(rt, "side")
			what, n := rapid.SampledFrom(sharingActions).Draw(rt, "action"), rapid.IntRange(0, 50).Draw(rt, "which")
			switch what {
			case "move", "back": // nobody moves what stands in a database
				id = pim.Exchange
			case "join", "leave", "hand over":
				id = pim.Business
			}
			return func() { done.deeds.Add(1); m.meddle(u, other, id, what, n) }
		}
		denied := map[pim.UserID]bool{}
		for range rapid.IntRange(1, 8).Draw(rt, "runs") {
			for range rapid.IntRange(0, 20).Draw(rt, "before") {
				actor()()
			}
			if rapid.IntRange(0, 7).Draw(rt, "permission") == 0 {
				u := rapid.SampledFrom(users).Draw(rt, "whose")
				denied[u] = !denied[u]
				m.note("%s is denied: %v", u, denied[u])
				done.deeds.Add(1)
			}
			m.meet(rt, done, actor)
			m.user = rapid.SampledFrom(users).Draw(rt, "who runs")
			m.denied = denied[m.user]
			m.note("%s runs", m.user)
			m.met(done)
			m.now = m.now.Add(time.Duration(rapid.IntRange(0, 5).Draw(rt, "minutes")) * time.Minute)
		}
		m.peaceForAll()
		m.checkAll()
		for _, u := range users {
			m.user = u
			m.quiet()
		}
	})
}

// peaceForAll ends all trouble for one after the other, until nobody writes any more.
func (m *sharing) peaceForAll() {
	for range 10 {
		before := m.faults.Writes()
		for _, u := range m.team.users {
			m.user = u
			m.peace(true)
		}
		if m.faults.Writes() == before {
			return
		}
	}
	m.t.Fatalf("the copies write over each other for ever: %s", m.problems())
}
