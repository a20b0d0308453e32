package exchange

import (
	"testing"
	"time"

	"abgleich/agent/ews"
	"abgleich/agent/pim"
)

// FuzzSeries: whatever pattern, zone and times a server tells, reading ends, gives one
// form, and what is taken for a series is written and read as the same again.
func FuzzSeries(f *testing.F) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC).Unix()
	add := func(r ews.Recurrence, zone string, start int64, length int64, allDay bool, other int64) {
		f.Add(r.Pattern, r.Interval, r.DaysOfWeek, r.FirstDayOfWeek, r.WeekIndex, r.DayOfMonth, r.Month, r.StartDate, r.EndDate, r.Count, zone, start, length, allDay, other)
	}
	add(ews.Recurrence{Pattern: "DailyRecurrence", Interval: 1, StartDate: "2026-11-23", Count: 5}, "W. Europe Standard Time", at, 3600, false, at+86400)
	add(ews.Recurrence{Pattern: "WeeklyRecurrence", Interval: 2, DaysOfWeek: "Monday Sunday", FirstDayOfWeek: "Sunday", StartDate: "2026-11-23Z"}, "Chatham Islands Standard Time", at, 0, false, at)
	add(ews.Recurrence{Pattern: "AbsoluteMonthlyRecurrence", Interval: 1, DayOfMonth: 31, StartDate: "2026-11-23T00:00:00Z", EndDate: "2027-11-23+01:00"}, "", at, 86400, true, at)
	add(ews.Recurrence{Pattern: "RelativeMonthlyRecurrence", Interval: 99, DaysOfWeek: "WeekendDay", WeekIndex: "Last"}, "tzone://Microsoft/Custom", at, 60, false, 0)
	add(ews.Recurrence{Pattern: "AbsoluteYearlyRecurrence", DayOfMonth: 29, Month: "February", StartDate: "0000-00-00", Count: -1}, "UTC", -at, -60, false, at)
	add(ews.Recurrence{Pattern: "RelativeYearlyRecurrence", DaysOfWeek: "Day Day", WeekIndex: "Fourth", Month: "Smarch", StartDate: "9999-12-31", Count: 1 << 31}, "UTC", 1<<40, 1<<40, true, at)
	add(ews.Recurrence{Pattern: "MonthlyRegeneration", Interval: -1}, "UTC", at, 3600, false, at)
	vienna, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		f.Fatal(err)
	}
	windows, home := homeZone(vienna)
	m := mapping{kind: pim.KindAppointment, mail: "anna@lab.test", home: home, windows: windows}
	f.Fuzz(func(t *testing.T, pattern string, interval int, days, first, index string, day int, month, from, until string, count int,
		zone string, start, length int64, allDay bool, other int64) {
		begin := time.Unix(start%(1<<38), 0).UTC()
		it := &ews.Item{Element: ews.CalendarElement, Calendar: &ews.CalendarFields{
			Start: begin, End: begin.Add(time.Duration(length%(1<<30)) * time.Second), AllDay: allDay, StartTimeZone: zone, Type: "RecurringMaster", Recurring: true,
			Recurrence: &ews.Recurrence{Pattern: pattern, Interval: interval, DaysOfWeek: days, FirstDayOfWeek: first, WeekIndex: index,
				DayOfMonth: day, Month: month, StartDate: from, EndDate: until, Count: count},
			Deletions:     []time.Time{time.Unix(other%(1<<38), 0).UTC()},
			Modifications: []ews.Occurrence{{OriginalStart: begin}},
		}}
		read := m.read(it)
		if pim.Fingerprint(read) != pim.Fingerprint(pim.Canonical(read)) {
			t.Fatalf("not canonical: %+v", read)
		}
		if again := m.read(it); pim.Diff(read, again) != 0 {
			t.Fatalf("read twice, it differs in %s", pim.Diff(read, again))
		}
		_, s := m.readSeries(it)
		if pim.CheckSeries(read) != nil {
			return // a visible problem
		}
		if s == nil {
			t.Fatalf("a series nobody reads: %+v", read.Shared().Recurrence)
		}
		a := project(read).(*pim.Appointment)
		a.Recurrence.Deleted, a.Recurrence.Changed, a.UID = nil, nil, ""
		back, set, _ := m.write(a, pim.AppointmentFields)
		if !set.Has(ews.FieldRecurrence) {
			t.Fatal("the pattern is not written")
		}
		if d := pim.Diff(a, m.read(&back)) &^ pim.Fields(pim.FieldMeeting); d != 0 {
			t.Fatalf("%s differ:\n%+v %+v\n%+v %+v", d, a.When, a.Recurrence, m.read(&back).(*pim.Appointment).When, m.read(&back).Shared().Recurrence)
		}
	})
}
