package executor_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"abgleich/agent/engine"
	"abgleich/agent/executor"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/fake"
	"abgleich/agent/store"
)

// What the model test found, shrunk to what a person can read.

// reset empties the mailbox, and lets its feed begin anew.
func (w *world) reset() {
	for _, e := range w.exchange.Items(w.user, kind) {
		w.exchange.HardDelete(w.user, kind, e.ID)
	}
	w.exchange.LoseCursors()
}

func TestAPrivateItemMadeAnewFromItsCopyComesWholeToBothSidesWhenTheOptionsSaySo(t *testing.T) {
	w := newWorld(t, false)
	w.options(engine.Options{Private: engine.PrivateBusy})
	w.put(pim.Exchange, secret("doctor", 1))
	w.run()
	w.has(pim.Business, engine.MaskSubject)
	w.reset()
	w.settle()
	w.options(engine.Options{})
	w.decide(store.Restore)
	w.want("doctor")
	w.equal()
	w.quiet()
}

func TestComparingCallsAnOldEditThatWaitsForOtherOptionsNotPending(t *testing.T) {
	w := newWorld(t, false)
	w.put(pim.Business, appointment("a", 8))
	w.run()
	w.options(engine.Options{Direction: engine.ToExchange})
	w.location(pim.Business, "first")
	w.faults.BeforeCall(func(c fake.Call) error {
		if c.Side == pim.Exchange && c.Op == fake.OpFindByKey || c.Op == fake.OpUpdate {
			return fault.New(fault.ServerUnreachable, "", "", nil)
		}
		return nil
	})
	if _, err := w.slices(); fault.CodeOf(err) != fault.ServerUnreachable {
		t.Fatal(err)
	}
	w.faults.BeforeCall(nil)
	w.now = w.now.Add(time.Hour)
	w.location(pim.Exchange, "second, and newer")
	w.run()
	if got := w.states(); got != "a 5" {
		t.Errorf("compare says %s", got)
	}
	w.quiet()
}

func TestAConfirmedDeletionThatTheOptionsNoLongerAllowRestsAndSaysSo(t *testing.T) {
	w := newWorld(t, false)
	w.fill(pim.Business, "b", 6)
	w.reset()
	w.settle()
	holds, err := w.store.Holds(t.Context(), w.user)
	if err != nil || len(holds) != 1 {
		t.Fatalf("%+v, %v", holds, err)
	}
	if err := w.store.ResolveHold(t.Context(), w.user, holds[0].ID, store.Confirm, "anna"); err != nil {
		t.Fatal(err)
	}
	w.options(engine.Options{Direction: engine.ToExchange})
	w.settle()
	if n := len(w.business.Items(w.user, kind)); n != 6 {
		t.Errorf("%d items on the business side, which must not be written to", n)
	}
	if got := w.states(); strings.Count(got, " 5") != 6 {
		t.Errorf("compare says %s", got)
	}
	w.quiet()
	w.options(engine.Options{})
	w.settle()
	if n := len(w.business.Items(w.user, kind)); n != 6 {
		t.Errorf("%d items after the direction changed: that deletes nothing", n)
	}
}

func TestWhatAPersonDoesNotWantMadeIsNoProblemAnyMore(t *testing.T) {
	w := newWorld(t, false)
	w.guard = engine.Guard{Items: 1, Percent: 1}
	w.restart()
	w.put(pim.Exchange, appointment("a", 8), appointment("b", 9))
	w.put(pim.Business, appointment("a", 8), appointment("b", 9))
	w.run()
	w.put(pim.Business, appointment("c", 10))
	w.faults.Decide(func(e fake.Effect) fake.Trouble {
		if e.Op == fake.OpCreate {
			return fake.Refuse
		}
		return fake.None
	})
	w.run()
	if got := w.codes(); got != string(fault.ItemRefused) {
		t.Fatal(got)
	}
	w.faults.Decide(nil)
	w.now = w.now.Add(time.Hour)
	w.put(pim.Business, appointment("d", 11))
	w.exchange.LoseCursors()
	w.run()
	w.decide(store.Restore)
	if got := w.codes(); got != "" {
		t.Error("problems:", got)
	}
	w.has(pim.Exchange, "a b")
}

