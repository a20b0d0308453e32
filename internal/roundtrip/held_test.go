package roundtrip

import (
	"slices"
	"strings"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// What can't be carried is a problem that says so, touches nothing, and ends by itself.

func TestAChangeThatWouldLoseAttachmentsWaitsUntilTheyAreGone(t *testing.T) {
	it := wholeItem(pim.KindAppointment)
	it.Recurrence = &exchangesim.Recurrence{Pattern: "DailyRecurrence", Interval: 1, Start: "2026-11-23", Count: 9}
	o := newOffice(t, pim.KindAppointment)
	box := o.box()
	made, err := box.Create(it)
	if err != nil {
		t.Fatal(err)
	}
	third := made.Start.AddDate(0, 0, 2)
	attach := func(files ...exchangesim.Attachment) {
		t.Helper()
		if _, err := box.ChangeOccurrence(o.there().ID, third, func(x *exchangesim.Item) {
			x.Subject, x.Attachments = "nur heute", append(slices.Clip(made.Attachments), files...)
		}); err != nil {
			t.Fatal(err)
		}
	}
	attach(exchangesim.Attachment{Name: "heute.txt", Content: []byte("x")})
	o.run()
	was := o.there()
	o.write(func(a *pim.Appointment) {
		a.Recurrence.Count = 20
	})
	o.run()
	o.wantCodes("the series is longer", fault.SeriesHoldsFiles)
	if now := o.there(); now.ChangeKey != was.ChangeKey {
		t.Error("the series was written")
	}
	attach() // a person takes the file away
	o.run()
	o.wantCodes("the file is gone")
	now := o.there()
	if now.Recurrence.Count != 20 || len(now.Exceptions()) != 1 || now.Exceptions()[0].Subject != "nur heute" {
		t.Errorf("%+v with %d exceptions", now.Recurrence, len(now.Exceptions()))
	}
	o.intact()
}

func TestATaskThatRegeneratesIsLeftToOutlook(t *testing.T) {
	it := wholeItem(pim.KindTask)
	it.Recurrence = &exchangesim.Recurrence{Pattern: "MonthlyRegeneration", Interval: 1, Start: "2026-11-23"}
	o := newOffice(t, pim.KindTask)
	made, err := o.box().Create(it)
	if err != nil {
		t.Fatal(err)
	}
	o.run()
	o.wantCodes("it came", fault.SeriesNotSupported)
	if n := len(o.all(o.business)); n != 0 {
		t.Errorf("%d tasks in the database", n)
	}
	// What was done is a task like any; the next one waits like the first.
	if _, err := o.box().Update(made.ID, func(it *exchangesim.Item) {
		it.Status, it.Percent, it.Completed = "Completed", 100, time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	}); err != nil {
		t.Fatal(err)
	}
	o.run()
	o.wantCodes("it was done", fault.SeriesNotSupported)
	if done := o.only(o.business).Item.(*pim.Task); done.Status != pim.Completed || !strings.Contains(done.Body, "Agenda") {
		t.Errorf("%+v", done)
	}
	var left int
	for _, x := range o.box().List(exchangesim.Tasks) {
		if x.Recurrence != nil && x.Recurrence.Pattern == "MonthlyRegeneration" && x.Status != "Completed" {
			left++
		}
	}
	if left != 1 {
		t.Errorf("%d tasks are to be done again", left)
	}
}
