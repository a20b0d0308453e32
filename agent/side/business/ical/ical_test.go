package ical_test

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/business"
	"abgleich/agent/side/business/ical"
	"abgleich/agent/side/sidetest"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func database(t *testing.T) *business.Database {
	t.Helper()
	d, err := business.Open(t.Context(), business.Config{DSN: filepath.Join(t.TempDir(), "b.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	for user, zone := range map[pim.UserID]string{"anna": "Europe/Vienna", "kiri": "Pacific/Kiritimati"} {
		if err := d.SaveEmployee(t.Context(), business.Employee{User: user, Zone: zone, Active: true}); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func all(t rapid.TB, d *business.Database, user pim.UserID) []business.Record {
	t.Helper()
	var l []business.Record
	for _, k := range pim.Kinds() {
		err := d.Walk(context.Background(), user, k, func(r business.Record) error {
			l = append(l, r)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// clear deletes everything a user has.
func clear(t rapid.TB, d *business.Database, user pim.UserID) {
	t.Helper()
	for _, k := range pim.Kinds() {
		f, err := d.Open(context.Background(), side.Account{User: user}, k)
		if err != nil {
			t.Fatal(err)
		}
		var gone []side.Deletion
		for c, more := side.Cursor(""), true; more; {
			p, err := f.Changes(context.Background(), c)
			if err != nil {
				t.Fatal(err)
			}
			for _, ch := range p.Changes {
				if !ch.Gone {
					gone = append(gone, side.Deletion{ID: ch.ID, Version: ch.Version})
				}
			}
			c, more = p.Next, p.More
		}
		if _, err := f.Delete(context.Background(), gone); err != nil {
			t.Fatal(err)
		}
	}
}

func calendar(lines ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCALENDAR\r\n"
}

func event(lines ...string) string {
	return "BEGIN:VEVENT\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT"
}

func todo(lines ...string) string {
	return "BEGIN:VTODO\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VTODO"
}

func TestWhatIsExportedIsImportedAsItWas(t *testing.T) {
	for _, user := range []pim.UserID{"anna", "kiri"} {
		d := database(t)
		rapid.Check(t, func(t *rapid.T) {
			ctx := context.Background()
			var records []business.Record
			for _, i := range rapid.SliceOfN(sidetest.Item(pim.KindAppointment), 0, 4).Draw(t, "appointments") {
				records = append(records, business.Record{Item: i})
			}
			for _, i := range rapid.SliceOfN(sidetest.Item(pim.KindTask), 0, 4).Draw(t, "tasks") {
				records = append(records, business.Record{Item: i})
			}
			for _, i := range rapid.SliceOfN(sidetest.FullSeries(), 0, 3).Draw(t, "series") {
				records = append(records, business.Record{Item: i})
			}
			for _, i := range rapid.SliceOfN(sidetest.TaskSeries(), 0, 2).Draw(t, "recurring tasks") {
				records = append(records, business.Record{Item: i})
			}
			for i := range records {
				records[i].Item.Shared().UID = rapid.SampledFrom([]string{"", "u;1,\\x", "u2", "ü3", "u4"}).Draw(t, "uid")
			}
			records = append(records, business.Record{Rule: "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=5", Item: &pim.Appointment{
				When: pim.When{Start: now, End: now.Add(time.Hour), Zone: "Europe/Vienna"}}})
			if _, err := d.Put(ctx, user, records); err != nil {
				t.Fatal(err)
			}
			before := all(t, d, user)
			var file bytes.Buffer
			n, err := ical.Export(ctx, d, &file, user, now)
			if err != nil || n != len(before) {
				t.Fatalf("Export: %d, %v", n, err)
			}
			for _, line := range strings.Split(file.String(), "\r\n") {
				if len(line) > 76 || strings.Contains(line, "\n") {
					t.Fatalf("not folded: %q", line)
				}
			}
			text := file.String()
			again, err := ical.Import(ctx, d, &file, user)
			if err != nil || again.Created != 0 || again.Updated != 0 || again.Unchanged != len(before) || len(again.Left) != 0 {
				t.Fatalf("Import: %+v, %v\n%s", again, err, text)
			}
			if diff := cmp.Diff(before, all(t, d, user)); diff != "" {
				t.Fatalf("%s\n%s", diff, text)
			}
			// Into another user's calendar the same items come as new ones.
			records, _, _, err = ical.Read(strings.NewReader(text), zone(t, d, user))
			if err != nil || len(records) != len(before) {
				t.Fatalf("Read: %d, %v", len(records), err)
			}
			for i, r := range records {
				want := before[i].Item
				if diff := cmp.Diff(want, d.Projection(r.Item.Kind()).Project(r.Item)); diff != "" || r.Rule != before[i].Rule {
					t.Fatalf("%s %s\n%s", r.Rule, diff, text)
				}
			}
			clear(t, d, user)
		})
	}
}

func zone(t rapid.TB, d *business.Database, user pim.UserID) *time.Location {
	e, err := d.Employee(context.Background(), user)
	if err != nil {
		t.Fatal(err)
	}
	loc, err := time.LoadLocation(e.Zone)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// outlook defines a zone by a name only Windows knows.
const outlook = "BEGIN:VTIMEZONE\r\nTZID:Pakistan ist hier\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n" +
	"RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\n" +
	"TZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE"

func TestTimesOfOtherPrograms(t *testing.T) {
	at := func(s string) time.Time {
		x, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	for name, c := range map[string]struct {
		file string
		want pim.When
	}{
		"an instant in UTC": {event("DTSTART:20260701T080000Z", "DTEND:20260701T090000Z"),
			pim.When{Start: at("2026-07-01T08:00:00Z"), End: at("2026-07-01T09:00:00Z"), Zone: "UTC"}},
		"a local time with an IANA zone, in summer": {event("DTSTART;TZID=Europe/Vienna:20260701T080000", "DURATION:PT1H30M"),
			pim.When{Start: at("2026-07-01T06:00:00Z"), End: at("2026-07-01T07:30:00Z"), Zone: "Europe/Vienna"}},
		"a path before the zone": {event("DTSTART;TZID=/mozilla.org/20070129_1/Europe/Vienna:20260701T080000"),
			pim.When{Start: at("2026-07-01T06:00:00Z"), End: at("2026-07-01T06:00:00Z"), Zone: "Europe/Vienna"}},
		"a time without zone is the employee's": {event("DTSTART:20260101T080000", "DTEND:20260101T090000"),
			pim.When{Start: at("2026-01-01T07:00:00Z"), End: at("2026-01-01T08:00:00Z"), Zone: "Europe/Vienna"}},
		"a zone the file defines, in winter": {outlook + "\r\n" + event("DTSTART;TZID=\"Pakistan ist hier\":20260115T080000"),
			pim.When{Start: at("2026-01-15T07:00:00Z"), End: at("2026-01-15T07:00:00Z"), Zone: "Europe/Vienna"}},
		"a zone the file defines, in summer": {outlook + "\r\n" + event("DTSTART;TZID=\"Pakistan ist hier\":20260715T080000"),
			pim.When{Start: at("2026-07-15T06:00:00Z"), End: at("2026-07-15T06:00:00Z"), Zone: "Europe/Vienna"}},
		"a defined zone unlike the employee's becomes UTC": {strings.ReplaceAll(strings.ReplaceAll(outlook, "+0200", "+0600"), "+0100", "+0500") +
			"\r\n" + event("DTSTART;TZID=Pakistan ist hier:20260715T080000"),
			pim.When{Start: at("2026-07-15T02:00:00Z"), End: at("2026-07-15T02:00:00Z"), Zone: "UTC"}},
		"a day": {event("DTSTART;VALUE=DATE:20260329"),
			pim.When{AllDay: true, First: pim.Date{Year: 2026, Month: 3, Day: 29}, Last: pim.Date{Year: 2026, Month: 3, Day: 29}}},
		"days, of which the file names the one after the last": {event("DTSTART;VALUE=DATE:20261230", "DTEND;VALUE=DATE:20270102"),
			pim.When{AllDay: true, First: pim.Date{Year: 2026, Month: 12, Day: 30}, Last: pim.Date{Year: 2027, Month: 1, Day: 1}}},
		"days by duration": {event("DTSTART:20260101", "DURATION:P1W"),
			pim.When{AllDay: true, First: pim.Date{Year: 2026, Month: 1, Day: 1}, Last: pim.Date{Year: 2026, Month: 1, Day: 7}}},
	} {
		t.Run(name, func(t *testing.T) {
			loc, err := time.LoadLocation("Europe/Vienna")
			if err != nil {
				t.Fatal(err)
			}
			records, _, _, err := ical.Read(strings.NewReader(calendar(c.file)), loc)
			if err != nil || len(records) != 1 {
				t.Fatalf("%d records, %v", len(records), err)
			}
			if diff := cmp.Diff(c.want, records[0].Item.(*pim.Appointment).When); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFieldsOfOtherPrograms(t *testing.T) {
	d := database(t)
	res, err := ical.Import(t.Context(), d, strings.NewReader("\ufeff"+calendar(
		event("UID:a", "DTSTART:20260701T080000Z", "DTEND:20260701T090000Z", "SUMMARY:Komma\\, Strichpunkt\\; und", "  gefaltet",
			"DESCRIPTION:Zeile 1\\nZeile 2", "CLASS:CONFIDENTIAL", "PRIORITY:3", "TRANSP:TRANSPARENT", "CATEGORIES:Kunde,a\\,b", "CATEGORIES:c",
			"BEGIN:VALARM", "TRIGGER:-P1DT1H", "END:VALARM", "ATTENDEE:mailto:x@lab.test", "X-UNKNOWN;X=\"a;b:c\":y"),
		event("UID:b", "DTSTART:20260701T080000Z", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20260702T080000Z"),
		event("UID:b", "DTSTART:20260703T090000Z", "RECURRENCE-ID:20260703T080000Z"),
		event("UID:c", "DTSTART:20260701T080000Z", "STATUS:CANCELLED"),
		todo("UID:d", "DUE;TZID=Europe/Vienna:20260701T233000", "STATUS:IN-PROCESS", "PERCENT-COMPLETE:40", "PRIORITY:9"),
		todo("UID:e", "DUE;VALUE=DATE:20260701", "STATUS:COMPLETED", "COMPLETED:20260630T220500Z"),
	)), "ANNA")
	if err != nil {
		t.Fatal(err)
	}
	want := ical.Result{Imported: business.Imported{Created: 4}, Left: []ical.Left{
		{Component: 4, Reason: "cancelled"}}}
	if diff := cmp.Diff(want, res); diff != "" {
		t.Error(diff)
	}
	got := all(t, d, "anna")
	a := got[0].Item.(*pim.Appointment)
	if a.Subject != "Komma, Strichpunkt; und gefaltet" || a.Body != "Zeile 1\nZeile 2" || a.Sensitivity != pim.Private ||
		a.Importance != pim.ImportanceHigh || a.Busy != pim.BusyFree || a.Reminder == nil || a.Reminder.Before != 25*60 || a.Meeting != nil {
		t.Errorf("%+v", a)
	}
	if diff := cmp.Diff([]string{"Kunde", "a,b", "c"}, a.Categories); diff != "" {
		t.Error(diff)
	}
	if r := got[1].Item.Shared().Recurrence; got[1].Rule != "FREQ=DAILY;COUNT=3" || r == nil || r.Pattern != pim.Daily || r.Count != 3 ||
		len(r.Deleted) != 1 || len(r.Changed) != 1 || r.Changed[0].Item.When.Start.Hour() != 9 {
		t.Errorf("series: %+v %+v", got[1], r)
	}
	open, done := got[2].Item.(*pim.Task), got[3].Item.(*pim.Task)
	if open.Due != (pim.Date{Year: 2026, Month: 7, Day: 1}) || open.Percent != 40 || open.Status != pim.InProgress || open.Importance != pim.ImportanceLow {
		t.Errorf("open: %+v", open)
	}
	if done.Completed != (pim.Date{Year: 2026, Month: 7, Day: 1}) || done.Percent != 100 {
		t.Errorf("done: %+v", done)
	}
}

func TestAnImportAgainUpdatesAndDoesNotDouble(t *testing.T) {
	d := database(t)
	file := func(subject string) *strings.Reader {
		return strings.NewReader(calendar(event("UID:x", "DTSTART:20260701T080000Z", "SUMMARY:"+subject)))
	}
	for i, s := range []struct {
		subject string
		user    pim.UserID
		want    business.Imported
	}{
		{"eins", "anna", business.Imported{Created: 1}}, {"eins", "anna", business.Imported{Unchanged: 1}},
		{"zwei", "anna", business.Imported{Updated: 1}}, {"zwei", "kiri", business.Imported{Created: 1}},
	} {
		res, err := ical.Import(t.Context(), d, file(s.subject), s.user)
		if err != nil || res.Imported != s.want {
			t.Errorf("step %d: %+v, %v", i, res, err)
		}
	}
	if got := all(t, d, "anna"); len(got) != 1 || got[0].Item.Shared().Subject != "zwei" {
		t.Errorf("%+v", got)
	}
}

func TestABadFileChangesNothingAndNamesItsComponent(t *testing.T) {
	good := event("UID:g", "DTSTART:20260701T080000Z")
	for name, c := range map[string]struct{ file, says string }{
		"no calendar":               {"", "no VCALENDAR"},
		"not an iCalendar file":     {"<html>\r\n", "line 1"},
		"an item outside":           {good, "outside a VCALENDAR"},
		"cut off":                   {"BEGIN:VCALENDAR\r\n" + good + "\r\nBEGIN:VEVENT\r\nUID:x", "ends inside VEVENT (component 2"},
		"crossed ends":              {calendar("BEGIN:VEVENT", "END:VTODO"), "END:VTODO inside VEVENT"},
		"no start":                  {calendar(good, event("UID:x")), "component 2 (VEVENT): no DTSTART"},
		"a date that is none":       {calendar(good, good, event("DTSTART:20260231T080000Z")), "component 3 (VEVENT): DTSTART"},
		"a zone nobody knows":       {calendar(good, event("DTSTART;TZID=Nirgends:20260201T080000")), "component 2 (VEVENT): DTSTART: time zone \"Nirgends\""},
		"a date until a time":       {calendar(event("DTSTART;VALUE=DATE:20260201", "DTEND:20260202T080000Z")), "component 1"},
		"a wrong percentage":        {calendar(good, todo("PERCENT-COMPLETE:viel")), "component 2 (VTODO): PERCENT-COMPLETE"},
		"a wrong trigger":           {calendar(good, event("DTSTART:20260701T080000Z", "BEGIN:VALARM", "TRIGGER:bald", "END:VALARM")), "component 2 (VEVENT): TRIGGER"},
		"a line without a colon":    {calendar(good, event("DTSTART:20260701T080000Z", "SUMMARY")), "(component 2, VEVENT)"},
		"a zone that never settles": {calendar("BEGIN:VTIMEZONE", "TZID:z", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0100", "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", "END:STANDARD", "END:VTIMEZONE", good), "time zone \"z\""},
	} {
		t.Run(name, func(t *testing.T) {
			d := database(t)
			_, err := ical.Import(t.Context(), d, strings.NewReader(c.file), "anna")
			if !fault.Has(err, fault.BadRequest) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want it to say %q", err, c.says)
			}
			if n := len(all(t, d, "anna")); n != 0 {
				t.Errorf("%d items were written", n)
			}
		})
	}
	d := database(t)
	if _, err := ical.Import(t.Context(), d, strings.NewReader(calendar(good)), "nobody"); !fault.Has(err, fault.EmployeeUnknown) {
		t.Errorf("for nobody: %v", err)
	}
}

func TestSeriesOfOtherPrograms(t *testing.T) {
	weekly := []string{"UID:s", "DTSTART;TZID=Europe/Vienna:20260323T100000", "DTEND;TZID=Europe/Vienna:20260323T110000", "RRULE:FREQ=WEEKLY;COUNT=6"}
	series := func(more ...string) string { return event(append(slices.Clone(weekly), more...)...) }
	changed := func(id string, more ...string) string {
		return event(append([]string{"UID:s", "DTSTART:20260406T120000Z", id}, more...)...)
	}
	const third = "RECURRENCE-ID;TZID=Europe/Vienna:20260406T100000"
	for name, c := range map[string]struct {
		file    string
		deleted string
		changed string
		left    []ical.Left
	}{
		"deleted ones, listed, in several forms": {series("EXDATE;TZID=Europe/Vienna:20260330T100000,20260406T100000", "EXDATE:20260413T080000Z", "EXDATE;VALUE=DATE:20260420"),
			"2026-03-30T08 2026-04-06T08 2026-04-13T08 2026-04-20T08", "", nil},
		"a deleted one that the series does not have": {series("EXDATE:20260401T080000Z"), "", "", nil},
		"a changed one":                                {series() + "\r\n" + changed(third), "", "2026-04-06T08", nil},
		"a changed one before its series":              {changed(third) + "\r\n" + series(), "", "2026-04-06T08", nil},
		"a changed one named in UTC":                   {series() + "\r\n" + changed("RECURRENCE-ID:20260406T080000Z"), "", "2026-04-06T08", nil},
		"a cancelled one":                              {series() + "\r\n" + changed(third, "STATUS:CANCELLED"), "2026-04-06T08", "", nil},
		"a changed one of another series":              {series() + "\r\n" + strings.ReplaceAll(changed(third), "UID:s", "UID:t"), "", "", []ical.Left{{Component: 2, Reason: "a changed occurrence of a series"}}},
		"one and all that follow":                      {series() + "\r\n" + changed(strings.Replace(third, ";", ";RANGE=THISANDFUTURE;", 1)), "", "", []ical.Left{{Component: 2, Reason: "a changed occurrence of a series"}}},
		"a changed one that is none of the series":     {series() + "\r\n" + changed("RECURRENCE-ID:20260407T080000Z"), "", "", []ical.Left{{Component: 2, Reason: "a changed occurrence of a series"}}},
		"a changed one beyond the next":                {series("EXDATE:20260330T080000Z") + "\r\n" + strings.Replace(changed(third), "20260406T120000Z", "20260506T120000Z", 1), "2026-03-30T08", "", []ical.Left{{Component: 2, Reason: "a changed occurrence of a series"}}},
		"a zone without a name that is the employee's": {outlook + "\r\n" + strings.ReplaceAll(series(), "Europe/Vienna", "Pakistan ist hier"), "", "", nil},
		"added ones":                                   {series("RDATE:20260401T080000Z"), "", "", []ical.Left{{Component: 1, Reason: "added or deleted occurrences of a series"}}},
		"a zone nobody knows by name": {strings.ReplaceAll(outlook, "+0200", "+0600") + "\r\n" + strings.ReplaceAll(series(), "Europe/Vienna", "Pakistan ist hier"),
			"", "", []ical.Left{{Component: 1, Reason: "the time zone of a series has no known name: its times may move when clocks change"}}},
	} {
		t.Run(name, func(t *testing.T) {
			d := database(t)
			home := zone(t, d, "anna")
			records, _, left, err := ical.Read(strings.NewReader(calendar(c.file)), home)
			if err != nil || len(records) != 1 {
				t.Fatalf("%d records, %v", len(records), err)
			}
			r := records[0].Item.Shared().Recurrence
			var deleted, changed []string
			for _, at := range r.Deleted {
				deleted = append(deleted, at.Format("2006-01-02T15"))
			}
			for _, e := range r.Changed {
				changed = append(changed, e.Original.Format("2006-01-02T15"))
			}
			if strings.Join(deleted, " ") != c.deleted || strings.Join(changed, " ") != c.changed {
				t.Errorf("deleted %v, changed %v", deleted, changed)
			}
			if diff := cmp.Diff(c.left, left); diff != "" {
				t.Error(diff)
			}
			// The same file twice: the second time there is nothing to do.
			for i, want := range []business.Imported{{Created: 1}, {Unchanged: 1}} {
				if got, err := ical.Import(t.Context(), d, strings.NewReader(calendar(c.file)), "anna"); err != nil || got.Imported != want {
					t.Errorf("import %d: %+v, %v", i, got, err)
				}
			}
		})
	}
}

func TestAnImportedSeriesReplacesItsExceptions(t *testing.T) {
	d := database(t)
	file := func(lines ...string) string {
		return calendar(event(append([]string{"UID:s", "DTSTART:20260701T080000Z"}, lines...)...))
	}
	for i, step := range []struct {
		file    string
		want    business.Imported
		deleted int // -1: single
	}{
		{file("RRULE:FREQ=DAILY;COUNT=5", "EXDATE:20260702T080000Z,20260703T080000Z"), business.Imported{Created: 1}, 2},
		{file("RRULE:FREQ=DAILY;COUNT=5", "EXDATE:20260702T080000Z"), business.Imported{Updated: 1}, 1},
		{file("RRULE:FREQ=HOURLY"), business.Imported{Updated: 1}, 0},
		{file("RRULE:FREQ=DAILY;COUNT=5"), business.Imported{Updated: 1}, 0},
		{file(), business.Imported{Updated: 1}, -1},
	} {
		res, err := ical.Import(t.Context(), d, strings.NewReader(step.file), "anna")
		if err != nil || res.Imported != step.want {
			t.Fatalf("step %d: %+v, %v", i, res, err)
		}
		got := all(t, d, "anna")
		r := got[0].Item.Shared().Recurrence
		if len(got) != 1 || (r == nil) != (step.deleted < 0) || r != nil && len(r.Deleted) != step.deleted {
			t.Errorf("step %d: %+v", i, r)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(calendar(outlook, event("UID:a", "DTSTART;TZID=Pakistan ist hier:20260701T080000", "DURATION:PT1H", "RRULE:FREQ=DAILY",
		"BEGIN:VALARM", "TRIGGER;RELATED=END:-PT5M", "END:VALARM"), todo("DUE;VALUE=DATE:20260701", "CATEGORIES:a\\,b,c", "COMPLETED:20260101T000000Z"))))
	f.Add([]byte(calendar(event("UID:s", "DTSTART;TZID=Europe/Vienna:20260323T100000", "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=6", "EXDATE:20260406T080000Z"),
		event("UID:s", "DTSTART:20260407T120000Z", "RECURRENCE-ID;VALUE=DATE:20260408"))))
	f.Add([]byte(calendar(event("DTSTART;VALUE=DATE:99991231", "DTEND;VALUE=DATE:00010101"))))
	f.Add([]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\n DTSTART;X=\"\\"))
	home := time.FixedZone("UTC", 0)
	f.Fuzz(func(t *testing.T, file []byte) {
		records, numbers, _, err := ical.Read(bytes.NewReader(file), home)
		if err != nil {
			return
		}
		if len(records) != len(numbers) {
			t.Fatalf("%d records, %d numbers", len(records), len(numbers))
		}
		for _, r := range records {
			if r.Item == nil || pim.Diff(r.Item, pim.Canonical(r.Item)) != 0 {
				t.Fatalf("not canonical: %+v", r.Item)
			}
		}
	})
}