func TestTheCreationGuardLooksAgainInTheVeryRunInWhichAFeedBeginsAnew(t *testing.T) {
	w := newWorld(t, false)
	w.guard = engine.Guard{Items: 2, Percent: 20}
	w.restart()
	w.put(pim.Business, appointment("a", 8), appointment("b", 9))
	w.run()
	w.put(pim.Business, appointment("c", 10))
	w.run()
	w.want("a b c")
	w.put(pim.Business, appointment("d", 11), appointment("e", 12), appointment("f", 13))
	w.business.LoseCursors()
	w.run()
	w.has(pim.Exchange, "a b c")
	w.decide(store.Confirm)
	w.want("a b c d e f")
	w.quiet()
}

func TestWhatANewListingMissedIsNotDeletedBecauseTheFeedRepeatsItself(t *testing.T) {
	w := newWorld(t, false)
	w.put(pim.Business, appointment("a", 8), appointment("b", 9))
	w.run()
	w.reset()
	w.faults.BeforeCall(func(c fake.Call) error {
		if c.Op == fake.OpWhereabouts {
			return fault.New(fault.ServerUnreachable, "", "", nil)
		}
		return nil
	})
	if _, err := w.slices(); fault.CodeOf(err) != fault.ServerUnreachable {
		t.Fatal(err)
	}
	w.faults.BeforeCall(nil)
	w.exchange.Repeat(20)
	w.settle()
	w.has(pim.Business, "a b")
	w.decide(store.Restore)
	w.want("a b")
	w.quiet()
}

func TestAKeyThatArrivedThoughItsReplyWasLostIsNoProblemAnyMore(t *testing.T) {
	w := newWorld(t, false)
	w.put(pim.Exchange, appointment("a", 8))
	tries := 0
	w.faults.Decide(func(e fake.Effect) fake.Trouble {
		if e.Side != pim.Exchange || e.Op != fake.OpSetKeys {
			return fake.None
		}
		if tries++; tries == 1 {
			return fake.LoseItemReply
		}
		return fake.Refuse
	})
	w.run()
	if got := w.codes(); got != string(fault.ItemRefused) {
		t.Fatal(got)
	}
	w.run()
	if got := w.codes(); got != "" {
		t.Error("problems:", got)
	}
}

func TestOfSeveralItemsWithOneKeyTwoAreThePairAndTheOthersCopies(t *testing.T) {
	w := newWorld(t, false)
	w.put(pim.Business, appointment("a", 8))
	w.run()
	w.exchange.Copy(w.user, kind, w.only(pim.Exchange, "a").ID)
	w.edit(pim.Business, "a", func(a *pim.Appointment) { a.Subject = "b" })
	if err := w.store.Forget(t.Context(), w.user, kind); err != nil {
		t.Fatal(err)
	}
	w.settle()
	w.want("a b")
	w.equal()
	w.quiet()
}

func TestWhatANewListingMissedAndIsThereAgainAsItWasIsNotGone(t *testing.T) {
	w := newWorld(t, true)
	w.put(pim.Exchange, appointment("a", 8))
	w.run()
	w.location(pim.Exchange, "room")
	backup := w.exchange.Snapshot()
	// The edit is read, and then nothing works any more.
	w.faults.BeforeCall(func(c fake.Call) error {
		if c.Op == fake.OpUpdate {
			return fault.New(fault.ServerUnreachable, "", "", nil)
		}
		return nil
	})
	if _, err := w.slices(); fault.CodeOf(err) != fault.ServerUnreachable {
		t.Fatal(err)
	}
	w.reset()
	// It is looked for, and then the process ends.
	looked := false
	w.faults.BeforeCall(func(c fake.Call) error {
		looked = looked || c.Op == fake.OpWhereabouts
		return nil
	})
	commits := 0
	w.faults.Decide(func(fake.Effect) fake.Trouble {
		if !looked {
			return fake.None
		}
		if commits++; commits == 1 {
			return fake.None
		}
		return fake.CrashBefore
	})
	if _, err := w.slices(); !w.faults.Crashed() {
		t.Fatal(err)
	}
	w.faults.Decide(nil)
	w.faults.BeforeCall(nil)
	w.faults.Revive()
	w.restart()
	w.exchange.Restore(backup)
	w.one("", "room")
}

func TestWhatIsWrittenIntoADayOfAPrivateSeriesCopyIsSetBack(t *testing.T) {
	w := newWorld(t, false)
	w.options(engine.Options{Private: engine.PrivateBusy})
	a := series("doctor", 8)
	a.Sensitivity = pim.Private
	w.put(pim.Exchange, a)
	w.run()
	w.edit(pim.Business, engine.MaskSubject, func(a *pim.Appointment) { rename(a, 3, "not mine to say") })
	w.run()
	if c := w.only(pim.Business, engine.MaskSubject).Item.Shared().Recurrence.Changed; len(c) != 0 {
		t.Errorf("the copy still says %+v", c)
	}
	if c := w.only(pim.Exchange, "doctor").Item.Shared().Recurrence.Changed; len(c) != 0 {
		t.Errorf("it arrived: %+v", c)
	}
	if got := w.trash(); len(got) != 1 || got[0].Side != pim.Business {
		t.Errorf("kept: %+v", got)
	}
	w.quiet()
}

