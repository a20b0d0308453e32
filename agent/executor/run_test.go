package executor_test

import (
	"fmt"
	"testing"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/fake"
	"abgleich/agent/store"
)

var both = []pim.SideID{pim.Business, pim.Exchange}

func TestRun(t *testing.T) {
	for name, f := range map[string]func(w *world){
		"what is new on either side is created on the other": func(w *world) {
			w.put(pim.Business, appointment("a", 8), appointment("b", 9))
			w.put(pim.Exchange, appointment("c", 10))
			w.run()
			w.want("a b c")
		},
		"equal items of a first sync are paired, not doubled": func(w *world) {
			w.put(pim.Business, appointment("a", 8), appointment("b", 9))
			w.put(pim.Exchange, appointment("a", 8), appointment("c", 9))
			res := w.run()
			w.want("a b c")
			if res.Run.Counts.Paired != 1 {
				w.t.Errorf("paired %d", res.Run.Counts.Paired)
			}
		},
		"a first sync lets what is there beat what is empty": func(w *world) {
			a, b := appointment("a", 8), appointment("a", 8)
			a.Body, b.Location = "text", "room"
			w.put(pim.Business, a)
			w.put(pim.Exchange, b)
			w.run()
			for _, id := range both {
				if i := w.only(id, "a").Item.(*pim.Appointment); i.Body != "text" || i.Location != "room" {
					w.t.Errorf("%s: %+v", id, i)
				}
			}
		},
		"identical twins on both sides become two pairs": func(w *world) {
			for _, id := range both {
				w.put(id, appointment("a", 8), appointment("a", 8))
			}
			w.run()
			w.want("a a")
		},
		"twins that differ stay a problem until a person decides": func(w *world) {
			for n, id := range both {
				for m := range 2 {
					a := appointment("a", 8)
					a.Location = fmt.Sprint(n, m)
					w.put(id, a)
				}
			}
			w.run()
			if got := w.codes(); got != "item-ambiguous item-ambiguous item-ambiguous item-ambiguous" {
				w.t.Error(got)
			}
			w.want("a a")
			w.quiet()
			x := w.exchange.Items(w.user, kind)[0]
			w.exchange.Edit(w.user, kind, x.ID, func(i pim.Item) { i.Shared().Subject = "b" })
			y := w.business.Items(w.user, kind)[0]
			w.business.Edit(w.user, kind, y.ID, func(i pim.Item) { i.Shared().Subject = "b" })
			w.run()
			w.want("a b")
			if got := w.codes(); got != "" {
				w.t.Error("left over:", got)
			}
		},
		"edits of different fields on both sides are merged": func(w *world) {
			w.put(pim.Business, appointment("a", 8))
			w.run()
			w.edit(pim.Business, "a", func(a *pim.Appointment) { a.Body = "text" })
			w.edit(pim.Exchange, "a", func(a *pim.Appointment) { a.Location = "room" })
			w.run()
			for _, id := range both {
				if i := w.only(id, "a").Item.(*pim.Appointment); i.Body != "text" || i.Location != "room" {
					w.t.Errorf("%s: %+v", id, i)
				}
			}
		},
		"of two edits of one field at about the same time the business one wins and the other is kept": func(w *world) {
			w.put(pim.Business, appointment("a", 8))
			w.run()
			w.edit(pim.Business, "a", func(a *pim.Appointment) { a.Subject = "b" })
			w.edit(pim.Exchange, "a", func(a *pim.Appointment) { a.Subject = "c" })
			w.run()
			w.want("b")
			trash, err := w.store.Trash(w.t.Context(), w.user, 0, 10)
			if err != nil || len(trash) != 1 || trash[0].Reason != store.TrashConflict || trash[0].Side != pim.Exchange {
				w.t.Fatalf("trash %+v, %v", trash, err)
			}
			if i, err := pim.Unmarshal(trash[0].Content); err != nil || i.Shared().Subject != "c" {
				w.t.Errorf("kept %+v, %v", i, err)
			}
			notices, err := w.store.Problems(w.t.Context(), store.ProblemQuery{Notices: true})
			if err != nil || len(notices) != 1 || notices[0].Code != fault.ConflictSettled {
				w.t.Errorf("notices %+v, %v", notices, err)
			}
		},
		"a deletion deletes on the other side and keeps a copy": func(w *world) {
			w.put(pim.Business, appointment("a", 8), appointment("b", 9))
			w.run()
			w.delete(pim.Exchange, "a")
			w.run()
			w.want("b")
			if trash, err := w.store.Trash(w.t.Context(), w.user, 0, 10); err != nil || len(trash) != 1 || trash[0].Reason != store.TrashDeleted {
				w.t.Errorf("trash %+v, %v", trash, err)
			}
		},
		"an edit wins over a deletion, under a new key": func(w *world) {
			w.put(pim.Business, appointment("a", 8))
			w.run()
			old := w.only(pim.Exchange, "a").Key
			w.delete(pim.Exchange, "a")
			w.edit(pim.Business, "a", func(a *pim.Appointment) { a.Subject = "b" })
			w.run()
			w.want("b")
			if now := w.only(pim.Exchange, "b").Key; now == old {
				w.t.Error("the key is still", now)
			}
		},
		"an item moved away rests, and goes on when it comes back": func(w *world) {
			w.put(pim.Business, appointment("a", 8))
			w.run()
			away := w.exchange.Move(w.user, kind, w.only(pim.Exchange, "a").ID)
			w.run()
			if w.subjects(pim.Business) != "a" {
				w.t.Fatal("a move deleted")
			}
			w.edit(pim.Business, "a", func(a *pim.Appointment) { a.Subject = "b" })
			w.run()
			w.quiet()
			w.exchange.MoveBack(w.user, kind, away)
			w.run()
			w.want("b")
		},
		"a business item moved away and back goes on": func(w *world) {
			w.put(pim.Business, appointment("a", 8))
			w.run()
			away := w.business.Move(w.user, kind, w.only(pim.Business, "a").ID)
			w.run()
			w.edit(pim.Exchange, "a", func(a *pim.Appointment) { a.Subject = "b" })
			w.run()
			w.business.MoveBack(w.user, kind, away)
			w.run()
			w.want("b")
		},
		"a copy gets a pair of its own": func(w *world) {
			w.put(pim.Business, appointment("a", 8))
			w.run()
			w.exchange.Copy(w.user, kind, w.only(pim.Exchange, "a").ID)
			w.run()
			w.want("a a")
		},
		"a copy whose original was deleted takes its place": func(w *world) {
			w.put(pim.Business, appointment("a", 8))
			w.run()
			w.exchange.Copy(w.user, kind, w.only(pim.Exchange, "a").ID)
			w.exchange.Delete(w.user, kind, w.exchange.Items(w.user, kind)[0].ID)
			w.run()
			w.want("a")
		},
		"without a trace behind an unbroken feed it was deleted": func(w *world) {
			w.put(pim.Business, appointment("a", 8))
			w.run()
			w.exchange.HardDelete(w.user, kind, w.only(pim.Exchange, "a").ID)
			w.run()
			w.want("")
		},
		"without a trace behind a lost cursor it is held": func(w *world) {
			w.put(pim.Business, appointment("a", 8), appointment("b", 9))
			w.run()
			w.exchange.HardDelete(w.user, kind, w.only(pim.Exchange, "a").ID)
			w.exchange.LoseCursors()
			w.run()
			if w.subjects(pim.Business) != "a b" {
				w.t.Fatal("deleted")
			}
			holds, err := w.store.Holds(w.t.Context(), w.user)
			if err != nil || len(holds) != 1 || holds[0].Items != 1 || holds[0].Side != pim.Business {
				w.t.Fatalf("holds %+v, %v", holds, err)
			}
			if err := w.store.ResolveHold(w.t.Context(), w.user, holds[0].ID, store.Restore, "anna"); err != nil {
				w.t.Fatal(err)
			}
			w.run()
			w.want("a b")
		},
		"an edit of the other item ends the question of what became of a lost one": func(w *world) {
			w.put(pim.Business, appointment("a", 8), appointment("b", 9))
			w.run()
			w.exchange.HardDelete(w.user, kind, w.only(pim.Exchange, "a").ID)
			w.exchange.LoseCursors()
			w.run()
			w.edit(pim.Business, "a", func(a *pim.Appointment) { a.Body = "text" })
			w.run()
			w.want("a b")
			w.equal()
		},
		"a lost cursor alone changes nothing": func(w *world) {
			w.put(pim.Business, appointment("a", 8), appointment("b", 9))
			w.run()
			w.exchange.LoseCursors()
			w.business.LoseCursors()
			w.quiet()
			w.want("a b")
		},
		"a touched item is no change": func(w *world) {
			w.put(pim.Business, appointment("a", 8))
			w.run()
			w.exchange.Touch(w.user, kind, w.only(pim.Exchange, "a").ID)
			w.business.Touch(w.user, kind, w.only(pim.Business, "a").ID)
			w.quiet()
		},
		"a series that can't be carried is left alone and said so": func(w *world) {
			a := appointment("a", 8)
			a.Recurrence = &pim.Recurrence{Interval: 1} // no pattern of ours
			w.put(pim.Exchange, a, appointment("b", 9))
			w.run()
			if got := w.subjects(pim.Business); got != "b" {
				w.t.Error(got)
			}
			if got := w.codes(); got != string(fault.SeriesNotSupported) {
				w.t.Error(got)
			}
			w.quiet()
			w.edit(pim.Exchange, "a", func(a *pim.Appointment) { a.Recurrence = nil })
			w.run()
			w.want("a b")
			if got := w.codes(); got != "" {
				w.t.Error("left over:", got)
			}
		},
		"a pair that becomes a series nobody can say rests until it is single again": func(w *world) {
			w.put(pim.Exchange, appointment("a", 8))
			w.run()
			w.edit(pim.Exchange, "a", func(a *pim.Appointment) {
				a.Recurrence = &pim.Recurrence{Interval: 1} // no pattern of ours
			})
			w.run()
			w.edit(pim.Business, "a", func(a *pim.Appointment) { a.Location = "room" })
			w.run()
			if got := w.codes(); got != string(fault.SeriesNotSupported) {
				w.t.Error(got)
			}
			w.quiet()
			w.edit(pim.Exchange, "a", func(a *pim.Appointment) { a.Recurrence = nil })
			w.run()
			w.want("a")
			w.equal()
			if got := w.codes(); got != "" {
				w.t.Error("left over:", got)
			}
		},
		"a series travels with its exceptions, both ways, and single occurrences after it": func(w *world) {
			w.put(pim.Exchange, series("a", 8))
			w.run()
			w.want("a")
			w.edit(pim.Business, "a", func(a *pim.Appointment) { drop(a, 3) })
			w.run()
			w.edit(pim.Exchange, "a", func(a *pim.Appointment) { rename(a, 5, "moved") })
			w.run()
			w.equal()
			r := w.only(pim.Business, "a").Item.Shared().Recurrence
			if len(r.Deleted) != 1 || len(r.Changed) != 1 || r.Changed[0].Item.Subject != "moved" {
				w.t.Errorf("%+v", r)
			}
			w.edit(pim.Exchange, "a", func(a *pim.Appointment) { a.Recurrence = nil })
			w.run()
			w.equal()
			if w.only(pim.Business, "a").Item.Shared().Recurrence != nil {
				w.t.Error("still a series")
			}
			w.quiet()
		},
		"the same series on both sides is paired, its exceptions merged in": func(w *world) {
			b := series("a", 8)
			drop(b, 2)
			w.put(pim.Business, b)
			w.put(pim.Exchange, series("a", 8))
			w.run()
			w.want("a")
			w.equal()
			w.quiet()
		},
		"a meeting with guests isn't moved from the business side": func(w *world) {
			a := appointment("a", 8)
			a.Meeting = &pim.Meeting{Role: pim.RoleOrganizer, Organizer: "anna@lab.test", Attendees: []pim.Attendee{{Address: "b@lab.test"}}}
			w.put(pim.Exchange, a)
			w.run()
			w.edit(pim.Business, "a", func(a *pim.Appointment) { a.Location, a.Body = "room", "text" })
			w.run()
			if i := w.only(pim.Exchange, "a").Item.(*pim.Appointment); i.Location != "" || i.Body != "text" {
				w.t.Errorf("%+v", i)
			}
			if got := w.codes(); got != string(fault.MeetingNeedsOutlook) {
				w.t.Error(got)
			}
			w.quiet()
			w.edit(pim.Exchange, "a", func(a *pim.Appointment) { a.Location = "room" })
			w.run()
			w.equal()
			if got := w.codes(); got != "" {
				w.t.Error("left over:", got)
			}
		},
		"a meeting of others is set back to what its organiser says": func(w *world) {
			a := appointment("a", 8)
			a.Meeting = &pim.Meeting{Role: pim.RoleAttendee, Organizer: "b@lab.test"}
			w.put(pim.Exchange, a)
			w.run()
			w.edit(pim.Business, "a", func(a *pim.Appointment) { a.Location, a.Busy = "room", pim.BusyAway })
			w.run()
			if i := w.only(pim.Exchange, "a").Item.(*pim.Appointment); i.Location != "" || i.Busy != pim.BusyAway {
				w.t.Errorf("%+v", i)
			}
			w.equal()
			w.delete(pim.Business, "a")
			w.run()
			if got := w.subjects(pim.Exchange); got != "a" {
				w.t.Error("the meeting was deleted")
			}
			if got := w.codes(); got != string(fault.MeetingNeedsOutlook) {
				w.t.Error(got)
			}
		},
		"one bad item stops no other and is tried again with pauses": func(w *world) {
			w.put(pim.Business, appointment("a", 8), appointment("b", 9), appointment("c", 10))
			n := 0
			w.faults.Decide(func(e fake.Effect) fake.Trouble {
				if e.Op == fake.OpCreate {
					if n++; n == 2 {
						return fake.Refuse
					}
				}
				return fake.None
			})
			res := w.run()
			if got := w.subjects(pim.Exchange); got != "a c" || w.codes() != string(fault.ItemRefused) {
				w.t.Errorf("%q, %s", got, w.codes())
			}
			if want := w.now.Add(time.Minute); !res.NextTry.Equal(want) {
				w.t.Errorf("next try %s", res.NextTry)
			}
			w.quiet()
			w.settle()
			w.want("a b c")
			if w.codes() != "" {
				w.t.Error("left over:", w.codes())
			}
		},
		"a deletion that failed is forgotten when the item is taken out of the bin": func(w *world) {
			w.put(pim.Business, appointment("a", 8))
			w.run()
			w.delete(pim.Exchange, "a")
			w.faults.At(1, fake.Refuse)
			w.run()
			if w.codes() != string(fault.ItemRefused) {
				w.t.Error(w.codes())
			}
			w.exchange.Undelete(w.user, kind, w.exchange.Trash(w.user, kind)[0].ID)
			w.run()
			w.want("a")
			if w.codes() != "" {
				w.t.Error("left over:", w.codes())
			}
		},
		"an unreadable item is a problem and comes when it can be read": func(w *world) {
			w.put(pim.Exchange, appointment("a", 8), appointment("b", 9))
			id := w.only(pim.Exchange, "a").ID
			w.exchange.Unreadable(w.user, kind, id, true)
			w.run()
			if got := w.subjects(pim.Business); got != "b" || w.codes() != string(fault.ItemUnreadable) {
				w.t.Errorf("%q, %s", got, w.codes())
			}
			w.exchange.Unreadable(w.user, kind, id, false)
			w.settle()
			w.want("a b")
		},
		"a busy server ends the slice and loses nothing": func(w *world) {
			w.put(pim.Business, appointment("a", 8))
			w.run()
			w.edit(pim.Business, "a", func(a *pim.Appointment) { a.Subject = "b" })
			for n := 1; n < 6; n++ {
				w.faults.Busy(n)
				if _, err := w.slices(); err != nil && fault.CodeOf(err) != fault.ServerBusy {
					w.t.Error(err)
				}
			}
			w.faults.Revive()
			w.run()
			w.want("b")
		},
		"a lost reply of a creation doubles nothing": func(w *world) {
			w.put(pim.Business, appointment("a", 8), appointment("b", 9))
			w.faults.At(1, fake.LoseItemReply)
			w.faults.At(2, fake.LoseItemRequest)
			w.settle()
			w.want("a b")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, false)
			f(w)
			w.quiet()
			w.violations()
		})
	}
}
