package exchangesim

import (
	"strconv"
	"strings"
	"time"

	"abgleich/agent/exchangesim/xmltree"
)

// zoneRule is a zone the way Windows writes it: two offsets and the days of the year
// they change on. Offsets are seconds east of UTC.
type zoneRule struct {
	standard, daylight     int // equal in zones without daylight saving
	toStandard, toDaylight zoneChange
}

// zoneChange is a day of every year: the nth (5: the last) weekday of a month, at a
// time of day on the clock that ends.
type zoneChange struct {
	month   time.Month
	weekday time.Weekday
	nth     int
	at      time.Duration
}

func (r *zoneRule) changes() bool { return r.standard != r.daylight }

// ruleOf reads the rule of a location in a year. Zones that change more than twice in
// a year have no Windows rule; they are given their standard offset.
func ruleOf(loc *time.Location, year int) zoneRule {
	_, first := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).In(loc).Zone()
	r := zoneRule{standard: first, daylight: first}
	shifts := shiftsOf(loc, year)
	if len(shifts) != 2 {
		return r
	}
	for _, at := range shifts {
		_, before := at.Add(-time.Second).In(loc).Zone()
		_, after := at.In(loc).Zone()
		change := changeOf(loc, at, before)
		if after > before {
			r.standard, r.daylight, r.toDaylight = before, after, change
		} else {
			r.toStandard = change
		}
	}
	return r
}

// shiftsOf lists the instants of a year at which the offset changes.
func shiftsOf(loc *time.Location, year int) []time.Time {
	var list []time.Time
	offset := func(t time.Time) int { _, o := t.In(loc).Zone(); return o }
	end := time.Date(year+1, 1, 1, 0, 0, 0, 0, time.UTC)
	for day := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC); day.Before(end); day = day.AddDate(0, 0, 1) {
		low, high := day, day.AddDate(0, 0, 1)
		if offset(low) == offset(high) {
			continue
		}
		for high.Sub(low) > time.Second {
			if mid := low.Add(high.Sub(low) / 2).Truncate(time.Second); offset(mid) == offset(low) {
				low = mid
			} else {
				high = mid
			}
		}
		list = append(list, high)
	}
	return list
}

// changeOf names the day of a change. Whether a fourth weekday is the last is told by
// the years that follow.
func changeOf(loc *time.Location, at time.Time, before int) zoneChange {
	wallOf := func(t time.Time) time.Time { return t.Add(time.Duration(before) * time.Second).UTC() }
	w := wallOf(at)
	c := zoneChange{month: w.Month(), weekday: w.Weekday(), nth: (w.Day()-1)/7 + 1, at: sinceMidnight(w)}
	last := true
	for y := range 6 {
		for _, s := range shiftsOf(loc, at.Year()+y) {
			if n := wallOf(s); n.Month() == c.month && n.Day()+7 <= daysIn(n.Year(), n.Month()) {
				last = false
			}
		}
	}
	if last {
		c.nth = 5
	}
	return c
}

// in is the moment of the change in a year, on the clock that ends.
func (c *zoneChange) in(year int) time.Time {
	first := time.Date(year, c.month, 1, 0, 0, 0, 0, time.UTC)
	day := 1 + (int(c.weekday)-int(first.Weekday())+7)%7 + 7*(max(c.nth, 1)-1)
	for length := daysIn(year, c.month); day > length; {
		day -= 7
	}
	return time.Date(year, c.month, day, 0, 0, 0, 0, time.UTC).Add(c.at)
}

// offset is the offset at an instant.
func (r *zoneRule) offset(t time.Time) int {
	if !r.changes() {
		return r.standard
	}
	year := t.UTC().Add(time.Duration(r.standard) * time.Second).Year()
	start := r.toDaylight.in(year).Add(-time.Duration(r.standard) * time.Second)
	end := r.toStandard.in(year).Add(-time.Duration(r.daylight) * time.Second)
	summer := !t.Before(start) && t.Before(end)
	if end.Before(start) { // the southern half of the world
		summer = !t.Before(start) || t.Before(end)
	}
	if summer {
		return r.daylight
	}
	return r.standard
}

// local is the time on the wall at an instant, as if it were UTC.
func (r *zoneRule) local(t time.Time) time.Time {
	return t.UTC().Add(time.Duration(r.offset(t)) * time.Second)
}

// instant reads a time on the wall; one that comes twice is the first.
func (r *zoneRule) instant(local time.Time) time.Time {
	summer := local.Add(-time.Duration(r.daylight) * time.Second)
	if r.offset(summer) == r.daylight {
		return summer
	}
	return local.Add(-time.Duration(r.standard) * time.Second)
}

