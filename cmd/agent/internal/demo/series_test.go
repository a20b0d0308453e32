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
	arrives(t, func(ctx context.Context) (bool, error) {
		var n int
		err := w.erp.QueryRowContext(ctx, `SELECT count(*) FROM appointment_exceptions WHERE location = 'Dachterrasse'`).Scan(&n)
		return n == 1, err
	})
	costs(t, w, before, "GetItem", 3)
}

// TestAChangedOccurrenceOfTheBusinessSideCostsThreeRequests counts from the change in
// the database to a run in which both sides are found as they were recorded.
func TestAChangedOccurrenceOfTheBusinessSideCostsThreeRequests(t *testing.T) {
	w, _ := synchronised(t, Options{Users: 1, Appointments: 40, Series: 50, Exceptions: 5, Direction: Business, Version: "test"})
	box := w.box(w.users[0])
	if err := w.runAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := w.sim.Stats().Requests
	if _, err := w.erp.ExecContext(t.Context(), `UPDATE appointment_exceptions SET location = 'Dachterrasse' WHERE rowid =
		(SELECT min(rowid) FROM appointment_exceptions WHERE deleted = 0)`); err != nil {
		t.Fatal(err)
	}
	arrives(t, func(context.Context) (bool, error) {
		for _, it := range box.List(exchangesim.Calendar) {
			for _, o := range it.Exceptions() {
				if o.Location == "Dachterrasse" {
					return true, nil
				}
			}
		}
		return false, nil
	})
	if err := w.runAll(t.Context()); err != nil { // our own change in the feed is no reason to read
		t.Fatal(err)
	}
	costs(t, w, before, "UpdateItem", 3)
}

func arrives(t *testing.T, seen func(context.Context) (bool, error)) {
	t.Helper()
	arrived, err := arrival(t.Context(), edit{seen: seen})
	if err != nil || arrived < 0 {
		t.Fatalf("the change did not arrive: %v", err)
	}
}

// costs expects at most so many requests since before, one of a kind among them. All
// looks at the feed count as one: each run looks once at its own time.
func costs(t *testing.T, w *world, before map[string]int64, among string, most int64) {
	t.Helper()
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
	if sum > most || cost[among] == 0 {
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

// TestPlainItemsDoNotWaitForSeries counts what a first sync asks of Exchange with and
// without series among the appointments: theirs go in requests of their own, however
// they are scattered.
func TestPlainItemsDoNotWaitForSeries(t *testing.T) {
	var sent [2]int64
	for i, percent := range []int{0, 5} {
		w, _ := synchronised(t, Options{Users: 1, Appointments: 1500, Series: percent, Exceptions: 5, Direction: Business, Version: "test"})
		requests := w.sim.Stats().Requests
		for _, op := range []string{"CreateItem", "UpdateItem", "DeleteItem", "GetItem"} {
			sent[i] += requests[op]
		}
	}
	// 75 series in at most four batches, each with a creation, deletions, changes, the
	// removal of the mark and a look back, in at most two requests each.
	if sent[1] > sent[0]+40 {
		t.Errorf("%d requests with series, %d without", sent[1], sent[0])
	}
	t.Logf("%d requests with series, %d without", sent[1], sent[0])
}
