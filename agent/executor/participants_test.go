package executor_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"abgleich/agent/pim"
	"abgleich/agent/side/fake"
	"abgleich/agent/store"
)

// team is a world of several employees, whose appointments are shared.
type team struct {
	*world
	users []pim.UserID
}

func newTeam(t testing.TB, users ...pim.UserID) *team {
	return &team{newWorld(t, true), users}
}

// as lets the world be seen by one of them.
func (w *team) as(u pim.UserID) *world {
	w.user = u
	return w.world
}

// all runs everybody until nothing is left to write, and asks that all then agree.
func (w *team) all() {
	w.t.Helper()
	w.rest()
	w.agree()
}

// rest runs everybody until nothing is left to write. Mailboxes need not agree:
// Exchange brings the details of a meeting to each of them in its own time.
func (w *team) rest() {
	w.t.Helper()
	for range 10 {
		before := w.faults.Writes()
		for _, u := range w.users {
			w.as(u).settle()
		}
		if w.faults.Writes() == before {
			return
		}
	}
	w.t.Fatalf("the copies write over each other for ever: %s", w.problems())
}

// agree checks every mailbox against what its user has in the business database, and
// all views of one appointment against each other.
func (w *team) agree() {
	w.t.Helper()
	shared := map[pim.ItemID]pim.Item{}
	for _, u := range w.users {
		w.as(u).equal()
		for _, e := range w.business.Items(u, kind) {
			i := impersonal(e.Item)
			if d := pim.Diff(i, shared[e.ID]); shared[e.ID] != nil && d != 0 {
				w.t.Errorf("%s sees %s of %s otherwise", u, d, e.ID)
			}
			shared[e.ID] = i
		}
	}
}

// impersonal is an item without what is a person's own, also in those occurrences that
// have it from their series.
func impersonal(i pim.Item) pim.Item {
	a := i.Clone().(*pim.Appointment)
	a.Guest = false
	if a.Recurrence != nil {
		for _, x := range a.Recurrence.Changed {
			if x.Item != nil {
				pim.Apply(x.Item, &pim.Appointment{}, pim.ParticipantFields&^pim.Diff(a, x.Item))
			}
		}
	}
	pim.Apply(a, &pim.Appointment{}, pim.ParticipantFields)
	return a
}

