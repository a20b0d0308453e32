package ical

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"abgleich/agent/pim"
)

// Reasons for what is not taken over.
const (
	leftCancelled = "cancelled"
	leftChanged   = "a changed occurrence of a series"
	leftDays      = "added or deleted occurrences of a series"
	leftZone      = "the time zone of a series has no known name: its times may move when clocks change"
)

// firstProperty tells the day a recurring task's pattern began on, where that is
// not the task's own.
const firstProperty = "X-ABGLEICH-FIRST"

// When not all changed occurrences of a series can be carried, they are tried one by
// one: maxSingly of a series at most, and in a whole file as long as all series looked
// at on the way have no more than maxTried exceptions. maxChanged is how many changed
// ones a series may have. What is beyond is left.
const (
	maxSingly  = 200
	maxTried   = 200_000
	maxChanged = 10_000
)

// reader makes records of components; series wait for their changed occurrences.
type reader struct {
	z       *zones
	records []found
	series  map[string]*recurring // by UID
	changed []override
	left    []Left
	tried   int // exceptions of all series tried again
}

// found is an item of a component.
type found struct {
	item   pim.Item
	rule   string
	number int
}

// recurring is a series both sides can carry.
type recurring struct {
	record  int // index
	pattern *pim.Recurrence
	timing  *pim.Timing
	allDay  bool
	overs   []override
	deleted []time.Time
}

// override is a component with RECURRENCE-ID.
type override struct {
	c    *component
	item *pim.Appointment
	at   time.Time // where the pattern puts it
}

func (r *reader) leave(c *component, reason string) {
	r.left = append(r.left, Left{c.number, reason})
}

// add takes one component.
func (r *reader) add(c *component) error {
	item, err := r.z.item(c)
	if err != nil {
		return err
	}
	if p, ok := c.get("RECURRENCE-ID"); ok {
		a, event := item.(*pim.Appointment)
		if _, err := r.z.moment(p); err != nil {
			return err
		}
		if !event || p.param("RANGE") != "" {
			r.leave(c, leftChanged)
			return nil
		}
		r.changed = append(r.changed, override{c: c, item: a})
		return nil
	}
	if strings.EqualFold(c.text("STATUS"), "CANCELLED") {
		r.leave(c, leftCancelled)
		return nil
	}
	f := found{item: item, number: c.number}
	if rule, ok := c.get("RRULE"); ok {
		f.rule = rule.raw
		if f.item, err = r.recur(c, item, rule.raw); err != nil {
			return err
		}
	} else if has(c, "RDATE") || has(c, "EXDATE") {
		r.leave(c, leftDays)
	}
	r.records = append(r.records, f)
	return nil
}

func has(c *component, name string) bool {
	_, ok := c.get(name)
	return ok
}

// recur reads the rule of an item; one that nobody can carry leaves it single.
func (r *reader) recur(c *component, item pim.Item, rule string) (pim.Item, error) {
	with := item.Clone()
	base := pim.When{}
	switch x := item.(type) {
	case *pim.Appointment:
		base = x.When
		if p, _ := c.get("DTSTART"); !r.z.follows(p, x.When) {
			r.leave(c, leftZone)
		}
	case *pim.Task:
		if base.First = x.Start; base.First.IsZero() {
			base.First = x.Due
		}
		if p, ok := c.get(firstProperty); ok {
			m, err := r.z.moment(p)
			if err != nil {
				return nil, err
			}
			base.First = m.day
		}
		base.AllDay, base.Last = true, base.First
	}
	rec, err := pim.ParseRule(rule, base)
	if err == nil {
		with.Shared().Recurrence = rec
		with = pim.Canonical(with)
		err = pim.CheckSeries(with)
	}
	if err != nil || has(c, "RDATE") {
		if has(c, "RDATE") || has(c, "EXDATE") {
			r.leave(c, leftDays)
		}
	}
	if err != nil {
		return item, nil
	}
	a, event := with.(*pim.Appointment)
	if !event {
		return with, nil
	}
	timing, err := a.Recurrence.Timing(a.When)
	if err != nil {
		return item, nil
	}
	s := &recurring{record: len(r.records), pattern: a.Recurrence, timing: timing, allDay: a.When.AllDay}
	for _, p := range c.properties {
		if p.name != "EXDATE" {
			continue
		}
		for v := range strings.SplitSeq(p.raw, ",") {
			one := p
			one.raw = v
			m, err := r.z.moment(one)
			if err != nil {
				return nil, err
			}
			if at, ok := s.original(m); ok {
				s.deleted = append(s.deleted, at)
			}
		}
	}
	if uid := c.text("UID"); uid != "" {
		if _, twice := r.series[uid]; !twice {
			r.series[uid] = s
			return with, nil
		}
	}
	a.Recurrence.Deleted = s.deleted
	if all := pim.Canonical(a); pim.CheckSeries(all) == nil {
		return all, nil
	}
	a.Recurrence.Deleted = nil
	r.leave(c, leftDays)
	return with, nil
}

