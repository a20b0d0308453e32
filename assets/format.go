package assets

import (
	"strconv"
	"strings"
	"time"
)

// Int writes a whole number in groups, as the region or else the language does:
// 12.345, 12,345 or 12’345.
func (c *Catalog) Int(n int64) string {
	digits, sign := strconv.FormatInt(n, 10), ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	_, group, sizes := c.numbers()
	return sign + grouped(digits, group, sizes)
}

// When writes an instant as a person would say it at the instant now, in now's
// zone: minutes for what is within the hour, else the day and the clock.
func (c *Catalog) When(t, now time.Time) string {
	t = t.In(now.Location())
	switch d := now.Sub(t); {
	case d >= 0 && d < time.Minute:
		return c.T("time.now")
	case d >= 0 && d < time.Hour:
		return c.N("time.minutes-ago", int(d/time.Minute))
	case d < 0 && -d < time.Minute:
		return c.T("time.soon")
	case d < 0 && -d < time.Hour:
		return c.N("time.in-minutes", int(-d/time.Minute))
	}
	key := "time.date"
	switch day(t).Sub(day(now)) {
	case 0:
		key = "time.today"
	case -24 * time.Hour:
		key = "time.yesterday"
	case 24 * time.Hour:
		key = "time.tomorrow"
	}
	return c.T(key, "clock", c.Clock(t), "date", c.Date(t))
}

// day is the calendar day of t, as an instant in UTC so that days subtract to
// whole multiples of 24 hours whatever the zone's clock does.
func day(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// Clock writes the time of day, in t's own zone: 14:05 or 2:05 PM.
func (c *Catalog) Clock(t time.Time) string {
	if c.region.Clock != "" {
		return c.write(t, c.region.Clock)
	}
	return t.Format("15:04")
}

// Date writes the day, in t's own zone: 23.11.2026, 23 Nov 2026, or as the region
// does.
func (c *Catalog) Date(t time.Time) string {
	switch {
	case c.region.Date != "":
		return c.write(t, c.region.Date)
	case c.lang == English:
		return t.Format("2 Jan 2006")
	}
	return t.Format("02.01.2006")
}

// Span writes a length of time in one unit, rounded up: a person told "one
// minute" is content when it takes less.
func (c *Catalog) Span(d time.Duration) string {
	up := func(unit time.Duration) int { return int(max((d+unit-1)/unit, 1)) }
	switch {
	case d <= 55*time.Second:
		return c.N("span.seconds", up(time.Second))
	case d <= 90*time.Minute:
		return c.N("span.minutes", up(time.Minute))
	}
	return c.N("span.hours", up(time.Hour))
}

// Length writes how long something took: 0,8 s, 12 s, 3 min 20 s or 2 h 5 min.
func (c *Catalog) Length(d time.Duration) string {
	n := func(d time.Duration) string { return c.Int(int64(d)) }
	switch {
	case d < 10*time.Second:
		return c.decimal(d.Seconds()) + " s"
	case d < time.Minute:
		return n(d/time.Second) + " s"
	case d < time.Hour:
		return n(d/time.Minute) + " min " + n(d%time.Minute/time.Second) + " s"
	}
	return n(d/time.Hour) + " h " + n(d%time.Hour/time.Minute) + " min"
}

// Bytes writes an amount of data: 812 B, 3,4 kB or 12 MB.
func (c *Catalog) Bytes(n uint64) string {
	v := float64(n)
	for _, unit := range []string{" B", " kB", " MB"} {
		switch {
		case v < 1000 && (unit == " B" || v >= 10):
			return c.Int(int64(v+0.5)) + unit
		case v < 1000:
			return c.decimal(v) + unit
		}
		v /= 1000
	}
	return c.decimal(v) + " GB"
}

// decimal writes one place behind the decimal sign.
func (c *Catalog) decimal(v float64) string {
	sign, _, _ := c.numbers()
	return strings.Replace(strconv.FormatFloat(v, 'f', 1, 64), ".", sign, 1)
}
