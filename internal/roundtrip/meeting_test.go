package roundtrip

import (
	"slices"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/store"
)

// What is decided about meetings (docs/adr/0026-meetings.md), from the business
// database to the mailbox and back. That no request asks for a mail the world itself
// watches.

var (
	herself = exchangesim.Attendee{Name: "Anna", Mail: "anna@lab.test"}
	chef    = exchangesim.Attendee{Name: "Chef", Mail: "chef@else.test", Response: "Accept"}
	ida     = exchangesim.Attendee{Name: "Ida", Mail: "ida@else.test"}
)

// own is a meeting that Anna organises, invitation one she was sent.
func own() exchangesim.Item {
	it := wholeItem(pim.KindAppointment)
	it.Meeting, it.MyResponse, it.Organizer, it.Required = true, "Organizer", herself, []exchangesim.Attendee{chef, ida}
	it.Location = "Raum 1"
	return it
}

func invitation() exchangesim.Item {
	it := own()
	it.MyResponse, it.Organizer, it.Busy, it.Required = "NoResponseReceived", chef, "Tentative", []exchangesim.Attendee{herself, ida}
	return it
}

// meeting is an office with one meeting that is known on both sides.
func meeting(t *testing.T, it exchangesim.Item) (*office, exchangesim.Item) {
	o := newOffice(t, pim.KindAppointment)
	if _, err := o.box().Create(it); err != nil {
		t.Fatal(err)
	}
	o.run()
	return o, o.there()
}

func (o *office) box() *exchangesim.Mailbox { return o.sim.Mailbox("anna@lab.test") }

// there is the one item in the calendar.
func (o *office) there() exchangesim.Item {
	o.Helper()
	list := o.box().List(exchangesim.Calendar)
	if len(list) != 1 {
		o.Fatalf("%d items in the calendar", len(list))
	}
	return list[0]
}

// write changes the one item on the business side, as a person does.
func (o *office) write(edit func(*pim.Appointment)) {
	o.Helper()
	o.person(o.business, func(f side.Folder, g side.Got) ([]side.Outcome, error) {
		next := g.Item.Clone().(*pim.Appointment)
		edit(next)
		return f.Update(o.Context(), []side.Update{{ID: g.ID, Version: g.Version, Fields: pim.Diff(g.Item, pim.Canonical(next)), Item: pim.Canonical(next), Was: g.Item}})
	})
}

// codes are the problems there are; notices those that only tell something.
func (o *office) codes() (codes, notices []fault.Code) {
	o.Helper()
	list, err := o.store.Problems(o.Context(), store.ProblemQuery{User: "anna", Notices: true})
	if err != nil {
		o.Fatal(err)
	}
	for _, p := range list {
		if p.Notice {
			notices = append(notices, p.Code)
		} else {
			codes = append(codes, p.Code)
		}
	}
	return codes, notices
}

func (o *office) wantCodes(when string, want ...fault.Code) {
	o.Helper()
	if codes, _ := o.codes(); !slices.Equal(codes, want) {
		o.Errorf("%s: problems %v, want %v", when, codes, want)
	}
}

