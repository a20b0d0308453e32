package exchangesim

import (
	"strings"
	"time"

	"abgleich/agent/exchangesim/schema"
)

var zeroTime time.Time

// time reads an xs:dateTime; without an offset it is meant in loc.
func (x *setting) time(s string, loc *time.Location) (time.Time, bool) {
	t, zoned, ok := schema.ParseDateTime(strings.TrimSpace(s))
	if !ok {
		return t, false
	}
	if !zoned && loc != nil && loc != time.UTC {
		t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), loc)
	}
	return t.UTC().Truncate(time.Second), true
}

// day reads the date an xs:dateTime means in the caller's zone, as midnight UTC.
func (x *setting) day(s string) (time.Time, bool) {
	t, ok := x.time(s, x.loc)
	if !ok {
		return t, false
	}
	y, m, d := t.In(x.loc).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC), true
}

// elemDay writes a date as midnight in the caller's zone.
func (w *writer) elemDay(name string, day time.Time, loc *time.Location) {
	if loc != nil && loc != time.UTC {
		y, m, d := day.UTC().Date()
		day = time.Date(y, m, d, 0, 0, 0, 0, loc)
	}
	w.elemTime(name, day, loc)
}

// isoDuration writes a duration as xs:duration, in minutes at the finest.
func isoDuration(d time.Duration) string {
	minutes := int(d / time.Minute)
	var b strings.Builder
	b.WriteByte('P')
	if days := minutes / 1440; days > 0 {
		b.WriteString(itoa(days) + "D")
	}
	h, m := minutes%1440/60, minutes%60
	if h > 0 || m > 0 || minutes < 1440 {
		b.WriteByte('T')
		if h > 0 {
			b.WriteString(itoa(h) + "H")
		}
		if m > 0 || h == 0 {
			b.WriteString(itoa(m) + "M")
		}
	}
	return b.String()
}
