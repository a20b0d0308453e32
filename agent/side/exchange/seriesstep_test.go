package exchange_test

import (
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// TestAChangedExceptionCostsThreeRequestsToWrite counts everything between an update
// being known and its outcome, as the executor asks for it.
func TestAChangedExceptionCostsThreeRequestsToWrite(t *testing.T) {
	for name, edit := range map[string]func(t *testing.T, a *pim.Appointment){
		"an occurrence gets another subject": func(t *testing.T, a *pim.Appointment) {
			change(t, a, 8, func(o *pim.Appointment) { o.Subject = "neu" })
		},
		"an occurrence moves": func(t *testing.T, a *pim.Appointment) {
			change(t, a, 8, func(o *pim.Appointment) {
				o.When.Start, o.When.End = o.When.Start.Add(time.Hour), o.When.End.Add(2*time.Hour)
			})
		},
		"an exception changes once more": func(t *testing.T, a *pim.Appointment) {
			change(t, a, 6, func(o *pim.Appointment) { o.Body, o.Busy = "anders", pim.BusyAway })
		},
		"an exception is as its series again": func(t *testing.T, a *pim.Appointment) {
			a.Recurrence.Changed = a.Recurrence.Changed[1:]
		},
		"an occurrence is deleted": func(t *testing.T, a *pim.Appointment) { remove(t, a, 8) },
		"an exception is deleted": func(t *testing.T, a *pim.Appointment) {
			a.Recurrence.Changed = a.Recurrence.Changed[1:]
			remove(t, a, 3)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, options{})
			f := open(t, w, pim.KindAppointment)
			var items []pim.Item
			for range 3 {
				items = append(items, standup(t))
			}
			var updates []side.Update
			var wanted []pim.Item
			for _, g := range getAll(t, f, createAll(t, f, items...)) {
				to := g.Item.Clone().(*pim.Appointment)
				edit(t, to)
				wanted = append(wanted, pim.Canonical(to))
				updates = append(updates, side.Update{ID: g.ID, Version: g.Version, Was: g.Item, Item: wanted[len(wanted)-1],
					Fields: pim.Fields(pim.FieldWhen, pim.FieldRecurrence)})
			}
			for _, part := range [][]side.Update{updates[:1], updates[1:]} { // many cost no more than one
				before := requests(w)
				out, err := f.Update(t.Context(), part)
				if err != nil {
					t.Fatal(err)
				}
				if n := requests(w) - before; n > 3 {
					t.Errorf("%d requests for %d series", n, len(part))
				}
				for i, g := range getAll(t, f, out) {
					if out[i].Err != nil {
						t.Fatal(out[i].Err)
					}
					same(t, w, name, part[i].Item, g.Item)
					sameVersion(t, out[i], g)
				}
			}
		})
	}
}

// TestAnExceptionIsNotWrittenOverAPersonsEdit lets a person save the series between
// the requests of an update.
func TestAnExceptionIsNotWrittenOverAPersonsEdit(t *testing.T) {
	for name, person := range map[string]func(box *exchangesim.Mailbox, id exchangesim.ItemID, o time.Time) error{
		"of the same occurrence": func(box *exchangesim.Mailbox, id exchangesim.ItemID, o time.Time) error {
			_, err := box.ChangeOccurrence(id, o, func(it *exchangesim.Item) { it.Subject = "von Hand" })
			return err
		},
		"of the series": func(box *exchangesim.Mailbox, id exchangesim.ItemID, _ time.Time) error {
			_, err := box.Update(id, func(it *exchangesim.Item) { it.Subject = "von Hand" })
			return err
		},
		"deletes it": func(box *exchangesim.Mailbox, id exchangesim.ItemID, o time.Time) error {
			return box.DeleteOccurrence(id, o)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, options{})
			f, box := open(t, w, pim.KindAppointment), w.sim.Mailbox("anna@lab.test")
			g := getAll(t, f, createAll(t, f, standup(t)))[0]
			to := g.Item.Clone().(*pim.Appointment)
			change(t, to, 8, func(o *pim.Appointment) { o.Subject = "aus der Datenbank" })
			original, _ := timing(t, to).Start(8)
			if err := person(box, exchangesim.ItemID(g.ID), original); err != nil {
				t.Fatal(err)
			}
			out, err := f.Update(t.Context(), []side.Update{{ID: g.ID, Version: g.Version, Was: g.Item, Item: to, Fields: pim.Fields(pim.FieldWhen, pim.FieldRecurrence)}})
			if err != nil || !fault.Has(out[0].Err, fault.ItemChanged) {
				t.Fatal(err, out)
			}
		})
	}
}
