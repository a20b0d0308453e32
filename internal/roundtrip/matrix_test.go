package roundtrip

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// clocks are the zones of the matrix, each with a year in which it changes as told.
var clocks = []struct {
	what, zone string
	year       int
	changes    int
}{
	{"Europe", "Europe/Vienna", 2026, 2},
	{"at one in the night", "Europe/London", 2026, 2},
	{"America", "America/New_York", 2026, 2},
	{"half an hour beside", "America/St_Johns", 2026, 2},
	{"southern", "Australia/Sydney", 2026, 2},
	{"southern, by half an hour", "Australia/Lord_Howe", 2026, 2},
	{"southern, three quarters beside", "Pacific/Chatham", 2026, 2},
	{"southern, at midnight", "America/Santiago", 2026, 2},
	{"southern, at midnight, formerly", "America/Sao_Paulo", 2017, 2},
	{"at midnight", "Asia/Beirut", 2026, 2},
	{"at midnight, end at midnight", "Africa/Cairo", 2026, 2},
	{"none, by half an hour", "Asia/Kolkata", 2026, 0},
	{"none, by a quarter", "Asia/Kathmandu", 2026, 0},
	{"none, the farthest east", "Pacific/Kiritimati", 2026, 0},
	{"none", "UTC", 2026, 0},
}

// changesOf lists the instants at which a zone's offset changes in a year.
func changesOf(loc *time.Location, year int) []time.Time {
	var list []time.Time
	for at := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() == year; at = at.Add(15 * time.Minute) {
		_, before := at.Add(-time.Second).In(loc).Zone()
		if _, after := at.In(loc).Zone(); before != after {
			list = append(list, at)
		}
	}
	return list
}

// named is an item of the matrix.
type named struct {
	name string
	item *pim.Appointment
}

// singles are appointments before, at, across and after an instant, and all-day ones
// around its day.
func singles(at time.Time, zone string) []named {
	var list []named
	for _, by := range []time.Duration{-24 * time.Hour, -time.Hour, -30 * time.Minute, 0, 30 * time.Minute, time.Hour, 24 * time.Hour} {
		for _, long := range []time.Duration{0, 30 * time.Minute, 3 * time.Hour, 48 * time.Hour} {
			start := at.Add(by)
			list = append(list, named{fmt.Sprintf("%s from the change, %s long", by, long),
				&pim.Appointment{When: pim.When{Start: start, End: start.Add(long), Zone: zone}}})
		}
	}
	day := pim.DateOf(at)
	for n := -1; n <= 1; n++ {
		for _, long := range []int{0, 1, 7} {
			list = append(list, named{fmt.Sprintf("all-day, %d days from the change, %d more", n, long),
				&pim.Appointment{When: pim.When{AllDay: true, First: day.AddDays(n), Last: day.AddDays(n + long)}}})
		}
	}
	return list
}

// series are daily and weekly ones across a change: at nine, at the hours of the
// change, at midnight and all-day; each plain, and with one occurrence before, at and
// after the change moved, renamed, deleted, or with its all-day turned round.
func series(t *testing.T, at time.Time, zone string) []named {
	t.Helper()
	var list []named
	for _, p := range []struct {
		pattern pim.Pattern
		count   int
		days    int // between occurrences
	}{{pim.Daily, 9, 1}, {pim.Weekly, 7, 7}} {
		day := pim.DateOf(at).AddDays(-3 * p.days) // the change is on the day of the fourth
		for _, clock := range []int{0, 90, 150, 540, 1410, -1} {
			when := pim.When{AllDay: true, First: day, Last: day}
			if clock >= 0 {
				start := time.Date(day.Year, day.Month, day.Day, 0, clock, 0, 0, at.Location())
				when = pim.When{Start: start, End: start.Add(45 * time.Minute), Zone: zone}
			}
			plain := pim.Canonical(&pim.Appointment{When: when, Common: pim.Common{Subject: "Reihe",
				Recurrence: &pim.Recurrence{Pattern: p.pattern, Interval: 1, Count: p.count}}}).(*pim.Appointment)
			name := fmt.Sprintf("%s, minute %d of the day", p.pattern, clock)
			list = append(list, named{name, plain})
			timing, err := plain.Recurrence.Timing(plain.When)
			if err != nil {
				t.Fatal(err)
			}
			for n := 3; n <= 5; n++ {
				for how := range exceptions {
					if strings.HasPrefix(how, "two days") && p.days < 3 {
						continue // that is another's day
					}
					a := plain.Clone().(*pim.Appointment)
					original, _ := timing.Start(n)
					if how == "deleted" {
						a.Recurrence.Deleted = []time.Time{original}
					} else {
						o, _ := a.Occurrence(timing, n)
						exceptions[how](o, original, zone)
						a.Recurrence.Changed = []pim.Exception{{Original: original, Item: o}}
					}
					list = append(list, named{fmt.Sprintf("%s, the %d. %s", name, n, how), a})
				}
			}
		}
	}
	return list
}

