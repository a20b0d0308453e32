package exchange_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/exchangesim/schemacheck"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// What Outlook leaves in a calendar beside plain appointments.

func invitation(day int) exchangesim.Item {
	it := meeting(day)
	it.Meeting, it.MyResponse, it.Busy = true, "NoResponseReceived", "Tentative"
	it.Organizer = exchangesim.Attendee{Name: "Bert", Mail: "bert@lab.test"}
	it.Required = []exchangesim.Attendee{{Name: "Anna", Mail: "anna@lab.test"}, {Name: "Carl", Mail: "carl@else.test", Response: "Accept"}}
	it.Body, it.BodyIsHTML = `<html><body><p>Agenda</p><a href="https://meet.example/j/1">Teilnehmen</a></body></html>`, true
	it.JoinURL = "https://meet.example/j/1"
	return it
}

func TestMeetingsAreReadAsTheyStand(t *testing.T) {
	w := newWorld(t, options{})
	f, box := open(t, w, pim.KindAppointment), w.sim.Mailbox("anna@lab.test")
	cancelled := invitation(24)
	cancelled.Cancelled, cancelled.Subject, cancelled.Busy = true, "Abgesagt: Besprechung", "Free"
	series := invitation(25)
	series.Recurrence = &exchangesim.Recurrence{Pattern: "DailyRecurrence", Interval: 1, Start: "2026-11-25", Count: 3}
	ids := box.Seed([]exchangesim.Item{invitation(23), cancelled, series})
	for i, want := range []struct {
		name string
		busy pim.Busy
	}{{"unanswered", pim.BusyTentative}, {"cancelled", pim.BusyFree}, {"series", pim.BusyTentative}} {
		item, _ := read(t, f, ids[i])
		a := item.(*pim.Appointment)
		if a.Meeting == nil || a.Meeting.Role != pim.RoleAttendee || a.Meeting.Organizer != "bert@lab.test" || len(a.Meeting.Attendees) != 2 || a.Busy != want.busy {
			t.Errorf("%s: %+v, busy %q", want.name, a.Meeting, a.Busy)
		}
		if (a.Recurrence != nil) != (want.name == "series") {
			t.Errorf("%s: %+v", want.name, a.Recurrence)
		}
	}
}

func TestWhatBelongsToTheParticipantIsAllThatChangesInAMeeting(t *testing.T) {
	w := newWorld(t, options{})
	f, box := open(t, w, pim.KindAppointment), w.sim.Mailbox("anna@lab.test")
	series := invitation(25)
	series.Recurrence = &exchangesim.Recurrence{Pattern: "DailyRecurrence", Interval: 1, Start: "2026-11-25", Count: 5}
	for name, it := range map[string]exchangesim.Item{"single": invitation(23), "series": series} {
		id := box.Seed([]exchangesim.Item{it})[0]
		if it.Recurrence != nil {
			third := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
			if _, err := box.ChangeOccurrence(id, third, func(o *exchangesim.Item) {
				o.Body, o.Subject = `<html><body><p>Nur heute</p><a href="https://meet.example/j/2">hier</a></body></html>`, "anders"
			}); err != nil {
				t.Fatal(err)
			}
		}
		before, _ := box.Get(id)
		item, got := read(t, f, id)
		to := item.Clone().(*pim.Appointment)
		to.Categories, to.Reminder, to.Busy, to.Sensitivity = []string{"rot"}, &pim.Reminder{Before: 5}, pim.BusyAway, pim.Private
		out := update(t, f, got, to, pim.ParticipantFields)
		same(t, w, name, to, getAll(t, f, []side.Outcome{out})[0].Item)
		after, _ := box.Get(id)
		if after.Body != before.Body || after.JoinURL != before.JoinURL || after.MyResponse != before.MyResponse || after.Subject != before.Subject ||
			!after.Start.Equal(before.Start) || !after.BodyIsHTML || after.Busy != "OOF" {
			t.Errorf("%s: %+v", name, after)
		}
		for i, o := range after.Exceptions() {
			if was := before.Exceptions()[i]; o.Body != was.Body || !o.BodyIsHTML || o.Subject != was.Subject {
				t.Errorf("%s: the exception became %+v", name, o)
			}
		}
	}
}

