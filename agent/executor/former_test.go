package executor_test

import (
	"testing"
	"time"

	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/fake"
	"abgleich/agent/store"
)

// unkeyed makes "a" on both sides, begun in Exchange, whose item never gets its key.
func unkeyed(t *testing.T) *world {
	w := newWorld(t, true)
	w.put(pim.Exchange, appointment("a", 8))
	w.faults.Decide(func(e fake.Effect) fake.Trouble {
		if e.Side == pim.Exchange && e.Op == fake.OpSetKeys {
			return fake.LoseItemRequest
		}
		return fake.None
	})
	w.run()
	w.want("a")
	if k := w.only(pim.Exchange, "a").Key; k != "" {
		t.Fatal("it has its key:", k)
	}
	w.faults.Decide(nil)
	return w
}

// away moves Exchange's "a" to another folder, and gives a person who moves it back.
func (w *world) away() (back func()) {
	id := w.exchange.Move(w.user, kind, w.only(pim.Exchange, "a").ID)
	return func() { w.exchange.MoveBack(w.user, kind, id) }
}

// decide decides all holds.
func (w *world) decide(d store.Decision) {
	w.t.Helper()
	holds, err := w.store.Holds(w.t.Context(), w.user)
	if err != nil || len(holds) == 0 {
		w.t.Fatalf("%d holds, %v", len(holds), err)
	}
	for _, h := range holds {
		if err := w.store.ResolveHold(w.t.Context(), w.user, h.ID, d, "anna"); err != nil {
			w.t.Fatal(err)
		}
	}
	w.settle()
}

// one checks that "a" is there once, the same on both sides, with these texts.
func (w *world) one(body, location string) {
	w.t.Helper()
	w.settle()
	w.want("a")
	w.equal()
	w.quiet()
	for _, id := range both {
		if a := w.only(id, "a").Item.(*pim.Appointment); a.Body != body || a.Location != location {
			w.t.Errorf("%s has body %q and location %q, want %q and %q", id, a.Body, a.Location, body, location)
		}
	}
}

func (w *world) body(id pim.SideID, text string) {
	w.edit(id, "a", func(a *pim.Appointment) { a.Body = text })
}

func (w *world) location(id pim.SideID, text string) {
	w.edit(id, "a", func(a *pim.Appointment) { a.Location = text })
}

func TestAnItemThatLeftBeforeItHadItsKeyIsKnownAgainThoughItWasMadeAnew(t *testing.T) {
	t.Run("because the other side was edited", func(t *testing.T) {
		w := unkeyed(t)
		back := w.away()
		w.run()
		w.body(pim.Business, "new")
		w.one("new", "")
		back()
		w.one("new", "")
		if l := w.exchange.Trash(w.user, kind); len(l) != 1 || l[0].Item.Shared().Body != "new" {
			t.Errorf("what stood in for it is not in Deleted Items: %+v", l)
		}
	})
	t.Run("because a person restored it", func(t *testing.T) {
		w := unkeyed(t)
		back := w.away()
		w.settle()
		w.decide(store.Restore)
		w.one("", "")
		back()
		w.one("", "")
	})
	t.Run("with what was written on all three meanwhile", func(t *testing.T) {
		w := unkeyed(t)
		back := w.away()
		w.settle()
		w.decide(store.Restore)
		w.location(pim.Exchange, "room") // into the one that stands in
		w.settle()
		w.body(pim.Business, "new")
		back()
		w.one("new", "room")
	})
	t.Run("with what is written into the stand-in as it goes", func(t *testing.T) {
		w := unkeyed(t)
		back := w.away()
		w.settle()
		w.decide(store.Restore)
		standIn := w.only(pim.Exchange, "a").ID
		w.body(pim.Business, "new")
		back()
		w.faults.BeforeCall(func(c fake.Call) error {
			if c.Op == fake.OpDelete {
				w.exchange.Edit(w.user, kind, standIn, func(i pim.Item) { i.(*pim.Appointment).Location = "room" })
				w.faults.BeforeCall(nil)
			}
			return nil
		})
		w.one("new", "room")
	})
	t.Run("with a copy of the stand-in", func(t *testing.T) {
		w := unkeyed(t)
		back := w.away()
		w.settle()
		w.decide(store.Restore)
		w.exchange.Copy(w.user, kind, w.only(pim.Exchange, "a").ID)
		w.settle()
		back()
		w.settle()
		w.want("a a")
		w.equal()
		w.quiet()
	})
	t.Run("and leaves again before it has its key", func(t *testing.T) {
		w := unkeyed(t)
		back := w.away()
		w.settle()
		w.decide(store.Restore)
		back()
		w.faults.BeforeCall(func(c fake.Call) error {
			if c.Op == fake.OpSetKeys && c.Side == pim.Exchange {
				for _, e := range w.exchange.Items(w.user, kind) {
					if e.Key == "" {
						w.exchange.Move(w.user, kind, e.ID)
					}
				}
			}
			return nil
		})
		w.settle()
		w.faults.BeforeCall(nil)
		w.one("", "")
		for _, e := range w.exchange.Elsewhere(w.user, kind) {
			w.exchange.MoveBack(w.user, kind, e.ID)
		}
		w.one("", "")
	})
	t.Run("killed at any effect of its coming back", func(t *testing.T) {
		for n := 1; ; n++ {
			w := unkeyed(t)
			back := w.away()
			w.settle()
			w.decide(store.Restore)
			w.body(pim.Business, "new")
			back()
			w.faults.At(n, fake.CrashAfter)
			_, err := w.slices()
			w.faults.Revive()
			w.restart()
			w.one("new", "")
			if err == nil {
				return
			}
		}
	})
}

