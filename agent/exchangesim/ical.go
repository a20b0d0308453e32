package exchangesim

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// icalWriter writes an iCalendar object (RFC 5545) the way Exchange exports one
// (MS-OXCICAL): in the words of Windows zones, with the properties Outlook reads.
type icalWriter struct{ b strings.Builder }

// line writes a content line, folded after 75 bytes (RFC 5545 3.1) but never inside
// a character.
func (w *icalWriter) line(parts ...string) {
	s := strings.Join(parts, "")
	for limit := 75; len(s) > limit; limit = 74 {
		cut := limit
		for !utf8.RuneStart(s[cut]) {
			cut--
		}
		w.b.WriteString(s[:cut] + "\r\n ")
		s = s[cut:]
	}
	w.b.WriteString(s + "\r\n")
}

// icalText escapes a TEXT value (RFC 5545 3.3.11); control characters have no form.
func icalText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, icalEscape.Replace(s))
}

var icalEscape = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`)

// icalParam is a quoted parameter value, which holds no quotes (RFC 5545 3.2).
func icalParam(s string) string {
	return `"` + strings.Map(func(r rune) rune {
		if r < ' ' || r == '"' || r == 0x7f {
			return '\''
		}
		return r
	}, s) + `"`
}

const (
	icalLocal = "20060102T150405"
	icalUTC   = "20060102T150405Z"
	icalDay   = "20060102"
)

// icalendar is an appointment as Exchange's MimeContent holds it: the item itself,
// and for a series each changed occurrence.
func icalendar(it *Item, zones *zones) string {
	w := &icalWriter{}
	w.line("BEGIN:VCALENDAR")
	w.line("METHOD:PUBLISH")
	w.line("PRODID:Microsoft Exchange Server 2010")
	w.line("VERSION:2.0")
	zone := &zone{"UTC", time.UTC}
	if z, ok := zones.find(it.Zone); ok {
		zone = z
	}
	w.timezone(zone, it.Start.In(zone.loc).Year())
	w.event(it, zone)
	for i := range it.exceptions {
		w.event(it.occurrence(it.exceptions[i].day), zone)
	}
	w.line("END:VCALENDAR")
	return w.b.String()
}

func (w *icalWriter) timezone(z *zone, year int) {
	r := ruleOf(z.loc, year)
	w.line("BEGIN:VTIMEZONE")
	w.line("TZID:", z.id)
	w.observance("STANDARD", r.daylight, r.standard, r.toStandard)
	if r.changes() {
		w.observance("DAYLIGHT", r.standard, r.daylight, r.toDaylight)
	}
	w.line("END:VTIMEZONE")
}

func (w *icalWriter) observance(name string, from, to int, c zoneChange) {
	w.line("BEGIN:", name)
	w.line("DTSTART:16010101T", time.Time{}.Add(c.at).Format("150405"))
	w.line("TZOFFSETFROM:", icalOffset(from))
	w.line("TZOFFSETTO:", icalOffset(to))
	if c.month > 0 {
		nth := c.nth
		if nth == 5 {
			nth = -1
		}
		w.line("RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=", itoa(nth), icalWeekdays[c.weekday], ";BYMONTH=", itoa(int(c.month)))
	}
	w.line("END:", name)
}

func icalOffset(seconds int) string {
	sign := "+"
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	return sign + time.Time{}.Add(time.Duration(seconds)*time.Second).Format("1504")
}

var icalWeekdays = []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

func (w *icalWriter) event(it *Item, z *zone) {
	w.line("BEGIN:VEVENT")
	if it.Organizer.Mail != "" && it.Meeting {
		w.line("ORGANIZER;CN=", icalParam(it.Organizer.Name), ":MAILTO:", it.Organizer.Mail)
	}
	for _, list := range []struct {
		role string
		of   []Attendee
	}{{"REQ-PARTICIPANT", it.Required}, {"OPT-PARTICIPANT", it.Optional}, {"NON-PARTICIPANT;CUTYPE=RESOURCE", it.Resources}} {
		for _, a := range list.of {
			w.line("ATTENDEE;ROLE=", list.role, ";PARTSTAT=", icalAnswer(a.Response), ";RSVP=TRUE;CN=", icalParam(a.Name), ":MAILTO:", a.Mail)
		}
	}
	if text := strings.TrimRight(bodyText(it), "\r\n"); text != "" {
		w.line("DESCRIPTION:", icalText(text))
	}
	if it.Recurrence != nil {
		w.line("RRULE:", it.rrule())
		w.excluded(it, z)
	}
	if it.master != nil {
		w.at("RECURRENCE-ID", it.OriginalStart, it.master.AllDay, z)
	}
	w.line("UID:", icalText(it.UID))
	w.line("SUMMARY:", icalText(it.Subject))
	w.at("DTSTART", it.Start, it.AllDay, z)
	w.at("DTEND", it.End, it.AllDay, z)
	w.line("CLASS:", map[string]string{"Personal": "PERSONAL", "Private": "PRIVATE", "Confidential": "CONFIDENTIAL"}[it.Sensitivity]+map[bool]string{true: "PUBLIC"}[it.Sensitivity == "" || it.Sensitivity == "Normal"])
	priority, importance := "5", "1"
	switch it.Importance {
	case "High":
		priority, importance = "1", "2"
	case "Low":
		priority, importance = "9", "0"
	}
	w.line("PRIORITY:", priority)
	w.line("DTSTAMP:", it.Modified.UTC().Format(icalUTC))
	busy := it.busyWord()
	w.line("TRANSP:", map[bool]string{true: "TRANSPARENT", false: "OPAQUE"}[busy == "Free"])
	w.line("STATUS:", map[bool]string{true: "CANCELLED", false: "CONFIRMED"}[it.Cancelled])
	w.line("SEQUENCE:0")
	if it.Location != "" {
		w.line("LOCATION:", icalText(it.Location))
	}
	if len(it.Categories) > 0 {
		var list []string
		for _, c := range it.Categories {
			list = append(list, icalText(c))
		}
		w.line("CATEGORIES:", strings.Join(list, ","))
	}
	w.line("X-MICROSOFT-CDO-APPT-SEQUENCE:0")
	w.line("X-MICROSOFT-CDO-BUSYSTATUS:", strings.ToUpper(busy))
	w.line("X-MICROSOFT-CDO-ALLDAYEVENT:", strings.ToUpper(strconv.FormatBool(it.AllDay)))
	w.line("X-MICROSOFT-CDO-IMPORTANCE:", importance)
	if it.ReminderSet {
		w.line("BEGIN:VALARM")
		w.line("DESCRIPTION:REMINDER")
		w.line("TRIGGER;RELATED=START:-PT", itoa(it.ReminderMinutes), "M")
		w.line("ACTION:DISPLAY")
		w.line("END:VALARM")
	}
	w.line("END:VEVENT")
}

// at writes a time in the zone, or the date of an all-day item.
func (w *icalWriter) at(name string, t time.Time, day bool, z *zone) {
	if day {
		w.line(name, ";VALUE=DATE:", t.In(z.loc).Format(icalDay))
		return
	}
	w.line(name, ";TZID=", z.id, ":", t.In(z.loc).Format(icalLocal))
}

func (w *icalWriter) excluded(it *Item, z *zone) {
	for _, start := range it.DeletedOccurrences() {
		w.at("EXDATE", start, it.AllDay, z)
	}
}

func icalAnswer(response string) string {
	switch response {
	case "Accept":
		return "ACCEPTED"
	case "Decline":
		return "DECLINED"
	case "Tentative":
		return "TENTATIVE"
	}
	return "NEEDS-ACTION"
}
