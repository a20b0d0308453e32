package engine

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"strings"
	"unicode/utf8"

	"abgleich/agent/pim"
)

// shortestCut is how long, in characters, what is left of a cut subject must be to
// tell anything.
const shortestCut = 12

// Times is a number that is equal for items at the same time, to the minute, with the
// same pattern, whatever they are called. 0 is for what is not paired by content, and
// for tasks without a due date.
func (r *Rules) Times(i pim.Item) int64 {
	if i == nil || !r.carries(i, pim.Business) || !r.carries(i, pim.Exchange) {
		return 0
	}
	i = r.Business.Project(r.Exchange.Project(i))
	if t, ok := i.(*pim.Task); ok && t.Due == (pim.Date{}) {
		return 0
	}
	return times(i, "")
}

func times(i pim.Item, subject string) int64 {
	h := fnv.New64a()
	h.Write([]byte(subject)) //nolint:errcheck // a hash never fails
	var b [25]byte
	switch x := i.(type) {
	case *pim.Appointment:
		if x.When.AllDay {
			b[0] = 1
			binary.LittleEndian.PutUint64(b[1:], day(x.When.First))
			binary.LittleEndian.PutUint64(b[9:], day(x.When.Last))
			break
		}
		binary.LittleEndian.PutUint64(b[1:], minute(x.When.Start))
		binary.LittleEndian.PutUint64(b[9:], minute(x.When.End))
	case *pim.Task:
		b[0] = 2
		binary.LittleEndian.PutUint64(b[1:], day(x.Due))
	}
	h.Write(b[:]) //nolint:errcheck // a hash never fails
	if p := i.Shared().Recurrence; p != nil {
		fmt.Fprint(h, p.Pattern, p.Interval, p.Weekdays, p.FirstDayOfWeek, p.DayOfMonth, p.Month, p.Index, p.First, p.Until, p.Count)
	}
	if n := int64(h.Sum64()); n != 0 {
		return n
	}
	return 1
}

// squeezed is a text with one blank between its words.
func squeezed(s string) string { return strings.Join(strings.Fields(s), " ") }

// SubjectsAlike tells whether one subject may be the other, cut short: an earlier
// product had less room, and may have shown it with dots.
func SubjectsAlike(a, b string) bool {
	a, b = squeezed(a), squeezed(b)
	if a == b {
		return true
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	a = strings.TrimSpace(strings.TrimSuffix(strings.TrimSuffix(a, "…"), "..."))
	return utf8.RuneCountInString(a) >= shortestCut && strings.HasPrefix(b, a)
}

// Alike tells whether two items that look the same from outside differ in nothing a
// person would miss: only where one of them has nothing, in the blanks of a text that was
// HTML once, in seconds, or in the zone a time was entered in.
func (r *Rules) Alike(b, e pim.Item) bool {
	differ := pim.FieldsOf(b.Kind()) &^ r.Same(b, e) & (r.Business.Writable() | r.Exchange.Writable())
	differ &^= pim.EmptyFields(b) | pim.EmptyFields(e)
	if differ.Has(pim.FieldSubject) && squeezed(b.Shared().Subject) == squeezed(e.Shared().Subject) {
		differ &^= pim.Fields(pim.FieldSubject)
	}
	if t := r.Times(b); differ.Has(pim.FieldWhen) && t != 0 && t == r.Times(e) {
		differ &^= pim.Fields(pim.FieldWhen) // seconds, or the name of the zone
	}
	if differ.Has(pim.FieldBody) && squeezed(b.Shared().Body) == squeezed(e.Shared().Body) {
		differ &^= pim.Fields(pim.FieldBody)
	}
	return differ == 0
}
