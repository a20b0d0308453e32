package business

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// decode makes the canonical item of a row and its exceptions; an error is
// [fault.ItemUnreadable].
func decode(k pim.Kind, row []sql.RawBytes, exceptions []exception) (pim.Item, error) {
	var (
		item pim.Item
		err  error
	)
	if k == pim.KindTask {
		item, err = decodeTask(row)
	} else {
		item, err = decodeAppointment(row)
	}
	if err == nil {
		// The projection, not only the canonical form: another program may have stored
		// more than the contract's lengths, and what we return must be a fixpoint.
		item = project(item)
		if s := seriesOf(item); s != nil && len(exceptions) > 0 {
			item, err = s.withExceptions(exceptions)
		}
	}
	if err != nil {
		return nil, fault.New(fault.ItemUnreadable, "business.read", k.String()+" "+string(row[colID]), err)
	}
	return item, nil
}

func decodeCommon(row []sql.RawBytes) pim.Common {
	c := pim.Common{
		Subject: string(row[colSubject]),
		Body:    string(row[colBody]),
		UID:     string(row[colUID]),
	}
	if truth(row[colPrivate]) {
		c.Sensitivity = pim.Private
	}
	if w := string(row[colImportance]); w != wordNormal {
		c.Importance = pim.Importance(w)
	}
	if len(row[colCategories]) > 0 {
		c.Categories = strings.Split(string(row[colCategories]), "\n")
	}
	return c
}

func decodeAppointment(row []sql.RawBytes) (pim.Item, error) {
	a := &pim.Appointment{Common: decodeCommon(row), Location: string(row[colLocation])}
	a.When.AllDay = truth(row[colAllDay])
	var errs [4]error
	if a.When.AllDay {
		a.When.First, errs[0] = parseDay(row[colStartDate])
		a.When.Last, errs[1] = parseDay(row[colEndDate])
		if a.When.First.IsZero() {
			errs[2] = errors.New("an all-day appointment without a start date")
		}
	} else {
		a.When.Start, errs[0] = parseInstant(row[colStartAt])
		a.When.End, errs[1] = parseInstant(row[colEndAt])
		a.When.Zone = string(row[colZone])
	}
	if w := string(row[colBusy]); w != wordBusy {
		a.Busy = pim.Busy(w)
	}
	if m := row[colMinutes]; len(m) > 0 {
		n, err := number(string(m))
		errs[3] = err
		a.Reminder = &pim.Reminder{Before: n}
	}
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	if r := row[colRule]; len(r) > 0 {
		a.Recurrence = parseRule(string(r), zoned(a.When))
	}
	if len(row[colRole])+len(row[colOrganizer])+len(row[colAttendees]) > 0 {
		a.Meeting = &pim.Meeting{Role: pim.Role(row[colRole]), Organizer: string(row[colOrganizer])}
		if len(row[colAttendees]) > 0 {
			if err := json.Unmarshal(row[colAttendees], &a.Meeting.Attendees); err != nil {
				return nil, fmt.Errorf("meeting_attendees: no JSON as it should be: %s", shape(string(row[colAttendees])))
			}
		}
	}
	return a, nil
}

// zoned is a time as its series sees it: without a zone it is UTC.
func zoned(w pim.When) pim.When {
	if w.Zone == "" {
		w.Zone = "UTC"
	}
	return w
}

func decodeTask(row []sql.RawBytes) (pim.Item, error) {
	t := &pim.Task{Common: decodeCommon(row)}
	var errs [5]error
	t.Start, errs[0] = parseDay(row[colTaskStart])
	t.Due, errs[1] = parseDay(row[colDue])
	t.Completed, errs[2] = parseDay(row[colCompleted])
	if w := string(row[colStatus]); w != wordNotStarted {
		t.Status = pim.TaskStatus(w)
	}
	if p := row[colPercent]; len(p) > 0 {
		t.Percent, errs[3] = number(string(p))
	}
	if len(row[colRemindAt]) > 0 {
		r := &pim.Reminder{}
		r.At, errs[4] = parseInstant(row[colRemindAt])
		t.Reminder = r
	}
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	if r := row[colRule]; len(r) > 0 {
		begin := days(taskBegin(t))
		first, err := parseDay(row[colFirst])
		if err != nil {
			return nil, fmt.Errorf("recurrence_start: %w", err)
		}
		if !first.IsZero() {
			begin = days(first)
		}
		t.Recurrence = parseRule(string(r), begin)
	}
	return t, nil
}

