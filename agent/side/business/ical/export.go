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
		if a, ok := r.Item.(*pim.Appointment); ok {
			stretch(span, a, now)
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

// record writes an item, and behind it the changed occurrences of a series.
func (p *printer) record(r business.Record) {
	c := r.Item.Shared()
	p.item(r.Item, c.UID, func() { p.recurrence(r) })
	a, ok := r.Item.(*pim.Appointment)
	if !ok || c.Recurrence == nil {
		return
	}
	for _, e := range c.Recurrence.Changed {
		p.item(e.Item, c.UID, func() { p.occurrence("RECURRENCE-ID", a.When, e.Original) })
	}
}

// recurrence writes the rule and the deleted occurrences.
func (p *printer) recurrence(r business.Record) {
	if r.Rule != "" {
		p.line("RRULE", r.Rule)
	}
	rec := r.Item.Shared().Recurrence
	if rec == nil {
		return
	}
	switch x := r.Item.(type) {
	case *pim.Appointment:
		for _, d := range rec.Deleted {
			p.occurrence("EXDATE", x.When, d)
		}
	case *pim.Task:
		own := x.Start
		if own.IsZero() {
			own = x.Due
		}
		if rec.First != own {
			p.day(firstProperty, rec.First)
		}
	}
}

// occurrence names one of a series by its original start.
func (p *printer) occurrence(name string, series pim.When, original time.Time) {
	if series.AllDay {
		p.day(name, pim.DateOf(original.UTC()))
		return
	}
	p.instant(name, original, series.Zone)
}

func (p *printer) item(i pim.Item, uid string, recurrence func()) {
	name := "VEVENT"
	if i.Kind() == pim.KindTask {
		name = "VTODO"
	}
	c := i.Shared()
	p.line("BEGIN", name)
	p.line("UID", uid)
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
	recurrence()
	switch x := i.(type) {
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
