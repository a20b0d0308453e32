package sample

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"abgleich/agent/pim"
	"abgleich/agent/side/business"
)

func TestWhatIsSeededIsReadAsMade(t *testing.T) {
	ctx := t.Context()
	d, err := business.Open(ctx, business.Config{DSN: filepath.Join(t.TempDir(), "demo.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.SaveEmployee(ctx, business.Employee{User: "anna", Zone: "Europe/Vienna", Active: true}); err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	a := Amount{User: "anna", Seed: 7, Appointments: 2100, Tasks: 300, SeriesPercent: 5, Around: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), Zone: zone}
	if err := Seed(ctx, d.Path(), a); err != nil {
		t.Fatal(err)
	}
	src := newSource(a.Seed, pim.KindAppointment, zone, a.Around)
	n, days, reminders, series, exceptions := 0, 0, 0, 0, 0
	err = d.Walk(ctx, "anna", pim.KindAppointment, func(r business.Record) error {
		n++
		want, got := src.next(n, a.SeriesPercent), r.Item.(*pim.Appointment)
		got.UID = ""
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("appointment %d: %s", n, diff)
		}
		if got.When.AllDay {
			days++
		}
		if r := got.Recurrence; r != nil {
			series++
			exceptions += len(r.Deleted) + len(r.Changed)
			if err := pim.CheckSeries(got); err != nil {
				t.Errorf("appointment %d: %v", n, err)
			}
		}
		if got.Reminder != nil {
			reminders++
		}
		return nil
	})
	if err != nil || n != a.Appointments || days == 0 || reminders == 0 || series != 105 || exceptions == 0 {
		t.Errorf("%d appointments, %d of them all-day, %d with reminder, %d series with %d exceptions: %v", n, days, reminders, series, exceptions, err)
	}
	src = newSource(a.Seed, pim.KindTask, zone, a.Around)
	n = 0
	err = d.Walk(ctx, "anna", pim.KindTask, func(r business.Record) error {
		n++
		want, got := src.task(n), r.Item.(*pim.Task)
		got.UID = ""
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("task %d: %s", n, diff)
		}
		return nil
	})
	if err != nil || n != a.Tasks {
		t.Errorf("%d tasks: %v", n, err)
	}
	if err := Seed(ctx, d.Path(), Amount{User: "nobody", Appointments: 1, Zone: zone}); err == nil {
		t.Error("items of nobody were written")
	}
}

func TestSeriesHaveAsManyExceptionsAsAsked(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	src := newSource(3, pim.KindAppointment, zone, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))
	src.exceptions = 5
	for n := range 500 {
		if r := src.series(n).Recurrence; len(r.Deleted)+len(r.Changed) != 5 {
			t.Fatalf("series %d: %+v", n, r)
		}
	}
}
