package executor_test

import (
	"context"
	"errors"
	"slices"

	"pgregory.net/rapid"

	"abgleich/agent/engine"
	"abgleich/agent/executor"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/fake"
	"abgleich/agent/store"
)

// What the user or an administrator does with the agent itself, and what happens to
// machines and databases.

var controls = []string{"options", "options", "undo", "undo", "copy back", "decide", "deny", "grant", "ask"}

// control gives something that somebody may ask of the agent.
func (m *model) control(rt *rapid.T, done *steps) func() {
	what, n := rapid.SampledFrom(controls).Draw(rt, "control"), rapid.IntRange(0, 50).Draw(rt, "which")
	return func() { done.deeds.Add(1); m.command(what, n) }
}

func (m *model) command(what string, n int) {
	switch what {
	case "options":
		m.varied = true
		m.choose(optionsOfModel[n%len(optionsOfModel)])
	case "undo":
		if runs, err := m.store.Runs(m.t.Context(), m.user, 0, 4); err != nil {
			m.t.Fatal(err)
		} else if len(runs) > 0 {
			r := runs[n%len(runs)]
			m.note("undo run %d", r.ID)
			m.ask(func(ctx context.Context, l *store.Lease) error { return l.AskUndo(ctx, r.ID) })
		}
	case "copy back":
		if l := m.trash(); len(l) > 0 {
			x := l[n%len(l)]
			i, err := pim.Unmarshal(x.Content)
			if err != nil {
				m.t.Fatal(err)
			}
			m.note("copy back %d: %s %s, %d", x.ID, x.Side, i.Shared().Subject, x.Reason)
			m.ask(func(ctx context.Context, l *store.Lease) error { return l.AskRestore(ctx, x.ID) })
		}
	case "decide":
		m.resolve()
	case "deny", "grant":
		m.note("%s", what)
		m.denied = what == "deny"
	}
}

// choose gives the user options.
func (m *model) choose(o engine.Options) {
	text, err := executor.MarshalOptions(o)
	if err != nil {
		m.t.Fatal(err)
	}
	m.note("options %s", text)
	u := store.UserOptions{User: m.user}
	*u.Of(m.kind) = text
	if err := m.store.SetUserOptions(m.t.Context(), u); err != nil {
		m.t.Fatal(err)
	}
}

// ask asks for something that the next run sees to. What a person brings back was
// perhaps a secret when it was kept, and is none any more.
func (m *model) ask(f func(context.Context, *store.Lease) error) {
	m.asked = true
	clear(m.secret)
	if m.struck != 0 {
		for tok := range m.brought() {
			if !m.holds(m.struck, tok) {
				m.least[tok] = 0
			}
		}
	}
	for _, e := range m.exchange.Items(m.user, m.kind) {
		if e.Item.Shared().Sensitivity != pim.Normal { // its copy may stay alone, if somebody wrote into it
			m.least[token(e.Item)] = 0
		}
	}
	lease, err := m.store.Begin(m.t.Context(), m.user, m.kind)
	if err == nil {
		err = f(m.t.Context(), lease)
	}
	if err != nil && !fault.Has(err, fault.NotFound) && !errors.Is(err, fake.ErrCrash) {
		m.t.Fatal(err)
	}
}

// resolve decides all holds. It tells how many there were.
func (m *model) resolve() int {
	holds, err := m.store.Holds(m.t.Context(), m.user)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, h := range holds {
		m.note("hold %d of %d: %d", h.ID, h.Items, m.decision)
		m.asked = true
		if err := m.store.ResolveHold(m.t.Context(), m.user, h.ID, m.decision, "anna"); err != nil {
			m.t.Fatal(err)
		}
	}
	return len(holds)
}

// What may happen to a side as a whole, and to the agent's own store; in one world to
// one of the three only. More would leave nothing that could tell what belongs together.
var (
	disasters      = []string{"backup", "backup", "restore", "reset"}
	storeDisasters = []string{"backup", "old store"}
)

// disaster lets something happen to a side or to the store as a whole.
func (m *model) disaster(rt *rapid.T, done *steps, id pim.SideID, list []string) {
	if list == nil || rapid.Bool().Draw(rt, "disaster strikes") {
		return
	}
	what := rapid.SampledFrom(list).Draw(rt, "disaster")
	done.troubles.Add(1)
	m.strike(id, what)
}

