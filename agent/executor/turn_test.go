package executor_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/fake"
)

// between runs do in a goroutine while the first item of a batch is made in Exchange,
// and lets the batch go on when do has ended, or waits for something.
func (w *world) between(do func()) (done func()) {
	var wg sync.WaitGroup
	var once atomic.Bool // batches are made side by side
	w.faults.Decide(func(e fake.Effect) fake.Trouble {
		if e.Side == pim.Exchange && e.Op == fake.OpCreate && once.CompareAndSwap(false, true) {
			wg.Go(do)
			synctest.Wait()
		}
		return fake.None
	})
	return wg.Wait
}

func TestWhoRunsWhileAnotherRunMakesItemsMakesNoneTwice(t *testing.T) {
	for name, younger := range map[string]func(w *world) error{
		"a slice": func(w *world) error {
			_, err := w.exec.Slice(w.t.Context(), w.task())
			return err
		},
		"a copy that somebody wants back": func(w *world) error {
			code, err := w.exec.Restore(w.t.Context(), w.task(), w.trash()[0].ID)
			if code != "" {
				err = fault.New(code, "", "", nil)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, false)
				w.put(pim.Business, appointment("old", 7), appointment("back", 8))
				w.run()
				w.delete(pim.Business, "back")
				w.run()
				if len(w.trash()) != 1 {
					t.Fatal(w.trash())
				}
				w.put(pim.Business, appointment("a", 9), appointment("b", 10), appointment("c", 11))
				done := w.between(func() {
					if err := younger(w); err != nil {
						t.Error("the younger:", err)
					}
				})
				if _, err := w.exec.Slice(t.Context(), w.task()); err != nil {
					t.Error("the older:", err)
				}
				done()
				w.settle()
				want := "a b c old"
				if name != "a slice" {
					want = "a b back c old"
				}
				w.want(want)
				w.equal()
				w.quiet()
			})
		})
	}
}

func TestARunEndsAtItsNextBatchWhenAnotherWants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, false)
		for n := range 1200 { // more batches than are under way at once
			w.put(pim.Business, appointment(fmt.Sprintf("a%d", n), n%20))
		}
		done := w.between(func() {
			_, err := w.exec.Slice(t.Context(), w.task())
			if err != nil {
				t.Error(err)
			}
		})
		res, err := w.exec.Slice(t.Context(), w.task())
		if err != nil || !res.More {
			t.Errorf("more %v, %v", res.More, err)
		}
		done()
		w.settle()
		w.equal()
	})
}

func TestWhoNoLongerWantsHisTurnDoesNotWaitForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, false)
		w.put(pim.Business, appointment("a", 8))
		ctx, stop := context.WithCancel(t.Context())
		stop()
		var got error
		done := w.between(func() { _, got = w.exec.Slice(ctx, w.task()) })
		if _, err := w.exec.Slice(t.Context(), w.task()); err != nil {
			t.Fatal(err)
		}
		done()
		if fault.CodeOf(got) != fault.Cancelled {
			t.Error(got)
		}
		w.want("a")
	})
}
