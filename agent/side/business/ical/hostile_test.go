package ical_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"abgleich/agent/pim"
	"abgleich/agent/side/business/ical"
)

// TestAHostileFileIsNoEndlessWork holds what once took minutes or hours for a file of
// some hundred kilobytes: now each takes a moment, or this test its time limit.
func TestAHostileFileIsNoEndlessWork(t *testing.T) {
	const many = 100_000
	rules := func(rule string, n int) string { // n that differ
		var all strings.Builder
		for i := range n {
			fmt.Fprintf(&all, "%s;INTERVAL=1;UNTIL=2099%04dT000000Z\r\n", rule, 101+i%28+i/28*100)
		}
		return calendar("BEGIN:VTIMEZONE\r\nTZID:Z\r\nBEGIN:STANDARD\r\nDTSTART:00010101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n" +
			all.String() + "END:STANDARD\r\nEND:VTIMEZONE\r\n")
	}
	for _, c := range []struct{ what, file, refused string }{
		{"a zone of many parts", calendar(event("DTSTART:20260701T080000", "X-A:b")) +
			calendar("BEGIN:VTIMEZONE\r\nTZID:Z\r\nX-LIC-LOCATION:/"+strings.Repeat("a/", many)+
				"\r\nBEGIN:STANDARD\r\nDTSTART:20200101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"), ""},
		{"a zone named with many parts", calendar(event("DTSTART;TZID=/" + strings.Repeat("a/", many) + ":20260701T080000")), "too many parameters"},
		{"many parameters", calendar(event("DTSTART:20260701T080000Z", "X-A"+strings.Repeat(";X=Y", many)+":b")), "too many parameters"},
		{"a parameter of many values", calendar(event("DTSTART:20260701T080000Z", "X-A;X=\\:"+strings.Repeat(",\"a\"", many))), "param value"},
		{"zones that change every day", rules("RRULE:FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", 1), "too many rules"},
		{"rules without an end that never come true", rules("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 130), "too many rules"},
		{"a rule that is long", rules("RRULE:FREQ=YEARLY;BYDAY=MO;BYSETPOS=1"+strings.Repeat(",1", many), 1), "too long"},
		{"occurrences that cannot be carried beside many deleted ones", crossing(20_000, 3_000), ""},
	} {
		_, _, _, err := ical.Read(strings.NewReader(c.file), time.UTC)
		if (err != nil) != (c.refused != "") || err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%s: %.200v", c.what, fmt.Sprint(err))
		}
	}
}

// crossing is a daily series with deleted occurrences and others that were all moved
// to one day.
func crossing(deleted, moved int) string {
	const form = "20060102T150405Z"
	at := func(n int) string { return time.Date(2026, 7, 1+n, 8, 0, 0, 0, time.UTC).Format(form) }
	days := make([]string, deleted)
	for i := range days {
		days[i] = at(10_000 + i)
	}
	items := []string{event("UID:s", "DTSTART:"+at(0), "RRULE:FREQ=DAILY", "EXDATE:"+strings.Join(days, ","))}
	for i := range moved {
		items = append(items, event("UID:s", "DTSTART:"+at(5_000), "RECURRENCE-ID:"+at(i)))
	}
	return calendar(items...)
}

// TestZonesOfOutlookAreFollowed: its rules begin in 1601.
func TestZonesOfOutlookAreFollowed(t *testing.T) {
	zone := func(id string) string {
		return "BEGIN:VTIMEZONE\r\nTZID:" + id + "\r\nBEGIN:STANDARD\r\nDTSTART:16011028T030000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n" +
			"TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:16010325T020000\r\n" +
			"RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
	}
	var zones, items []string
	for n := range 50 { // as many as anybody has
		zones = append(zones, zone(fmt.Sprintf("Z%d", n)))
		for _, at := range []string{"19050801T120000", "20260329T015959", "20260329T030000", "20261025T040000", "20990801T120000"} {
			items = append(items, event(fmt.Sprintf("DTSTART;TZID=Z%d:%s", n, at)))
		}
	}
	records, _, _, err := ical.Read(strings.NewReader(calendar(append(zones, items...)...)), time.UTC)
	if err != nil || len(records) != 250 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	for i, want := range []string{"1905-08-01T10:00:00Z", "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z", "2026-10-25T03:00:00Z", "2099-08-01T10:00:00Z"} {
		if got := records[245+i].Item.(*pim.Appointment).When.Start.Format(time.RFC3339); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}
