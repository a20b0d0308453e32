package ical

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// zones knows the time zones of one file.
type zones struct {
	home    *time.Location // the employee's
	defined map[string]*defined
	named   map[string]*time.Location // what iana found
}

// defined is a VTIMEZONE: its changes in the order of the local time they happen at.
type defined struct {
	location *time.Location // the IANA zone it says it is (X-LIC-LOCATION), or nil
	changes  []change
}

type change struct {
	at       time.Time // local time before the change, written as UTC
	from, to time.Duration
}

func newZones(home *time.Location, calendars []*component) (*zones, error) {
	z := &zones{home: home, defined: map[string]*defined{}, named: map[string]*time.Location{}}
	f := &follower{left: maxOnsets, done: map[string][]time.Time{}}
	for _, cal := range calendars {
		for _, c := range cal.inner {
			if c.name != "VTIMEZONE" {
				continue
			}
			id := c.text("TZID")
			d, err := define(c, f)
			if err != nil {
				return nil, fmt.Errorf("time zone %q: %w", id, err)
			}
			z.defined[id] = d
		}
	}
	return z, nil
}

// instant gives the moment at which the clocks of a zone show a local time (written
// as UTC), and the IANA name to remember it with. A name the time zone database
// knows is worth more than the file's own definition of it.
func (z *zones) instant(tzid string, local time.Time) (time.Time, string, error) {
	if tzid == "" {
		return in(local, z.home), z.home.String(), nil
	}
	if loc := z.iana(tzid); loc != nil {
		return in(local, loc), loc.String(), nil
	}
	d := z.defined[tzid]
	if d == nil {
		return time.Time{}, "", fmt.Errorf("time zone %q is not known and not defined in the file", tzid)
	}
	if d.location != nil {
		return in(local, d.location), d.location.String(), nil
	}
	at := local.Add(-d.offset(local))
	// A zone without a name: the employee's, if its clocks agree at that moment.
	if home := in(local, z.home); home.Equal(at) {
		return at, z.home.String(), nil
	}
	return at, "UTC", nil
}

func in(local time.Time, loc *time.Location) time.Time {
	y, m, d := local.Date()
	return time.Date(y, m, d, local.Hour(), local.Minute(), local.Second(), 0, loc).UTC()
}

// iana remembers what it found: a series may name its zone with every occurrence, and
// the zone is read from a file.
func (z *zones) iana(tzid string) *time.Location {
	loc := z.named[tzid]
	if loc == nil {
		if loc = iana(tzid); loc != nil {
			z.named[tzid] = loc
		}
	}
	return loc
}

// maxName is how many bytes of a zone's name are looked at, and maxParts how many
// parts its IANA name has at most (America/Argentina/Buenos_Aires).
const (
	maxName  = 255
	maxParts = 3
)

// iana finds the zone in a name such as Europe/Vienna or
// /freeassociation.sourceforge.net/Europe/Vienna.
func iana(tzid string) *time.Location {
	if len(tzid) > maxName {
		return nil
	}
	parts := strings.Split(strings.Trim(tzid, "/"), "/")
	if n := len(parts) - maxParts; n > 0 && strings.HasPrefix(tzid, "/") {
		parts = parts[n:]
	}
	for len(parts) > 0 {
		name := strings.Join(parts, "/")
		if name != "" && name != "Local" {
			if loc, err := time.LoadLocation(name); err == nil {
				return loc
			}
		}
		if !strings.HasPrefix(tzid, "/") {
			return nil
		}
		parts = parts[1:]
	}
	return nil
}

// offset is what the zone is ahead of UTC when its clocks show local.
func (d *defined) offset(local time.Time) time.Duration {
	n, found := slices.BinarySearchFunc(d.changes, local, func(c change, t time.Time) int { return c.at.Compare(t) })
	if found {
		return d.changes[n].to
	}
	if n == 0 {
		return d.changes[0].from
	}
	return d.changes[n-1].to
}

func define(c *component, f *follower) (*defined, error) {
	d := &defined{location: iana(c.text("X-LIC-LOCATION"))}
	for _, o := range c.inner {
		if o.name != "STANDARD" && o.name != "DAYLIGHT" {
			continue
		}
		from, err := offset(o.text("TZOFFSETFROM"))
		if err != nil {
			return nil, err
		}
		to, err := offset(o.text("TZOFFSETTO"))
		if err != nil {
			return nil, err
		}
		at, err := onsets(o, f)
		if err != nil {
			return nil, err
		}
		for _, t := range at {
			d.changes = append(d.changes, change{t, from, to})
		}
	}
	if len(d.changes) == 0 {
		return nil, errors.New("neither STANDARD nor DAYLIGHT")
	}
	slices.SortFunc(d.changes, func(a, b change) int { return a.at.Compare(b.at) })
	return d, nil
}