func TestAnHTMLBodyOfASeriesSurvivesAllButANewText(t *testing.T) {
	w := newWorld(t, options{})
	f, box := open(t, w, pim.KindAppointment), w.sim.Mailbox("anna@lab.test")
	it := invitation(23)
	it.Meeting = false
	it.Recurrence = &exchangesim.Recurrence{Pattern: "DailyRecurrence", Interval: 1, Start: "2026-11-23", Count: 5}
	id := box.Seed([]exchangesim.Item{it})[0]
	item, got := read(t, f, id)
	to := item.Clone().(*pim.Appointment)
	to.Subject = "neu"
	to.When.Start, to.When.End = to.When.Start.Add(time.Hour), to.When.End.Add(time.Hour)
	change(t, to, 2, func(o *pim.Appointment) { o.Location = "Wels" })
	remove(t, to, 4)
	out := update(t, f, got, pim.Canonical(to), w.side.Projection(pim.KindAppointment).Writable())
	same(t, w, "updated", to, getAll(t, f, []side.Outcome{out})[0].Item)
	if now, _ := box.Get(id); now.Body != it.Body || !now.BodyIsHTML || now.JoinURL != it.JoinURL {
		t.Errorf("%+v", now)
	}
}

func TestNoRequestAsksForAMail(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, options{sim: func(o *exchangesim.Options) { o.Record = dir }})
	f, box := open(t, w, pim.KindAppointment), w.sim.Mailbox("anna@lab.test")
	single := pim.Canonical(&pim.Appointment{Common: pim.Common{Subject: "x"}, When: standup(t).When})
	made := createAll(t, f, standup(t), single)
	for _, id := range box.Seed([]exchangesim.Item{invitation(23)}) {
		made = append(made, side.Outcome{ID: pim.ItemID(id)})
	}
	for i, g := range getAll(t, f, made) {
		to := g.Item.Clone().(*pim.Appointment)
		to.Subject, to.Categories = "anders", []string{"rot"}
		if to.Recurrence != nil {
			to.Recurrence.Deleted = nil // brings one back, and writes all others again
			change(t, to, 9, func(o *pim.Appointment) { o.Location = "Wels" })
		}
		out := update(t, f, g, to, w.side.Projection(pim.KindAppointment).Writable())
		now := getAll(t, f, []side.Outcome{out})[0]
		keyed, err := f.SetKeys(t.Context(), []side.KeyAssignment{{ID: now.ID, Version: now.Version, Key: pim.Key("k" + string(rune('0'+i)))}})
		if err != nil || keyed[0].Err != nil {
			t.Fatal(err, keyed)
		}
		gone, err := f.Delete(t.Context(), []side.Deletion{{ID: keyed[0].ID, Version: keyed[0].Version}})
		if err != nil || gone[0].Err != nil {
			t.Fatal(err, gone)
		}
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*-request.xml"))
	if err != nil {
		t.Fatal(err)
	}
	sends := regexp.MustCompile(`(SendMeeting[A-Za-z]*|MessageDisposition)="([^"]*)"`)
	writes := map[string]int{}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		op := strings.Split(filepath.Base(p), "-")[1]
		asked := false
		for _, m := range sends.FindAllStringSubmatch(string(b), -1) {
			if strings.HasPrefix(m[1], "Send") {
				asked = true
			}
			if m[2] != "SendToNone" && m[2] != "SaveOnly" {
				t.Errorf("%s asks for %s", filepath.Base(p), m[0])
			}
		}
		switch op {
		case "CreateItem", "UpdateItem", "DeleteItem":
			writes[op]++
			if !asked {
				t.Errorf("%s leaves it to the server whether somebody gets mail", filepath.Base(p))
			}
		case "SendItem", "CreateAttachment", "MoveItem":
			t.Errorf("%s: nothing here has a reason for it", filepath.Base(p))
		}
	}
	if writes["CreateItem"] == 0 || writes["UpdateItem"] < 6 || writes["DeleteItem"] < 3 {
		t.Errorf("only %v were seen", writes)
	}
	schemacheck.Check(t, dir)
}
