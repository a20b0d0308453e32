package pim_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"abgleich/agent/pim"
	"abgleich/agent/side/sidetest"
)

func TestADayBeginsAtItsFirstInstant(t *testing.T) {
	for name, c := range map[string]struct{ zone, day, want string }{
		"an ordinary day":                           {"Europe/Vienna", "2026-05-01", "2026-05-01T00:00:00+02:00"},
		"the day clocks go forward, at two":         {"Europe/Vienna", "2026-03-29", "2026-03-29T00:00:00+01:00"},
		"the day clocks go back, at three":          {"Europe/Vienna", "2026-10-25", "2026-10-25T00:00:00+02:00"},
		"midnight does not exist in São Paulo":      {"America/Sao_Paulo", "2017-10-15", "2017-10-15T01:00:00-02:00"},
		"midnight does not exist in Beirut":         {"Asia/Beirut", "2021-03-28", "2021-03-28T01:00:00+03:00"},
		"midnight does not exist in Cairo":          {"Africa/Cairo", "2024-04-26", "2024-04-26T01:00:00+03:00"},
		"the hour before midnight comes twice":      {"America/Sao_Paulo", "2018-02-18", "2018-02-18T00:00:00-03:00"},
		"the hour after midnight comes twice, west": {"America/Havana", "2021-11-07", "2021-11-07T00:00:00-04:00"},
		"the hour after midnight comes twice, east": {"Asia/Amman", "2021-10-29", "2021-10-29T00:00:00+03:00"},
		"half an hour's daylight saving":            {"Australia/Lord_Howe", "2026-10-04", "2026-10-04T00:00:00+10:30"},
		"quarter hours":                             {"Asia/Kathmandu", "2026-05-01", "2026-05-01T00:00:00+05:45"},
		"a day that Samoa left out":                 {"Pacific/Apia", "2011-12-30", "2011-12-31T00:00:00+14:00"},
		"the furthest east":                         {"Pacific/Kiritimati", "2026-05-01", "2026-05-01T00:00:00+14:00"},
		"no zone at all":                            {"UTC", "2026-05-01", "2026-05-01T00:00:00Z"},
		"the last day of a leap year far ahead":     {"Europe/Vienna", "2040-12-31", "2040-12-31T00:00:00+01:00"},
		"the day after it":                          {"America/New_York", "2045-01-01", "2045-01-01T00:00:00-05:00"},
		"the same day south of the equator":         {"Pacific/Chatham", "2044-12-31", "2044-12-31T00:00:00+13:45"},
		"long ago, by the sun":                      {"Asia/Manila", "1800-01-01", "1800-01-01T00:00:00-15:56"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := pim.ParseDate(c.day)
			if err != nil {
				t.Fatal(err)
			}
			if got := d.In(zone(t, c.zone)).Format(time.RFC3339); got != c.want {
				t.Errorf("%s begins at %s, want %s", d, got, c.want)
			}
		})
	}
}

func TestNothingOfADayComesBeforeItBegins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		loc, err := time.LoadLocation(rapid.SampledFrom(append(sidetest.Zones(), "Asia/Amman", "America/Havana")).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		d := pim.Date{Year: 1970, Month: 1, Day: 1}.AddDays(rapid.IntRange(0, 25000).Draw(t, "day"))
		begin := d.In(loc)
		if got := pim.DateOf(begin); got != d && !(got == d.AddDays(1) && loc.String() == "Pacific/Kiritimati") {
			t.Fatalf("%s begins at %s", d, begin)
		}
		if begin.Location() != loc {
			t.Fatalf("the instant is in %s", begin.Location())
		}
		for m := 1; m <= 26*4; m++ {
			before := begin.Add(-time.Duration(m) * 15 * time.Minute)
			if pim.DateOf(before) == d {
				t.Fatalf("%s begins at %s, but %s is part of it", d, begin, before)
			}
		}
		if last := begin.Add(-time.Second); pim.DateOf(last) == d {
			t.Fatalf("%s begins at %s, but the second before is part of it", d, begin)
		}
	})
}

func TestDateArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := pim.Date{Year: rapid.IntRange(1, 9000).Draw(t, "year"), Month: 1, Day: 1}.AddDays(rapid.IntRange(0, 365).Draw(t, "day"))
		n := rapid.IntRange(-300, 300).Draw(t, "n")
		e := d.AddDays(n)
		if e.AddDays(-n) != d {
			t.Fatalf("%s and %d days and back is %s", d, n, e.AddDays(-n))
		}
		if got := e.Compare(d); got != sign(n) || d.Compare(e) != -got {
			t.Fatalf("%s against %s: %d", e, d, got)
		}
		if e.Year >= 1 {
			if back, err := pim.ParseDate(e.String()); err != nil || back != e {
				t.Fatalf("%s comes back as %s, %v", e, back, err)
			}
			if (pim.Date{}).Compare(e) != -1 {
				t.Fatalf("no date does not come before %s", e)
			}
		}
	})
	if s := (pim.Date{}).String(); s != "" {
		t.Errorf("no date is written %q", s)
	}
	if d, err := pim.ParseDate(""); err != nil || !d.IsZero() {
		t.Errorf("the empty text is %s, %v", d, err)
	}
	for _, s := range []string{"2026-02-30", "2026-1-1", "01.05.2026", "2026-05-01T00:00:00Z", " ", "2026-05-01 "} {
		if d, err := pim.ParseDate(s); err == nil {
			t.Errorf("%q was read as %s", s, d)
		}
	}
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}
