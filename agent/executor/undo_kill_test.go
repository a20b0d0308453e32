package executor_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/side/fake"
	"abgleich/agent/store"
)

// TestAKillAtAnyEffectOfAnUndoChangesNothingInTheEnd kills the process before and
// after every write to a side and every commit of an undo, of an undo of it, and of
// bringing one item back.
func TestAKillAtAnyEffectOfAnUndoChangesNothingInTheEnd(t *testing.T) {
	story := func(t *testing.T, kill int, how fake.Trouble) (effects int, end string) {
		w := newWorld(t, true)
		run, _ := w.day()
		from := w.faults.Effects()
		if kill > 0 {
			w.faults.At(kill, how)
		}
		undo := func(run store.RunID) {
			for range 5 {
				_, err := w.exec.Undo(t.Context(), w.task(), run, false)
				if err == nil {
					return
				}
				if !errors.Is(err, fake.ErrCrash) && !fault.Has(err, fault.ReplyLost) {
					t.Fatal(err)
				}
				w.faults.Revive()
				w.restart()
			}
			t.Fatal("crashes again and again")
		}
		undo(run)
		if kill > 0 && w.faults.Effects() < from+kill {
			w.faults.Revive() // planned numbers are absolute: plan again
			w.faults.At(from+kill-w.faults.Effects(), how)
		}
		for _, x := range w.trash() {
			if x.Run == run || x.Wish != store.WishNone || !x.Gone() {
				continue
			}
			for range 5 { // what the undo removed is wanted after all
				_, err := w.exec.Restore(t.Context(), w.task(), x.ID)
				if err == nil {
					break
				}
				if !errors.Is(err, fake.ErrCrash) && !fault.Has(err, fault.ReplyLost) {
					t.Fatal(err)
				}
				w.faults.Revive()
				w.restart()
			}
		}
		effects = w.faults.Effects() - from
		w.faults.Revive()
		w.restart()
		for range 5 {
			w.now = w.now.Add(time.Hour)
			w.settle()
		}
		w.violations()
		w.quiet()
		return effects, w.picture()
	}
	effects, want := story(t, 0, fake.None)
	if strings.Count(want, ":nb/") != 2 || strings.Count(want, ":ne/") != 2 || strings.Count(want, ":a/") != 2 || strings.Count(want, ":f/") != 2 {
		t.Fatal(want)
	}
	for n := 1; n <= effects; n += every() {
		for i, how := range []fake.Trouble{fake.CrashBefore, fake.CrashAfter, fake.LoseItemReply, fake.LoseReply} {
			if i > 1 && n%2 != i%2 {
				continue // a lost reply is half of a crash
			}
			t.Run(fmt.Sprintf("effect %d, trouble %d", n, how), func(t *testing.T) {
				if _, got := story(t, n, how); got != want {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
			})
		}
	}
}
