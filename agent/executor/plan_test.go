package executor_test

import (
	"fmt"
	"testing"

	"abgleich/agent/executor"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/fake"
	"abgleich/agent/store"
)

func TestARestoredDatabaseWipesNothing(t *testing.T) {
	w := newWorld(t, false)
	for i := range 10 {
		w.put(pim.Business, appointment(fmt.Sprintf("old%d", i), i))
	}
	w.run()
	backup := w.business.Snapshot()
	for i := range 10 {
		w.put(pim.Business, appointment(fmt.Sprintf("new%d", i), i))
	}
	w.run()
	want := w.subjects(pim.Exchange)
	w.business.Restore(backup)
	w.run()
	if got := w.subjects(pim.Exchange); got != want {
		t.Errorf("Exchange has %s", got)
	}
	holds, err := w.store.Holds(t.Context(), w.user)
	if err != nil || len(holds) != 1 || holds[0].Items != 10 {
		t.Fatalf("holds %+v, %v", holds, err)
	}
	if err := w.store.ResolveHold(t.Context(), w.user, holds[0].ID, store.Restore, "anna"); err != nil {
		t.Fatal(err)
	}
	w.run()
	w.want(want)
	w.equal()
	w.quiet()
}

func TestALostStatePairsAgainByKey(t *testing.T) {
	w := newWorld(t, false)
	for i := range 30 {
		w.put(pim.Business, appointment(fmt.Sprintf("a%d", i), i%20))
	}
	w.run()
	w.edit(pim.Exchange, "a3", func(a *pim.Appointment) { a.Subject = "renamed" })
	if err := w.store.Forget(t.Context(), w.user, kind); err != nil {
		t.Fatal(err)
	}
	res := w.run()
	if c := res.Run.Counts; c.Paired != 30 || c.Created[0]+c.Created[1] != 0 {
		t.Errorf("%+v", c)
	}
	w.equal()
	w.quiet()
}

func TestTheYoungerOfTwoProcessesWins(t *testing.T) {
	w := newWorld(t, false)
	w.put(pim.Business, appointment("a", 8), appointment("b", 9))
	older := w.exec
	w.restart()
	once := false
	w.faults.BeforeCall(func(c fake.Call) error {
		if c.Op == fake.OpCreate && !once {
			once = true
			if _, err := w.exec.Slice(t.Context(), w.task()); err != nil {
				t.Error("the younger:", err)
			}
		}
		return nil
	})
	_, err := older.Slice(t.Context(), w.task())
	if fault.CodeOf(err) != fault.AlreadyRunning {
		t.Errorf("the older: %v", err)
	}
	w.faults.BeforeCall(nil)
	w.run()
	w.equal()
}

func TestProgressGrowsToWhatIsExpected(t *testing.T) {
	w := newWorld(t, false)
	var steps []executor.Progress
	w.exec = executor.New(executor.Config{Store: w.store, Business: w.business, Exchange: w.exchange, Now: w.clock,
		Progress: func(p executor.Progress) { steps = append(steps, p) }})
	for i := range 60 {
		w.put(pim.Business, appointment(fmt.Sprintf("a%d", i), i%20))
	}
	w.run()
	last, stage := 0, executor.StageOpening
	for _, p := range steps {
		if p.Done < last || p.Done > p.Expected || p.Stage < stage || !p.First {
			t.Errorf("%+v after %d in %s", p, last, stage)
		}
		last, stage = p.Done, p.Stage
	}
	end := steps[len(steps)-1]
	if end.Done != 60 || end.Expected != 60 || *end.Counts.Created.At(pim.Exchange) != 60 || *end.Read.At(pim.Business) != 60 {
		t.Errorf("%+v", end)
	}
}

func TestAMailboxOfAnotherInstallationIsRefused(t *testing.T) {
	w := newWorld(t, false)
	f, err := w.exchange.Open(t.Context(), w.task().Account, kind)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.(side.Claimer).Claim(t.Context(), "somebody", false); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	w.put(pim.Business, appointment("a", 8))
	res, err := w.exec.Slice(t.Context(), w.task())
	if fault.CodeOf(err) != fault.MailboxClaimed || res.Side != pim.Exchange || w.subjects(pim.Exchange) != "" {
		t.Errorf("%v on %s", err, res.Side)
	}
	task := w.task()
	task.TakeOver = true
	if _, err := w.exec.Slice(t.Context(), task); err != nil {
		t.Error(err)
	}
	w.run()
	w.want("a")
	if n := w.exchange.OpenFolders() + w.business.OpenFolders(); n != 0 {
		t.Errorf("%d folders stay open", n)
	}
}
