package exchangesim

import (
	"slices"
	"time"
)

// exception is one changed occurrence of a series. Fields that are not its own come
// from the master, now and after later changes of the master.
type exception struct {
	day  int // where the pattern puts it
	own  fieldSet
	item *Item
	copy []func(to, from *Item) // of own
}

func newException(day int, own fieldSet, it *Item) exception {
	e := exception{day: day, own: own, item: it}
	for i := range fields {
		if own.has(i) && fields[i].copy != nil {
			e.copy = append(e.copy, fields[i].copy)
		}
	}
	if own.has(propertyBit) {
		e.copy = append(e.copy, func(to, from *Item) { to.Properties = from.Properties })
	}
	return e
}

// clock answers the times of day of a master: its start and end since midnight of
// the start's day, as the clock on the wall shows them.
func (it *Item) clock() (start, end time.Duration, loc *time.Location) {
	loc = it.loc
	if loc == nil {
		loc = time.UTC
	}
	s, e := it.Start.In(loc), it.End.In(loc)
	return sinceMidnight(s), time.Duration(dayOf(e)-dayOf(s))*24*time.Hour + sinceMidnight(e), loc
}

func sinceMidnight(t time.Time) time.Duration {
	h, m, s := t.Clock()
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second
}

// times are the start and end of the occurrence on a day of the pattern. One that
// begins in the hour a clock skips does not end before it begins.
func (it *Item) times(day int) (start, end time.Time) {
	s, e, loc := it.clock()
	start, end = wall(day, s, loc), wall(day, e, loc)
	if end.Before(start) {
		end = start
	}
	return start, end
}

// anchor moves a master to the first day of its pattern, as Exchange does, and
// answers a response code for patterns without any. The master's date says nothing,
// its time of day everything. The start of the pattern's range stays as written.
func (it *Item) anchor() string {
	if it.Recurrence == nil || it.Kind != Appointment {
		it.exceptions, it.removed = nil, nil
		return ""
	}
	rec := *it.Recurrence
	if _, ok := parseDay(rec.Start); !ok {
		_, _, loc := it.clock()
		rec.Start = it.Start.In(loc).Format(time.DateOnly)
	}
	if rec.Pattern == "WeeklyRecurrence" && rec.FirstDayOfWeek == "" {
		rec.FirstDayOfWeek = "Sunday"
	}
	for _, day := range rec.days() {
		it.Recurrence = &rec
		it.Start, it.End = it.times(day)
		return ""
	}
	return "ErrorRecurrenceHasNoOccurrence"
}

// settle brings a saved series into order: another pattern or other times erase
// its exceptions (MS-OXOCAL 3.1.4.7.3.5); another end keeps those before it.
func (it *Item) settle(old *Item) string {
	if code := it.anchor(); code != "" || it.Recurrence == nil || old.Recurrence == nil {
		return code
	}
	a, b := *old.Recurrence, *it.Recurrence
	ends := a.End != b.End || a.Count != b.Count
	a.End, a.Count, b.End, b.Count = "", 0, "", 0
	if a != b || !it.Start.Equal(old.Start) || !it.End.Equal(old.End) || it.AllDay != old.AllDay || it.Zone != old.Zone {
		it.exceptions, it.removed = nil, nil
	}
	if !ends {
		return ""
	}
	it.exceptions = slices.DeleteFunc(slices.Clone(it.exceptions), func(e exception) bool { return it.indexOf(e.day) == 0 })
	it.removed = slices.DeleteFunc(slices.Clone(it.removed), func(d int) bool { return it.indexOf(d) == 0 })
	for range it.there() {
		return ""
	}
	return "ErrorRecurrenceHasNoOccurrence"
}

// indexOf is the 1-based index of a day in the pattern, 0 when it isn't in it.
func (it *Item) indexOf(day int) int {
	if it.Recurrence != nil {
		for i, d := range it.Recurrence.days() {
			if d == day {
				return i
			}
			if d > day {
				break
			}
		}
	}
	return 0
}

