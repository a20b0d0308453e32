package engine_test

import (
	"testing"
	"time"

	"abgleich/agent/engine"
	"abgleich/agent/pim"
)

// inBerlin is a side that tells all times by Berlin's clock.
type inBerlin struct{ zoneSide }

func (b inBerlin) Project(i pim.Item) pim.Item {
	a := b.zoneSide.Project(i).(*pim.Appointment)
	a.MoveToZone("Europe/Berlin")
	return pim.Canonical(a)
}

// onLineIslands is at 16:57 in Berlin, which is the next day's 4:57 on Kiritimati.
func onLineIslands(r *pim.Recurrence) pim.Item {
	at := time.Date(2026, 4, 4, 14, 57, 0, 0, time.UTC)
	return pim.Canonical(&pim.Appointment{Common: pim.Common{Recurrence: r},
		When: pim.When{Start: at, End: at.Add(time.Hour), Zone: "Pacific/Kiritimati"}})
}

func TestASeriesKeepsItsDaysWhereOneSideDoesNotKnowItsZone(t *testing.T) {
	r := engine.Rules{Business: inBerlin{}, Exchange: zoneSide{}}
	saturday := pim.Date{Year: 2026, Month: 4, Day: 4}
	for name, c := range map[string]struct {
		was, made *pim.Recurrence // was: by Kiritimati's clock, made: by Berlin's
		is        pim.Recurrence  // by the clock of zone
		zone      string
	}{
		"a single one becomes a series with a last day": {
			made: &pim.Recurrence{Pattern: pim.Daily, Interval: 2, First: saturday, Until: pim.Date{Year: 2026, Month: 4, Day: 12}},
			is:   pim.Recurrence{Pattern: pim.Daily, Interval: 2, First: saturday.AddDays(1), Until: pim.Date{Year: 2026, Month: 4, Day: 13}},
			zone: "Pacific/Kiritimati"},
		"days of the week": {
			was:  &pim.Recurrence{Pattern: pim.Daily, Interval: 1},
			made: &pim.Recurrence{Pattern: pim.Weekly, Interval: 2, Weekdays: []time.Weekday{time.Tuesday, time.Saturday}, FirstDayOfWeek: time.Monday, First: saturday},
			is:   pim.Recurrence{Pattern: pim.Weekly, Interval: 2, Weekdays: []time.Weekday{time.Sunday, time.Wednesday}, FirstDayOfWeek: time.Tuesday, First: saturday.AddDays(1)},
			zone: "Pacific/Kiritimati"},
		"a day of the month can't be said there": {
			made: &pim.Recurrence{Pattern: pim.AbsoluteMonthly, Interval: 1, DayOfMonth: 4, First: saturday},
			is:   pim.Recurrence{Pattern: pim.AbsoluteMonthly, Interval: 1, DayOfMonth: 4, First: saturday},
			zone: "Europe/Berlin"},
		"the series ends": {
			was: &pim.Recurrence{Pattern: pim.Daily, Interval: 1}, zone: "Pacific/Kiritimati"},
	} {
		e := r.Exchange.Project(onLineIslands(c.was))
		base := r.Business.Project(e)
		edited := base.Clone()
		edited.Shared().Recurrence = c.made
		d := r.Decide(half(base, r.Business.Project(edited)), half(e, nil))
		now := e.Clone()
		pim.Apply(now, d.Exchange.Write.Item, d.Exchange.Write.Fields)
		now = r.Exchange.Project(now)
		want := onLineIslands(nil).(*pim.Appointment)
		want.When.Zone = c.zone
		if c.made != nil {
			want.Recurrence = &c.is
		}
		if pim.Diff(want, now) != 0 {
			t.Errorf("%s: %+v\n%+v\nwanted %+v", name, now, now.Shared().Recurrence, want.Recurrence)
		}
		if !r.Equal(r.Business.Project(edited), now) || d.Business.Write.Fields != 0 {
			t.Errorf("%s: the sides do not rest: %+v", name, d)
		}
	}
}

// TestAZoneIsNotKeptAtThePriceOfTheTime is about an hour that the clocks of one zone show
// twice: Exchange puts a series at the first of the two.
func TestAZoneIsNotKeptAtThePriceOfTheTime(t *testing.T) {
	r := engine.Rules{Business: inBerlin{}, Exchange: firstOfTwo{}}
	at := time.Date(2026, 4, 4, 14, 59, 0, 0, time.UTC) // 2:44 on Chatham for the second time
	e := r.Exchange.Project(&pim.Appointment{When: pim.When{Start: at.AddDate(0, 0, 7), End: at.AddDate(0, 0, 7), Zone: "Pacific/Chatham"}})
	base := r.Business.Project(e)
	edited := r.Business.Project(&pim.Appointment{When: pim.When{Start: at, End: at, Zone: "Europe/Berlin"},
		Common: pim.Common{Recurrence: &pim.Recurrence{Pattern: pim.Daily, Interval: 2, First: pim.DateOf(at)}}})
	d := r.Decide(half(base, edited), half(e, nil))
	if now := d.Exchange.After.(*pim.Appointment).When; !now.Start.Equal(at) {
		t.Errorf("an appointment at %s is at %s in Exchange", at, now.Start)
	}
}

type firstOfTwo struct{ zoneSide }

func (f firstOfTwo) Project(i pim.Item) pim.Item {
	a := f.zoneSide.Project(i).(*pim.Appointment)
	if a.Recurrence == nil {
		return a
	}
	t, err := a.Recurrence.Timing(a.When)
	if err != nil {
		panic(err)
	}
	a.When, _ = t.When(1, a.When.Zone)
	return a
}

func TestAPatternIsToldByTheClockOfTheSideThatGetsIt(t *testing.T) {
	r := engine.Rules{Business: zoneSide{}, Exchange: inBerlin{}}
	base := onLineIslands(nil)
	edited := onLineIslands(&pim.Recurrence{Pattern: pim.Weekly, Interval: 2}) // on Sundays there
	d := r.Decide(half(base, edited), half(r.Exchange.Project(base), nil))
	if got := d.Exchange.Write.Item.Shared().Recurrence; len(got.Weekdays) != 1 || got.Weekdays[0] != time.Saturday {
		t.Errorf("Kiritimati's Sundays are Berlin's %v", got.Weekdays)
	}
}
