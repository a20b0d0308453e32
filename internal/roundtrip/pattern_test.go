package roundtrip

import (
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/pim"
)

// A series whose pattern changes after single dates of it were changed and deleted, by a
// person in Outlook and in the business database: what Exchange then forgets is gone on
// both sides, what it keeps stays, and both are the same.

// changedSeries is a known series of nine days, the third renamed and the fifth deleted.
func changedSeries(t *testing.T) (*office, exchangesim.Item) {
	t.Helper()
	it := wholeItem(pim.KindAppointment)
	it.Recurrence = &exchangesim.Recurrence{Pattern: "DailyRecurrence", Interval: 1, Start: "2026-11-23", Count: 9}
	o, made := meeting(t, it)
	if _, err := o.box().ChangeOccurrence(made.ID, made.Start.AddDate(0, 0, 2), func(x *exchangesim.Item) { x.Subject = "nur heute" }); err != nil {
		t.Fatal(err)
	}
	if err := o.box().DeleteOccurrence(made.ID, made.Start.AddDate(0, 0, 4)); err != nil {
		t.Fatal(err)
	}
	o.run()
	if r := o.only(o.business).Item.Shared().Recurrence; len(r.Changed) != 1 || len(r.Deleted) != 1 {
		t.Fatalf("%+v", r)
	}
	return o, o.there()
}

// bothSay expects the same series on both sides and no problem.
func (o *office) bothSay(when string, changed, deleted int, check func(pim.When, *pim.Recurrence) bool) {
	o.Helper()
	b, e := o.only(o.business).Item, o.only(o.exchange).Item
	rules := o.rules(pim.KindAppointment)
	if lost := pim.Fields(pim.FieldWhen, pim.FieldRecurrence) &^ rules.Same(b, e); lost != 0 {
		o.Errorf("%s: %s differ\n%s\n%s", when, lost, show(o, b), show(o, e))
	}
	if r := b.Shared().Recurrence; len(r.Changed) != changed || len(r.Deleted) != deleted || !check(b.(*pim.Appointment).When, r) {
		o.Errorf("%s: %s", when, show(o, b))
	}
	o.wantCodes(when)
	o.intact()
}

func TestAPatternThatChangesAfterItsExceptionsIsTheSameOnBothSides(t *testing.T) {
	for name, c := range map[string]struct {
		outlook          func(*exchangesim.Item)
		business         func(*pim.Appointment)
		changed, deleted int
		is               func(pim.When, *pim.Recurrence) bool
	}{
		"another interval": {
			func(it *exchangesim.Item) { r := *it.Recurrence; r.Interval = 2; it.Recurrence = &r },
			func(a *pim.Appointment) { a.Recurrence.Interval = 2 },
			0, 0, func(_ pim.When, r *pim.Recurrence) bool { return r.Interval == 2 },
		},
		"weekly": {
			func(it *exchangesim.Item) {
				it.Recurrence = &exchangesim.Recurrence{Pattern: "WeeklyRecurrence", Interval: 1, DaysOfWeek: "Monday", Start: "2026-11-23", Count: 9}
			},
			func(a *pim.Appointment) {
				a.Recurrence.Pattern, a.Recurrence.Weekdays = pim.Weekly, []time.Weekday{time.Monday}
			},
			0, 0, func(_ pim.When, r *pim.Recurrence) bool { return r.Pattern == pim.Weekly },
		},
		"another hour": {
			func(it *exchangesim.Item) { it.Start, it.End = it.Start.Add(time.Hour), it.End.Add(time.Hour) },
			nil, // the exceptions keep to their days: series_test of the sides
			0, 0, func(w pim.When, _ *pim.Recurrence) bool { return w.Start.Hour() == 10 },
		},
		"a later end": {
			func(it *exchangesim.Item) { r := *it.Recurrence; r.Count = 20; it.Recurrence = &r },
			func(a *pim.Appointment) { a.Recurrence.Count = 20 },
			1, 1, func(_ pim.When, r *pim.Recurrence) bool { return r.Count == 20 },
		},
		"an earlier end": {
			func(it *exchangesim.Item) { r := *it.Recurrence; r.Count = 2; it.Recurrence = &r },
			func(a *pim.Appointment) { a.Recurrence.Count = 2 },
			0, 0, func(_ pim.When, r *pim.Recurrence) bool { return r.Count == 2 },
		},
	} {
		t.Run(name+", in Outlook", func(t *testing.T) {
			o, was := changedSeries(t)
			if _, err := o.box().Update(was.ID, c.outlook); err != nil {
				t.Fatal(err)
			}
			o.run()
			o.bothSay("changed", c.changed, c.deleted, c.is)
		})
		if c.business == nil {
			continue
		}
		t.Run(name+", in the database", func(t *testing.T) {
			o, _ := changedSeries(t)
			o.write(func(a *pim.Appointment) {
				c.business(a)
				if c.changed == 0 && a.Recurrence.Count > 2 {
					a.Recurrence.Changed, a.Recurrence.Deleted = nil, nil
				}
			})
			o.run()
			o.bothSay("changed", c.changed, c.deleted, c.is)
		})
	}
}