func (it *Item) exception(day int) *exception {
	i, ok := slices.BinarySearchFunc(it.exceptions, day, func(e exception, d int) int { return e.day - d })
	if !ok {
		return nil
	}
	return &it.exceptions[i]
}

func (it *Item) isRemoved(day int) bool {
	_, ok := slices.BinarySearch(it.removed, day)
	return ok
}

// plain is an occurrence as the pattern gives it.
func (it *Item) plain(day int) *Item {
	o := *it
	o.Recurrence, o.exceptions, o.removed = nil, nil, nil
	o.master, o.day = it, day
	o.Start, o.End = it.times(day)
	o.MasterID, o.OriginalStart = it.ID, o.Start
	o.ID = occurrenceID(it.ID, it.num, day)
	return &o
}

func occurrenceID(master ItemID, num uint64, day int) ItemID {
	box, _, _ := decodeID(idItem, string(master), 1)
	return ItemID(encodeID(idOccurrence, box, num, uint64(day)))
}

// occurrence is an occurrence as it is now.
func (it *Item) occurrence(day int) *Item {
	o := it.plain(day)
	e := it.exception(day)
	if e == nil {
		return o
	}
	o.Exceptional = true
	for _, take := range e.copy {
		take(o, e.item)
	}
	return o
}

// there walks the days of all occurrences that are not deleted.
func (it *Item) there() func(func(int) bool) {
	return func(yield func(int) bool) {
		for _, day := range it.Recurrence.days() {
			if !it.isRemoved(day) && !yield(day) {
				return
			}
		}
	}
}

// between lists the occurrences that overlap a time, in no order.
func (it *Item) between(start, end time.Time) (list []*Item) {
	clockStart, clockEnd, loc := it.clock()
	from := dayOf(start.In(loc)) - int((clockEnd-clockStart)/(24*time.Hour)) - 2
	for day := range it.there() {
		if day < from || it.exception(day) != nil {
			continue
		}
		s := wall(day, clockStart, loc)
		if !s.Before(end) {
			break
		}
		if o := it.plain(day); overlaps(o.Start, o.End, start, end) {
			list = append(list, o)
		}
	}
	for i := range it.exceptions {
		if o := it.occurrence(it.exceptions[i].day); overlaps(o.Start, o.End, start, end) {
			list = append(list, o)
		}
	}
	return list
}

func overlaps(start, end, from, to time.Time) bool {
	return start.Before(to) && (end.After(from) || start.Equal(end) && start.Equal(from))
}

// withException is the master with one occurrence changed.
func (it *Item) withException(e exception) *Item {
	next := *it
	i, found := slices.BinarySearchFunc(it.exceptions, e.day, func(x exception, d int) int { return x.day - d })
	next.exceptions = slices.Clone(it.exceptions)
	if found {
		next.exceptions[i] = e
	} else {
		next.exceptions = slices.Insert(next.exceptions, i, e)
	}
	return &next
}

// without is the master with one occurrence deleted; nil when it was the last one.
func (it *Item) without(day int) *Item {
	next := *it
	next.exceptions = slices.DeleteFunc(slices.Clone(it.exceptions), func(e exception) bool { return e.day == day })
	i, _ := slices.BinarySearch(it.removed, day)
	next.removed = slices.Insert(slices.Clone(it.removed), i, day)
	for range next.there() {
		return &next
	}
	return nil
}

// crosses tells whether a changed occurrence would stand on or beyond the day of
// the one before or after it.
func (it *Item) crosses(o *Item) bool {
	_, _, loc := it.clock()
	at := dayOf(o.Start.In(loc))
	before, after := -1<<31, 1<<31-1
	for day := range it.there() {
		if day == o.day {
			continue
		}
		actual := day
		if it.exception(day) != nil {
			actual = dayOf(it.occurrence(day).Start.In(loc))
		}
		if day > o.day {
			after = actual
			break
		}
		before = actual
	}
	return at <= before || at >= after
}
