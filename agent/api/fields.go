package api

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"abgleich/agent/pim"
	"abgleich/ipc/contract"
)

// part is what of a mapped field people read as one: a field of a pair on the wire.
type part struct {
	// name is stable; texts: "field.<name>".
	name string
	of   pim.Field
	// content tells that it may say what the item is about.
	content bool
	text    func(pim.Item) string
}

// parts are all of them, in the order in which they are shown.
func parts() []part {
	return []part{
		{"subject", pim.FieldSubject, true, func(i pim.Item) string { return i.Shared().Subject }},
		{"start", pim.FieldWhen, false, ofAppointment(func(a *pim.Appointment) string { return moment(a.When, a.When.Start, a.When.First) })},
		{"end", pim.FieldWhen, false, ofAppointment(func(a *pim.Appointment) string { return moment(a.When, a.When.End, a.When.Last) })},
		{"zone", pim.FieldWhen, false, ofAppointment(func(a *pim.Appointment) string { return a.When.Zone })},
		{"start", pim.FieldDates, false, ofTask(func(t *pim.Task) string { return day(t.Start) })},
		{"due", pim.FieldDates, false, ofTask(func(t *pim.Task) string { return day(t.Due) })},
		{"recurrence", pim.FieldRecurrence, false, rule},
		{"exceptions", pim.FieldRecurrence, true, exceptions},
		{"location", pim.FieldLocation, true, ofAppointment(func(a *pim.Appointment) string { return a.Location })},
		{"status", pim.FieldProgress, false, ofTask(func(t *pim.Task) string { return named(string(t.Status), "not-started") })},
		{"percent", pim.FieldProgress, false, ofTask(func(t *pim.Task) string { return strconv.Itoa(t.Percent) })},
		{"completed", pim.FieldProgress, false, ofTask(func(t *pim.Task) string { return day(t.Completed) })},
		{"busy", pim.FieldBusy, false, ofAppointment(func(a *pim.Appointment) string { return named(string(a.Busy), "busy") })},
		{"sensitivity", pim.FieldSensitivity, false, func(i pim.Item) string { return named(string(i.Shared().Sensitivity), "normal") }},
		{"importance", pim.FieldImportance, false, func(i pim.Item) string { return named(string(i.Shared().Importance), "normal") }},
		{"categories", pim.FieldCategories, true, func(i pim.Item) string { return strings.Join(i.Shared().Categories, ", ") }},
		{"reminder", pim.FieldReminder, false, reminder},
		{"organizer", pim.FieldMeeting, true, meeting(func(m *pim.Meeting) string { return m.Organizer })},
		{"attendees", pim.FieldMeeting, true, meeting(attendees)},
		{"body", pim.FieldBody, true, func(i pim.Item) string { return i.Shared().Body }},
	}
}

// fieldPairs puts two versions of an item side by side: every field that either has.
// Either may be nil. differ are the fields that mean different things.
func fieldPairs(business, exchange pim.Item, differ pim.FieldSet, hide func(pim.Item) bool) []*contract.FieldPair {
	var out []*contract.FieldPair
	of := func(p part, i pim.Item) string {
		if i == nil || !pim.FieldsOf(i.Kind()).Has(p.of) {
			return ""
		}
		text := p.text(i)
		if text != "" && p.content && hide(i) {
			return masked
		}
		return text
	}
	told := pim.FieldSet(0)
	for _, p := range parts() {
		f := &contract.FieldPair{Field: p.name, Business: of(p, business), Exchange: of(p, exchange)}
		if f.Business == "" && f.Exchange == "" {
			continue
		}
		f.Differs = differ.Has(p.of) && (raw(p, business) != raw(p, exchange))
		if f.Differs {
			told |= pim.Fields(p.of)
		}
		out = append(out, f)
	}
	// What differs without its texts telling it is told by its first part.
	for _, p := range parts() {
		if !differ.Has(p.of) || told.Has(p.of) {
			continue
		}
		if n := slices.IndexFunc(out, func(f *contract.FieldPair) bool { return f.GetField() == p.name }); n >= 0 {
			out[n].Differs = true
			told |= pim.Fields(p.of)
		}
	}
	return out
}