func (m *model) strike(id pim.SideID, what string) {
	m.note("%s %s", what, id)
	if what == "restore" || what == "reset" {
		m.struck = id
	}
	switch what {
	case "backup":
		now := m.side(id).Snapshot()
		m.saved[id] = &now
		m.state = m.unload()
		m.load(m.state)
	case "restore":
		if s := m.saved[id]; s != nil {
			before := m.side(id).Items(m.user, m.kind)
			m.side(id).Restore(*s)
			m.tookBack(id, before)
		}
	case "reset": // the mailbox is empty, and so is what its feed knows
		for _, e := range m.side(id).Items(m.user, m.kind) {
			m.side(id).HardDelete(m.user, m.kind, e.ID)
		}
		m.side(id).LoseCursors()
	case "old store":
		if m.state != nil {
			m.unload()
			m.load(m.state)
			m.varied = true // the options are those of then
			m.forgotten()
		}
	}
	m.restart()
	m.forgiven(id)
}

// tookBack notes what a backup brought back that persons had deleted or moved since: as
// if somebody had taken it out of Deleted Items.
func (m *model) tookBack(id pim.SideID, before []fake.Entry) {
	for _, e := range m.side(id).Items(m.user, m.kind) {
		if !slices.ContainsFunc(before, func(b fake.Entry) bool { return b.ID == e.ID }) {
			m.most[token(e.Item)]++
		}
	}
}

// forgiven takes back what nobody can ask for any more: what was only where it got
// lost, and what a person lets go though the other side still has it.
func (m *model) forgiven(id pim.SideID) {
	there := m.visible()
	for v := range m.live {
		if !there[v] {
			delete(m.live, v)
		}
	}
	clear(m.secret)
	brought := m.brought()
	for tok := range m.least {
		if !m.holds(id, tok) && (m.decision == store.Confirm || !m.holds(id.Other(), tok) || brought[tok]) {
			m.least[tok] = 0
		}
	}
}

// brought are the tokens of what was deleted once, and is back or about to be because
// somebody asked for it: to undo that removes it, also where the one it belonged to got
// lost meanwhile.
func (m *model) brought() map[string]bool {
	out := map[string]bool{}
	for _, x := range m.trash() {
		i, err := pim.Unmarshal(x.Content)
		if err != nil {
			m.t.Fatal(err)
		}
		if x.Gone() && x.Wish != store.WishNone && x.Wish != store.WishLeft {
			out[token(i)] = true
		}
	}
	return out
}

// loose is how many items with a token nothing on the other side shares its key with:
// it did not get one, is in another folder, or a copy carries it too.
func (m *model) loose(tok string) int {
	var keys [2]map[pim.Key]int
	var without [2]int
	for n, id := range both {
		keys[n] = map[pim.Key]int{}
		for _, e := range m.side(id).Elsewhere(m.user, m.kind) {
			if t := token(e.Item); t == tok || t == engine.MaskSubject {
				without[n]++
			}
		}
		for _, e := range m.side(id).Items(m.user, m.kind) {
			switch t := m.token(id, e); {
			case t == "" || t == tok && e.Key == "": // "": nobody can tell
				without[n]++
			case t == tok:
				keys[n][e.Key]++
			}
		}
	}
	for n := range keys {
		for k, i := range keys[n] {
			if i > 1 || keys[1-n][k] != 1 {
				without[n] += i
			}
		}
	}
	return max(without[0], without[1])
}

// forgotten notes what the store does not know any more. It pairs by key, and what has
// none in common may come to be there twice; what an undo removed looks like what a
// person deleted, and what it brought back may be brought back again; and a private
// item's copy into which somebody wrote looks like an item of its own.
func (m *model) forgotten() {
	m.behind = true
	for tok := range m.most {
		m.most[tok] += m.loose(tok)
		if m.asked {
			m.most[tok]++
			m.least[tok] = 0
		}
	}
	for _, e := range m.exchange.Items(m.user, m.kind) {
		if e.Item.Shared().Sensitivity != pim.Normal {
			m.least[token(e.Item)] = 0
		}
	}
}
