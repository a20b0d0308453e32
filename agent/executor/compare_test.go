package executor_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"abgleich/agent/executor"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/fake"
	"abgleich/agent/store"
)

// compared is what a comparison says, a line an item.
func (w *world) compared() string {
	w.t.Helper()
	names := map[executor.CompareState]string{executor.CompareEqual: "equal", executor.ComparePending: "pending", executor.CompareProblem: "problem",
		executor.CompareHeld: "held", executor.CompareFiltered: "filtered", executor.CompareOneSide: "one side", executor.CompareDifferent: "different"}
	var out []string
	before, effects := dump(w.t, w.store.Path()), w.faults.Effects()
	err := w.exec.Compare(w.t.Context(), w.task(), func(c executor.Compared) bool {
		subject, sides := "?", ""
		for name, i := range map[string]pim.Item{"B": c.Business, "E": c.Exchange} {
			if i != nil {
				subject = i.Shared().Subject
				sides += name
			}
		}
		if sides == "EB" {
			sides = "BE"
		}
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s", subject, sides, names[c.State], c.Differ, c.Code)))
		return true
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if dump(w.t, w.store.Path()) != before || w.faults.Effects() != effects {
		w.t.Error("a comparison wrote something")
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

func (w *world) wantCompared(lines ...string) {
	w.t.Helper()
	slices.Sort(lines)
	if got := w.compared(); got != strings.Join(lines, "\n") {
		w.t.Errorf("got\n%s\nwant\n%s", got, strings.Join(lines, "\n"))
	}
}

func TestAComparisonTellsOfEachItemHowItStandsAndWhy(t *testing.T) {
	w := newWorld(t, false)
	w.put(pim.Business, appointment("a", 8), appointment("b", 9), appointment("c", 10), appointment("d", 11), appointment("e", 12), series("s", 6))
	w.wantCompared("a B pending", "b B pending", "c B pending", "d B pending", "e B pending", "s B pending")
	w.run()
	w.wantCompared("a BE equal", "b BE equal", "c BE equal", "d BE equal", "e BE equal", "s BE equal")

	w.edit(pim.Business, "a", func(a *pim.Appointment) { a.Location = "room" })
	w.edit(pim.Exchange, "s", func(a *pim.Appointment) { rename(a, 2, "other") })
	w.delete(pim.Exchange, "b")
	w.put(pim.Exchange, appointment("new", 10))
	both := appointment("typed twice", 15)
	w.put(pim.Exchange, both)
	w.put(pim.Business, both)
	w.wantCompared("a BE pending location", "b B pending", "c BE equal", "d BE equal", "e BE equal", "new E pending",
		"typed twice BE pending", "s BE pending when,recurrence")
	w.run()
	w.wantCompared("a BE equal", "c BE equal", "d BE equal", "e BE equal", "new BE equal", "typed twice BE equal", "s BE equal")

	// Moved away: nothing waits for it.
	w.exchange.Move(w.user, kind, w.only(pim.Exchange, "c").ID)
	w.run()
	// One that a side refuses.
	w.edit(pim.Business, "d", func(a *pim.Appointment) { a.Location = "room" })
	w.exchange.Unreadable(w.user, kind, w.only(pim.Exchange, "e").ID, true)
	w.edit(pim.Business, "e", func(a *pim.Appointment) { a.Location = "room" })
	w.run()
	w.wantCompared("a BE equal", "c B one side", "d BE equal", "e B problem  item-unreadable", "new BE equal", "typed twice BE equal", "s BE equal")
}

func TestAComparisonTellsWhatIsHeld(t *testing.T) {
	w := newWorld(t, false)
	for i := range 30 {
		w.put(pim.Business, appointment(fmt.Sprintf("a%d", i), i%20))
	}
	w.run()
	for i := range 25 {
		w.delete(pim.Exchange, fmt.Sprintf("a%d", i))
	}
	w.run()
	if got := strings.Count(w.compared(), "held  deletions-held"); got != 25 {
		t.Errorf("%d held in\n%s", got, w.compared())
	}
}

func TestAComparisonCanBeEndedAndFailsWithItsSide(t *testing.T) {
	w := newWorld(t, false)
	for i := range 300 {
		w.put(pim.Business, appointment(fmt.Sprintf("a%d", i), i%20))
	}
	w.run()
	n := 0
	if err := w.exec.Compare(t.Context(), w.task(), func(executor.Compared) bool { n++; return n < 5 }); err != nil || n != 5 {
		t.Errorf("%d lines, %v", n, err)
	}
	w.faults.BeforeCall(func(c fake.Call) error {
		if c.Op == fake.OpGet {
			return fault.New(fault.ServerBusy, "test", "", nil)
		}
		return nil
	})
	if err := w.exec.Compare(t.Context(), w.task(), func(executor.Compared) bool { return true }); fault.CodeOf(err) != fault.ServerBusy {
		t.Error(err)
	}
	w.faults.BeforeCall(nil)
	if n := w.exchange.OpenFolders() + w.business.OpenFolders(); n != 0 {
		t.Errorf("%d folders stay open", n)
	}
}

func TestAnItemIsShownAsBothSidesHaveItOrAsTheAgentKnewIt(t *testing.T) {
	w := newWorld(t, false)
	w.put(pim.Business, appointment("a", 8))
	w.run()
	w.edit(pim.Business, "a", func(a *pim.Appointment) { a.Location = "room" })
	ref := store.Ref{Side: pim.Exchange, Item: w.only(pim.Exchange, "a").ID}
	s, err := w.exec.Show(t.Context(), w.task(), ref)
	if err != nil || s.Business.(*pim.Appointment).Location != "room" || s.Exchange.Shared().Subject != "a" || s.Differ != pim.Fields(pim.FieldLocation) || s.Away[0] || s.Away[1] {
		t.Errorf("%+v %v", s, err)
	}
	w.faults.BeforeCall(func(c fake.Call) error {
		if c.Side == pim.Exchange {
			return fault.New(fault.ServerUnreachable, "test", "", nil)
		}
		return nil
	})
	s, err = w.exec.Show(t.Context(), w.task(), ref)
	if err != nil || s.Exchange == nil || s.Exchange.Shared().Subject != "a" || !*s.Away.At(pim.Exchange) || *s.Away.At(pim.Business) {
		t.Errorf("%+v %v", s, err)
	}
	w.faults.BeforeCall(nil)
	w.delete(pim.Exchange, "a")
	s, err = w.exec.Show(t.Context(), w.task(), ref)
	if err != nil || s.Exchange != nil || s.Business == nil || s.Away[1] {
		t.Errorf("%+v %v", s, err)
	}
	other := w.task()
	other.Account.User = "ben"
	if s, err = w.exec.Show(t.Context(), other, store.Ref{Side: pim.Business, Item: "x"}); err != nil || s.Business != nil {
		t.Errorf("%+v %v", s, err)
	}
}

// BenchmarkCompare measures our own share of comparing 10,000 items.
func BenchmarkCompare(b *testing.B) {
	const items = 10000
	business, exchange := newFlat(pim.Business), newFlat(pim.Exchange)
	for i := range items {
		business.add(appointment(fmt.Sprintf("Besprechung mit Kunde %d", i), i%24), "")
	}
	s, err := store.Open(b.Context(), filepath.Join(b.TempDir(), "agent.db"), store.Options{Volatile: true})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // of a benchmark
	x := executor.New(executor.Config{Store: s, Business: business, Exchange: exchange})
	task := executor.Task{Account: side.Account{User: "anna", Mail: "anna@lab.test", Zone: time.UTC}, Kind: kind}
	for more := true; more; {
		res, err := x.Slice(b.Context(), task)
		if err != nil {
			b.Fatal(err)
		}
		more = res.More
	}
	for b.Loop() {
		n := 0
		if err := x.Compare(b.Context(), task, func(c executor.Compared) bool {
			if c.State == executor.CompareEqual {
				n++
			}
			return true
		}); err != nil || n != items {
			b.Fatal(n, err)
		}
	}
}
