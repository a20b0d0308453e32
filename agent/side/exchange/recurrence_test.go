package exchange

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"abgleich/agent/ews"
	"abgleich/agent/pim"
	"abgleich/agent/side/sidetest"
)

func TestPatternsComeBackAsTheyWereWritten(t *testing.T) {
	home, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	windows, home := homeZone(home)
	m := mapping{kind: pim.KindAppointment, mail: "anna@lab.test", home: home, windows: windows}
	rapid.Check(t, func(t *rapid.T) {
		a := project(sidetest.Series().Draw(t, "series")).(*pim.Appointment)
		a.Recurrence.Changed, a.UID = nil, ""
		it, set, _ := m.write(a, pim.AppointmentFields)
		if !set.Has(ews.FieldRecurrence) {
			t.Fatal("the pattern is not written")
		}
		for _, d := range a.Recurrence.Deleted {
			if a.When.AllDay { // a server tells the instant the day begins
				d = pim.DateOf(d).In(home)
			}
			it.Calendar.Deletions = append(it.Calendar.Deletions, d)
		}
		back := m.read(&it)
		if d := pim.Diff(a, back); d != 0 {
			t.Fatalf("%v differ:\n%+v\n%+v\n%+v", d, a.Recurrence, it.Calendar.Recurrence, back.Shared().Recurrence)
		}
	})
}

func TestARecurringTaskKeepsItsPattern(t *testing.T) {
	m := mapping{kind: pim.KindTask, home: time.UTC, windows: "UTC"}
	rapid.Check(t, func(t *rapid.T) {
		k := sidetest.Task().Draw(t, "task")
		k.Status, k.Percent = pim.NotStarted, 0
		k.Due = pim.Date{Year: 2026, Month: time.November, Day: 23}
		k.Recurrence = sidetest.Pattern().Draw(t, "pattern")
		i := project(k)
		it, set, _ := m.write(i, pim.TaskFields)
		if !set.Has(ews.FieldTaskRecurrence) {
			t.Fatal("the pattern is not written")
		}
		if d := pim.Diff(i, m.read(&it)); d.Has(pim.FieldRecurrence) {
			t.Fatalf("%+v\n%+v", i.Shared().Recurrence, m.read(&it).Shared().Recurrence)
		}
	})
}

func TestTheEndOfASeriesIsWritten(t *testing.T) {
	m := mapping{kind: pim.KindAppointment, home: time.UTC, windows: "UTC"}
	_, set, clear := m.write(&pim.Appointment{}, pim.Fields(pim.FieldRecurrence))
	if set.Has(ews.FieldRecurrence) || !clear.Has(ews.FieldRecurrence) {
		t.Error("the pattern is not cleared")
	}
}

func TestASeriesInAnUnknownZoneHasNoPatternOfOurs(t *testing.T) {
	m := mapping{kind: pim.KindAppointment, home: time.UTC, windows: "UTC"}
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	i := m.read(&ews.Item{Element: ews.CalendarElement, Calendar: &ews.CalendarFields{
		Start: start, End: start.Add(time.Hour), StartTimeZone: "Customized Time Zone", Type: "RecurringMaster",
		Recurrence: &ews.Recurrence{Pattern: "DailyRecurrence", Interval: 1, Range: "NoEndRecurrence", StartDate: "2026-11-23"},
	}})
	if i.Shared().Recurrence == nil || pim.CheckSeries(i) == nil {
		t.Errorf("%+v", i.Shared().Recurrence)
	}
}

func TestAnOccurrenceWithoutItsSeriesIsASingleItem(t *testing.T) {
	m := mapping{kind: pim.KindAppointment, home: time.UTC, windows: "UTC"}
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for _, kind := range []string{"Exception", "Occurrence", "Single"} {
		i := m.read(&ews.Item{Element: ews.CalendarElement, Calendar: &ews.CalendarFields{
			Start: start, End: start.Add(time.Hour), StartTimeZone: "UTC", Type: kind, Recurring: true, Meeting: true,
			OriginalStart: start, Organizer: ews.Mailbox{Address: "bert@lab.test"},
		}}).(*pim.Appointment)
		if i.Recurrence != nil || i.Meeting == nil || !i.When.Start.Equal(start) {
			t.Errorf("%s: %+v", kind, i)
		}
	}
}

func TestAColleaguesAllDaySeriesIsOnTheDatesHeMeant(t *testing.T) {
	vienna, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	windows, home := homeZone(vienna)
	m := mapping{kind: pim.KindAppointment, home: home, windows: windows}
	kiritimati, err := time.LoadLocation("Pacific/Kiritimati")
	if err != nil {
		t.Fatal(err)
	}
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, kiritimati) }
	master := &ews.Item{Element: ews.CalendarElement, Calendar: &ews.CalendarFields{
		Start: day(23), End: day(24), AllDay: true, StartTimeZone: "Line Islands Standard Time", Type: "RecurringMaster",
		Recurrence:    &ews.Recurrence{Pattern: "DailyRecurrence", Interval: 1, Range: "NumberedRecurrence", Count: 5, StartDate: "2026-11-23"},
		Deletions:     []time.Time{day(24)},
		Modifications: []ews.Occurrence{{OriginalStart: day(26)}},
	}}
	_, s := m.readSeries(master)
	if s == nil {
		t.Fatal("no series")
	}
	s.listed[m.numbered(master, s)[0]] = m.readOccurrence(&ews.Item{Element: ews.CalendarElement, Subject: "anders", Calendar: &ews.CalendarFields{
		Start: day(26), End: day(27), AllDay: true, StartTimeZone: "Line Islands Standard Time", Type: "Exception"}}, s.master)
	r := s.whole().Shared().Recurrence
	if len(r.Deleted) != 1 || pim.DateOf(r.Deleted[0]).Day != 24 || len(r.Changed) != 1 ||
		pim.DateOf(r.Changed[0].Original).Day != 26 || r.Changed[0].Item.When.First.Day != 26 || s.days.String() != "Pacific/Kiritimati" {
		t.Errorf("%+v", r)
	}
}

func TestAZoneLikeNoOtherStaysUnknown(t *testing.T) {
	m := mapping{kind: pim.KindAppointment, home: time.UTC, windows: "UTC"}
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	c := &ews.CalendarFields{
		Start: start, End: start.Add(time.Hour), StartTimeZone: "Customized Time Zone", Type: "RecurringMaster",
		Recurrence: &ews.Recurrence{Pattern: "DailyRecurrence", Interval: 1, Range: "NoEndRecurrence", StartDate: "2026-11-23"},
	}
	starts := map[int]time.Time{}
	for n, at := range m.timingIn(c, "UTC").Starts() {
		if n > 30 {
			break
		}
		if starts[n] = at; n > 15 { // a change in December, by two hours
			starts[n] = at.Add(2 * time.Hour)
		}
	}
	if name, ok := m.zoneOf(c, starts); ok {
		t.Errorf("%s is taken for it", name)
	}
	delete(starts, 16)
	for n := range starts {
		if n > 15 {
			delete(starts, n)
		}
	}
	if name, ok := m.zoneOf(c, starts); !ok || name != "UTC" {
		t.Errorf("%q, %v", name, ok)
	}
	if name, ok := m.zoneOf(c, nil); ok {
		t.Errorf("%s is taken for what was not looked at", name)
	}
}