func TestWhatIsHeldStillCounts(t *testing.T) {
	w := newWorld(t, false)
	w.guard = engine.Guard{Items: 3, Percent: 20}
	w.restart()
	w.fill(pim.Business, "b", 15)
	for _, name := range []string{"b00", "b01", "b02", "b03"} {
		w.delete(pim.Exchange, name)
	}
	w.run()
	w.delete(pim.Exchange, "b04") // alone it would be little
	w.run()
	if n := len(w.business.Items(w.user, kind)); n != 15 {
		t.Errorf("%d items are left of 15", n)
	}
	w.decide(store.Confirm)
	if n := len(w.business.Items(w.user, kind)); n != 10 {
		t.Errorf("%d items are left of 15, 5 deletions of which were confirmed", n)
	}
}

func TestWhatOtherOptionsLeaveOutIsNoProblemAnyMore(t *testing.T) {
	w := newWorld(t, false)
	w.put(pim.Business, appointment("a", 8))
	w.faults.Decide(func(e fake.Effect) fake.Trouble {
		if e.Op == fake.OpCreate {
			return fake.Refuse
		}
		return fake.None
	})
	w.run()
	if got := w.codes(); got != string(fault.ItemRefused) {
		t.Fatal(got)
	}
	w.faults.Decide(nil)
	w.now = w.now.Add(time.Hour)
	w.options(engine.Options{Categories: []string{"work"}})
	w.exchange.LoseCursors()
	w.run()
	if got := w.codes(); got != "" {
		t.Error("problems:", got)
	}
	w.has(pim.Exchange, "")
}

func TestWhatWasMovedAwayAndIsNotInARestoredDatabaseIsNotDeleted(t *testing.T) {
	w := newWorld(t, false)
	backup := w.business.Snapshot()
	w.put(pim.Exchange, appointment("a", 8))
	w.run()
	w.business.Move(w.user, kind, w.only(pim.Business, "a").ID)
	// The feed tells that it left, and then nothing works any more.
	w.faults.BeforeCall(func(c fake.Call) error {
		if c.Op == fake.OpWhereabouts {
			return fault.New(fault.ServerUnreachable, "", "", nil)
		}
		return nil
	})
	if _, err := w.slices(); fault.CodeOf(err) != fault.ServerUnreachable {
		t.Fatal(err)
	}
	w.faults.BeforeCall(nil)
	w.business.Restore(backup)
	w.settle()
	w.has(pim.Exchange, "a")
	w.decide(store.Restore)
	w.want("a")
	w.equal()
	w.quiet()
}

func TestAnOlderStoreKnowsAnItemThatWasMadeAnewByItsKey(t *testing.T) {
	for _, gone := range both {
		w := newWorld(t, false)
		w.put(gone, appointment("a", 8))
		w.run()
		older := w.unload()
		w.load(older)
		w.restart()
		w.side(gone).HardDelete(w.user, kind, w.only(gone, "a").ID)
		w.body(gone.Other(), "edited")
		w.run() // made anew
		w.want("a")
		w.unload()
		w.load(older)
		w.restart()
		w.settle()
		w.want("a")
		w.equal()
		w.quiet()
	}
}

func TestAnItemThatTookItsPlaceBackIsNotTakenForGone(t *testing.T) {
	w := newWorld(t, false)
	w.guard = engine.Guard{Items: 1, Percent: 1}
	w.restart()
	w.put(pim.Business, appointment("a", 8), appointment("b", 9))
	w.run()
	a := w.only(pim.Business, "a").ID
	w.business.Copy(w.user, kind, a)
	w.business.Copy(w.user, kind, a)
	w.business.HardDelete(w.user, kind, a)
	w.business.LoseCursors()
	w.settle()
	w.has(pim.Business, "a a b")
	w.decide(store.Restore) // neither of the two is to be made in Exchange, and the one that is there stays
	w.settle()
	w.has(pim.Exchange, "a b")
	if got := w.states(); strings.Contains(got, fmt.Sprint(executor.ComparePending)) {
		t.Errorf("compare says %s", got)
	}
	w.quiet()
}
