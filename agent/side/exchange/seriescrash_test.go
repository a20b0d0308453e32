package exchange_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// interruptions are the ways in which a process or its server is gone: before a
// request was carried out, and after.
func interruptions() map[string]exchangesim.Effect {
	return map[string]exchangesim.Effect{"before": exchangesim.CutBefore, "behind": exchangesim.DropReply}
}

// each stops a write at its nth request and every later one, for as long as there
// are requests to stop at.
func each(t *testing.T, atLeast int, run func(t *testing.T, w *world, f side.Folder, stop func()) (whole bool)) {
	t.Helper()
	for name, effect := range interruptions() {
		for n := 0; ; n++ {
			whole := false
			t.Run(fmt.Sprintf("%s request %d", name, n), func(t *testing.T) {
				w := newWorld(t, options{})
				f := open(t, w, pim.KindAppointment)
				whole = run(t, w, f, func() {
					w.sim.Faults().Add(exchangesim.Fault{Effect: effect, Skip: n})                           // the one
					w.sim.Faults().Add(exchangesim.Fault{Effect: exchangesim.CutBefore, Skip: n, Times: -1}) // and all behind it
				})
			})
			if whole {
				if n < atLeast {
					t.Errorf("stopped %s: only %d requests", name, n)
				}
				break
			}
			if n > 40 {
				t.Fatal("no end")
			}
		}
	}
}

func TestACreationThatStopsAnywhereIsCompletedBeforeAnybodyHearsOfIt(t *testing.T) {
	each(t, 4, func(t *testing.T, w *world, f side.Folder, stop func()) bool {
		want := standup(t)
		stop()
		out, err := f.Create(t.Context(), []side.Creation{{Key: "k.1", Item: want}})
		whole := err == nil && out[0].Err == nil
		if err == nil && out[0].Err != nil && !fault.Has(out[0].Err, fault.ReplyLost) {
			t.Errorf("the creation says %v", out[0].Err)
		}
		w.sim.Faults().Clear()
		again := open(t, w, pim.KindAppointment)
		found, err := again.FindByKey(t.Context(), []pim.Key{"k.1"})
		if err != nil {
			t.Fatal(err)
		}
		if len(found[0].Items) == 0 && !whole {
			return false // it never began
		}
		readFinished(t, w, again, found[0].Items[0].ID, want)
		return whole
	})
}

// readFinished reads an item and expects it as it was meant, for good.
func readFinished(t *testing.T, w *world, f side.Folder, id pim.ItemID, want pim.Item) {
	t.Helper()
	got := getAll(t, f, []side.Outcome{{ID: id}})[0]
	same(t, w, "after the interruption", want, got.Item)
	before := w.sim.Stats().Items["UpdateItem"]
	if now := getAll(t, f, []side.Outcome{{ID: id}})[0]; now.Version != got.Version || w.sim.Stats().Items["UpdateItem"] != before {
		t.Error("reading it again wrote again")
	}
}

func TestAnUpdateThatStopsAnywhereIsEitherOrThereIsNone(t *testing.T) {
	all := pim.AppointmentFields &^ pim.Fields(pim.FieldMeeting)
	for name, make := range map[string]func(t *testing.T, a *pim.Appointment){
		"exceptions": func(t *testing.T, a *pim.Appointment) {
			change(t, a, 6, func(o *pim.Appointment) { o.Subject = "doch wie immer" })
			change(t, a, 9, func(o *pim.Appointment) { o.Busy = pim.BusyAway })
			remove(t, a, 2)
		},
		"one exception": func(t *testing.T, a *pim.Appointment) {
			change(t, a, 6, func(o *pim.Appointment) { o.Subject = "doch wie immer" })
		},
		"one occurrence deleted": func(t *testing.T, a *pim.Appointment) { remove(t, a, 8) },
		"a deleted one comes back": func(t *testing.T, a *pim.Appointment) {
			a.Recurrence.Deleted = nil
			change(t, a, 5, func(o *pim.Appointment) { o.Location = "Enns" })
		},
		"another time": func(t *testing.T, a *pim.Appointment) {
			a.Recurrence.Changed, a.Recurrence.Deleted = nil, nil
			a.When.Start, a.When.End = a.When.Start.Add(time.Hour), a.When.End.Add(time.Hour)
			a.Subject = "Standup später"
			change(t, a, 4, func(o *pim.Appointment) { o.Location = "Wels" })
			remove(t, a, 7)
		},
	} {
		t.Run(name, func(t *testing.T) {
			atLeast := 4
			if strings.HasPrefix(name, "one ") {
				atLeast = 2
			}
			each(t, atLeast, func(t *testing.T, w *world, f side.Folder, stop func()) bool {
				old := getAll(t, f, createAll(t, f, standup(t)))[0]
				to := old.Item.Clone().(*pim.Appointment)
				make(t, to)
				want := pim.Canonical(to)
				stop()
				out, err := f.Update(t.Context(), []side.Update{{ID: old.ID, Version: old.Version, Fields: all, Item: want, Was: old.Item}})
				w.sim.Faults().Clear()
				whole := err == nil && out[0].Err == nil
				again := open(t, w, pim.KindAppointment)
				now := getAll(t, again, []side.Outcome{{ID: old.ID}})[0]
				if !whole && now.Version == old.Version {
					same(t, w, "an update that never began", old.Item, now.Item)
					return false
				}
				readFinished(t, w, again, old.ID, want)
				return whole
			})
		})
	}
}

