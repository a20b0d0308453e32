package exchange_test

import (
	"testing"

	"abgleich/agent/exchangesim"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// holders gives the items of a folder that carry a key.
func holders(t *testing.T, f side.Folder, k pim.Key) []side.Got {
	t.Helper()
	found, err := f.FindByKey(t.Context(), []pim.Key{k})
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]pim.ItemID, len(found[0].Items))
	for i, g := range found[0].Items {
		ids[i] = g.ID
	}
	got, err := f.Get(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range got {
		if g.Err != nil || g.Key != k {
			t.Fatalf("%+v", g)
		}
	}
	return got
}

func made(t *testing.T, f side.Folder, k pim.Key, i pim.Item) side.Outcome {
	t.Helper()
	out, err := f.Create(t.Context(), []side.Creation{{Key: k, Item: i}})
	if err != nil || out[0].Err != nil {
		t.Fatal(err, out)
	}
	return out[0]
}

func recurringTask() *pim.Task {
	return pim.Canonical(&pim.Task{
		Common: pim.Common{Subject: "Meldung", Recurrence: &pim.Recurrence{Pattern: pim.Weekly, Interval: 1}},
		Start:  pim.Date{Year: 2026, Month: 11, Day: 23}, Due: pim.Date{Year: 2026, Month: 11, Day: 23},
	}).(*pim.Task)
}

func TestACopyHasEverythingTheKeyIncludedAndGetsOneOfItsOwn(t *testing.T) {
	single := standup(t)
	single.Recurrence = nil
	for name, i := range map[string]pim.Item{
		"series": standup(t), "appointment": single, "task": sampleTask(), "recurring task": recurringTask(),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, options{})
			f, box := open(t, w, i.Kind()), w.sim.Mailbox("anna@lab.test")
			first := made(t, f, "k.1", i)
			to := exchangesim.Calendar
			if i.Kind() == pim.KindTask {
				to = exchangesim.Tasks
			}
			if _, err := box.Copy(exchangesim.ItemID(first.ID), to); err != nil {
				t.Fatal(err)
			}
			both := holders(t, f, "k.1")
			if len(both) != 2 {
				t.Fatalf("%d carry the key", len(both))
			}
			for _, g := range both {
				same(t, w, "copy", i, g.Item)
				if g.ID == first.ID {
					continue
				}
				out, err := f.SetKeys(t.Context(), []side.KeyAssignment{{ID: g.ID, Version: g.Version, Key: "k.2"}})
				if err != nil || out[0].Err != nil {
					t.Fatal(err, out)
				}
			}
			// Each is its own from now on.
			copies := holders(t, f, "k.2")
			if len(copies) != 1 || len(holders(t, f, "k.1")) != 1 {
				t.Fatalf("%+v", copies)
			}
			changed := copies[0].Item.Clone()
			changed.Shared().Subject = "Kopie"
			update(t, f, copies[0], changed, pim.Fields(pim.FieldSubject))
			same(t, w, "the one copied from", i, holders(t, f, "k.1")[0].Item)
		})
	}
}

func sampleTask() *pim.Task {
	k := recurringTask()
	k.Recurrence = nil
	return k
}

func TestACopyOfAHalfWrittenSeriesIsCompletedToo(t *testing.T) {
	w := newWorld(t, options{})
	f, box := open(t, w, pim.KindAppointment), w.sim.Mailbox("anna@lab.test")
	want := standup(t)
	w.sim.Faults().Add(exchangesim.Fault{Effect: exchangesim.CutBefore, Operation: "DeleteItem", Times: -1})
	if out, err := f.Create(t.Context(), []side.Creation{{Key: "k", Item: want}}); err != nil || out[0].Err == nil {
		t.Fatal(err, out)
	}
	w.sim.Faults().Clear()
	found, err := f.FindByKey(t.Context(), []pim.Key{"k"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := box.Copy(exchangesim.ItemID(found[0].Items[0].ID), exchangesim.Calendar); err != nil {
		t.Fatal(err)
	}
	both := holders(t, f, "k")
	if len(both) != 2 {
		t.Fatalf("%d items", len(both))
	}
	for _, g := range both {
		same(t, w, "completed", want, g.Item)
	}
}

// What completing a recurring task leaves: the task itself moved on and a completed
// copy (Outlook), or itself completed and a new one for the next date (others).
func TestCompletingARecurringTaskIsNeverTakenForWhatWasWritten(t *testing.T) {
	for name, renew := range map[string]bool{"the task moves on": false, "a new task follows": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, options{sim: func(o *exchangesim.Options) { o.RegenerateNew = renew }})
			f := open(t, w, pim.KindTask)
			first := made(t, f, "k.1", recurringTask())
			g := getAll(t, f, []side.Outcome{first})[0]
			done := g.Item.Clone().(*pim.Task)
			done.Status, done.Percent, done.Completed = pim.Completed, 100, done.Due
			out := update(t, f, g, pim.Canonical(done), pim.Fields(pim.FieldProgress))
			now := getAll(t, f, []side.Outcome{out})[0]
			if out.Version == now.Version {
				t.Error("the outcome claims to know what became of the task")
			}
			both := holders(t, f, "k.1")
			if len(both) != 2 {
				t.Fatalf("%d carry the key", len(both))
			}
			for _, x := range both {
				k := x.Item.(*pim.Task)
				open := k.Status != pim.Completed
				if isNext := (x.ID == first.ID) != renew; open != isNext || open != (k.Recurrence != nil) {
					t.Errorf("%+v, the first one: %v", k, x.ID == first.ID)
				}
				if open && k.Due.String() != "2026-11-30" {
					t.Errorf("due on %s", k.Due)
				}
			}
		})
	}
}

func TestDeletingARecurringTaskDeletesItAltogether(t *testing.T) {
	w := newWorld(t, options{})
	f := open(t, w, pim.KindTask)
	first := made(t, f, "k.1", recurringTask())
	out, err := f.Delete(t.Context(), []side.Deletion{{ID: first.ID, Version: first.Version}})
	if err != nil || out[0].Err != nil {
		t.Fatal(err, out)
	}
	if left := w.sim.Mailbox("anna@lab.test").Count(exchangesim.Tasks); left != 0 {
		t.Errorf("%d tasks are left", left)
	}
}

func TestAReopenedRecurringTaskRecursAgain(t *testing.T) {
	w := newWorld(t, options{})
	f := open(t, w, pim.KindTask)
	k := recurringTask()
	done := k.Clone().(*pim.Task)
	done.Status, done.Percent, done.Completed = pim.Completed, 100, k.Due
	first := made(t, f, "k.1", done)
	g := getAll(t, f, []side.Outcome{first})[0]
	if g.Item.Shared().Recurrence != nil {
		t.Fatalf("%+v", g.Item)
	}
	out := update(t, f, g, k, pim.Fields(pim.FieldProgress))
	same(t, w, "reopened", k, getAll(t, f, []side.Outcome{out})[0].Item)
}
