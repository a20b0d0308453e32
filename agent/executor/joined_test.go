package executor_test

import (
	"errors"
	"fmt"
	"testing"

	"abgleich/agent/pim"
	"abgleich/agent/side/fake"
)

// invitation is one mailbox's copy of a meeting.
func invitation(role pim.Role, location string) *pim.Appointment {
	a := appointment("Sitzung", 8)
	a.UID, a.Location = "040000008200E00074C5B7101A82E008", location
	a.Meeting = &pim.Meeting{Role: role, Organizer: "anna@lab.test", Attendees: []pim.Attendee{{Address: "bernd@lab.test"}, {Address: "clara@lab.test"}}}
	return a
}

func TestCopiesOfOneMeetingAreOneAppointment(t *testing.T) {
	for name, order := range map[string][]pim.UserID{
		"the organiser's copy comes first": {"anna", "bernd", "clara"},
		"the organiser's copy comes last":  {"clara", "bernd", "anna"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTeam(t, order...)
			w.exchange.Put("anna", invitation(pim.RoleOrganizer, "Linz"))
			w.exchange.Put("bernd", invitation(pim.RoleAttendee, "Linz"))
			w.exchange.Put("clara", invitation(pim.RoleAttendee, "Linz"))
			w.all()
			ids := map[pim.ItemID]bool{}
			for _, u := range w.users {
				for _, e := range w.business.Items(u, kind) {
					ids[e.ID] = true
				}
			}
			if len(ids) != 1 {
				t.Fatalf("%d appointments", len(ids))
			}
			id := w.business.Items("anna", kind)[0].ID
			if o := w.business.Owner("anna", kind, id); o != "anna" {
				t.Errorf("it belongs to %s", o)
			}
			w.change("bernd", "Sitzung", func(a *pim.Appointment) { a.Busy = pim.BusyTentative })
			w.change("anna", "Sitzung", func(a *pim.Appointment) { a.Body = "Tagesordnung" })
			w.rest()
			w.expect(map[pim.UserID]string{"anna": "Sitzung/Linz", "bernd": "Sitzung/Linz/tentative", "clara": "Sitzung/Linz"})
		})
	}
}

func TestCopiesThatAreNotEquallyUpToDateDoNotWriteOverEachOther(t *testing.T) {
	w := newTeam(t, "bernd", "clara", "anna")
	w.exchange.Put("bernd", invitation(pim.RoleAttendee, "alt"))
	w.exchange.Put("clara", invitation(pim.RoleAttendee, "neu"))
	w.rest()
	// The organiser is from outside: whoever came first keeps it.
	if at := w.business.Items("clara", kind)[0].Item.(*pim.Appointment).Location; at != "alt" {
		t.Errorf("clara's copy wrote over bernd's: %s", at)
	}
	w.exchange.Put("anna", invitation(pim.RoleOrganizer, "neu"))
	w.rest()
	if at := w.business.Items("clara", kind)[0].Item.(*pim.Appointment).Location; at != "neu" {
		t.Errorf("the organiser's copy did not win: %s", at)
	}
	w.change("bernd", "Sitzung", func(a *pim.Appointment) { a.Location = "noch älter" })
	w.rest()
	if at := w.business.Items("anna", kind)[0].Item.(*pim.Appointment).Location; at != "neu" {
		t.Errorf("an attendee's copy wrote over the organiser's: %s", at)
	}
	w.expect(map[pim.UserID]string{"anna": "Sitzung/neu", "bernd": "Sitzung/noch älter", "clara": "Sitzung/neu"})
}

// TestAKillWhileCopiesJoinChangesNothingInTheEnd kills the process around each effect
// of a story of joining, editing and leaving.
func TestAKillWhileCopiesJoinChangesNothingInTheEnd(t *testing.T) {
	story := func(t *testing.T, kill int, how fake.Trouble) (effects int, end string) {
		w := newTeam(t, "bernd", "anna")
		run := func() {
			for _, u := range []pim.UserID{"bernd", "anna", "bernd"} {
				for range 5 {
					_, err := w.as(u).slices()
					if err == nil {
						break
					}
					if !errors.Is(err, fake.ErrCrash) {
						t.Fatal(err)
					}
					w.faults.Revive()
					w.restart()
				}
			}
		}
		if kill > 0 {
			w.faults.At(kill, how)
		}
		w.exchange.Put("bernd", invitation(pim.RoleAttendee, "Linz"))
		w.exchange.Put("anna", invitation(pim.RoleOrganizer, "Linz"))
		id := w.business.Put("anna", appointment("a", 9))
		w.business.Join("anna", id, "bernd")
		run()
		for u, body := range map[pim.UserID]string{"anna": "Text", "bernd": ""} {
			for _, e := range w.exchange.Items(u, kind) {
				if e.Item.Shared().Subject == "a" {
					w.exchange.Edit(u, kind, e.ID, func(i pim.Item) {
						if i.(*pim.Appointment).Location = "bei " + "uns"; body != "" {
							i.Shared().Body = body
						}
					})
				}
			}
		}
		for _, e := range w.exchange.Items("bernd", kind) {
			if e.Item.Shared().Subject == "Sitzung" {
				w.exchange.Delete("bernd", kind, e.ID)
			}
		}
		if kill > 0 && w.faults.Effects() < kill {
			w.faults.Revive()
			w.faults.At(kill-w.faults.Effects(), how)
		}
		run()
		effects = w.faults.Effects()
		w.faults.Revive()
		w.all()
		return effects, fmt.Sprintf("anna: %s, bernd: %s, %s", w.has("anna"), w.has("bernd"), w.as("bernd").subjects(pim.Business))
	}
	effects, want := story(t, 0, fake.None)
	if want != "anna: Sitzung/Linz a/bei uns, bernd: a/bei uns, a" {
		t.Fatal(want)
	}
	for n := 1; n <= effects; n += every() {
		for _, how := range []fake.Trouble{fake.CrashBefore, fake.CrashAfter, fake.LoseItemReply} {
			t.Run(fmt.Sprintf("effect %d, trouble %d", n, how), func(t *testing.T) {
				if _, got := story(t, n, how); got != want {
					t.Errorf("got %s", got)
				}
			})
		}
	}
}
