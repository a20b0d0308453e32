package business

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"abgleich/agent/pim"
)

// exceptionRelation holds changed and deleted occurrences. "appointment_id" and
// "original_start" come first.
var exceptionRelation = relation{"appointment_exceptions", []string{
	"appointment_id", "original_start", "deleted", "subject", "body", "location", "start_at", "end_at",
	"time_zone", "all_day", "start_date", "end_date", "busy", "private", "importance", "categories", "reminder_minutes",
}}

// The places of the columns behind "appointment_id".
const (
	excOriginal = iota
	excDeleted
	excSubject
	excBody
	excLocation
	excStartAt
	excEndAt
	excZone
	excAllDay
	excStartDate
	excEndDate
	excBusy
	excPrivate
	excImportance
	excCategories
	excMinutes
	excColumns
)

// exception is one row of the relation; what is not valid is as in the series.
type exception struct {
	owner  any // the id of the series
	column [excColumns]sql.NullString
}

func (e *exception) has(c int) bool { return e.column[c].Valid && e.column[c].String != "" }

func (e *exception) text(c int) []byte { return []byte(e.column[c].String) }

func (e *exception) deleted() bool { return truth(e.text(excDeleted)) }

// number finds the occurrence the exception belongs to; false is none of this
// series (any more).
func (e *exception) number(s *series) (int, bool, error) {
	text := e.text(excOriginal)
	if len(text) == len("2006-01-02") {
		d, err := parseDay([]byte(text))
		if err != nil {
			return 0, false, fmt.Errorf("original_start: %w", err)
		}
		n, ok := s.master.Recurrence.Number(d)
		return n, ok, nil
	}
	t, err := parseInstant(text)
	if err != nil || t.IsZero() {
		return 0, false, fmt.Errorf("original_start: %s", shape(string(text)))
	}
	n, ok := s.timing.Index(t)
	return n, ok, nil
}

// occurrence is the changed occurrence, whole.
func (e *exception) occurrence(plain *pim.Appointment) (*pim.Appointment, error) {
	o := plain.Clone().(*pim.Appointment)
	for c, into := range map[int]*string{excSubject: &o.Subject, excBody: &o.Body, excLocation: &o.Location} {
		if e.column[c].Valid {
			*into = e.column[c].String
		}
	}
	if c := e.column[excCategories]; c.Valid {
		o.Categories = nil
		if c.String != "" {
			o.Categories = strings.Split(c.String, "\n")
		}
	}
	if e.has(excPrivate) {
		o.Sensitivity = pim.Normal
		if truth(e.text(excPrivate)) {
			o.Sensitivity = pim.Private
		}
	}
	if e.has(excImportance) {
		o.Importance = pim.Importance(e.column[excImportance].String)
	}
	if e.has(excBusy) {
		o.Busy = pim.Busy(e.column[excBusy].String)
	}
	if e.has(excMinutes) {
		n, err := number(e.column[excMinutes].String)
		if err != nil {
			return nil, fmt.Errorf("reminder_minutes: %w", err)
		}
		if o.Reminder = nil; n >= 0 {
			o.Reminder = &pim.Reminder{Before: n}
		}
	}
	var err error
	o.When, err = e.when(plain.When)
	return o, err
}

// when is the time of the occurrence, given the one the pattern has for it.
func (e *exception) when(plain pim.When) (pim.When, error) {
	w := plain
	if e.has(excAllDay) {
		w.AllDay = truth(e.text(excAllDay))
	}
	var errs [2]error
	if w.AllDay {
		if !plain.AllDay {
			w.First = pim.DateOf(plain.Start.In(location(plain.Zone)))
			w.Last = w.First
		}
		if e.has(excStartDate) {
			length := daysFrom(w.First, w.Last)
			w.First, errs[0] = parseDay(e.text(excStartDate))
			w.Last = w.First.AddDays(length)
		}
		if e.has(excEndDate) {
			w.Last, errs[1] = parseDay(e.text(excEndDate))
		}
		return w, errors.Join(errs[:]...)
	}
	if plain.AllDay && !e.has(excStartAt) {
		return w, errors.New("an occurrence at a time of its own without start_at")
	}
	if plain.AllDay {
		w.Zone = e.column[excZone].String
	}
	if e.has(excStartAt) {
		length := w.End.Sub(w.Start)
		w.Start, errs[0] = parseInstant(e.text(excStartAt))
		w.End = w.Start.Add(length)
	}
	if e.has(excEndAt) {
		w.End, errs[1] = parseInstant(e.text(excEndAt))
	}
	return w, errors.Join(errs[:]...)
}

// location is a zone whose name is known to be good; UTC where it is not.
func location(zone string) *time.Location {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return time.UTC
	}
	return loc
}

// daysFrom counts the days from one to another.
func daysFrom(a, b pim.Date) int {
	return int(b.In(time.UTC).Sub(a.In(time.UTC)) / (24 * time.Hour))
}

// deletion makes the columns of a deleted occurrence.
func deletion(original string) [excColumns]any {
	return [excColumns]any{excOriginal: original, excDeleted: true}
}

// change makes the columns of a changed occurrence: NULL is what it has from the
// series.
func change(original string, plain, o *pim.Appointment) ([excColumns]any, error) {
	v := [excColumns]any{excOriginal: original, excDeleted: false}
	for _, f := range pim.Diff(plain, o).List() {
		switch f {
		case pim.FieldSubject:
			v[excSubject] = o.Subject
		case pim.FieldBody:
			v[excBody] = o.Body
		case pim.FieldLocation:
			v[excLocation] = o.Location
		case pim.FieldSensitivity:
			v[excPrivate] = o.Sensitivity != pim.Normal
		case pim.FieldImportance:
			v[excImportance] = word(o.Importance, wordNormal)
		case pim.FieldBusy:
			v[excBusy] = word(o.Busy, wordBusy)
		case pim.FieldCategories:
			v[excCategories] = strings.Join(o.Categories, "\n")
		case pim.FieldReminder:
			if v[excMinutes] = -1; o.Reminder != nil {
				v[excMinutes] = o.Reminder.Before
			}
		case pim.FieldWhen:
			w, err := encodeWhen(o.When)
			if err != nil {
				return v, err
			}
			copy(v[excStartAt:excEndDate+1], w)
			if !plain.When.AllDay {
				v[excZone] = nil // the series' own
			}
		}
	}
	return v, nil
}