func TestAChangeOfOnesOwnMeetingWaitsForOutlook(t *testing.T) {
	move := func(w *pim.When) { w.Start, w.End = w.Start.Add(time.Hour), w.End.Add(time.Hour) }
	series := own()
	series.Recurrence = &exchangesim.Recurrence{Pattern: "DailyRecurrence", Interval: 1, Start: "2026-11-23", Count: 5}
	for name, c := range map[string]struct {
		it     exchangesim.Item
		change func(*pim.Appointment)
		// outlook does the same as the organiser would, and tells the guests.
		outlook func(*exchangesim.Item)
	}{
		"time": {own(), func(a *pim.Appointment) { move(&a.When) },
			func(it *exchangesim.Item) { it.Start, it.End = it.Start.Add(time.Hour), it.End.Add(time.Hour) }},
		"place": {own(), func(a *pim.Appointment) { a.Location = "Raum 2" }, func(it *exchangesim.Item) { it.Location = "Raum 2" }},
		"recurrence": {series, func(a *pim.Appointment) { a.Recurrence.Count = 8 },
			func(it *exchangesim.Item) { r := *it.Recurrence; r.Count = 8; it.Recurrence = &r }},
		"one occurrence": {series, func(a *pim.Appointment) {
			timing, err := a.Recurrence.Timing(a.When)
			if err != nil {
				t.Fatal(err)
			}
			third, _ := timing.Start(3)
			a.Recurrence.Deleted = append(a.Recurrence.Deleted, third)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			o, was := meeting(t, c.it)
			o.write(c.change)
			o.run()
			o.wantCodes("changed", fault.MeetingNeedsOutlook)
			if now := o.there(); now.ChangeKey != was.ChangeKey {
				t.Error("the meeting was written")
			}
			// Everything else of it goes on.
			o.write(func(a *pim.Appointment) { a.Categories = []string{"rot"} })
			o.run()
			now := o.there()
			if !slices.Equal(now.Categories, []string{"rot"}) || now.Location != was.Location || !now.Start.Equal(was.Start) ||
				len(now.DeletedOccurrences()) != 0 || now.Recurrence != nil && now.Recurrence.Count != was.Recurrence.Count {
				t.Errorf("%+v", now)
			}
			o.wantCodes("edited", fault.MeetingNeedsOutlook)
			if c.outlook == nil {
				if err := o.box().DeleteOccurrence(now.ID, now.Start.AddDate(0, 0, 2)); err != nil {
					t.Fatal(err)
				}
			} else if _, err := o.box().Update(now.ID, c.outlook); err != nil {
				t.Fatal(err)
			}
			o.run()
			o.wantCodes("sent from Outlook")
			o.intact()
		})
		t.Run(name+", taken back", func(t *testing.T) {
			o, was := meeting(t, c.it)
			before := o.only(o.business).Item
			o.write(c.change)
			o.run()
			o.write(func(a *pim.Appointment) { *a = *before.Clone().(*pim.Appointment) })
			o.run()
			o.wantCodes("taken back")
			if now := o.there(); now.ChangeKey != was.ChangeKey {
				t.Error("the meeting was written")
			}
		})
	}
}

func TestAMeetingThatIsDeletedInTheDatabaseStaysInTheMailbox(t *testing.T) {
	for name, it := range map[string]exchangesim.Item{"one's own": own(), "another's": invitation()} {
		t.Run(name, func(t *testing.T) {
			o, was := meeting(t, it)
			o.delete(o.business)
			o.run()
			o.wantCodes("deleted", fault.MeetingNeedsOutlook)
			if now := o.there(); now.ChangeKey != was.ChangeKey {
				t.Error("the meeting was written")
			}
			// Its owner cancels, or declines, in Outlook: that is the end of it.
			if err := o.box().Delete(was.ID); err != nil {
				t.Fatal(err)
			}
			o.run()
			o.wantCodes("deleted in Outlook too")
		})
		t.Run(name+", which then changes", func(t *testing.T) {
			o, was := meeting(t, it)
			o.delete(o.business)
			o.run()
			if _, err := o.box().Update(was.ID, func(it *exchangesim.Item) { it.Location = "Raum 3" }); err != nil {
				t.Fatal(err)
			}
			o.run()
			o.wantCodes("changed in Outlook")
			if a := o.only(o.business).Item.(*pim.Appointment); a.Location != "Raum 3" || a.Meeting == nil {
				t.Errorf("%+v", a)
			}
		})
	}
}

