package exchange

import (
	"context"
	"sync"
	"time"

	"abgleich/agent/ews"
	"abgleich/agent/pim"
	"abgleich/agent/side/exchange/zone"
)

// zoneMemory remembers the zones that were found, for as long as the side lives: series
// are read again and again, and seldom change when they take place. The zero value is
// ready; it is safe for concurrent use.
type zoneMemory struct {
	mu    sync.Mutex
	zones map[zoneKey]string
}

// zoneKey is all that the search for a zone goes by.
type zoneKey struct {
	id         ews.ID
	name, home string
	start      int64
	pattern    ews.Recurrence
}

// mostZones bounds the memory; beyond it, it begins anew.
const mostZones = 10_000

func (z *zoneMemory) get(k zoneKey) (string, bool) {
	z.mu.Lock()
	defer z.mu.Unlock()
	name, ok := z.zones[k]
	return name, ok
}

func (z *zoneMemory) put(k zoneKey, name string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.zones == nil || len(z.zones) >= mostZones {
		z.zones = map[zoneKey]string{}
	}
	z.zones[k] = name
}

func (m mapping) zoneKey(id pim.ItemID, c *ews.CalendarFields) zoneKey {
	return zoneKey{ews.ID(id), c.StartTimeZone, m.windows, c.Start.UnixNano(), *c.Recurrence}
}

// findZones gives series in zones that nobody knows by name ("Customized Time Zone",
// "tzone://Microsoft/Custom": meetings sent by other programs have them) the zone they
// are in: one in which every occurrence that is looked at is where the server says it
// is, the user's own before all others. Where the clocks change is all that can be seen
// of it, so of several that are alike in that the first is taken. What fits none stays
// unknown.
func (f *folder) findZones(ctx context.Context, ids []pim.ItemID, masters []ews.ItemResult) error {
	var ask []ews.ItemID
	var of []int
	for i := range masters {
		c := masters[i].Item.Calendar
		if masters[i].Err != nil || c == nil || c.Recurrence == nil || c.AllDay || c.StartTimeZone == "" {
			continue
		}
		if _, known := zone.IANA(c.StartTimeZone); known {
			continue
		}
		if name, ok := f.zones.get(f.m.zoneKey(ids[i], c)); ok {
			c.StartTimeZone = name
			continue
		}
		for _, n := range samples(f.m.timingIn(c, f.m.windows)) {
			ask, of = append(ask, ews.ItemID{ID: ews.ID(ids[i]), Instance: n}), append(of, i)
		}
	}
	results, err := batch(ctx, ask, func(ctx context.Context, in []ews.ItemID) ([]ews.ItemResult, error) {
		return f.client.GetItem(ctx, in, ews.Shape{Fields: ews.Fields(ews.FieldStart, ews.FieldOriginalStart)})
	}, failedItem[ews.ItemID])
	if err != nil {
		return err
	}
	seen := map[int]map[int]time.Time{}
	for k, r := range results {
		i, n := of[k], ask[k].Instance
		if seen[i] == nil {
			seen[i] = map[int]time.Time{}
		}
		switch {
		case r.Err == nil && r.Item.Calendar != nil:
			if seen[i][n] = r.Item.Calendar.OriginalStart; seen[i][n].IsZero() {
				seen[i][n] = r.Item.Calendar.Start
			}
		case r.Err != nil && alreadyDone(r.Err): // a deleted one says nothing
		default:
			seen[i][n] = time.Time{} // not where anybody expects it
		}
	}
	for i, starts := range seen {
		c := masters[i].Item.Calendar
		if name, ok := f.m.zoneOf(c, starts); ok {
			f.zones.put(f.m.zoneKey(ids[i], c), name)
			c.StartTimeZone = name
		}
	}
	return nil
}

// zoneOf finds a zone in which occurrences begin when they do.
func (m mapping) zoneOf(c *ews.CalendarFields, starts map[int]time.Time) (string, bool) {
	if len(starts) == 0 {
		return "", false
	}
	for _, name := range append([]string{m.windows, zone.UTC}, zone.Names()...) {
		fits := true
		timing := m.timingIn(c, name)
		for n, want := range starts {
			if timing == nil {
				return "", false
			}
			got, ok := timing.Start(n)
			if fits = ok && got.Equal(want); !fits {
				break
			}
		}
		if fits {
			return name, true
		}
	}
	return "", false
}

// timingIn is when a series takes place if it is in a zone; nil for a pattern that is
// not understood.
func (m mapping) timingIn(c *ews.CalendarFields, windows string) *pim.Timing {
	in := *c
	in.StartTimeZone, in.Deletions = windows, nil
	when := m.when(&in)
	a, ok := pim.Canonical(&pim.Appointment{When: when, Common: pim.Common{Recurrence: m.series(&in, when)}}).(*pim.Appointment)
	if !ok || a.Recurrence == nil {
		return nil
	}
	timing, err := a.Recurrence.Timing(a.When)
	if err != nil {
		return nil
	}
	return timing
}

// samples are the occurrences of a series, by number, that tell zones apart: in the
// course of a year one a month, and one a week where the clocks change somewhere.
func samples(t *pim.Timing) (numbers []int) {
	if t == nil {
		return nil
	}
	const most, far = 40, 400
	var first, last time.Time
	for n, at := range t.Starts() {
		if n > far || !first.IsZero() && at.Sub(first) > 370*24*time.Hour || len(numbers) == most {
			break
		}
		if first.IsZero() {
			first = at
		}
		near := false
		switch at.Month() {
		case time.March, time.April, time.September, time.October, time.November:
			near = at.Sub(last) >= 7*24*time.Hour
		}
		if last.IsZero() || near || at.Month() != last.Month() {
			numbers, last = append(numbers, n), at
		}
	}
	return numbers
}