// Rules of zones are followed from firstYear (Outlook lets them begin in 1601) to
// lastYear. One has at most maxZoneRule bytes, and all those of a file together are
// followed for at most maxOnsets years or changes, equal ones once: a file that asks
// for more is no calendar.
const (
	firstYear   = 1900
	lastYear    = 2100
	maxZoneRule = 160
	maxOnsets   = 20_000
)

var errZoneWork = errors.New("too many rules and changes in the file's time zones")

func onsets(o *component, f *follower) ([]time.Time, error) {
	start, err := time.Parse("20060102T150405", strings.TrimSpace(o.text("DTSTART")))
	if err != nil {
		return nil, fmt.Errorf("DTSTART: %w", err)
	}
	all := []time.Time{start}
	for _, p := range o.properties {
		switch p.name {
		case "RDATE":
			for v := range strings.SplitSeq(p.raw, ",") {
				t, err := time.Parse("20060102T150405", strings.TrimSpace(v))
				if err != nil {
					return nil, fmt.Errorf("RDATE: %w", err)
				}
				all = append(all, t)
			}
		case "RRULE":
			more, err := f.follow(p.raw, start)
			if err != nil {
				return nil, fmt.Errorf("RRULE: %w", err)
			}
			all = append(all, more...)
		}
	}
	return all, nil
}

// follower follows the rules of a file's zones.
type follower struct {
	left int                    // of maxOnsets
	done map[string][]time.Time // by rule and start
}

// follow gives the changes a rule says.
func (f *follower) follow(text string, start time.Time) ([]time.Time, error) {
	if len(text) > maxZoneRule {
		return nil, errors.New("too long")
	}
	key := start.Format(localForm) + text
	if all, ok := f.done[key]; ok {
		return all, nil
	}
	all, err := f.expand(text, start)
	if err == nil {
		f.done[key] = all
	}
	return all, err
}

func (f *follower) expand(text string, start time.Time) ([]time.Time, error) {
	opt, err := rrule.StrToROption(text)
	if err != nil {
		return nil, err
	}
	if opt.Freq != rrule.YEARLY || len(opt.Byhour)+len(opt.Byminute)+len(opt.Bysecond) > 0 || start.Year() < 1 {
		return nil, errors.New("only yearly rules make sense in a time zone")
	}
	if opt.Interval == 0 {
		opt.Interval = 1
	}
	opt.Dtstart = start
	if skip := firstYear - start.Year(); skip > 0 && opt.Interval > 0 && opt.Count == 0 && start.Day() <= 28 {
		opt.Dtstart = start.AddDate((skip+opt.Interval-1)/opt.Interval*opt.Interval, 0, 0)
	}
	if end := time.Date(lastYear, 1, 1, 0, 0, 0, 0, time.UTC); opt.Until.IsZero() || opt.Until.After(end) {
		opt.Until = end
	}
	rule, err := rrule.NewRRule(*opt)
	if err != nil {
		return nil, err
	}
	years := max(opt.Until.Year()-opt.Dtstart.Year(), 0)/opt.Interval + 1
	if f.left -= years; f.left < 0 {
		return nil, errZoneWork
	}
	var all []time.Time
	for next := rule.Iterator(); ; {
		t, ok := next()
		if !ok {
			return all, nil
		}
		if all = append(all, t); len(all) > years {
			if f.left--; f.left < 0 {
				return nil, errZoneWork
			}
		}
	}
}

// offset reads +0100, -0330 or +053000.
func offset(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	bad := fmt.Errorf("offset %q", s)
	if len(s) != 5 && len(s) != 7 || s[0] != '+' && s[0] != '-' {
		return 0, bad
	}
	var d time.Duration
	for i, unit := 1, time.Hour; i < len(s); i, unit = i+2, unit/60 {
		n, err := strconv.ParseUint(s[i:i+2], 10, 8)
		if err != nil || n > 59 {
			return 0, bad
		}
		d += time.Duration(n) * unit
	}
	if s[0] == '-' {
		d = -d
	}
	return d, nil
}