func TestTwoItemsAreNotOneBecauseTheyLookTheSame(t *testing.T) {
	w := unkeyed(t)
	back := w.away()
	w.run()
	w.put(pim.Exchange, appointment("a", 8)) // a person enters another one
	w.settle()
	back()
	w.settle()
	if len(w.exchange.Items(w.user, kind)) == 1 {
		t.Error("a person's second item is gone")
	}
	w.equal()
}

// Back in its folder and deleted before anybody looked, an item that was known to
// be elsewhere stayed so for ever.
func TestAnItemThatComesBackAndIsDeletedBeforeTheNextRunIsDeleted(t *testing.T) {
	w := newWorld(t, true)
	w.put(pim.Business, appointment("a", 8))
	w.settle()
	id := w.only(pim.Business, "a").ID
	w.business.Move(w.user, kind, id)
	w.settle()
	w.business.MoveBack(w.user, kind, id)
	w.business.HardDelete(w.user, kind, id)
	w.settle()
	w.want("")
}

func TestAnItemDeletedInAnotherFolderIsNoticedWithinADay(t *testing.T) {
	for name, c := range map[string]struct {
		undo func(w *world, id pim.ItemID)
		held bool
	}{
		"to Deleted Items": {undo: func(w *world, id pim.ItemID) {
			w.exchange.Delete(w.user, kind, w.exchange.MoveBack(w.user, kind, id))
		}},
		"for good, and a person is asked": {held: true, undo: func(w *world, id pim.ItemID) { w.exchange.HardDelete(w.user, kind, id) }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, true)
			w.put(pim.Business, appointment("a", 8))
			w.settle()
			id := w.exchange.Move(w.user, kind, w.only(pim.Exchange, "a").ID)
			w.settle()
			w.now = w.now.Add(25 * time.Hour)
			w.settle()
			if w.subjects(pim.Business) != "a" {
				t.Fatal("it rests, and is gone")
			}
			c.undo(w, id)
			w.now = w.now.Add(25 * time.Hour)
			w.settle()
			if c.held {
				if w.subjects(pim.Business) != "a" {
					t.Fatal("nobody saw it deleted")
				}
				w.decide(store.Confirm)
			}
			w.want("")
		})
	}
}

// A key that was written though nobody could record it tells where the item went.
func TestAKeyNobodyCouldRecordIsFollowed(t *testing.T) {
	for place, want := range map[side.Place]string{side.PlaceElsewhere: "a", side.PlaceDeleted: ""} {
		w := newWorld(t, true)
		w.put(pim.Exchange, appointment("a", 8))
		w.faults.Decide(func(e fake.Effect) fake.Trouble {
			if e.Side == pim.Exchange && e.Op == fake.OpSetKeys {
				return fake.LoseItemReply
			}
			return fake.None
		})
		w.run()
		id := w.only(pim.Exchange, "a").ID
		if place == side.PlaceDeleted {
			w.exchange.Delete(w.user, kind, id)
		} else {
			w.exchange.Move(w.user, kind, id)
		}
		w.settle()
		if got := w.subjects(pim.Business); got != want {
			t.Errorf("place %d: business has %q", place, got)
		}
		if holds, err := w.store.Holds(t.Context(), w.user); err != nil || len(holds) != 0 {
			t.Errorf("place %d: %v, %v", place, holds, err)
		}
	}
}

// The problem of a key that was refused asked for another try for ever, though its
// item was gone and a person was asked.
func TestAKeyThatWasRefusedIsNotTriedOnAnItemThatIsGone(t *testing.T) {
	w := newWorld(t, true)
	w.put(pim.Exchange, appointment("a", 8))
	w.faults.Decide(func(e fake.Effect) fake.Trouble {
		if e.Side == pim.Exchange && e.Op == fake.OpSetKeys {
			return fake.Refuse
		}
		return fake.None
	})
	w.run()
	w.run()
	w.exchange.HardDelete(w.user, kind, w.only(pim.Exchange, "a").ID)
	w.settle()
	if c := w.codes(); c != "" {
		t.Error("a person is asked about an item that is gone, and told what could not be done with it:", c)
	}
	w.decide(store.Confirm)
	w.want("")
	if c := w.codes(); c != "" {
		t.Error("problems stay:", c)
	}
}

// After a crash nobody knew of the copy that a person had deleted, and made it anew.
func TestACopyThatIsDeletedBeforeItsReplyIsRecordedStaysDeleted(t *testing.T) {
	w := newWorld(t, true)
	w.put(pim.Business, appointment("a", 8))
	w.faults.Decide(func(e fake.Effect) fake.Trouble {
		if e.Op == fake.OpCreate {
			return fake.CrashAfter
		}
		return fake.None
	})
	if _, err := w.slices(); err == nil {
		t.Fatal("no crash")
	}
	w.faults.Decide(nil)
	w.faults.Revive()
	w.restart()
	w.delete(pim.Exchange, "a")
	w.settle()
	w.want("")
}

// Three tries are minutes apart, unless a person asks.
func TestAPersonNeedNotWaitForTheNextTry(t *testing.T) {
	w := unkeyed(t)
	w.exchange.HardDelete(w.user, kind, w.only(pim.Exchange, "a").ID)
	for range 3 {
		task := w.task()
		task.Asked = true
		for more := true; more; {
			res, err := w.exec.Slice(t.Context(), task)
			if err != nil {
				t.Fatal(err)
			}
			more = res.More
		}
	}
	w.decide(store.Confirm)
	w.want("")
}