// The database's words for what is "" in package pim.
const (
	wordNormal     = "normal"
	wordBusy       = "busy"
	wordNotStarted = "not-started"
)

// encode gives the column values of a projected item, in the relation's order from
// colSubject on: index i of the result belongs to column colSubject+i. Exceptions
// are not part of it.
func encode(i pim.Item) ([]any, error) {
	c := i.Shared()
	rule, err := formatRule(i)
	if err != nil {
		return nil, err
	}
	v := []any{c.Subject, c.Body, c.Sensitivity != pim.Normal, word(c.Importance, wordNormal),
		strings.Join(c.Categories, "\n"), rule, c.UID}
	switch x := i.(type) {
	case *pim.Appointment:
		w, err := encodeWhen(x.When)
		if err != nil {
			return nil, err
		}
		v = append(append(v, x.Location), w...)
		v = append(v, word(x.Busy, wordBusy))
		if x.Reminder != nil {
			v = append(v, x.Reminder.Before)
		} else {
			v = append(v, nil)
		}
		return appendMeeting(v, x.Meeting)
	case *pim.Task:
		for _, d := range []pim.Date{x.Start, x.Due, x.Completed} {
			if err := checkDay(d); err != nil {
				return nil, err
			}
		}
		at := ""
		if x.Reminder != nil {
			var err error
			if at, err = formatInstant(x.Reminder.At); err != nil {
				return nil, err
			}
		}
		first := ""
		if r := x.Recurrence; r != nil && r.First != taskBegin(x) {
			first = r.First.String()
		}
		return append(v, x.Start.String(), x.Due.String(), word(x.Status, wordNotStarted), x.Percent,
			x.Completed.String(), at, first), nil
	}
	return nil, fmt.Errorf("neither appointment nor task: %T", i)
}

func encodeWhen(w pim.When) ([]any, error) {
	if w.AllDay {
		if w.First.IsZero() {
			return nil, errors.New("an all-day appointment without a start date")
		}
		err := errors.Join(checkDay(w.First), checkDay(w.Last))
		return []any{"", "", "", true, w.First.String(), w.Last.String()}, err
	}
	start, err := formatInstant(w.Start)
	if err != nil {
		return nil, err
	}
	end, err := formatInstant(w.End)
	return []any{start, end, w.Zone, false, "", ""}, err
}

func appendMeeting(v []any, m *pim.Meeting) ([]any, error) {
	if m == nil {
		return append(v, "", "", ""), nil
	}
	list := []byte("[]") // tells a meeting of which nothing is known from none
	if len(m.Attendees) > 0 {
		var err error
		if list, err = json.Marshal(m.Attendees); err != nil {
			return nil, err
		}
	}
	return append(v, string(m.Role), m.Organizer, string(list)), nil
}

func word[T ~string](v T, zero string) string {
	if v == "" {
		return zero
	}
	return string(v)
}

// truth reads a boolean as the various programs write it.
func truth(b []byte) bool {
	switch string(b) {
	case "", "0", "false", "FALSE", "f", "F", "n", "N", "0.0":
		return false
	}
	return true
}

// instantForms are the texts in which instants are read: ours, and SQLite's own.
var instantForms = [...]string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05.999999999Z07:00"}

func parseInstant(b []byte) (time.Time, error) {
	s := string(b)
	if s == "" {
		return time.Time{}, nil
	}
	for _, f := range instantForms {
		if t, err := time.Parse(f, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("an instant of the form %s", shape(s))
}

func formatInstant(t time.Time) (string, error) {
	if t.IsZero() {
		return "", nil
	}
	t = t.UTC()
	if t.Year() < 1 || t.Year() > 9999 {
		return "", fmt.Errorf("year %d", t.Year())
	}
	return t.Format(time.RFC3339), nil
}

// parseDay reads a day, also out of a text that has a time behind it.
func parseDay(b []byte) (pim.Date, error) {
	if len(b) > 10 && (b[10] == ' ' || b[10] == 'T') {
		b = b[:10]
	}
	d, err := pim.ParseDate(string(b))
	if err != nil {
		err = fmt.Errorf("a date of the form %s", shape(string(b)))
	}
	return d, err
}

func checkDay(d pim.Date) error {
	p, err := pim.ParseDate(d.String())
	if err == nil && p != d {
		err = fmt.Errorf("date %s", d)
	}
	return err
}
