package executor_test

import (
	"fmt"
	"time"

	"abgleich/agent/engine"
	"abgleich/agent/executor"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/fake"
	"abgleich/agent/store"
)

// calm ends all trouble; the clock is right again.
func (m *model) calm() {
	if m.now.Before(m.latest) {
		m.now = m.latest
	}
	m.faults.Decide(nil)
	m.faults.BeforeCall(nil)
	m.faults.Revive()
	m.ctx, m.denied = nil, false
	m.restart()
}

// peace ends all trouble and lets persons tidy up: what was moved comes back,
// holds are decided, ambiguous items get names of their own. What is on one side
// only for a reason is edited with open, so that it travels.
func (m *model) peace(open bool) {
	m.calm()
	pending := ""
	for range 20 {
		for _, id := range both {
			for len(m.side(id).Elsewhere(m.user, m.kind)) > 0 {
				m.act(id, "back", 0)
			}
		}
		m.now = m.now.Add(25 * time.Hour) // what was moved away is looked for once a day
		m.settle()
		if m.resolve() > 0 {
			continue
		}
		list, err := m.store.Problems(m.t.Context(), store.ProblemQuery{User: m.user})
		if err != nil {
			m.t.Fatal(err)
		}
		for _, p := range list {
			if p.Code != fault.ItemAmbiguous {
				m.t.Fatalf("a problem stays: %+v", p)
			}
			m.rename(p.Side, p.Item)
		}
		if len(list) > 0 {
			continue
		}
		var edited int
		if edited, pending = m.reasons(open); edited == 0 && pending == "" {
			return
		}
	}
	m.t.Fatalf("never at peace: %s %s", m.problems(), pending)
}

func (m *model) rename(id pim.SideID, item pim.ItemID) {
	m.serial++
	m.note("%s rename %s to ~%d", id, item, m.serial)
	m.side(id).Edit(m.user, m.kind, item, func(i pim.Item) {
		if a, ok := i.(*pim.Appointment); ok && token(i) == engine.MaskSubject {
			a.When.End = a.When.End.Add(time.Hour) // a private item's copy has no name to change
			return
		}
		i.Shared().Subject = fmt.Sprintf("%s~%d", token(i), m.serial)
	})
}

// reasons looks what comparing says of every item: none may be kept back without a
// reason, and what is pending needs one more run. With open, a person edits what is on
// one side only. It tells how many were edited.
func (m *model) reasons(open bool) (edited int, pending string) {
	for _, c := range m.compared() {
		one := c.Business == nil || c.Exchange == nil
		switch {
		case c.State == executor.CompareEqual && !one:
		case c.State == executor.ComparePending:
			pending = fmt.Sprintf("pending in %s\n%+v\n%+v", c.Differ, c.Business, c.Exchange)
		case c.State == executor.CompareOneSide && one && (m.asked || m.varied || m.limited()),
			c.State == executor.CompareFiltered && one && (m.varied || m.limited()):
			if open {
				m.travel(c)
				edited++
			}
		case c.State == executor.CompareFiltered && !open:
		default:
			m.t.Errorf("compared: state %d, %s, in %s\n%+v\n%+v", c.State, c.Code, c.Differ, c.Business, c.Exchange)
		}
	}
	return edited, pending
}

// travel lets a person edit an item that is on one side only: of several equal ones
// the one whose key no other item has.
func (m *model) travel(c executor.Compared) {
	id, item := pim.Business, c.Business
	if item == nil {
		id, item = pim.Exchange, c.Exchange
	}
	keys := map[pim.Key]int{}
	for _, e := range append(m.business.Items(m.user, m.kind), m.exchange.Items(m.user, m.kind)...) {
		keys[e.Key]++
	}
	var found fake.Entry
	for _, e := range m.side(id).Items(m.user, m.kind) {
		if pim.Diff(e.Item, item) == 0 && (found.ID == "" || e.Key == "" || keys[e.Key] != 2) {
			found = e
		}
	}
	m.rename(id, found.ID)
}

// compared is what the executor says of every item.
func (m *model) compared() (all []executor.Compared) {
	err := m.exec.Compare(m.t.Context(), m.task(), func(c executor.Compared) bool {
		all = append(all, c)
		return true
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return all
}

// limited tells that the world's own options keep something from travelling.
func (m *model) limited() bool {
	o := m.standard
	return o.Direction != "" && o.Direction != engine.Both || o.Private != "" || o.Past != nil || o.Future != nil || o.OpenOnly || o.Categories != nil
}

// visible are all texts that can still be seen: in items, also in another folder,
// and in the trash.
func (m *model) visible() map[string]bool {
	seen := map[string]bool{}
	add := func(i pim.Item) {
		for _, v := range texts(i) {
			seen[v] = true
		}
	}
	for _, id := range both {
		for _, e := range append(m.side(id).Items(m.user, m.kind), m.side(id).Elsewhere(m.user, m.kind)...) {
			add(e.Item)
		}
	}
	for _, x := range m.trash() {
		i, err := pim.Unmarshal(x.Content)
		if err != nil {
			m.t.Fatal(err)
		}
		add(i)
	}
	return seen
}

// check compares the world with the model.
func (m *model) check() {
	m.equal()
	for _, id := range both {
		have := map[string]int{}
		for _, e := range m.side(id).Items(m.user, m.kind) {
			have[token(e.Item)]++
		}
		for tok, most := range m.most {
			if n := have[tok]; tok != engine.MaskSubject && (n > most || n < m.least[tok]) {
				m.t.Errorf("%s has %d items %s, want %d to %d", id, n, tok, m.least[tok], most)
			}
		}
	}
	there := m.visible()
	for v := range m.live {
		if !there[v] {
			m.t.Errorf("%s was written by a person and is neither in an item nor in the trash", v)
		}
	}
}

// obedient checks after a run what the options forbid, and the guard; from is how
// many effects there were before it, pairs how many pairs.
func (m *model) obedient(from, pairs int) {
	if !m.varied {
		o := m.standard
		for _, e := range m.business.Items(m.user, m.kind) {
			for _, v := range told(e.Item) {
				if m.secret[v] && (o.Private == engine.PrivateBusy || o.Private == engine.PrivateNot) {
					m.t.Errorf("the private text %s is on the business side", v)
				}
			}
		}
		for _, e := range m.faults.Log()[from:] {
			if e.Done && (e.Op == fake.OpCreate || e.Op == fake.OpUpdate || e.Op == fake.OpDelete) && !m.asked &&
				(o.Direction == engine.ToExchange && e.Side == pim.Business || o.Direction == engine.ToBusiness && e.Side == pim.Exchange) {
				m.t.Errorf("%s was written against the direction: %+v", e.Side, e)
			}
		}
	}
	g := m.guard
	if g == (engine.Guard{}) {
		g = engine.Standard
	}
	gone := map[store.Ref]bool{} // one may have been tried twice
	for _, x := range m.trash() {
		if x.Reason == store.TrashDeleted && x.At.After(m.now.Add(-24*time.Hour)) {
			gone[store.Ref{Side: x.Side, Item: x.Item}] = true
		}
	}
	deleted := len(gone)
	if deleted > g.Items && deleted*100 > (max(pairs, m.pairs())+deleted)*g.Percent {
		m.t.Errorf("%d deletions within a day of %d pairs, though the guard says %+v", deleted, pairs, g)
	}
}

// pairs is how many there are.
func (m *model) pairs() int {
	o, err := m.store.Overview(m.t.Context(), m.user, m.kind)
	if err != nil && !fault.Has(err, fault.NotFound) {
		m.t.Fatal(err)
	}
	return o.Pairs
}