// follows tells whether the zone an appointment was given shows the same time as the
// file's own all year round: for one occurrence it was enough that it does at once.
func (z *zones) follows(start property, when pim.When) bool {
	tzid := start.param("TZID")
	d := z.defined[tzid]
	if when.AllDay || d == nil || d.location != nil || z.iana(tzid) != nil {
		return true
	}
	loc, err := time.LoadLocation(when.Zone)
	local, bad := time.Parse(localForm, strings.TrimSpace(start.raw))
	if err != nil || bad != nil {
		return true
	}
	for month := 0; month < 12; month += 3 {
		at := local.AddDate(0, month, 0)
		if !in(at, loc).Equal(at.Add(-d.offset(at))) {
			return false
		}
	}
	return true
}

// original finds the start the pattern gives an occurrence that a file names by a
// moment, or only by its day.
func (s *recurring) original(m moment) (time.Time, bool) {
	var (
		n  int
		ok bool
	)
	if m.isDate || s.allDay {
		n, ok = s.pattern.Number(m.day)
	} else {
		n, ok = s.timing.Index(m.at)
	}
	if !ok {
		return time.Time{}, false
	}
	return s.timing.Start(n)
}

// finish gives series their changed and deleted occurrences.
func (r *reader) finish() {
	for _, o := range r.changed {
		s := r.series[o.c.text("UID")]
		p, _ := o.c.get("RECURRENCE-ID")
		m, err := r.z.moment(p)
		if s == nil || err != nil {
			r.leave(o.c, leftChanged)
			continue
		}
		at, ok := s.original(m)
		switch {
		case !ok, len(s.overs) >= maxChanged:
			r.leave(o.c, leftChanged)
		case strings.EqualFold(o.c.text("STATUS"), "CANCELLED"):
			s.deleted = append(s.deleted, at)
		default:
			o.at = at
			s.overs = append(s.overs, o)
		}
	}
	for _, s := range r.series {
		r.settle(s)
	}
	slices.SortStableFunc(r.left, func(a, b Left) int { return cmp.Compare(a.Component, b.Component) })
}

// settle puts the occurrences into their series: all of them, or those that can be
// carried.
func (r *reader) settle(s *recurring) {
	f := &r.records[s.record]
	a := f.item.(*pim.Appointment)
	try := func(a *pim.Appointment, deleted []time.Time, overs []override) bool {
		b := a.Clone().(*pim.Appointment)
		b.Recurrence.Deleted = append(b.Recurrence.Deleted, deleted...)
		for _, o := range overs {
			b.Recurrence.Changed = append(b.Recurrence.Changed, pim.Exception{Original: o.at, Item: o.item})
		}
		b = pim.Canonical(b).(*pim.Appointment)
		if pim.CheckSeries(b) != nil {
			return false
		}
		f.item = b
		return true
	}
	if try(a, s.deleted, s.overs) {
		return
	}
	if !try(a, s.deleted, nil) {
		r.left = append(r.left, Left{f.number, leftDays})
	}
	for i, o := range s.overs {
		now := f.item.Shared().Recurrence
		r.tried += 1 + len(now.Deleted) + len(now.Changed)
		if i >= maxSingly || r.tried > maxTried || !try(f.item.(*pim.Appointment), nil, s.overs[i:i+1]) {
			r.leave(o.c, leftChanged)
		}
	}
}