func TestOnlyWhatIsAParticipantsOwnGoesOutOfAnInvitation(t *testing.T) {
	o, was := meeting(t, invitation())
	o.write(func(a *pim.Appointment) {
		a.Subject, a.Location, a.Body = "anders", "anderswo", "anders"
		a.When.Start, a.When.End = a.When.Start.Add(time.Hour), a.When.End.Add(time.Hour)
		a.Categories, a.Busy, a.Sensitivity, a.Reminder = []string{"rot"}, pim.BusyBusy, pim.Private, &pim.Reminder{Before: 7}
	})
	o.run()
	now := o.there()
	if now.Subject != was.Subject || now.Location != was.Location || !now.Start.Equal(was.Start) || now.MyResponse != was.MyResponse {
		t.Errorf("the meeting became %+v", now)
	}
	if !slices.Equal(now.Categories, []string{"rot"}) || now.Busy != "Busy" || now.Sensitivity != "Private" || now.ReminderMinutes != 7 {
		t.Errorf("a participant's own did not arrive: %+v", now)
	}
	o.intact()
	a := o.only(o.business).Item.(*pim.Appointment)
	if a.Subject != was.Subject || a.Location != was.Location || !a.When.Start.Equal(was.Start) {
		t.Errorf("business has %+v", a)
	}
	// What was set back is kept, and its author is told.
	if codes, notices := o.codes(); len(codes) != 0 || !slices.Contains(notices, fault.ConflictSettled) {
		t.Errorf("%v, %v", codes, notices)
	}
	list, err := o.store.ListTrash(t.Context(), store.TrashQuery{User: "anna"})
	if err != nil || len(list) == 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestAnInvitationIsShownAsItStands(t *testing.T) {
	o, was := meeting(t, invitation())
	a := func() *pim.Appointment { t.Helper(); return o.only(o.business).Item.(*pim.Appointment) }
	if x := a(); x.Busy != pim.BusyTentative || x.Meeting == nil || x.Meeting.Organizer != chef.Mail || len(x.Meeting.Attendees) != 2 {
		t.Fatalf("unanswered: %+v", x)
	}
	if _, err := o.box().Update(was.ID, func(it *exchangesim.Item) {
		it.MyResponse, it.Busy = "Accept", "Busy"
		it.Required = []exchangesim.Attendee{{Name: "Anna", Mail: herself.Mail, Response: "Accept"}, ida}
	}); err != nil {
		t.Fatal(err)
	}
	o.run()
	if x := a(); x.Busy != pim.BusyBusy || x.Meeting.Attendees[0].Response != pim.Accepted {
		t.Errorf("accepted: %+v", x)
	}
	if _, err := o.box().Update(was.ID, func(it *exchangesim.Item) {
		it.Cancelled, it.Subject, it.Busy = true, "Abgesagt: Jour fixe", "Free"
	}); err != nil {
		t.Fatal(err)
	}
	o.run()
	if x := a(); x.Busy != pim.BusyFree || x.Subject != "Abgesagt: Jour fixe" {
		t.Errorf("cancelled: %+v", x)
	}
	o.wantCodes("cancelled")
	// "Remove from calendar" is a deletion like any.
	if err := o.box().Delete(was.ID); err != nil {
		t.Fatal(err)
	}
	o.run()
	if n := len(o.all(o.business)); n != 0 {
		t.Errorf("%d items are left", n)
	}
	o.wantCodes("removed")
}

// orphan is an occurrence somebody was invited to alone: it bears its series' UID.
func orphan(day int) exchangesim.Item {
	it := invitation()
	it.Start = it.Start.AddDate(0, 0, day)
	it.End, it.OriginalStart = it.Start.Add(time.Hour), it.Start
	it.UID = "040000008200E00074C5B7101A82E0080000000000000000000000000000000000000000100000004D41524B455231323334353637383930"
	return it
}

func TestOccurrencesWithoutTheirSeriesAreSingleAppointments(t *testing.T) {
	o := newOffice(t, pim.KindAppointment)
	for day := range 3 {
		if _, err := o.box().Create(orphan(day)); err != nil {
			t.Fatal(err)
		}
	}
	o.run()
	if n := len(o.all(o.business)); n != 3 {
		t.Fatalf("%d appointments", n)
	}
	o.wantCodes("arrived")
	// Each goes its own way.
	list := o.box().List(exchangesim.Calendar)
	if _, err := o.box().Update(list[1].ID, func(it *exchangesim.Item) { it.Location = "Raum 9" }); err != nil {
		t.Fatal(err)
	}
	if err := o.box().Delete(list[2].ID); err != nil {
		t.Fatal(err)
	}
	o.run()
	places := map[string]int{}
	for _, i := range o.all(o.business) {
		a := i.(*pim.Appointment)
		if a.Recurrence != nil {
			t.Errorf("%+v", a.Recurrence)
		}
		places[a.Location]++
	}
	if len(places) != 2 || places["Raum 9"] != 1 || places["Raum 1"] != 1 {
		t.Errorf("%v", places)
	}
	o.wantCodes("changed")

	// The whole series comes later: it is an appointment of its own.
	whole := orphan(0)
	whole.OriginalStart, whole.Recurrence = time.Time{}, &exchangesim.Recurrence{Pattern: "DailyRecurrence", Interval: 1, Start: "2026-11-23", Count: 5}
	if _, err := o.box().Create(whole); err != nil {
		t.Fatal(err)
	}
	o.run()
	if n := len(o.all(o.business)); n != 3 {
		t.Errorf("%d appointments", n)
	}
	o.wantCodes("the series")
}
