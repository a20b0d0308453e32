package exchangesim

import (
	"encoding/base64"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"abgleich/agent/exchangesim/xmltree"
)

const mimeURI = "item:MimeContent"

// mimeField is the item as MIME. It stands in front of the ItemId, so Item writes it,
// and only CreateItem may set it: an update is refused, as by Exchange.
func mimeField() field {
	return field{uri: mimeURI, elem: "MimeContent", kinds: ofAll, flags: notInAll | isBody, set: setMime,
		put: func(*writer, *Item, *render) {}}
}

// mimeContent writes an appointment as iCalendar, everything else as RFC 5322. The
// documentation refuses tasks (ErrorUnsupportedMimeConversion), but exchangelib asks
// for the MIME of every task it reads and lives with real servers.
func (w *writer) mimeContent(it *Item, zones *zones) {
	text := ""
	if it.Kind == Appointment {
		text = icalendar(it, zones)
	} else {
		text = "MIME-Version: 1.0\r\nSubject: =?utf-8?B?" + base64.StdEncoding.EncodeToString([]byte(it.Subject)) + "?=\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
			base64.StdEncoding.EncodeToString([]byte(bodyText(it))) + "\r\n"
	}
	w.s(`<t:MimeContent CharacterSet="UTF-8">`)
	w.s(base64.StdEncoding.EncodeToString([]byte(text)))
	w.s(`</t:MimeContent>`)
}

// setMime makes an appointment of an iCalendar object; elements that follow in the
// request win over it.
func setMime(x *setting, it *Item, n *xmltree.Node) string {
	switch {
	case it.ID != "":
		return "ErrorInvalidPropertySet"
	case it.Kind != Appointment:
		return "ErrorUnsupportedMimeConversion"
	}
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.Text), ""))
	if err != nil {
		return "ErrorMimeContentInvalidBase64String"
	}
	cal, err := ics.ParseCalendar(strings.NewReader(string(raw)))
	if err != nil {
		return "ErrorMimeContentInvalid"
	}
	// Changed occurrences would be lost: refused rather than dropped.
	if len(cal.Events()) != 1 || !readEvent(x, it, cal.Events()[0]) {
		return "ErrorMimeContentConversionFailed"
	}
	return ""
}

func readEvent(x *setting, it *Item, e *ics.VEvent) bool {
	text := func(p ics.ComponentProperty) string {
		if v := e.GetProperty(p); v != nil {
			return v.Value // unescaped already
		}
		return ""
	}
	it.Subject, it.Location, it.Body, it.UID = text(ics.ComponentPropertySummary), text(ics.ComponentPropertyLocation), text(ics.ComponentPropertyDescription), text(ics.ComponentPropertyUniqueId)
	start, ok := readICalTime(x, it, e.GetProperty(ics.ComponentPropertyDtStart))
	if !ok {
		return false
	}
	it.Start = start
	it.End = start.Add(map[bool]time.Duration{true: 24 * time.Hour}[it.AllDay])
	if p := e.GetProperty(ics.ComponentPropertyDtEnd); p != nil {
		if it.End, ok = readICalTime(x, &Item{Zone: it.Zone}, p); !ok {
			return false
		}
	}
	switch strings.ToUpper(text(ics.ComponentPropertyClass)) {
	case "PRIVATE":
		it.Sensitivity = "Private"
	case "CONFIDENTIAL":
		it.Sensitivity = "Confidential"
	case "PERSONAL":
		it.Sensitivity = "Personal"
	}
	switch p := text(ics.ComponentPropertyPriority); {
	case p >= "1" && p <= "4":
		it.Importance = "High"
	case p >= "6" && p <= "9":
		it.Importance = "Low"
	}
	if text(ics.ComponentPropertyTransp) == "TRANSPARENT" {
		it.Busy = "Free"
	}
	for _, w := range []string{"Free", "Tentative", "Busy", "OOF", "WorkingElsewhere"} {
		if strings.EqualFold(text("X-MICROSOFT-CDO-BUSYSTATUS"), w) {
			it.Busy = w
		}
	}
	for _, p := range e.Properties {
		if p.IANAToken == string(ics.ComponentPropertyCategories) {
			// The parser has unescaped the whole list: a comma in a name is lost here.
			it.Categories = append(it.Categories, strings.Split(p.Value, ",")...)
		}
	}
	it.ReminderSet, it.ReminderMinutes = readAlarm(e)
	if rule := e.GetProperty(ics.ComponentPropertyRrule); rule != nil {
		loc := x.loc
		if z, found := x.zones.find(it.Zone); found {
			loc = z.loc
		}
		if it.Recurrence, ok = readRRule(rule.Value, start, loc); !ok {
			return false
		}
	}
	return e.GetProperty(ics.ComponentPropertyExdate) == nil
}

// readICalTime reads a DATE or DATE-TIME; a floating one is meant in the caller's zone.
func readICalTime(x *setting, it *Item, p *ics.IANAProperty) (time.Time, bool) {
	if p == nil {
		return time.Time{}, false
	}
	loc := x.loc
	if z, ok := x.zones.find(it.Zone); ok && it.Zone != "UTC" {
		loc = z.loc
	}
	if ids := p.ICalParameters["TZID"]; len(ids) == 1 {
		z, ok := x.zones.find(ids[0])
		if !ok {
			return time.Time{}, false
		}
		loc, it.Zone = z.loc, z.id
	}
	if t, err := time.Parse(icalUTC, p.Value); err == nil {
		return t, true
	}
	if t, err := time.ParseInLocation(icalLocal, p.Value, loc); err == nil {
		return t.UTC(), true
	}
	t, err := time.ParseInLocation(icalDay, p.Value, loc)
	it.AllDay = err == nil
	return t.UTC(), err == nil
}

func readAlarm(e *ics.VEvent) (set bool, minutes int) {
	for _, a := range e.Alarms() {
		trigger := a.GetProperty(ics.ComponentPropertyTrigger)
		if trigger == nil {
			continue
		}
		value, _ := strings.CutPrefix(trigger.Value, "-")
		if d, err := time.ParseDuration(strings.ToLower(strings.TrimPrefix(value, "PT"))); err == nil && d >= 0 {
			return true, int(d / time.Minute)
		}
	}
	return false, 0
}