// exceptions change one occurrence.
var exceptions = map[string]func(o *pim.Appointment, original time.Time, zone string){
	"deleted": nil,
	"renamed": func(o *pim.Appointment, _ time.Time, _ string) { o.Subject = "anders" },
	"moved": func(o *pim.Appointment, _ time.Time, _ string) {
		if o.When.AllDay {
			o.When.Last = o.When.Last.AddDays(1)
			return
		}
		o.When.Start, o.When.End = o.When.Start.Add(20*time.Minute), o.When.End.Add(80*time.Minute)
	},
	// Across the change, from one side of it to the other.
	"two days earlier": func(o *pim.Appointment, _ time.Time, zone string) { byDays(&o.When, zone, -2) },
	"two days later":   func(o *pim.Appointment, _ time.Time, zone string) { byDays(&o.When, zone, 2) },
	"turned": func(o *pim.Appointment, original time.Time, zone string) {
		if !o.When.AllDay {
			loc, err := time.LoadLocation(zone)
			if err != nil {
				panic(err)
			}
			day := pim.DateOf(original.In(loc))
			o.When = pim.When{AllDay: true, First: day, Last: day}
			return
		}
		start := o.When.First.In(time.UTC).Add(11 * time.Hour)
		o.When = pim.When{Start: start, End: start.Add(time.Hour), Zone: "UTC"}
	},
}

// byDays moves a time by days of the calendar, at the same hour of its zone.
func byDays(w *pim.When, zone string, days int) {
	if w.AllDay {
		w.First, w.Last = w.First.AddDays(days), w.Last.AddDays(days)
		return
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		panic(err)
	}
	long := w.End.Sub(w.Start)
	w.Start = w.Start.In(loc).AddDate(0, 0, days).UTC()
	w.End = w.Start.Add(long)
}

// TestNoHourShiftsOnTheWay takes the matrix of zones, changes of the clocks, all-day
// and timed, single and series with exceptions through both sides, for a person at
// home in Vienna, and where days begin oddly for one at home there.
func TestNoHourShiftsOnTheWay(t *testing.T) {
	w := newWorld(t)
	for _, c := range clocks {
		loc, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		changes := changesOf(loc, c.year)
		if len(changes) != c.changes {
			t.Fatalf("%s changes %v in %d", c.zone, changes, c.year)
		}
		if c.changes == 0 {
			changes = []time.Time{time.Date(c.year, 3, 29, 1, 0, 0, 0, time.UTC)}
		}
		homes := []string{"Europe/Vienna"}
		if strings.Contains(c.what, "midnight") || strings.Contains(c.what, "farthest") {
			homes = append(homes, c.zone)
		}
		for _, home := range homes {
			t.Run(fmt.Sprintf("%s (%s), at home in %s", c.what, c.zone, home), func(t *testing.T) {
				j := w.journey(t, pim.KindAppointment, home)
				for _, at := range changes {
					at = at.In(loc)
					j.matrix(t, loc, append(singles(at, c.zone), series(t, at, c.zone)...))
				}
			})
		}
	}
}

