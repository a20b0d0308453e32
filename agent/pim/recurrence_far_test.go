package pim_test

import (
	"testing"
	"time"

	"abgleich/agent/pim"
)

// Behind the zone files' tables (2037) the bounds that Go gives for the last day of
// a leap year do not lead on: series must come past it all the same.
func TestASeriesComesPastTheLastDayOfEveryLeapYear(t *testing.T) {
	for _, name := range []string{"Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Pacific/Chatham", "Africa/Cairo"} {
		loc := zone(t, name)
		for _, hour := range []int{0, 9, 23} {
			start := time.Date(2039, 12, 31, hour, 0, 0, 0, loc)
			r := &pim.Recurrence{Pattern: pim.Daily, Interval: 1, First: pim.Date{Year: 2039, Month: 12, Day: 31}}
			timing, err := r.Timing(pim.When{Start: start, End: start.Add(time.Hour), Zone: name})
			if err != nil {
				t.Fatal(err)
			}
			for year := 2040; year <= 2104; year += 4 {
				for d := -1; d <= 1; d++ {
					day := pim.Date{Year: year, Month: 12, Day: 31}.AddDays(d)
					n, ok := r.Number(day)
					at, there := timing.Start(n)
					if local := at.In(loc); !ok || !there || pim.DateOf(local) != day || local.Hour() != hour {
						t.Errorf("%s, %s at %d: %v", name, day, hour, local)
					}
				}
			}
		}
	}
}
