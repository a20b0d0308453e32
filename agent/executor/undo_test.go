package executor_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"abgleich/agent/executor"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/fake"
	"abgleich/agent/store"
)

// last is the newest run of the user.
func (w *world) last() store.Run {
	w.t.Helper()
	runs, err := w.store.Runs(w.t.Context(), w.user, 0, 1)
	if err != nil || len(runs) == 0 {
		w.t.Fatalf("no run: %v", err)
	}
	return runs[0]
}

func (w *world) undo(run store.RunID) executor.Undone {
	w.t.Helper()
	u, err := w.exec.Undo(w.t.Context(), w.task(), run, false)
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// foretold is what an undo would do; it must write nothing.
func (w *world) foretold(run store.RunID) executor.Undone {
	w.t.Helper()
	before := w.faults.Writes()
	u, err := w.exec.Undo(w.t.Context(), w.task(), run, true)
	if err != nil {
		w.t.Fatal(err)
	}
	if w.faults.Writes() != before {
		w.t.Error("foretelling wrote")
	}
	return u
}

func (w *world) trash() []store.Trash {
	w.t.Helper()
	list, err := w.store.ListTrash(w.t.Context(), store.TrashQuery{User: w.user})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func (w *world) restore(id store.TrashID) fault.Code {
	w.t.Helper()
	code, err := w.exec.Restore(w.t.Context(), w.task(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return code
}

// picture is all there is on both sides, to compare before and after.
func (w *world) picture() string {
	var out []string
	for _, id := range both {
		for _, e := range w.side(id).Items(w.user, kind) {
			a := e.Item.(*pim.Appointment)
			out = append(out, fmt.Sprintf("%s:%s/%s/%s", id, a.Subject, a.Body, a.Location))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

func TestADeletedItemComesBackOnBothSidesFromTheTrash(t *testing.T) {
	for _, by := range both {
		t.Run("deleted in "+by.String(), func(t *testing.T) {
			w := newWorld(t, false)
			w.put(pim.Business, appointment("a", 8), appointment("b", 9))
			w.run()
			was := w.picture()
			w.delete(by, "a")
			w.run()
			w.want("b")
			list := w.trash()
			if len(list) != 1 || list[0].Key == "" || list[0].Partner == "" || !list[0].Gone() {
				t.Fatalf("%+v", list)
			}
			if code := w.restore(list[0].ID); code != "" {
				t.Fatal(code)
			}
			if w.last().Cause != executor.CauseUndo {
				t.Errorf("the run is called %q", w.last().Cause)
			}
			w.settle()
			w.equal()
			if got := w.picture(); got != was {
				t.Errorf("got %s, want %s", got, was)
			}
			if got := w.trash()[0]; got.Wish != store.WishDone || got.Restored.IsZero() {
				t.Errorf("%+v", got)
			}
			w.quiet()
			if code := w.restore(list[0].ID); code != "" {
				t.Errorf("again: %s", code)
			}
			w.settle()
			if got := w.picture(); got != was {
				t.Errorf("the second time it is doubled: %s", got)
			}
		})
	}
}

func TestWhatAPersonBroughtBackHimselfIsNotDoubled(t *testing.T) {
	for _, by := range both {
		w := newWorld(t, false)
		w.put(pim.Business, appointment("a", 8))
		w.run()
		w.delete(by, "a")
		w.run()
		w.side(by).Undelete(w.user, kind, w.side(by).Trash(w.user, kind)[0].ID)
		w.settle()
		w.want("a")
		if code := w.restore(w.trash()[0].ID); code != fault.AlreadyThere {
			t.Errorf("%s: %q", by, code)
		}
		w.settle()
		w.want("a")
		w.quiet()
	}
}

func TestAnOverwrittenVersionIsWrittenBackAndTheNewerOneKept(t *testing.T) {
	for _, by := range both {
		w := newWorld(t, false)
		a := appointment("a", 8)
		a.Body, a.Location = "old", "room"
		w.put(pim.Business, a)
		w.run()
		w.edit(by, "a", func(a *pim.Appointment) { a.Body = "new" })
		w.run()
		w.edit(by, "a", func(a *pim.Appointment) { a.Location = "hall" })
		w.run()
		list := w.trash()
		if len(list) != 2 || list[1].After == nil || list[1].Fields != pim.Fields(pim.FieldBody) {
			t.Fatalf("%+v", list)
		}
		if code := w.restore(list[1].ID); code != "" {
			t.Fatal(code)
		}
		w.settle()
		w.equal()
		got := w.only(by, "a").Item.(*pim.Appointment)
		if got.Body != "old" || got.Location != "hall" {
			t.Errorf("%s: %+v", by, got)
		}
		// What gave way is in the trash of the undo's own run, on both sides.
		if n := len(w.trash()); n != 4 {
			t.Errorf("%d copies: %+v", n, w.trash())
		}
		w.quiet()
	}
}

func TestARestoredValueThatMeetsANewerEditIsToldAsAConflict(t *testing.T) {
	w := newWorld(t, false)
	a := appointment("a", 8)
	a.Body = "old"
	w.put(pim.Business, a)
	w.run()
	w.edit(pim.Business, "a", func(a *pim.Appointment) { a.Body = "new" })
	w.run()
	w.edit(pim.Business, "a", func(a *pim.Appointment) { a.Body = "newest" }) // nobody has read it yet
	if code := w.restore(w.trash()[0].ID); code != "" {
		t.Fatal(code)
	}
	w.settle()
	w.equal()
	if b := w.only(pim.Exchange, "a").Item.Shared().Body; b != "newest" {
		t.Errorf("body %q", b)
	}
	if w.trash()[0].Reason != store.TrashConflict {
		t.Errorf("not told: %+v", w.trash()[0])
	}
}

// day is a day of work whose last run made, changed and deleted on both sides. It
// gives that run and what was there before it.
func (w *world) day() (run store.RunID, before string) {
	b, e := appointment("b", 9), appointment("e", 10)
	b.Body, e.Location = "text", "room"
	w.put(pim.Business, appointment("a", 8), b)
	w.put(pim.Exchange, e, appointment("f", 11))
	w.run()
	before = w.picture()
	w.delete(pim.Business, "a")
	w.delete(pim.Exchange, "f")
	w.edit(pim.Business, "b", func(a *pim.Appointment) { a.Body = "other text" })
	w.edit(pim.Exchange, "e", func(a *pim.Appointment) { a.Location = "other room" })
	w.edit(pim.Business, "e", func(a *pim.Appointment) { a.Body = "both sides" })
	w.put(pim.Business, appointment("nb", 12))
	w.put(pim.Exchange, appointment("ne", 13))
	w.run()
	w.want("b e nb ne")
	return w.last().ID, before
}

func TestAWholeRunIsUndoneAndTheUndoTooUntilAllIsAsItWas(t *testing.T) {
	w := newWorld(t, false)
	run, before := w.day()
	after := w.picture()
	want := executor.Undone{Restored: 5, Removed: 2}
	if got := w.foretold(run); got != want {
		t.Errorf("foretold %+v", got)
	}
	if got := w.undo(run); got != want {
		t.Fatalf("%+v; %+v; problems %s", got, w.trash(), w.problems())
	}
	w.settle()
	undone := w.last()
	// What persons made stays on their sides; only the copies the run made are gone.
	if got := w.picture(); got != sorted(before+"\nbusiness:nb//\nexchange:ne//") {
		t.Fatalf("got\n%s\nwant\n%s", got, before)
	}
	if r, err := w.store.RunOf(t.Context(), w.user, run); err != nil || r.Undone.IsZero() {
		t.Errorf("%+v, %v", r, err)
	}
	w.quiet()
	if got := w.undo(run); got.Restored+got.Removed != 0 {
		t.Errorf("undone twice: %+v", got)
	}
	w.settle()
	w.quiet()
	// The undo's own run.
	runs, err := w.store.Runs(t.Context(), w.user, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(runs, func(r store.Run) bool { return r.Cause == executor.CauseUndo && r.Counts.Writes() > 0 })
	if at < 0 {
		t.Fatalf("no run of its own: %+v, %+v", undone, runs)
	}
	if got := w.undo(runs[at].ID); got.Kept+got.Failed != 0 {
		t.Errorf("undoing the undo: %+v; %+v", got, w.trash())
	}
	w.settle()
	if got := w.picture(); got != after {
		t.Errorf("after undoing the undo\n%s\nwant\n%s", got, after)
	}
	w.equal()
	w.quiet()
}

func sorted(text string) string {
	l := strings.Split(text, "\n")
	slices.Sort(l)
	return strings.Join(l, "\n")
}

func TestUndoLeavesWhatWasEditedSince(t *testing.T) {
	for name, edit := range map[string]func(*world){
		"on the side where it was made": func(w *world) {
			w.edit(pim.Exchange, "nb", func(a *pim.Appointment) { a.Body = "mine" })
			w.edit(pim.Exchange, "b", func(a *pim.Appointment) { a.Body = "mine" })
		},
		"where it came from": func(w *world) {
			w.edit(pim.Business, "nb", func(a *pim.Appointment) { a.Body = "mine" })
			w.edit(pim.Exchange, "b", func(a *pim.Appointment) { a.Body = "mine" })
		},
		"and carried over already": func(w *world) {
			w.edit(pim.Business, "nb", func(a *pim.Appointment) { a.Body = "mine" })
			w.edit(pim.Business, "b", func(a *pim.Appointment) { a.Body = "mine" })
			w.run()
		},
		"by deleting it": func(w *world) {
			w.delete(pim.Exchange, "nb")
			w.delete(pim.Business, "b")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, false)
			run, _ := w.day()
			edit(w)
			foretold := w.foretold(run)
			got := w.undo(run)
			if got != foretold {
				t.Errorf("foretold %+v", foretold)
			}
			if name != "by deleting it" && (got != executor.Undone{Restored: 4, Removed: 1, Kept: 2}) {
				t.Errorf("%+v", got)
			}
			w.settle()
			if n := strings.Count(w.picture(), ":nb/mine/"); name != "by deleting it" && n != 2 {
				t.Errorf("the edited item is on %d sides:\n%s", n, w.picture())
			}
			if n := strings.Count(w.picture(), ":b/mine/"); name != "by deleting it" && n != 2 {
				t.Errorf("the edit is on %d sides:\n%s", n, w.picture())
			}
			if name == "by deleting it" && strings.Contains(w.picture(), "nb") {
				t.Errorf("deleted and yet there:\n%s", w.picture())
			}
			w.violations()
			w.quiet()
		})
	}
}

func TestAnItemEditedWhileItsUndoIsUnderWayStays(t *testing.T) {
	w := newWorld(t, false)
	w.put(pim.Business, appointment("a", 8))
	w.run()
	run := w.last().ID
	w.faults.Decide(func(e fake.Effect) fake.Trouble {
		if e.Op == fake.OpDelete {
			w.faults.Decide(nil)
			w.edit(pim.Exchange, "a", func(a *pim.Appointment) { a.Body = "mine" })
		}
		return fake.None
	})
	if got := w.undo(run); (got != executor.Undone{Kept: 1}) {
		t.Errorf("%+v", got)
	}
	w.settle()
	w.want("a")
	w.equal()
	if got := w.only(pim.Business, "a").Item.Shared().Body; got != "mine" {
		t.Errorf("%q", got)
	}
}

func TestWhatAnUndoneRunMadeIsNotMadeAgainByANewListing(t *testing.T) {
	w := newWorld(t, false)
	w.put(pim.Business, appointment("a", 8))
	w.run()
	if got := w.undo(w.last().ID); got.Removed != 1 {
		t.Fatalf("%+v", got)
	}
	w.settle()
	w.business.LoseCursors()
	w.exchange.LoseCursors()
	w.settle()
	if b, e := w.subjects(pim.Business), w.subjects(pim.Exchange); b != "a" || e != "" {
		t.Fatalf("business %q, Exchange %q", b, e)
	}
	w.edit(pim.Business, "a", func(a *pim.Appointment) { a.Body = "wanted again" })
	w.settle()
	w.want("a")
	w.equal()
}

func TestMeetingsWithGuestsAreNeverRemovedOrMovedByAnUndo(t *testing.T) {
	w := newWorld(t, false)
	w.put(pim.Business, appointment("a", 8))
	w.run()
	run := w.last().ID
	w.edit(pim.Exchange, "a", func(a *pim.Appointment) {
		a.Meeting = &pim.Meeting{Role: pim.RoleOrganizer, Organizer: "anna@lab.test", Attendees: []pim.Attendee{{Address: "ben@lab.test"}}}
	})
	w.run()
	if got := w.undo(run); got.Removed != 0 {
		t.Errorf("%+v", got)
	}
	w.settle()
	if w.subjects(pim.Exchange) != "a" {
		t.Error("the meeting is gone")
	}
}