func (j *journey) matrix(t *testing.T, loc *time.Location, cells []named) {
	t.Helper()
	var items []pim.Item
	var names []string
	for _, c := range cells {
		a := pim.Canonical(c.item).(*pim.Appointment)
		if a.Subject = c.name; holds(j.rules.Exchange, j.home, a) {
			items, names = append(items, a), append(names, c.name)
		}
	}
	if len(items) < len(cells)*8/10 {
		t.Fatalf("Exchange holds only %d of %d", len(items), len(cells))
	}
	from := j.make(t, j.from, items)
	back := j.travel(t, from, true)
	for i, wrote := range items {
		a := wrote.(*pim.Appointment)
		for _, g := range []pim.Item{from[i].Item, back[i].Item} {
			if want, got := places(t, a), places(t, g.(*pim.Appointment)); want != got {
				t.Errorf("%s: takes place at\n%s, was written at\n%s", names[i], got, want)
			}
		}
		j.asExchangeHasIt(t, names[i], a, loc, back[i])
	}
}

// places tells when something takes place: instants in UTC, or days.
func places(t *testing.T, a *pim.Appointment) string {
	t.Helper()
	if a.Recurrence == nil {
		return span(a.When)
	}
	timing, err := a.Recurrence.Timing(a.When)
	if err != nil {
		t.Fatal(err)
	}
	now := map[int]string{}
	for _, d := range a.Recurrence.Deleted {
		n, _ := timing.Index(d)
		now[n] = "deleted"
	}
	for _, e := range a.Recurrence.Changed {
		n, _ := timing.Index(e.Original)
		now[n] = span(e.Item.When) + " " + e.Item.Subject
	}
	all := ""
	for n := range timing.Starts() {
		w, _ := timing.When(n, a.When.Zone)
		s := span(w)
		if e, ok := now[n]; ok {
			s = e
		}
		all += s + "\n"
	}
	return all
}

func span(w pim.When) string {
	if w.AllDay {
		return w.First.String() + " to " + w.Last.String()
	}
	return w.Start.UTC().Format(time.RFC3339) + " to " + w.End.UTC().Format(time.RFC3339)
}

// asExchangeHasIt compares what the person sees in Bert's calendar.
func (j *journey) asExchangeHasIt(t *testing.T, name string, wrote *pim.Appointment, loc *time.Location, g side.Got) {
	t.Helper()
	it, ok := j.w.sim.Mailbox("bert@lab.test").Get(exchangesim.ItemID(g.ID))
	if !ok {
		t.Fatalf("%s: not in the mailbox", name)
	}
	if wrote.Recurrence != nil {
		if wrote.When.AllDay {
			loc = j.home // its days begin there; those of other series where their clock is
		}
		if want, got := places(t, wrote), j.occurrences(t, it, loc); want != got {
			t.Errorf("%s: Exchange shows it at\n%s, was written at\n%s", name, got, want)
		}
		return
	}
	if wrote.When.AllDay {
		first, last := wrote.When.First.In(j.home), wrote.When.Last.AddDays(1).In(j.home)
		if !it.AllDay || !it.Start.Equal(first) || !it.End.Equal(last) {
			t.Errorf("%s: stands from %s to %s, not %s to %s", name, it.Start, it.End, first, last)
		}
		return
	}
	if it.AllDay || !it.Start.Equal(wrote.When.Start) || !it.End.Equal(wrote.When.End) {
		t.Errorf("%s: stands from %s to %s, not %s", name, it.Start, it.End, span(wrote.When))
	}
}

// occurrences tells where the server shows a series: an expansion that shares nothing
// with that of package pim, and is itself compared with rrule-go.
func (j *journey) occurrences(t *testing.T, it exchangesim.Item, loc *time.Location) string {
	t.Helper()
	list, err := j.w.sim.Mailbox("bert@lab.test").Occurrences(it.ID, it.Start.AddDate(-1, 0, 0), it.Start.AddDate(2, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	all := map[time.Time]string{}
	for _, d := range it.DeletedOccurrences() {
		all[d] = "deleted"
	}
	for _, o := range list {
		s := span(pim.When{Start: o.Start, End: o.End})
		if o.AllDay {
			s = span(pim.When{AllDay: true, First: pim.DateOf(o.Start.In(loc)), Last: pim.DateOf(o.End.In(loc)).AddDays(-1)})
		}
		if o.Exceptional {
			s += " " + o.Subject
		}
		all[o.OriginalStart] = s
	}
	text := ""
	for _, at := range slices.SortedFunc(maps.Keys(all), time.Time.Compare) {
		text += all[at] + "\n"
	}
	return text
}
