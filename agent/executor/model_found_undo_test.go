package executor_test

import (
	"testing"

	"abgleich/agent/engine"
	"abgleich/agent/pim"
	"abgleich/agent/side/fake"
	"abgleich/agent/store"
)

// What the model test found where something was undone or brought back.

func TestAnItemThatWasEditedWhileItWasBeingDeletedComesBackOnce(t *testing.T) {
	w := newWorld(t, false)
	w.put(pim.Business, appointment("a", 8), appointment("b", 9))
	w.run()
	w.delete(pim.Exchange, "a")
	stale := false
	w.faults.Decide(func(e fake.Effect) fake.Trouble {
		if e.Op == fake.OpDelete && !stale {
			stale = true
			return fake.Stale
		}
		return fake.None
	})
	w.run()
	w.want("b")
	if n := len(w.trash()); n < 2 {
		t.Fatalf("%d copies: this test is about two", n)
	}
	u := w.undo(w.last().ID)
	w.settle()
	w.want("a b")
	w.equal()
	if u.Restored != 1 {
		t.Errorf("%+v", u)
	}
	w.quiet()
}

func TestAnItemThatAnUndoBringsBackWaitsForTheOneThatIsInAnotherFolder(t *testing.T) {
	for _, from := range both {
		t.Run(from.String(), func(t *testing.T) {
			w := newWorld(t, false)
			w.put(from, appointment("a", 8))
			w.run()
			made := w.last().ID
			w.undo(made)
			w.has(from, "a")
			w.has(from.Other(), "")
			undone := w.last().ID
			away := w.side(from).Move(w.user, kind, w.only(from, "a").ID)
			w.settle()
			w.undo(undone)
			w.settle()
			w.has(from.Other(), "a")
			w.has(from, "") // it isn't made anew
			w.quiet()
			w.side(from).MoveBack(w.user, kind, away)
			w.settle()
			w.want("a")
			w.equal()
			w.quiet()
		})
	}
}

