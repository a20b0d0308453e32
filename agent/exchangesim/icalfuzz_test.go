package exchangesim

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"abgleich/agent/exchangesim/xmltree"
)

// FuzzICalendar: whatever a client sends as an appointment's MIME content is made an
// appointment or refused with a code; what was made can be written again.
func FuzzICalendar(f *testing.F) {
	const head, tail = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART;TZID=W. Europe Standard Time:20260131T100000\r\n", "END:VEVENT\r\nEND:VCALENDAR\r\n"
	for _, s := range []string{
		"", "SUMMARY:x\\, y\r\nCATEGORIES:a,b\r\nCLASS:PRIVATE\r\n", "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;WKST=SU;UNTIL=20270101T000000Z\r\n",
		"RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=5\r\n", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29\r\n", "DTEND;VALUE=DATE:20260201\r\n",
		"BEGIN:VALARM\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n", "DTEND:00010101T000000Z\r\n",
	} {
		f.Add(head + s + tail)
	}
	z := loadZones()
	x := &setting{zones: z, now: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), loc: time.UTC, start: time.UTC, end: time.UTC}
	f.Fuzz(func(t *testing.T, doc string) {
		it := &Item{Kind: Appointment, Zone: "UTC"}
		code := setMime(x, it, &xmltree.Node{Name: "MimeContent", Text: base64.StdEncoding.EncodeToString([]byte(doc))})
		if code != "" {
			return
		}
		if it.checkTimes() != "" || it.anchor() != "" {
			return
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(icalendar(it, z), "\r\n"), "\r\n") {
			if len(line) > 75 || strings.ContainsAny(line, "\r\n") {
				t.Fatalf("line %q of %q", line, doc)
			}
		}
	})
}