// readRule reads a SerializableTimeZone, whose biases are minutes west of UTC; ok is
// false for months and days no year has.
func readRule(n *xmltree.Node) (r zoneRule, ok bool) {
	number := func(n *xmltree.Node, name string) int {
		v, _ := strconv.Atoi(strings.TrimSpace(n.ChildText(name)))
		return v
	}
	ok = true
	change := func(name string) (zoneChange, int) {
		e := n.Child(name)
		c := zoneChange{month: time.Month(number(e, "Month")), weekday: time.Weekday(weekdayNumber(e.ChildText("DayOfWeek"))), nth: number(e, "DayOrder")}
		at, err := time.Parse(time.TimeOnly, strings.TrimSpace(e.ChildText("Time")))
		if err != nil || c.month < 1 || c.month > 12 || c.nth < 1 || c.nth > 5 || c.weekday < 0 {
			ok = false
		}
		c.at = sinceMidnight(at)
		return c, number(e, "Bias")
	}
	bias := number(n, "Bias")
	var standard, daylight int
	r.toStandard, standard = change("StandardTime")
	r.toDaylight, daylight = change("DaylightTime")
	r.standard, r.daylight = -60*(bias+standard), -60*(bias+daylight)
	return r, ok && max(r.standard, -r.standard, r.daylight, -r.daylight) < 24*3600
}

// writeRule writes a SerializableTimeZone.
func (w *writer) writeRule(r *zoneRule) {
	w.s("<t:TimeZone>")
	w.elemInt("Bias", -r.standard/60)
	for _, x := range []struct {
		name   string
		offset int
		change zoneChange
	}{{"StandardTime", r.standard, r.toStandard}, {"DaylightTime", r.daylight, r.toDaylight}} {
		w.open(x.name)
		w.elemInt("Bias", (r.standard-x.offset)/60)
		w.elem("Time", time.Time{}.Add(x.change.at).Format(time.TimeOnly))
		w.elemInt("DayOrder", max(x.change.nth, 1))
		w.elemInt("Month", max(int(x.change.month), 1))
		w.elem("DayOfWeek", x.change.weekday.String())
		w.close(x.name)
	}
	w.s("</t:TimeZone>")
}

// definition writes a TimeZoneDefinition, with its rule of this year when full.
func (w *writer) definition(z *zone, year int, full bool) {
	w.s("<t:TimeZoneDefinition")
	w.attr("Id", z.id)
	w.attr("Name", z.id)
	if !full {
		w.s("/>")
		return
	}
	r := ruleOf(z.loc, year)
	id := "trule:Microsoft/Registry/" + z.id + "/" + strconv.Itoa(year) + "-"
	period := func(name string, offset int) {
		w.s("<t:Period")
		w.attr("Bias", xsDuration(-offset))
		w.attr("Name", name)
		w.attr("Id", id+name)
		w.s("/>")
	}
	w.s("><t:Periods>")
	period("Standard", r.standard)
	if r.changes() {
		period("Daylight", r.daylight)
	}
	w.s(`</t:Periods><t:TransitionsGroups><t:TransitionsGroup Id="0">`)
	to := func(name string) {
		w.s(`<t:To Kind="Period">`)
		w.text(id + name)
		w.s(`</t:To>`)
	}
	recurring := func(name string, c zoneChange) {
		w.s("<t:RecurringDayTransition>")
		to(name)
		w.elem("TimeOffset", xsDuration(int(c.at/time.Second)))
		w.elemInt("Month", int(c.month))
		w.elem("DayOfWeek", c.weekday.String())
		if c.nth == 5 {
			c.nth = -1
		}
		w.elemInt("Occurrence", c.nth)
		w.s("</t:RecurringDayTransition>")
	}
	if r.changes() {
		recurring("Daylight", r.toDaylight)
		recurring("Standard", r.toStandard)
	} else {
		w.s("<t:Transition>")
		to("Standard")
		w.s("</t:Transition>")
	}
	w.s(`</t:TransitionsGroup></t:TransitionsGroups><t:Transitions><t:Transition><t:To Kind="Group">0</t:To></t:Transition></t:Transitions></t:TimeZoneDefinition>`)
}

// xsDuration writes seconds as xs:duration.
func xsDuration(seconds int) string {
	sign := ""
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	s := sign + "PT" + itoa(seconds/3600) + "H" + itoa(seconds%3600/60) + "M"
	if seconds%60 > 0 {
		s += itoa(seconds%60) + "S"
	}
	return s
}
