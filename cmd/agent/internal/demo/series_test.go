package demo

import (
	"context"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/ipc/contract"
)

// quiet remembers findings and shows nothing.
type quiet struct{ findings []string }

func (*quiet) Chapter(Chapter, ...any)                       {}
func (*quiet) Stage(*contract.Stage)                         {}
func (*quiet) Verified(string, bool)                         {}
func (*quiet) Progress(*contract.UserStatus)                 {}
func (*quiet) ProgressEnds()                                 {}
func (*quiet) Edit(Direction, string, string, time.Duration) {}
func (q *quiet) Finding(text string)                         { q.findings = append(q.findings, text) }

// synchronised is a world after its first sync.
func synchronised(t *testing.T, o Options) (*world, *quiet) {
	t.Helper()
	screen := &quiet{}
	w, err := newWorld(t.Context(), o, screen)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.close(context.Background(), true); err != nil {
			t.Error(err)
		}
	})
	var r Result
	began, err := w.verifyAndSave(t.Context(), &r)
	if err == nil && r.Verified {
		err = w.firstSync(t.Context(), &r, began)
	}
	if err != nil || !r.Verified {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := w.status.wait(t.Context(), "rest", w.allSynced(time.Time{})); err != nil {
		t.Fatal(err)
	}
	return w, screen
}

// aSeries is a series of the mailbox, and its first occurrence that is like the others.
func aSeries(t *testing.T, box *exchangesim.Mailbox) (exchangesim.Item, exchangesim.Item) {
	t.Helper()
	for _, it := range box.List(exchangesim.Calendar) {
		if it.Recurrence == nil {
			continue
		}
		list, err := box.Occurrences(it.ID, it.Start, it.Start.AddDate(1, 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range list {
			if !o.Exceptional {
				return it, o
			}
		}
	}
	t.Fatal("no series")
	panic("unreachable")
}

func TestAChangedOccurrenceCostsThreeRequests(t *testing.T) {
	w, _ := synchronised(t, Options{Users: 1, Appointments: 40, Series: 50, Exceptions: 5, Direction: Exchange, Version: "test"})
	box := w.box(w.users[0])
	master, o := aSeries(t, box)
	if err := w.runAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := w.sim.Stats().Requests
	if _, err := box.ChangeOccurrence(master.ID, o.OriginalStart, func(it *exchangesim.Item) { it.Location = "Dachterrasse" }); err != nil {
		t.Fatal(err)
	}
	arrived, err := arrival(t.Context(), edit{seen: func(ctx context.Context) (bool, error) {
		var n int
		err := w.erp.QueryRowContext(ctx, `SELECT count(*) FROM appointment_exceptions WHERE location = 'Dachterrasse'`).Scan(&n)
		return n == 1, err
	}})
	if err != nil || arrived < 0 {
		t.Fatalf("the change did not arrive: %v", err)
	}
	cost := map[string]int64{}
	var sum int64
	for op, n := range w.sim.Stats().Requests {
		if n -= before[op]; n == 0 {
			continue
		}
		switch op {
		case "SyncFolderItems":
			n = 1 // another run may look at its own time
		case "GetFolder":
			continue // each run asks once whose the mailbox is, whatever changed
		}
		cost[op] = n
		sum += n
	}
	if sum > 3 || cost["GetItem"] == 0 {
		t.Errorf("%d requests: %v", sum, cost)
	}
}

func TestTheComparisonSeesEveryOccurrence(t *testing.T) {
	w, screen := synchronised(t, Options{Users: 1, Appointments: 40, Series: 50, Exceptions: 5, Direction: Business, Version: "test"})
	if n, err := w.compare(t.Context()); n != 0 || err != nil {
		t.Fatal(n, err, screen.findings)
	}
	// From here on nobody carries anything over.
	if err := w.agent.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	box := w.box(w.users[0])
	master, o := aSeries(t, box)
	for _, step := range []struct {
		name string
		do   func() error
		want int
	}{
		{"a changed occurrence", func() error {
			_, err := box.ChangeOccurrence(master.ID, o.OriginalStart, func(it *exchangesim.Item) { it.Location = "Dachterrasse" })
			return err
		}, 2}, // the one here and the one there
		{"the same one deleted", func() error { return box.DeleteOccurrence(master.ID, o.OriginalStart) }, 1},
		{"an exception lost by the business side too", func() error {
			_, err := w.erp.ExecContext(t.Context(), `DELETE FROM appointment_exceptions WHERE rowid =
				(SELECT min(rowid) FROM appointment_exceptions WHERE deleted = 1)`)
			return err
		}, 2},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if n, err := w.compare(t.Context()); n != step.want || err != nil {
			t.Errorf("%s: %d differences, want %d: %v", step.name, n, step.want, err)
		}
	}
}
