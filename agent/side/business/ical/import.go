package ical

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/business"
)

// Target takes items; *business.Database is one.
type Target interface {
	Employee(context.Context, pim.UserID) (business.Employee, error)
	Put(context.Context, pim.UserID, []business.Record) (business.Imported, error)
}

// Left is a component, or a part of one, that was not taken over.
type Left struct {
	Component int    `json:"component"` // VEVENTs and VTODOs counted from 1
	Reason    string `json:"reason"`
}

// Result says what an import did.
type Result struct {
	business.Imported
	Left []Left `json:"left,omitempty"`
}

// Import reads an iCalendar file into a user's appointments and tasks. All of it is
// written or nothing: a mistake in the file is [fault.BadRequest], its cause names
// the component.
func Import(ctx context.Context, to Target, r io.Reader, user pim.UserID) (Result, error) {
	const op = "ical.Import"
	e, err := to.Employee(ctx, user)
	if err != nil {
		return Result{}, err
	}
	home, err := time.LoadLocation(e.Zone)
	if err != nil {
		return Result{}, fault.New(fault.BadRequest, op, string(user), err)
	}
	records, numbers, left, err := Read(r, home)
	if err != nil {
		return Result{}, fault.New(fault.BadRequest, op, string(user), err)
	}
	done, err := to.Put(ctx, user, records)
	if bad, ok := errors.AsType[*business.RecordError](err); ok {
		return Result{}, fault.New(fault.CodeOf(bad.Err), op, string(user),
			fmt.Errorf("component %d: %w", numbers[bad.Index], bad.Err))
	}
	return Result{Imported: done, Left: left}, err
}

// Read reads a file without writing anything: the records, the number of each one's
// component, and what cannot be taken over. home is the zone of times that name none.
func Read(r io.Reader, home *time.Location) (records []business.Record, numbers []int, left []Left, err error) {
	calendars, err := read(r)
	if err != nil {
		return nil, nil, nil, err
	}
	z, err := newZones(home, calendars)
	if err != nil {
		return nil, nil, nil, err
	}
	rd := &reader{z: z, series: map[string]*recurring{}}
	for _, cal := range calendars {
		for _, c := range cal.inner {
			if c.number == 0 {
				continue
			}
			if err := rd.add(c); err != nil {
				return nil, nil, nil, fmt.Errorf("component %d (%s): %w", c.number, c.name, err)
			}
		}
	}
	rd.finish()
	for _, f := range rd.records {
		records = append(records, business.Record{Item: f.item, Rule: f.rule})
		numbers = append(numbers, f.number)
	}
	return records, numbers, rd.left, nil
}

func (z *zones) item(c *component) (pim.Item, error) {
	if c.name == "VTODO" {
		return z.todo(c)
	}
	return z.event(c)
}

func common(c *component) pim.Common {
	s := pim.Common{Subject: c.text("SUMMARY"), Body: c.text("DESCRIPTION"), UID: c.text("UID")}
	switch strings.ToUpper(c.text("CLASS")) {
	case "PRIVATE":
		s.Sensitivity = pim.Private
	case "CONFIDENTIAL":
		s.Sensitivity = pim.Confidential
	}
	// RFC 5545, section 3.8.1.9: 1 to 4 is high, 5 normal, 6 to 9 low.
	switch strings.TrimSpace(c.text("PRIORITY")) {
	case "1", "2", "3", "4":
		s.Importance = pim.ImportanceHigh
	case "6", "7", "8", "9":
		s.Importance = pim.ImportanceLow
	}
	for _, p := range c.properties {
		if p.name == "CATEGORIES" {
			s.Categories = append(s.Categories, split(p.raw)...)
		}
	}
	return s
}

func (z *zones) event(c *component) (pim.Item, error) {
	a := &pim.Appointment{Common: common(c), Location: c.text("LOCATION"), Busy: busy(c)}
	start, ok := c.get("DTSTART")
	if !ok {
		return nil, errors.New("no DTSTART")
	}
	from, err := z.moment(start)
	if err != nil {
		return nil, fmt.Errorf("DTSTART: %w", err)
	}
	to, err := z.end(c, from, "DTEND")
	if err != nil {
		return nil, err
	}
	if from.isDate {
		a.When = pim.When{AllDay: true, First: from.day, Last: to.day.AddDays(-1)}
	} else {
		a.When = pim.When{Start: from.at, End: to.at, Zone: from.zone}
	}
	at, ok, err := z.alarm(c, from, to)
	if err != nil {
		return nil, err
	}
	if ok {
		begin := from.at
		if from.isDate {
			begin = from.day.In(z.home)
		}
		a.Reminder = &pim.Reminder{Before: int(begin.Sub(at) / time.Minute)}
	}
	return pim.Canonical(a), nil
}

// busy prefers the word Outlook writes, which knows more than TRANSP.
func busy(c *component) pim.Busy {
	switch strings.ToUpper(c.text("X-MICROSOFT-CDO-BUSYSTATUS")) {
	case "FREE":
		return pim.BusyFree
	case "TENTATIVE":
		return pim.BusyTentative
	case "OOF":
		return pim.BusyAway
	case "WORKINGELSEWHERE":
		return pim.BusyElsewhere
	case "BUSY":
		return pim.BusyBusy
	}
	if strings.EqualFold(c.text("TRANSP"), "TRANSPARENT") {
		return pim.BusyFree
	}
	if strings.EqualFold(c.text("STATUS"), "TENTATIVE") {
		return pim.BusyTentative
	}
	return pim.BusyBusy
}

func (z *zones) todo(c *component) (pim.Item, error) {
	t := &pim.Task{Common: common(c)}
	var from, to moment
	if p, ok := c.get("DTSTART"); ok {
		var err error
		if from, err = z.moment(p); err != nil {
			return nil, fmt.Errorf("DTSTART: %w", err)
		}
		t.Start = from.day
	}
	if p, ok := c.get("DUE"); ok {
		var err error
		if to, err = z.moment(p); err != nil {
			return nil, fmt.Errorf("DUE: %w", err)
		}
		t.Due = to.day
	}
	if err := z.progress(c, t); err != nil {
		return nil, err
	}
	if from == (moment{}) {
		from = to
	}
	at, ok, err := z.alarm(c, from, to)
	if err != nil {
		return nil, err
	}
	if ok {
		t.Reminder = &pim.Reminder{At: at}
	}
	return pim.Canonical(t), nil
}

func (z *zones) progress(c *component, t *pim.Task) error {
	switch strings.ToUpper(c.text("STATUS")) {
	case "IN-PROCESS":
		t.Status = pim.InProgress
	case "COMPLETED":
		t.Status = pim.Completed
	}
	switch c.text(statusProperty) {
	case string(pim.Waiting):
		t.Status = pim.Waiting
	case string(pim.Deferred):
		t.Status = pim.Deferred
	}
	if s := strings.TrimSpace(c.text("PERCENT-COMPLETE")); s != "" {
		if _, err := fmt.Sscanf(s, "%d", &t.Percent); err != nil || t.Percent < 0 || t.Percent > 100 {
			return fmt.Errorf("PERCENT-COMPLETE: %q", s)
		}
	}
	if p, ok := c.get("COMPLETED"); ok {
		m, err := z.moment(p)
		if err != nil {
			return fmt.Errorf("COMPLETED: %w", err)
		}
		if t.Completed = m.day; !m.isDate {
			t.Completed = pim.DateOf(m.at.In(z.home))
		}
		if t.Status == pim.NotStarted {
			t.Status = pim.Completed
		}
	}
	return nil
}
