package executor_test

import (
	"fmt"
	"strings"
	"testing"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/fake"
	"abgleich/agent/store"
)

// fill makes so many items on a side and carries them over.
func (w *world) fill(id pim.SideID, name string, n int) {
	for i := range n {
		a := appointment(fmt.Sprintf("%s%02d", name, i), i%20)
		a.Body = "text of " + a.Subject
		w.put(id, a)
	}
	w.run()
}

// resolve settles, wants all that is held to be deletions on one side, and decides.
func (w *world) resolve(on pim.SideID, items int, d store.Decision) {
	w.t.Helper()
	w.settle()
	holds, err := w.store.Holds(w.t.Context(), w.user)
	if err != nil || len(holds) != 1 || holds[0].Code != fault.DeletionsHeld || holds[0].Side != on || holds[0].Items != items {
		w.t.Fatalf("holds %+v, %v; problems %s", holds, err, w.problems())
	}
	if err := w.store.ResolveHold(w.t.Context(), w.user, holds[0].ID, d, "anna"); err != nil {
		w.t.Fatal(err)
	}
	w.settle()
	w.violations()
}

// whole checks that both sides hold exactly what there was.
func (w *world) whole(was string) {
	w.t.Helper()
	w.equal()
	if got := w.picture(); got != was {
		w.t.Errorf("got %d lines\n%s\nwant %d", strings.Count(got, "\n"), got, strings.Count(was, "\n"))
	}
	if p := w.problems(); p != "" {
		w.t.Error(p)
	}
	w.quiet()
}

func TestWhatADatabaseRestoredFromLastWeekLacksIsMadeAgainThere(t *testing.T) {
	for name, by := range map[string]pim.SideID{"entered in business": pim.Business, "entered in Exchange": pim.Exchange} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, false)
			w.fill(pim.Business, "old", 30)
			lastWeek := w.business.Snapshot()
			w.fill(by, "new", 25)
			was := w.picture()
			w.business.Restore(lastWeek)
			w.resolve(pim.Exchange, 25, store.Restore)
			w.whole(was)
		})
	}
}

func TestWhatAMailboxThatWasResetLacksIsMadeAgainThere(t *testing.T) {
	for name, forgets := range map[string]bool{"and its feed begins anew": true, "and its feed tells of it": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, false)
			w.fill(pim.Business, "b", 15)
			w.fill(pim.Exchange, "e", 15)
			was := w.picture()
			for _, e := range w.exchange.Items(w.user, kind) {
				w.exchange.HardDelete(w.user, kind, e.ID)
			}
			if forgets {
				w.exchange.LoseCursors()
			}
			w.resolve(pim.Business, 30, store.Restore)
			w.whole(was)
		})
	}
}

func TestAnEmptiedSideThatIsFilledAgainBeforeAnybodyDecidesIsPairedAnew(t *testing.T) {
	w := newWorld(t, false)
	w.fill(pim.Business, "b", 30)
	was := w.picture()
	backup := w.business.Snapshot()
	for _, e := range w.business.Items(w.user, kind) {
		w.business.HardDelete(w.user, kind, e.ID)
	}
	w.business.LoseCursors()
	w.settle()
	w.business.Restore(backup)
	w.settle()
	w.whole(was)
	if holds, err := w.store.Holds(t.Context(), w.user); err != nil || len(holds) != 0 {
		t.Errorf("%+v, %v", holds, err)
	}
}

func TestAnItemEditedWhileItsDeletionIsHeldIsRestoredAsEdited(t *testing.T) {
	w := newWorld(t, false)
	w.fill(pim.Business, "b", 30)
	for _, e := range w.exchange.Items(w.user, kind) {
		w.exchange.HardDelete(w.user, kind, e.ID)
	}
	w.exchange.LoseCursors()
	w.settle()
	w.edit(pim.Business, "b07", func(a *pim.Appointment) { a.Body = "edited" })
	w.resolve(pim.Business, 29, store.Restore)
	w.equal()
	if got := w.only(pim.Exchange, "b07").Item.Shared().Body; got != "edited" {
		t.Errorf("%q", got)
	}
	w.quiet()
}

func TestARestoredHoldIsRestoredThoughTheAgentIsKilled(t *testing.T) {
	w := newWorld(t, true)
	w.fill(pim.Business, "b", 30)
	lastWeek := w.business.Snapshot()
	w.fill(pim.Exchange, "e", 25)
	was := w.picture()
	w.business.Restore(lastWeek)
	w.settle()
	holds, err := w.store.Holds(t.Context(), w.user)
	if err != nil || len(holds) != 1 {
		t.Fatalf("%+v, %v", holds, err)
	}
	if err := w.store.ResolveHold(t.Context(), w.user, holds[0].ID, store.Restore, "anna"); err != nil {
		t.Fatal(err)
	}
	w.crashes(3, 9)
	w.whole(was)
}

// crashes runs on, killed some effects after each new start, until a run gets
// through.
func (w *world) crashes(every, times int) {
	for range times {
		w.faults.At(every, fake.CrashAfter)
		_, _ = w.slices()
		w.faults.Revive()
		w.restart()
	}
	w.settle()
}
