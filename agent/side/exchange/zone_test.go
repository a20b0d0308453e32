package exchange_test

import (
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

func TestAZoneNobodyKnowsSurvivesEveryWriteThatIsNotOfTheTime(t *testing.T) {
	w := newWorld(t, options{})
	f, box := open(t, w, pim.KindAppointment), w.sim.Mailbox("anna@lab.test")
	it := meeting(23)
	it.Zone, it.EndZone = "Customized Time Zone", "Customized Time Zone"
	id := box.Seed([]exchangesim.Item{it})[0]
	stored, _ := box.Get(id)
	item, got := read(t, f, id)
	if a := item.(*pim.Appointment); !a.When.Start.Equal(it.Start) || !a.When.End.Equal(it.End) {
		t.Errorf("read at %s to %s", a.When.Start, a.When.End)
	}
	to := item.Clone()
	to.Shared().Subject, to.Shared().Reminder = "neu", nil
	out := update(t, f, got, to, pim.Fields(pim.FieldSubject, pim.FieldReminder))
	same(t, w, "updated", to, getAll(t, f, []side.Outcome{out})[0].Item)
	now, _ := box.Get(id)
	if now.Zone != stored.Zone || now.EndZone != stored.EndZone || !now.Start.Equal(stored.Start) || now.Subject != "neu" {
		t.Errorf("was %q to %q, is %q to %q", stored.Zone, stored.EndZone, now.Zone, now.EndZone)
	}
	t.Logf("stored in %q", stored.Zone)
}

func TestASeriesInAZoneOfAnotherProgramsMakingIsCarried(t *testing.T) {
	start := time.Date(2026, 2, 2, 14, 0, 0, 0, time.UTC)
	for _, rules := range []string{"Europe/Vienna", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "America/Santiago"} {
		t.Run(rules, func(t *testing.T) {
			w := newWorld(t, options{})
			f, box := open(t, w, pim.KindAppointment), w.sim.Mailbox("anna@lab.test")
			it := exchangesim.Item{Subject: "Jour fixe", Start: start, End: start.Add(time.Hour), Zone: "tzone://Microsoft/Custom", ZoneRules: rules,
				Recurrence: &exchangesim.Recurrence{Pattern: "WeeklyRecurrence", Interval: 1, DaysOfWeek: "Monday Thursday", Start: "2026-02-02"}}
			id := box.Seed([]exchangesim.Item{it})[0]
			there, err := box.Occurrences(id, start.AddDate(0, 0, -7), start.AddDate(3, 0, 0))
			if err != nil {
				t.Fatal(err)
			}
			if err := box.DeleteOccurrence(id, there[30].OriginalStart); err != nil {
				t.Fatal(err)
			}
			if _, err := box.ChangeOccurrence(id, there[33].OriginalStart, func(o *exchangesim.Item) { o.Start, o.End = o.Start.Add(time.Hour), o.End.Add(time.Hour) }); err != nil {
				t.Fatal(err)
			}
			item, got := read(t, f, id)
			a := item.(*pim.Appointment)
			if err := pim.CheckSeries(a); err != nil || rules == "Europe/Vienna" && a.When.Zone != "Europe/Berlin" {
				t.Fatalf("in %s: %v", a.When.Zone, err)
			}
			x := timing(t, a)
			for i, o := range there {
				if at, _ := x.Start(i + 1); !at.Equal(o.OriginalStart) {
					t.Fatalf("occurrence %d at %s, Exchange has it at %s", i+1, at, o.OriginalStart)
				}
			}
			if r := a.Recurrence; len(r.Deleted) != 1 || !r.Deleted[0].Equal(there[30].OriginalStart) || len(r.Changed) != 1 || !r.Changed[0].Original.Equal(there[33].OriginalStart) {
				t.Errorf("%+v", r)
			}
			before := requests(w)
			if read(t, f, id); requests(w)-before != 2 {
				t.Errorf("%d requests to read it again", requests(w)-before)
			}
			to := a.Clone().(*pim.Appointment)
			to.Subject = "neu"
			change(t, to, 12, func(o *pim.Appointment) { o.Location = "Wels" })
			out := update(t, f, got, pim.Canonical(to), w.side.Projection(pim.KindAppointment).Writable())
			same(t, w, "updated", pim.Canonical(to), getAll(t, f, []side.Outcome{out})[0].Item)
			now, _ := box.Get(id)
			if now.Zone != it.Zone || now.Subject != "neu" || len(now.Exceptions()) != 2 {
				t.Errorf("%+v", now)
			}
		})
	}
}
