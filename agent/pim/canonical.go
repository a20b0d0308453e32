package pim

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Canonical gives the one form in which equal items are equal: valid UTF-8 with
// "\n" line ends and without characters XML forbids; texts without trailing white
// space; sorted categories without repeats; instants in UTC to the second and days
// that exist, within the years 1 to 9999; the unused half of When empty; a task's
// status, percent and completion date in agreement; a series at the day of its
// first occurrence, in the simplest pattern that says it, with no exceptions of
// occurrences it does not have. The argument is not changed.
// nil stays nil.
func Canonical(i Item) Item {
	if isNil(i) {
		return nil
	}
	c := i.Clone()
	s := c.Shared()
	s.Subject = line(s.Subject)
	s.Body = text(s.Body)
	s.UID = clean(s.UID)
	s.Categories = labels(s.Categories)
	s.Sensitivity = oneOf(s.Sensitivity, Personal, Private, Confidential)
	s.Importance = oneOf(s.Importance, ImportanceLow, ImportanceHigh)
	switch x := c.(type) {
	case *Appointment:
		x.Location = line(x.Location)
		x.Busy = oneOf(x.Busy, BusyFree, BusyTentative, BusyAway, BusyElsewhere)
		x.When = canonicalWhen(x.When)
		if r := x.Reminder; r != nil {
			r.At = time.Time{}
			r.Before = max(r.Before, 0)
		}
		canonicalMeeting(x.Meeting)
	case *Task:
		if r := x.Reminder; r != nil {
			r.Before = 0
			r.At = second(r.At)
		}
		x.Start, x.Due, x.Completed = day(x.Start), day(x.Due), day(x.Completed)
		canonicalProgress(x)
		if !x.Start.IsZero() && !x.Due.IsZero() && x.Due.Compare(x.Start) < 0 {
			x.Start = x.Due
		}
	}
	canonicalRecurrence(c)
	return c
}

func canonicalWhen(w When) When {
	if w.AllDay {
		w.First, w.Last = day(w.First), day(w.Last)
		if w.Last.Compare(w.First) < 0 {
			w.Last = w.First
		}
		return When{AllDay: true, First: w.First, Last: w.Last}
	}
	w.First, w.Last = Date{}, Date{}
	w.Start, w.End = second(w.Start), second(w.End)
	if w.End.Before(w.Start) {
		w.End = w.Start
	}
	if w.Zone = line(w.Zone); w.Zone == "" {
		w.Zone = "UTC"
	}
	return w
}

// canonicalProgress follows Exchange: completed, 100 % and a completion date are
// one statement, and the status decides.
func canonicalProgress(t *Task) {
	t.Percent = min(max(t.Percent, 0), 100)
	t.Status = oneOf(t.Status, InProgress, Completed, Waiting, Deferred)
	switch {
	case t.Status == Completed:
		t.Percent = 100
	case t.Percent == 100:
		t.Status = Completed
	case t.Status == NotStarted && t.Percent > 0:
		t.Status = InProgress
	}
	if t.Status != Completed {
		t.Completed = Date{}
	}
}

func canonicalMeeting(m *Meeting) {
	if m == nil {
		return
	}
	if len(m.Attendees) == 0 {
		m.Attendees = nil
	}
	m.Role = Role(clean(string(m.Role)))
	m.Organizer = strings.ToLower(line(m.Organizer))
	for i := range m.Attendees {
		m.Attendees[i].Address = strings.ToLower(line(m.Attendees[i].Address))
		m.Attendees[i].Name = line(m.Attendees[i].Name)
		m.Attendees[i].Response = Response(clean(string(m.Attendees[i].Response)))
	}
	slices.SortFunc(m.Attendees, func(a, b Attendee) int {
		return cmp.Or(
			cmp.Compare(a.Address, b.Address), cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.Response, b.Response), compareBool(a.Optional, b.Optional),
		)
	})
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// second keeps to the years that RFC 3339 can write: a slip of the keyboard in
// a database must not become an item that cannot be stored.
func second(t time.Time) time.Time {
	t = t.UTC().Truncate(time.Second)
	switch {
	case t.Year() < 1 || t.IsZero():
		return time.Time{}
	case t.Year() > 9999:
		return time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	}
	return t
}

// day gives the day that the calendar has: 31 February is 3 March.
func day(d Date) Date {
	if d.IsZero() {
		return d
	}
	switch d = d.AddDays(0); {
	case d.Year < 1:
		return Date{1, time.January, 1}
	case d.Year > 9999:
		return Date{9999, time.December, 31}
	}
	return d
}

func oneOf[T ~string](v T, known ...T) T {
	if slices.Contains(known, v) {
		return v
	}
	return ""
}

// line makes one line: white space of any kind becomes single blanks.
func line(s string) string {
	if plain(s) {
		return s
	}
	return strings.Join(strings.FieldsFunc(clean(s), unicode.IsSpace), " ")
}

// plain tells, without allocating, that line has nothing to do.
func plain(s string) bool {
	blank := true // a blank at the start is not plain
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c > '~' || (c == ' ' && blank) {
			return false
		}
		blank = c == ' '
	}
	return s == "" || !blank
}

// text normalises line ends and trailing white space.
func text(s string) string {
	s = clean(s)
	if !strings.ContainsFunc(s, unicode.IsSpace) {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRightFunc(l, unicode.IsSpace)
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// clean drops what XML 1.0 (section 2.2, Char) cannot carry.
func clean(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, forbidden) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if forbidden(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

func forbidden(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
}

func labels(in []string) []string {
	var out []string
	for _, l := range in {
		if l = line(l); l != "" {
			out = append(out, l)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Fingerprint is a hash over the canonical form of the mapped fields (not of
// UID or Guest). Equal fingerprints mean Diff finds nothing. Not stable across versions of
// this program: store it only where a mismatch merely costs a comparison.
func Fingerprint(i Item) [sha256.Size]byte {
	c := Canonical(i)
	if c == nil {
		return sha256.Sum256(nil)
	}
	c.Shared().UID = ""
	if a, ok := c.(*Appointment); ok {
		a.Guest = false
	}
	b, err := Marshal(c)
	if err != nil {
		panic("pim: an item that cannot be marshalled: " + err.Error())
	}
	return sha256.Sum256(b)
}

// Marshal writes an item for the agent's own store: its kind, then its fields.
func Marshal(i Item) ([]byte, error) {
	if isNil(i) {
		return nil, nil
	}
	b, err := json.Marshal(i)
	if err != nil {
		return nil, err
	}
	return append([]byte{byte('0' + i.Kind())}, b...), nil
}

// Unmarshal reads what Marshal wrote; empty input is a nil Item.
func Unmarshal(b []byte) (Item, error) {
	if len(b) == 0 {
		return nil, nil
	}
	var i Item
	switch Kind(b[0] - '0') {
	case KindAppointment:
		i = new(Appointment)
	case KindTask:
		i = new(Task)
	default:
		return nil, fmt.Errorf("item of kind %q, which does not exist", b[0])
	}
	if err := json.Unmarshal(b[1:], i); err != nil {
		return nil, err
	}
	return i, nil
}
