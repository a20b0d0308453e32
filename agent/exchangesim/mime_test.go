package exchangesim_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"

	"abgleich/agent/exchangesim"
	"abgleich/agent/exchangesim/schemacheck"
)

const mimeShape = `<t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent>`

// mime reads an item's MimeContent, parsed by a library that isn't the writer's.
func (c *client) mime(id string) (*ics.Calendar, string) {
	c.t.Helper()
	r := c.want(c.do(getItems(mimeShape, id)), "NoError")
	raw, err := base64.StdEncoding.DecodeString(r.find(`<t:MimeContent CharacterSet="UTF-8">([^<]*)<`))
	if err != nil {
		c.t.Fatal(err)
	}
	cal, err := ics.ParseCalendar(strings.NewReader(string(raw)))
	if err != nil {
		c.t.Fatalf("%v\n%s", err, raw)
	}
	return cal, string(raw)
}

func TestAppointmentsAreReadAsICalendar(t *testing.T) {
	dir := recordDir(t)
	c := basic(t, exchangesim.Options{Record: dir})
	long := strings.Repeat("Ärger; mit, Zeichen\\ 😀 ", 20) + "\r\nzweite Zeile"
	box := c.sim.Mailbox("anna@lab.test")
	it, err := box.Create(exchangesim.Item{
		Subject: long, Body: "a;b,c\\n\r\nd", Location: "Wien, Saal 1", Zone: "Europe/Vienna", Sensitivity: "Private", Importance: "High",
		Start: time.Date(2026, 7, 1, 8, 0, 0, 0, time.UTC), End: time.Date(2026, 7, 1, 9, 30, 0, 0, time.UTC),
		Busy: "OOF", ReminderSet: true, ReminderMinutes: 20, Categories: []string{"Kunde", "Bau"},
		Organizer: exchangesim.Attendee{Name: `Anna "A": Muster`, Mail: "anna@lab.test"}, Meeting: true,
		Required: []exchangesim.Attendee{{Name: "Bob; B", Mail: "bob@lab.test", Response: "Accept"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	cal, raw := c.mime(string(it.ID))
	e := cal.Events()[0]
	for name, want := range map[ics.ComponentProperty]string{
		ics.ComponentPropertySummary: strings.ReplaceAll(long, "\r\n", "\n"), ics.ComponentPropertyDescription: "a;b,c\\n\nd", ics.ComponentPropertyLocation: "Wien, Saal 1",
		ics.ComponentPropertyDtStart: "20260701T100000", ics.ComponentPropertyDtEnd: "20260701T113000", ics.ComponentPropertyClass: "PRIVATE", ics.ComponentPropertyPriority: "1",
		ics.ComponentPropertyTransp: "OPAQUE", "X-MICROSOFT-CDO-BUSYSTATUS": "OOF", ics.ComponentPropertyUniqueId: it.UID, ics.ComponentPropertyOrganizer: "MAILTO:anna@lab.test",
	} {
		if p := e.GetProperty(name); p == nil || p.Value != want {
			t.Errorf("%s is %+v, want %q", name, p, want)
		}
	}
	if z := e.GetProperty(ics.ComponentPropertyDtStart).ICalParameters["TZID"]; !slices.Equal(z, []string{"W. Europe Standard Time"}) {
		t.Errorf("zone %v", z)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(raw, "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("line of %d bytes: %q", len(line), line)
		}
	}
	for _, want := range []string{
		"TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10", "DTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3",
		"TRIGGER;RELATED=START:-PT20M", "PARTSTAT=ACCEPTED", "CATEGORIES:Kunde,Bau",
	} {
		if !strings.Contains(raw, want) {
			t.Errorf("missing %q in\n%s", want, raw)
		}
	}
	schemacheck.Check(t, dir)
}

func TestASeriesIsReadAsICalendarWithItsExceptions(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	box := c.sim.Mailbox("anna@lab.test")
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	it, err := box.Create(exchangesim.Item{Subject: "Serie", Zone: "Europe/Vienna", Start: start, End: start.Add(time.Hour),
		Recurrence: &exchangesim.Recurrence{Pattern: "AbsoluteMonthlyRecurrence", Interval: 1, DayOfMonth: 23, Start: "2026-11-23", Count: 5}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := box.ChangeOccurrence(it.ID, start.AddDate(0, 1, 0), func(o *exchangesim.Item) { o.Subject = "anders" }); err != nil {
		t.Fatal(err)
	}
	if err := box.DeleteOccurrence(it.ID, start.AddDate(0, 2, 0)); err != nil {
		t.Fatal(err)
	}
	cal, raw := c.mime(string(it.ID))
	for _, want := range []string{"RRULE:FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=23;COUNT=5\r\n", "EXDATE;TZID=W. Europe Standard Time:20270123T100000\r\n", "RECURRENCE-ID;TZID=W. Europe Standard Time:20261223T100000\r\n", "SUMMARY:anders\r\n"} {
		if !strings.Contains(raw, want) {
			t.Errorf("missing %q in\n%s", want, raw)
		}
	}
	if n := len(cal.Events()); n != 2 {
		t.Errorf("%d events", n)
	}
}

func TestWhatExchangeRefusesAsMIMEIsRefused(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	task := c.want(c.do(createTask(`<t:Subject>x</t:Subject>`)), "NoError").find(`ItemId Id="([^"]*)"`)
	if mime := c.want(c.do(getItems(mimeShape, task)), "NoError").find(`MimeContent CharacterSet="UTF-8">([^<]*)<`); !strings.HasPrefix(mime, "TUlNRS1WZXJzaW9u") {
		t.Errorf("a task as MIME: %q", mime)
	}
	r := c.want(c.do(createAppointments(times)), "NoError")
	id, key := r.find(`ItemId Id="([^"]*)"`), r.find(`ChangeKey="([^"]*)"`)
	c.want(c.do(update(id, key, "AutoResolve", setField("item:MimeContent", "CalendarItem", `<t:MimeContent>QQ==</t:MimeContent>`))), "ErrorInvalidPropertySet")
	mime := func(s string) string {
		return `<t:MimeContent CharacterSet="UTF-8">` + base64.StdEncoding.EncodeToString([]byte(s)) + `</t:MimeContent>`
	}
	const head, tail = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a\r\n", "END:VEVENT\r\nEND:VCALENDAR\r\n"
	for _, x := range []struct{ name, body, code string }{
		{"no base64", `<t:MimeContent>!!</t:MimeContent>`, "ErrorMimeContentInvalidBase64String"},
		{"no calendar", mime("hello"), "ErrorMimeContentInvalid"},
		{"no start", mime(head + tail), "ErrorMimeContentConversionFailed"},
		{"an unknown zone", mime(head + "DTSTART;TZID=Mars:20260101T100000\r\n" + tail), "ErrorMimeContentConversionFailed"},
		{"a pattern Exchange has not", mime(head + "DTSTART:20260101T100000Z\r\nRRULE:FREQ=HOURLY\r\n" + tail), "ErrorMimeContentConversionFailed"},
	} {
		t.Run(x.name, func(t *testing.T) {
			(&client{t, c.sim, c.user, c.pass}).want(c.do(createAppointments(x.body)), x.code)
		})
	}
	c.want(c.do(createTask(mime(head+"DTSTART:20260101T100000Z\r\n"+tail))), "ErrorUnsupportedMimeConversion")
}

// What is read as iCalendar makes the same appointment again.
func TestICalendarMakesTheSameAppointmentAgain(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	box := c.sim.Mailbox("anna@lab.test")
	start := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	list := []exchangesim.Item{
		{Subject: "ein, zwei; drei\\", Body: "a\nb", Location: "Graz", Busy: "Free", Sensitivity: "Confidential", Importance: "Low", ReminderSet: true, ReminderMinutes: 7},
		{Subject: "Urlaub", AllDay: true, Busy: "OOF"},
	}
	for _, r := range []exchangesim.Recurrence{
		{Pattern: "DailyRecurrence", Interval: 3, Count: 4},
		{Pattern: "WeeklyRecurrence", Interval: 2, DaysOfWeek: "Monday Thursday", FirstDayOfWeek: "Sunday"},
		{Pattern: "AbsoluteMonthlyRecurrence", Interval: 1, DayOfMonth: 31, End: "2027-11-30"},
		{Pattern: "RelativeMonthlyRecurrence", Interval: 2, DaysOfWeek: "Weekday", WeekIndex: "Last"},
		{Pattern: "RelativeMonthlyRecurrence", Interval: 1, DaysOfWeek: "Monday", WeekIndex: "Fourth"},
		{Pattern: "AbsoluteYearlyRecurrence", DayOfMonth: 29, Month: "February"},
		{Pattern: "RelativeYearlyRecurrence", DaysOfWeek: "WeekendDay", WeekIndex: "First", Month: "May"},
	} {
		r.Start = "2026-11-30"
		list = append(list, exchangesim.Item{Subject: r.Pattern, Recurrence: &r})
	}
	for _, it := range list {
		t.Run(it.Subject, func(t *testing.T) {
			it.Start, it.End, it.Zone = start, start.Add(time.Hour), "Europe/Vienna"
			a, err := box.Create(it)
			if err != nil {
				t.Fatal(err)
			}
			tc := &client{t, c.sim, c.user, c.pass}
			_, raw := tc.mime(string(a.ID))
			body := `<t:MimeContent CharacterSet="UTF-8">` + base64.StdEncoding.EncodeToString([]byte(raw)) + `</t:MimeContent>`
			id := tc.want(tc.doc(viennaEnvelope(createAppointments(body))), "NoError").find(`ItemId Id="([^"]*)"`)
			b, _ := box.Get(exchangesim.ItemID(id))
			plain := func(i exchangesim.Item) string {
				rec := "none"
				if i.Recurrence != nil {
					r := *i.Recurrence
					r.Interval = max(r.Interval, 1)
					rec = strings.Join([]string{r.Pattern, r.DaysOfWeek, r.FirstDayOfWeek, r.WeekIndex, r.Month, r.End, time.Duration(r.Count*1000 + r.DayOfMonth*10 + r.Interval).String()}, "|")
				}
				return strings.Join([]string{i.Subject, i.Body, i.Location, i.Busy, i.Start.String(), i.End.String(), i.Zone, rec}, " / ")
			}
			if plain(a) != plain(b) || a.AllDay != b.AllDay || a.ReminderMinutes != b.ReminderMinutes || a.ReminderSet != b.ReminderSet {
				t.Errorf("\n%s\nbecame\n%s\nthrough\n%s", plain(a), plain(b), raw)
			}
		})
	}
}