func raw(p part, i pim.Item) string {
	if i == nil || !pim.FieldsOf(i.Kind()).Has(p.of) {
		return ""
	}
	return p.text(i)
}

// fields are two versions of a user's item as the caller may see them.
func (c caller) fields(owner pim.UserID, business, exchange pim.Item, differ pim.FieldSet) []*contract.FieldPair {
	return fieldPairs(business, exchange, differ, func(i pim.Item) bool {
		return !c.may(owner) || isPrivate(i) && owner != c.user
	})
}

func ofAppointment(f func(*pim.Appointment) string) func(pim.Item) string {
	return func(i pim.Item) string {
		if a, ok := i.(*pim.Appointment); ok {
			return f(a)
		}
		return ""
	}
}

func ofTask(f func(*pim.Task) string) func(pim.Item) string {
	return func(i pim.Item) string {
		if t, ok := i.(*pim.Task); ok {
			return f(t)
		}
		return ""
	}
}

func meeting(f func(*pim.Meeting) string) func(pim.Item) string {
	return ofAppointment(func(a *pim.Appointment) string {
		if a.Meeting == nil {
			return ""
		}
		return f(a.Meeting)
	})
}

func named(value, zero string) string {
	if value == "" {
		return zero
	}
	return value
}

func day(d pim.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

// moment is an instant in the zone it was entered in, or a date.
func moment(w pim.When, t time.Time, d pim.Date) string {
	if w.AllDay {
		return day(d)
	}
	if t.IsZero() {
		return ""
	}
	if zone, err := time.LoadLocation(w.Zone); err == nil {
		t = t.In(zone)
	}
	return t.Format(time.RFC3339)
}

// startOf is when an item begins, or is due; nil if nobody said. A day (of an all-day
// appointment, or a task) belongs to no zone: it is told as its midnight in UTC.
func startOf(i pim.Item) (at *timestamppb.Timestamp, day bool) {
	switch x := i.(type) {
	case *pim.Appointment:
		if x.When.AllDay {
			return stamp(midnight(x.When.First)), true
		}
		return stamp(x.When.Start), false
	case *pim.Task:
		return stamp(midnight(x.Due)), true
	}
	return nil, false
}

func midnight(d pim.Date) time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}

func reminder(i pim.Item) string {
	r := i.Shared().Reminder
	switch {
	case r == nil:
		return ""
	case i.Kind() == pim.KindAppointment:
		return strconv.Itoa(r.Before) + " min"
	}
	return r.At.UTC().Format(time.RFC3339)
}

// rule is a pattern as RFC 5545 writes it.
func rule(i pim.Item) string {
	r := i.Shared().Recurrence
	if r == nil {
		return ""
	}
	w := pim.When{AllDay: true, First: r.First, Last: r.First}
	if a, ok := i.(*pim.Appointment); ok {
		w = a.When
	}
	text, err := r.Rule(w)
	if err != nil {
		return cmp.Or(string(r.Pattern), "?") // nobody can say it
	}
	return text
}

// exceptions are a line for each changed or deleted occurrence, by original start.
func exceptions(i pim.Item) string {
	r := i.Shared().Recurrence
	if r == nil {
		return ""
	}
	var lines []string
	for _, t := range r.Deleted {
		lines = append(lines, t.UTC().Format(time.RFC3339)+" -")
	}
	for _, e := range r.Changed {
		line := e.Original.UTC().Format(time.RFC3339)
		if a := e.Item; a != nil {
			line += fmt.Sprintf(" %s %s – %s", a.Subject, moment(a.When, a.When.Start, a.When.First), moment(a.When, a.When.End, a.When.Last))
			if a.Location != "" {
				line += ", " + a.Location
			}
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func attendees(m *pim.Meeting) string {
	var names []string
	for _, a := range m.Attendees {
		text := a.Address
		if a.Name != "" {
			text = a.Name + " <" + a.Address + ">"
		}
		if a.Response != "" {
			text += " (" + string(a.Response) + ")"
		}
		names = append(names, text)
	}
	return strings.Join(names, ", ")
}
