package executor_test

import (
	"testing"
	"time"

	"abgleich/agent/executor"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/fake"
	"abgleich/agent/store"
)

// refused is a world in which Exchange refuses what business changed of "a".
func refused(t *testing.T) *world {
	w := newWorld(t, false)
	w.put(pim.Business, appointment("a", 8), appointment("b", 9))
	w.run()
	w.edit(pim.Business, "a", func(a *pim.Appointment) { a.Location = "room" })
	w.refuse(true)
	w.run()
	if got := w.codes(); got != string(fault.ItemRefused) {
		t.Fatalf("problems %q", got)
	}
	return w
}

func (w *world) refuse(yes bool) {
	if !yes {
		w.faults.Decide(nil)
		return
	}
	w.faults.Decide(func(e fake.Effect) fake.Trouble {
		if e.Op == fake.OpUpdate && e.Side == pim.Exchange {
			return fake.Refuse
		}
		return fake.None
	})
}

func (w *world) first() store.Problem {
	w.t.Helper()
	ps, err := w.store.Problems(w.t.Context(), store.ProblemQuery{User: w.user})
	if err != nil || len(ps) != 1 {
		w.t.Fatalf("%+v %v", ps, err)
	}
	return ps[0]
}

func (w *world) ignore() {
	w.t.Helper()
	if err := w.store.IgnoreProblem(w.t.Context(), w.user, w.first().ID); err != nil {
		w.t.Fatal(err)
	}
}

// asked is a run that a person asks for, long after the last one: what waits is
// tried.
func (w *world) asked() {
	w.t.Helper()
	w.now = w.now.Add(24 * time.Hour)
	t := w.task()
	t.Asked = true
	if err := w.asIs(t); err != nil {
		w.t.Fatal(err)
	}
}

// still checks that the ignored item was left alone.
func (w *world) still() {
	w.t.Helper()
	p := w.first()
	n, err := w.store.ProblemCount(w.t.Context(), w.user)
	if !p.Ignored || n != 0 || err != nil || w.only(pim.Exchange, "a").Item.(*pim.Appointment).Location != "" {
		w.t.Errorf("ignored %v, %d count, %v", p.Ignored, n, err)
	}
}

func TestAnIgnoredItemIsLeftAlone(t *testing.T) {
	w := refused(t)
	w.ignore()
	writes := w.faults.Writes()
	w.asked()
	w.still()
	// A new version without an edit on either side changes nothing.
	for _, id := range both {
		w.side(id).Touch(w.user, kind, w.only(id, "a").ID)
		w.asked()
		w.still()
	}
	if n := w.faults.Writes() - writes; n != 0 {
		t.Errorf("%d writes", n)
	}
	writesForetold, rest := w.plan(w.task())
	if len(writesForetold)+len(rest) != 0 {
		t.Errorf("foretold %q %q", writesForetold, rest)
	}
	if err := w.exec.Compare(t.Context(), w.task(), func(c executor.Compared) bool {
		if c.Differ != 0 && (c.State != executor.CompareProblem || c.Code != fault.ItemRefused) {
			t.Errorf("%+v", c)
		}
		return true
	}); err != nil {
		t.Error(err)
	}
	// The others go on.
	w.edit(pim.Business, "b", func(a *pim.Appointment) { a.Subject = "b2" })
	w.refuse(false)
	w.run()
	w.want("a b2")
	w.still()
}

func TestAnEditEndsIgnoring(t *testing.T) {
	for _, id := range both {
		t.Run(id.String(), func(t *testing.T) {
			w := refused(t)
			w.ignore()
			w.refuse(false)
			w.edit(id, "a", func(a *pim.Appointment) { a.Body = "more" })
			w.run()
			w.equal()
			if got := w.codes(); got != "" {
				t.Errorf("problems %q", got)
			}
			if w.only(pim.Exchange, "a").Item.(*pim.Appointment).Location != "room" {
				t.Error("the change did not arrive")
			}
			w.quiet()
		})
	}
}

func TestAnEditThatFailsAgainIsAProblemAgain(t *testing.T) {
	w := refused(t)
	w.ignore()
	w.edit(pim.Business, "a", func(a *pim.Appointment) { a.Location = "other room" })
	w.run()
	if p := w.first(); p.Ignored || p.NextTry.IsZero() {
		t.Errorf("%+v", p)
	}
}

func TestADeletionEndsIgnoring(t *testing.T) {
	w := refused(t)
	w.ignore()
	w.delete(pim.Business, "a")
	w.run()
	w.want("b")
	if got := w.codes(); got != "" {
		t.Errorf("problems %q", got)
	}
}

func TestTryingAgainEndsIgnoring(t *testing.T) {
	w := refused(t)
	w.ignore()
	w.refuse(false)
	if err := w.store.RetryProblem(t.Context(), w.user, w.first().ID); err != nil {
		t.Fatal(err)
	}
	if w.first().Ignored {
		t.Error("still ignored")
	}
	w.run()
	w.equal()
	if got := w.codes(); got != "" {
		t.Errorf("problems %q", got)
	}
}

func TestOnlyItemsCanBeIgnored(t *testing.T) {
	w := newWorld(t, false)
	ctx := t.Context()
	for _, p := range []store.Problem{{User: w.user, Code: fault.LoginRejected}, {User: w.user, Kind: kind, Side: pim.Exchange, Item: "x", Code: fault.ConflictSettled, Notice: true}} {
		if err := w.store.PutProblem(ctx, p); err != nil {
			t.Fatal(err)
		}
	}
	ps, err := w.store.Problems(ctx, store.ProblemQuery{Notices: true})
	if err != nil || len(ps) != 2 {
		t.Fatal(ps, err)
	}
	for _, p := range ps {
		if err := w.store.IgnoreProblem(ctx, w.user, p.ID); fault.CodeOf(err) != fault.BadRequest {
			t.Errorf("%s: %v", p.Code, err)
		}
		if err := w.store.IgnoreProblem(ctx, "ben", p.ID); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("another's %s: %v", p.Code, err)
		}
	}
}
