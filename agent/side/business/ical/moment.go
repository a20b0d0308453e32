package ical

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"abgleich/agent/pim"
)

// moment is a DATE or a DATE-TIME.
type moment struct {
	isDate bool
	at     time.Time // in UTC; zero for a date
	zone   string    // IANA
	day    pim.Date  // the day the clocks of the zone show
}

const (
	dateForm  = "20060102"
	localForm = "20060102T150405"
)

func (z *zones) moment(p property) (moment, error) {
	v := strings.TrimSpace(p.raw)
	if strings.EqualFold(p.param("VALUE"), "DATE") || len(v) == len(dateForm) {
		t, err := time.Parse(dateForm, v)
		if err != nil {
			return moment{}, err
		}
		if t.Year() < 1 {
			return moment{}, fmt.Errorf("year %d", t.Year())
		}
		return moment{isDate: true, day: pim.DateOf(t)}, nil
	}
	local, utc := strings.CutSuffix(v, "Z")
	t, err := time.Parse(localForm, local)
	if err != nil {
		return moment{}, err
	}
	// A year of room on either side, so that no zone leads out of 1 to 9999.
	if t.Year() < 2 || t.Year() > 9998 {
		return moment{}, fmt.Errorf("year %d", t.Year())
	}
	if utc {
		if loc := z.iana(p.param(zoneParameter)); loc != nil {
			return moment{at: t, zone: loc.String(), day: pim.DateOf(t.In(loc))}, nil
		}
		return moment{at: t, zone: "UTC", day: pim.DateOf(t)}, nil
	}
	at, zone, err := z.instant(p.param("TZID"), t)
	return moment{at: at, zone: zone, day: pim.DateOf(t)}, err
}

// end reads the end of an event, or works it out: from DURATION, or a day for a
// date and nothing for a time (RFC 5545, section 3.6.1).
func (z *zones) end(c *component, from moment, name string) (moment, error) {
	if p, ok := c.get(name); ok {
		to, err := z.moment(p)
		if err != nil {
			return moment{}, fmt.Errorf("%s: %w", name, err)
		}
		if to.isDate != from.isDate {
			return moment{}, fmt.Errorf("%s and DTSTART: a date and a time", name)
		}
		if to.isDate && to.day.Compare(from.day) <= 0 {
			to.day = from.day.AddDays(1)
		}
		return to, nil
	}
	to := from
	if from.isDate {
		to.day = from.day.AddDays(1)
	}
	p, ok := c.get("DURATION")
	if !ok {
		return to, nil
	}
	d, err := duration(p.raw)
	if err != nil || d < 0 {
		return moment{}, fmt.Errorf("DURATION: %q", p.raw)
	}
	if from.isDate {
		to.day = from.day.AddDays(max(1, int(d/(24*time.Hour))))
	} else {
		to.at = from.at.Add(d)
	}
	return to, nil
}

// alarm gives the moment of the first alarm that has one.
func (z *zones) alarm(c *component, from, to moment) (time.Time, bool, error) {
	for _, a := range c.inner {
		if a.name != "VALARM" {
			continue
		}
		p, ok := a.get("TRIGGER")
		if !ok {
			return time.Time{}, false, errors.New("VALARM without TRIGGER")
		}
		if strings.EqualFold(p.param("VALUE"), "DATE-TIME") {
			m, err := z.moment(p)
			if err != nil || m.isDate {
				return time.Time{}, false, fmt.Errorf("TRIGGER: %q", p.raw)
			}
			return m.at, true, nil
		}
		d, err := duration(p.raw)
		if err != nil {
			return time.Time{}, false, fmt.Errorf("TRIGGER: %w", err)
		}
		base := from
		if strings.EqualFold(p.param("RELATED"), "END") {
			base = to
		}
		if base == (moment{}) {
			continue // a task without dates has nothing to be relative to
		}
		if base.isDate {
			base.at = base.day.In(z.home)
		}
		return base.at.Add(d), true, nil
	}
	return time.Time{}, false, nil
}

// duration reads RFC 5545, section 3.3.6: P3W, -PT15M, P1DT2H. At most 20 years.
func duration(s string) (time.Duration, error) {
	bad := fmt.Errorf("duration %q", s)
	s = strings.TrimSpace(s)
	rest, negative := strings.CutPrefix(s, "-")
	rest = strings.TrimPrefix(rest, "+")
	rest, ok := strings.CutPrefix(rest, "P")
	if !ok || rest == "" {
		return 0, bad
	}
	var (
		d    time.Duration
		time = map[bool]map[byte]int64{
			false: {'W': 7 * 86400, 'D': 86400},
			true:  {'H': 3600, 'M': 60, 'S': 1},
		}
		clock bool
	)
	for rest != "" {
		if rest[0] == 'T' && !clock {
			if clock, rest = true, rest[1:]; rest == "" {
				return 0, bad
			}
			continue
		}
		n := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if n <= 0 || n > 9 {
			return 0, bad
		}
		unit, ok := time[clock][rest[n]]
		count, err := strconv.ParseInt(rest[:n], 10, 64)
		if !ok || err != nil || count*unit > 20*366*86400 {
			return 0, bad
		}
		d += secondsOf(count * unit)
		rest = rest[n+1:]
	}
	if negative {
		d = -d
	}
	return d, nil
}

func secondsOf(n int64) time.Duration { return time.Duration(n) * time.Second }
