package ical

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	ics "github.com/arran4/golang-ical"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/business"
)

// statusProperty carries the two task states that STATUS has no word for.
const statusProperty = "X-ABGLEICH-STATUS"

// zoneParameter names the zone of a time that had to be written in UTC.
const zoneParameter = "X-ABGLEICH-TZID"

// Source gives items; *business.Database is one.
type Source interface {
	Employee(context.Context, pim.UserID) (business.Employee, error)
	Walk(context.Context, pim.UserID, pim.Kind, func(business.Record) error) error
}

// Export writes a user's appointments and tasks as one iCalendar file and tells how
// many. now is the DTSTAMP of every component.
func Export(ctx context.Context, from Source, w io.Writer, user pim.UserID, now time.Time) (int, error) {
	e, err := from.Employee(ctx, user)
	if err != nil {
		return 0, err
	}
	home, err := time.LoadLocation(e.Zone)
	if err != nil {
		return 0, fault.New(fault.BadRequest, "ical.Export", string(user), err)
	}
	// First the zones, which stand before what uses them; then the items, streamed.
	span := map[string][2]time.Time{}
	err = from.Walk(ctx, user, pim.KindAppointment, func(r business.Record) error {
		if a, ok := r.Item.(*pim.Appointment); ok && !a.When.AllDay && a.When.Zone != "UTC" {
			s, known := span[a.When.Zone]
			if !known || a.When.Start.Before(s[0]) {
				s[0] = a.When.Start
			}
			if !known || a.When.End.After(s[1]) {
				s[1] = a.When.End
			}
			span[a.When.Zone] = s
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriter(w)
	p := &printer{w: out, home: home, stamp: now.UTC().Format(localForm) + "Z"}
	p.line("BEGIN", "VCALENDAR")
	p.line("VERSION", "2.0")
	p.line("PRODID", "-//Abgleich//Abgleich//DE")
	for _, name := range slices.Sorted(maps.Keys(span)) {
		p.zone(name, span[name])
	}
	n := 0
	for _, k := range pim.Kinds() {
		err := from.Walk(ctx, user, k, func(r business.Record) error {
			n++
			p.record(r)
			return p.err
		})
		if err != nil {
			return 0, err
		}
	}
	p.line("END", "VCALENDAR")
	if p.err == nil {
		p.err = out.Flush()
	}
	return n, p.err
}

type printer struct {
	w     io.Writer
	home  *time.Location
	stamp string
	err   error // the first
}

// line writes one property; the library escapes and folds it.
func (p *printer) line(name, value string, params ...string) {
	if p.err != nil {
		return
	}
	b := ics.BaseProperty{IANAToken: name, Value: value, ICalParameters: map[string][]string{}}
	for i := 0; i+1 < len(params); i += 2 {
		b.ICalParameters[params[i]] = []string{params[i+1]}
	}
	p.err = b.SerializeTo(p.w, &ics.SerializationConfiguration{MaxLength: 75, PropertyMaxLength: 75, NewLine: "\r\n"})
}

func (p *printer) text(name, value string) {
	if value != "" {
		p.line(name, value)
	}
}

func (p *printer) record(r business.Record) {
	name := "VEVENT"
	if r.Item.Kind() == pim.KindTask {
		name = "VTODO"
	}
	c := r.Item.Shared()
	p.line("BEGIN", name)
	p.line("UID", c.UID)
	p.line("DTSTAMP", p.stamp)
	p.text("SUMMARY", c.Subject)
	p.text("DESCRIPTION", c.Body)
	switch c.Sensitivity {
	case pim.Private, pim.Personal:
		p.line("CLASS", "PRIVATE")
	case pim.Confidential:
		p.line("CLASS", "CONFIDENTIAL")
	}
	switch c.Importance {
	case pim.ImportanceHigh:
		p.line("PRIORITY", "1")
	case pim.ImportanceLow:
		p.line("PRIORITY", "9")
	}
	for _, l := range c.Categories { // one a line: a comma inside one stays inside
		p.line("CATEGORIES", l)
	}
	if r.Rule != "" {
		p.line("RRULE", r.Rule)
	}
	switch x := r.Item.(type) {
	case *pim.Appointment:
		p.appointment(x)
	case *pim.Task:
		p.task(x)
	}
	p.line("END", name)
}

func (p *printer) appointment(a *pim.Appointment) {
	w := a.When
	switch {
	case w.AllDay:
		p.day("DTSTART", w.First)
		p.day("DTEND", w.Last.AddDays(1))
	default:
		p.instant("DTSTART", w.Start, w.Zone)
		p.instant("DTEND", w.End, w.Zone)
	}
	p.text("LOCATION", a.Location)
	transparency, status := "OPAQUE", "BUSY"
	switch a.Busy {
	case pim.BusyFree:
		transparency, status = "TRANSPARENT", "FREE"
	case pim.BusyTentative:
		status = "TENTATIVE"
	case pim.BusyAway:
		status = "OOF"
	case pim.BusyElsewhere:
		status = "WORKINGELSEWHERE"
	}
	p.line("TRANSP", transparency)
	p.line("X-MICROSOFT-CDO-BUSYSTATUS", status)
	if a.Reminder != nil {
		p.alarm("-PT"+strconv.Itoa(a.Reminder.Before)+"M", a.Subject)
	}
}

func (p *printer) task(t *pim.Task) {
	p.day("DTSTART", t.Start)
	p.day("DUE", t.Due)
	switch t.Status {
	case pim.InProgress:
		p.line("STATUS", "IN-PROCESS")
	case pim.Completed:
		p.line("STATUS", "COMPLETED")
	case pim.Waiting, pim.Deferred:
		p.line("STATUS", "NEEDS-ACTION")
		p.line(statusProperty, string(t.Status))
	default:
		p.line("STATUS", "NEEDS-ACTION")
	}
	p.line("PERCENT-COMPLETE", strconv.Itoa(t.Percent))
	if !t.Completed.IsZero() {
		// The standard wants an instant: noon is on the same day whatever happens.
		p.line("COMPLETED", t.Completed.In(p.home).Add(12*time.Hour).UTC().Format(localForm)+"Z")
	}
	if t.Reminder != nil {
		p.alarm(t.Reminder.At.UTC().Format(localForm)+"Z", t.Subject, "VALUE", "DATE-TIME")
	}
}

func (p *printer) day(name string, d pim.Date) {
	if !d.IsZero() {
		p.line(name, fmt.Sprintf("%04d%02d%02d", d.Year, d.Month, d.Day), "VALUE", "DATE")
	}
}

// instant writes a local time with its zone, or an instant with the zone beside it
// where the local time would lead back to another one: in the hour repeated in autumn.
func (p *printer) instant(name string, t time.Time, zone string) {
	loc, err := time.LoadLocation(zone)
	if err != nil || zone == "UTC" {
		p.line(name, t.UTC().Format(localForm)+"Z")
		return
	}
	if !in(t.In(loc), loc).Equal(t) {
		p.line(name, t.UTC().Format(localForm)+"Z", zoneParameter, zone)
		return
	}
	p.line(name, t.In(loc).Format(localForm), "TZID", zone)
}

func (p *printer) alarm(trigger, subject string, params ...string) {
	p.line("BEGIN", "VALARM")
	p.line("ACTION", "DISPLAY")
	p.line("DESCRIPTION", subject)
	p.line("TRIGGER", trigger, params...)
	p.line("END", "VALARM")
}

// zone writes the changes of a zone's clocks in the time the items span, one
// component a change: right for every zone, whatever rules it had.
func (p *printer) zone(name string, span [2]time.Time) {
	loc, err := time.LoadLocation(name)
	if err != nil {
		return
	}
	p.line("BEGIN", "VTIMEZONE")
	p.line("TZID", name)
	at := time.Date(span[0].Year()-1, 1, 1, 0, 0, 0, 0, time.UTC)
	end := time.Date(min(span[1].Year()+2, at.Year()+200), 1, 1, 0, 0, 0, 0, time.UTC)
	_, before := at.In(loc).Zone()
	p.observance(at, before, before, false)
	for at.Before(end) {
		_, next := at.In(loc).ZoneBounds()
		if next.IsZero() || !next.Before(end) {
			break
		}
		if !next.After(at) { // some bounds do not move on (Go 1.26, far from the present)
			at = at.AddDate(0, 0, 1)
			continue
		}
		_, after := next.In(loc).Zone()
		if after == before { // the end of a year or another name, not of the clocks
			at = next
			continue
		}
		p.observance(next, before, after, next.In(loc).IsDST())
		at, before = next, after
	}
	p.line("END", "VTIMEZONE")
}

func (p *printer) observance(at time.Time, before, after int, dst bool) {
	name := "STANDARD"
	if dst {
		name = "DAYLIGHT"
	}
	p.line("BEGIN", name)
	p.line("DTSTART", at.UTC().Add(time.Duration(before)*time.Second).Format(localForm))
	p.line("TZOFFSETFROM", formatOffset(before))
	p.line("TZOFFSETTO", formatOffset(after))
	p.line("END", name)
}

func formatOffset(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	s := fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
	if seconds%60 != 0 {
		s += fmt.Sprintf("%02d", seconds%60)
	}
	return s
}