// has tells what a user has in his mailbox: subject, place and busy status.
func (w *team) has(u pim.UserID) string {
	var out []string
	for _, e := range w.exchange.Items(u, kind) {
		a := e.Item.(*pim.Appointment)
		out = append(out, strings.TrimRight(a.Subject+"/"+a.Location+"/"+string(a.Busy), "/"))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func (w *team) expect(want map[pim.UserID]string) {
	w.t.Helper()
	for _, u := range w.users {
		if got := w.has(u); got != want[u] {
			w.t.Errorf("%s has %q, want %q; problems: %s", u, got, want[u], w.problems())
		}
	}
	w.violations()
}

// put makes an appointment of the first user in which all others take part.
func (w *team) together(subject string) pim.ItemID {
	id := w.business.Put(w.users[0], appointment(subject, 8))
	for _, u := range w.users[1:] {
		w.business.Join(w.users[0], id, u)
	}
	return id
}

// change edits a user's copy in his mailbox.
func (w *team) change(u pim.UserID, subject string, edit func(*pim.Appointment)) {
	w.t.Helper()
	w.as(u).edit(pim.Exchange, subject, edit)
}

func (w *team) trash(u pim.UserID) int { return len(w.exchange.Trash(u, kind)) }

func TestEachParticipantHasACopyOfHisOwn(t *testing.T) {
	w := newTeam(t, "anna", "bernd", "clara")
	id := w.business.Put("anna", appointment("a", 8))
	w.all()
	w.expect(map[pim.UserID]string{"anna": "a"})
	w.business.Join("anna", id, "bernd")
	w.all()
	w.expect(map[pim.UserID]string{"anna": "a", "bernd": "a"})

	// What is shared reaches all, what is personal nobody.
	w.change("bernd", "a", func(a *pim.Appointment) { a.Subject, a.Busy = "b", pim.BusyFree })
	w.change("anna", "a", func(a *pim.Appointment) { a.Location, a.Busy = "Linz", pim.BusyAway })
	w.all()
	w.expect(map[pim.UserID]string{"anna": "b/Linz/away", "bernd": "b/Linz/free"})
	w.business.Edit("anna", kind, id, func(i pim.Item) { i.Shared().Reminder = &pim.Reminder{Before: 7} })
	w.all()
	if r := w.exchange.Items("bernd", kind)[0].Item.Shared().Reminder; r != nil {
		t.Errorf("the owner's reminder came to the participant: %+v", r)
	}

	// Whoever comes later begins with what the owner has.
	w.business.Join("anna", id, "clara")
	w.all()
	w.expect(map[pim.UserID]string{"anna": "b/Linz/away", "bernd": "b/Linz/free", "clara": "b/Linz/away"})
	for _, u := range w.users {
		w.as(u).quiet()
	}
}

func TestTwoParticipantsEditAtTheSameTime(t *testing.T) {
	w := newTeam(t, "anna", "bernd")
	w.together("a")
	w.all()

	// Different fields: both stay.
	w.change("anna", "a", func(a *pim.Appointment) { a.Location = "Linz" })
	w.change("bernd", "a", func(a *pim.Appointment) { a.Body = "von Bernd" })
	w.all()
	for _, u := range w.users {
		if a := w.exchange.Items(u, kind)[0].Item.(*pim.Appointment); a.Location != "Linz" || a.Body != "von Bernd" {
			t.Errorf("%s has %+v", u, a)
		}
	}

	// The same field: one of the two, for both; the other one is kept in the trash.
	w.change("anna", "a", func(a *pim.Appointment) { a.Body = "die eine" })
	w.change("bernd", "a", func(a *pim.Appointment) { a.Body = "die andere" })
	w.all()
	kept := ""
	for _, u := range w.users {
		list, err := w.store.Trash(t.Context(), u, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range list {
			i, err := pim.Unmarshal(x.Content)
			if err != nil {
				t.Fatal(err)
			}
			kept += " " + i.Shared().Body
		}
	}
	a, b := w.exchange.Items("anna", kind)[0].Item.Shared().Body, w.exchange.Items("bernd", kind)[0].Item.Shared().Body
	lost := map[string]string{"die eine": "die andere", "die andere": "die eine"}[a]
	if a != b || lost == "" || !strings.Contains(kept, lost) {
		t.Errorf("anna has %q, bernd %q, in the trash:%s", a, b, kept)
	}
}

func TestAnEditUnderTheHandsOfAnotherIsMerged(t *testing.T) {
	w := newTeam(t, "anna", "bernd")
	id := w.together("a")
	w.all()
	w.change("bernd", "a", func(a *pim.Appointment) { a.Location = "Linz" })
	at := w.faults.Effects()
	done := false
	w.faults.Decide(func(e fake.Effect) fake.Trouble {
		if !done && e.N > at && e.Side == pim.Business && e.Op == fake.OpUpdate {
			done = true
			w.business.Edit("anna", kind, id, func(i pim.Item) { i.Shared().Body = "von Anna" })
		}
		return fake.None
	})
	w.all()
	for _, u := range w.users {
		if a := w.exchange.Items(u, kind)[0].Item.(*pim.Appointment); !done || a.Location != "Linz" || a.Body != "von Anna" {
			t.Errorf("%s has %+v", u, a)
		}
	}
}

func TestLeavingAndDeleting(t *testing.T) {
	w := newTeam(t, "anna", "bernd", "clara")
	for _, s := range []string{"a", "b", "c"} {
		w.together(s)
	}
	w.all()

	// A participant who deletes his copy leaves.
	w.as("bernd").delete(pim.Exchange, "a")
	w.all()
	w.expect(map[pim.UserID]string{"anna": "a b c", "bernd": "b c", "clara": "a b c"})
	if got := w.as("bernd").subjects(pim.Business); got != "b c" {
		t.Errorf("bernd still takes part: %s", got)
	}

	// The owner's deletion deletes for all, into Deleted Items.
	before := w.trash("bernd") + w.trash("clara")
	w.as("anna").delete(pim.Exchange, "b")
	w.all()
	w.expect(map[pim.UserID]string{"anna": "a c", "bernd": "c", "clara": "a c"})
	if n := w.trash("bernd") + w.trash("clara") - before; n != 2 {
		t.Errorf("%d copies in Deleted Items", n)
	}

	// Taken off by somebody in the business system.
	w.business.Leave("clara", w.as("clara").only(pim.Business, "c").ID)
	w.all()
	w.expect(map[pim.UserID]string{"anna": "a c", "bernd": "c", "clara": "a"})
	if n := w.trash("clara"); n != 2 {
		t.Errorf("%d items in clara's Deleted Items", n)
	}
	// He may come again.
	w.business.Join("anna", w.as("anna").only(pim.Business, "c").ID, "clara")
	w.all()
	w.expect(map[pim.UserID]string{"anna": "a c", "bernd": "c", "clara": "a c"})
}

func TestTheGuardOfEachParticipantHoldsHisDeletions(t *testing.T) {
	w := newTeam(t, "anna", "bernd")
	for n := range 30 {
		w.together(fmt.Sprintf("t%d", n))
		w.business.Put("anna", appointment(fmt.Sprintf("eigen%d", n), 9))
	}
	for range 200 {
		w.business.Put("anna", appointment("voll", 10))
	}
	w.all()
	for n := range 25 {
		w.as("anna").delete(pim.Exchange, fmt.Sprintf("t%d", n))
	}
	for _, u := range w.users {
		w.as(u).settle()
	}
	for u, want := range map[pim.UserID]int{"anna": 0, "bernd": 1} {
		holds, err := w.store.Holds(t.Context(), u)
		if err != nil || len(holds) != want {
			t.Errorf("%s: %d holds, %v", u, len(holds), err)
		}
	}
	if n := len(w.exchange.Items("bernd", kind)); n != 30 {
		t.Errorf("bernd's guard let deletions through: he has %d", n)
	}
	holds, err := w.store.Holds(t.Context(), "bernd")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.store.ResolveHold(t.Context(), "bernd", holds[0].ID, store.Confirm, "bernd"); err != nil {
		t.Fatal(err)
	}
	w.all()
	if n := len(w.exchange.Items("bernd", kind)); n != 5 {
		t.Errorf("bernd has %d", n)
	}
}

func TestTheOwnerChanges(t *testing.T) {
	w := newTeam(t, "anna", "bernd", "clara")
	id := w.business.Put("anna", appointment("a", 8))
	w.business.Join("anna", id, "bernd")
	w.all()
	w.change("bernd", "a", func(a *pim.Appointment) { a.Busy = pim.BusyFree })
	w.all()
	was := w.exchange.Items("bernd", kind)[0]

	// To a participant: his copy stays as it is.
	w.business.HandOver("anna", kind, id, "bernd")
	w.all()
	w.expect(map[pim.UserID]string{"bernd": "a//free"})
	if now := w.exchange.Items("bernd", kind)[0]; now.ID != was.ID || now.Version != was.Version {
		t.Error("the new owner's copy was written")
	}
	if n := w.trash("anna"); n != 1 {
		t.Errorf("%d items in the former owner's Deleted Items", n)
	}
	// His deletion is now the owner's.
	w.business.Join("bernd", id, "clara")
	w.all()
	w.as("bernd").delete(pim.Exchange, "a")
	w.all()
	w.expect(nil)

	// To somebody else, with an edit on its way: nothing is lost.
	id = w.business.Put("anna", appointment("x", 9))
	w.all()
	w.business.HandOver("anna", kind, id, "clara")
	w.change("anna", "x", func(a *pim.Appointment) { a.Body = "noch von Anna" })
	w.all()
	w.expect(map[pim.UserID]string{"anna": "x", "clara": "x"})
}

func TestATaskHandedOverMoves(t *testing.T) {
	w := newTeam(t, "anna", "bernd")
	id := w.business.Put("anna", &pim.Task{Common: pim.Common{Subject: "Aufgabe"}, Due: pim.Date{Year: 2026, Month: 4, Day: 1}})
	run := func() {
		t.Helper()
		for _, u := range []pim.UserID{"anna", "bernd", "anna", "bernd"} {
			task := w.as(u).task()
			task.Kind = pim.KindTask
			for {
				res, err := w.exec.Slice(t.Context(), task)
				if err != nil {
					t.Fatal(err)
				}
				if !res.More {
					break
				}
			}
		}
	}
	run()
	w.business.HandOver("anna", pim.KindTask, id, "bernd")
	run()
	if a, b := w.exchange.Items("anna", pim.KindTask), w.exchange.Items("bernd", pim.KindTask); len(a) != 0 || len(b) != 1 {
		t.Errorf("anna has %v, bernd %v", a, b)
	}
	if n := len(w.exchange.Trash("anna", pim.KindTask)); n != 1 {
		t.Errorf("%d tasks in anna's Deleted Items", n)
	}
	w.exchange.Edit("bernd", pim.KindTask, w.exchange.Items("bernd", pim.KindTask)[0].ID, func(i pim.Item) { i.(*pim.Task).Status = pim.Completed })
	w.business.HandOver("bernd", pim.KindTask, id, "anna")
	run()
	// The edit wins over the handing over, as over any deletion.
	if a, b := w.exchange.Items("anna", pim.KindTask), w.exchange.Items("bernd", pim.KindTask); len(a) != 1 || len(b) != 1 {
		t.Errorf("anna has %v, bernd %v", a, b)
	}
	w.violations()
}