func TestAnItemThatStaysWhenTwoRunsAreUndoneIsNotForgotten(t *testing.T) {
	w := newWorld(t, false)
	w.put(pim.Business, appointment("a", 8))
	w.run()
	first := w.last().ID
	w.business.HardDelete(w.user, kind, w.only(pim.Business, "a").ID)
	w.body(pim.Exchange, "mine")
	w.run()
	second := w.last().ID
	w.want("a")
	lease, err := w.store.Begin(t.Context(), w.user, kind)
	for _, run := range []store.RunID{first, second} {
		if err == nil {
			err = lease.AskUndo(t.Context(), run)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	w.settle()
	w.has(pim.Business, "")
	w.has(pim.Exchange, "a")
	if got := w.states(); got != "a 6" {
		t.Errorf("compare says %s", got)
	}
	w.quiet()
	w.edit(pim.Exchange, "a", func(a *pim.Appointment) { a.Location = "room" })
	w.settle()
	w.want("a")
	w.equal()
	w.quiet()
}

func TestUndoingAnUndoLeavesTheItemThatNeverLeft(t *testing.T) {
	for _, from := range both {
		w := newWorld(t, false)
		w.put(from, appointment("a", 8))
		w.run()
		for range 3 { // removed, brought back, removed
			w.undo(w.last().ID)
		}
		w.settle()
		w.has(from, "a")
		w.has(from.Other(), "")
		w.quiet()
	}
}

func TestWhatIsInTheFolderOfBeforeIsMadeAnewInAnotherOne(t *testing.T) {
	w := newWorld(t, false)
	w.put(pim.Business, appointment("b", 9))
	w.run()
	place := func(id string) {
		lease, err := w.store.Begin(t.Context(), w.user, kind)
		if err == nil {
			_, err = lease.Settle(t.Context(), store.Place{Mailbox: "m", Folder: id, ID: id})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	place("one")
	w.put(pim.Business, appointment("a", 8))
	w.run()
	w.exchange.Move(w.user, kind, w.only(pim.Exchange, "a").ID)
	w.exchange.Move(w.user, kind, w.only(pim.Exchange, "b").ID)
	place("two")
	w.options(engine.Options{Categories: []string{"work"}})
	w.run() // the first in that folder, which leaves both out
	w.has(pim.Exchange, "")
	w.options(engine.Options{})
	w.settle()
	w.want("a b")
	w.equal()
}

func TestAnUndoThatGoesOnLaterRemovesNothingThatIsTheLastOne(t *testing.T) {
	w := newWorld(t, false)
	backup := w.business.Snapshot()
	w.put(pim.Business, appointment("a", 8))
	w.run()
	w.faults.Decide(func(e fake.Effect) fake.Trouble {
		if e.Op == fake.OpDelete {
			return fake.CrashBefore
		}
		return fake.None
	})
	if _, err := w.exec.Undo(t.Context(), w.task(), w.last().ID, false); !w.faults.Crashed() {
		t.Fatal(err)
	}
	w.faults.Decide(nil)
	w.faults.Revive()
	w.restart()
	w.business.Restore(backup) // from before it was there
	w.settle()
	w.want("a")
	w.equal()
	w.quiet()
}

func TestWhatAnUndoLeftIsNotBroughtBack(t *testing.T) {
	w := newWorld(t, false)
	w.put(pim.Business, appointment("a", 8))
	w.run()
	w.faults.Decide(func(e fake.Effect) fake.Trouble {
		if e.Op == fake.OpDelete {
			w.faults.Decide(nil)
			w.edit(pim.Exchange, "a", func(a *pim.Appointment) { a.Body = "mine" })
			w.business.HardDelete(w.user, kind, w.only(pim.Business, "a").ID)
		}
		return fake.None
	})
	w.undo(w.last().ID)
	undone := w.last().ID
	w.settle()
	w.want("a")
	away := w.exchange.Move(w.user, kind, w.only(pim.Exchange, "a").ID)
	w.undo(undone)
	w.settle()
	w.exchange.MoveBack(w.user, kind, away)
	w.settle()
	w.want("a")
	w.equal()
	w.quiet()
}

func TestWhatWasMovedAwayWhileAnUndoWasToDeleteItIsThereOnce(t *testing.T) {
	for _, gone := range []bool{false, true} {
		w := newWorld(t, false)
		w.put(pim.Business, appointment("a", 8), appointment("b", 9))
		w.run()
		var away pim.ItemID
		w.faults.Decide(func(e fake.Effect) fake.Trouble {
			if e.Op == fake.OpDelete {
				w.faults.Decide(nil)
				away = w.exchange.Move(w.user, kind, w.only(pim.Exchange, "a").ID)
			}
			return fake.None
		})
		w.undo(w.last().ID)
		undone := w.last().ID
		w.settle()
		w.has(pim.Business, "a b")
		if gone { // what it was made from
			w.business.HardDelete(w.user, kind, w.only(pim.Business, "a").ID)
		}
		w.undo(undone)
		w.settle()
		w.exchange.MoveBack(w.user, kind, away)
		w.settle()
		w.want("a b")
		w.equal()
		w.quiet()
	}
}

func TestAnItemThatAnUndoBringsBackIsThatOfTheOneItWasMadeFromThoughThatHasNoKey(t *testing.T) {
	w := newWorld(t, false)
	w.put(pim.Business, appointment("a", 8))
	w.faults.Decide(func(e fake.Effect) fake.Trouble {
		if e.Op == fake.OpSetKeys {
			return fake.Refuse
		}
		return fake.None
	})
	w.run()
	w.undo(w.last().ID)
	w.edit(pim.Business, "a", func(a *pim.Appointment) { makeSeries(a) })
	w.undo(w.last().ID)
	w.faults.Decide(nil)
	w.settle()
	w.want("a")
	w.equal()
	w.quiet()
}