func TestAWriteThatMeetsAHalfWrittenSeriesIsRefusedAndCompletesIt(t *testing.T) {
	w := newWorld(t, options{})
	f, box := open(t, w, pim.KindAppointment), w.sim.Mailbox("anna@lab.test")
	want := standup(t)
	w.sim.Faults().Add(exchangesim.Fault{Effect: exchangesim.CutBefore, Operation: "DeleteItem", Times: -1})
	if out, err := f.Create(t.Context(), []side.Creation{{Key: "k", Item: want}}); err != nil || !fault.Has(out[0].Err, fault.ReplyLost) {
		t.Fatal(err, out)
	}
	w.sim.Faults().Clear()
	found, err := f.FindByKey(t.Context(), []pim.Key{"k"})
	if err != nil {
		t.Fatal(err)
	}
	half := found[0].Items[0]
	if it, _ := box.Get(exchangesim.ItemID(half.ID)); len(it.Exceptions())+len(it.DeletedOccurrences()) != 0 {
		t.Fatal("it is not half-written: the test says nothing")
	}
	other := want.Clone()
	other.Shared().Subject = "zu früh"
	out, err := f.Update(t.Context(), []side.Update{{ID: half.ID, Version: half.Version, Fields: pim.Fields(pim.FieldSubject), Item: other}})
	if err != nil || !fault.Has(out[0].Err, fault.ItemChanged) {
		t.Fatal(err, out)
	}
	readFinished(t, w, f, half.ID, want)
}

func TestAHalfWrittenSeriesNobodyCanCompleteIsUnreadable(t *testing.T) {
	w := newWorld(t, options{})
	f, box := open(t, w, pim.KindAppointment), w.sim.Mailbox("anna@lab.test")
	for name, mark := range map[string]string{"of a later version": "9.x", "no base64": "1.%", "no gzip": "1.aGFsbG8=", "empty": "1."} {
		made := getAll(t, f, createAll(t, f, standup(t)))[0]
		if _, err := box.Update(exchangesim.ItemID(made.ID), func(it *exchangesim.Item) {
			it.SetProperty(exchangesim.PropertyName{Set: "b3c1a0de-6a5e-4f0b-9d57-2f6c41a7e8d0", Name: "AbgleichPending", Type: "String"}, mark)
		}); err != nil {
			t.Fatal(err)
		}
		got, err := f.Get(t.Context(), []pim.ItemID{made.ID})
		if err != nil || !fault.Has(got[0].Err, fault.ItemUnreadable) || got[0].Item != nil {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}

func TestAPersonsEditDuringAWriteIsSeenLater(t *testing.T) {
	w := newWorld(t, options{})
	f, box := open(t, w, pim.KindAppointment), w.sim.Mailbox("anna@lab.test")
	g := getAll(t, f, createAll(t, f, standup(t)))[0]
	page, err := f.Changes(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	to := g.Item.Clone().(*pim.Appointment)
	change(t, to, 8, func(o *pim.Appointment) { o.Location = "Wels" })
	edited := make(chan struct{})
	w.sim.Faults().SetLatency(20 * time.Millisecond)
	go func() { // a person's edit somewhere among the requests
		defer close(edited)
		original, _ := timing(t, to).Start(10)
		if _, err := box.ChangeOccurrence(exchangesim.ItemID(g.ID), original, func(it *exchangesim.Item) { it.Subject = "von Hand" }); err != nil {
			t.Error(err)
		}
	}()
	out, err := f.Update(t.Context(), []side.Update{{ID: g.ID, Version: g.Version, Fields: pim.Fields(pim.FieldRecurrence), Item: to}})
	<-edited
	if err != nil {
		t.Fatal(err)
	}
	now, err := f.Get(t.Context(), []pim.ItemID{g.ID})
	if err != nil || now[0].Err != nil {
		t.Fatal(err, now)
	}
	hand := now[0].Item.Shared().Recurrence.Changed
	seen := len(hand) > 0 && hand[len(hand)-1].Item.Subject == "von Hand"
	if out[0].Err == nil && seen && out[0].Version == now[0].Version {
		t.Error("the outcome claims a version that holds a person's edit")
	}
	if next, err := f.Changes(t.Context(), page.Next); err != nil || len(next.Changes) == 0 {
		t.Errorf("the feed does not tell: %+v %v", next, err)
	}
}

func TestAPersonsExceptionsInAHalfWrittenSeriesStay(t *testing.T) {
	w := newWorld(t, options{})
	f, box := open(t, w, pim.KindAppointment), w.sim.Mailbox("anna@lab.test")
	g := getAll(t, f, createAll(t, f, standup(t)))[0]
	to := g.Item.Clone().(*pim.Appointment)
	to.Subject = "Standup neu"
	change(t, to, 6, func(o *pim.Appointment) { o.Subject = "der sechste" })
	w.sim.Faults().Add(exchangesim.Fault{Effect: exchangesim.CutBefore, Operation: "GetItem", Skip: 2, Times: -1})
	if out, err := f.Update(t.Context(), []side.Update{{ID: g.ID, Version: g.Version, Fields: pim.Fields(pim.FieldSubject, pim.FieldRecurrence), Item: to}}); err != nil || out[0].Err == nil {
		t.Fatal(err, out)
	}
	w.sim.Faults().Clear()
	for n, act := range map[int]func(time.Time) error{
		9: func(o time.Time) error { return box.DeleteOccurrence(exchangesim.ItemID(g.ID), o) },
		10: func(o time.Time) error {
			_, err := box.ChangeOccurrence(exchangesim.ItemID(g.ID), o, func(it *exchangesim.Item) { it.Location = "Garten" })
			return err
		},
	} {
		original, _ := timing(t, to).Start(n)
		if err := act(original); err != nil {
			t.Fatal(err)
		}
	}
	change(t, to, 10, func(o *pim.Appointment) { o.Location = "Garten" })
	remove(t, to, 9)
	readFinished(t, w, f, g.ID, pim.Canonical(to))
}
