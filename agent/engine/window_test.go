package engine_test

import (
	"testing"

	"abgleich/agent/engine"
	"abgleich/agent/pim"
)

func TestTheTimeWindowLetsThrough(t *testing.T) {
	zero, thirty := 0, 30
	day := pim.DateOf(start)
	daily := func(p pim.Pattern, from, until pim.Date) *pim.Recurrence {
		return &pim.Recurrence{Pattern: p, Interval: 1, First: from, Until: until}
	}
	for name, c := range map[string]struct {
		rec  *pim.Recurrence
		at   int // days from today
		want bool
	}{
		"a single one of today":                          {nil, 0, true},
		"a single one of thirty days ago":                {nil, -30, true},
		"no single one from before that":                 {nil, -31, false},
		"no single one of tomorrow":                      {nil, 1, false},
		"a series that goes on":                          {daily(pim.Daily, day.AddDays(-400), pim.Date{}), -400, true},
		"no series that is over":                         {daily(pim.Daily, day.AddDays(-400), day.AddDays(-31)), -400, false},
		"a series whose pattern nobody can read, to say": {daily("hourly", day.AddDays(-400), pim.Date{}), -400, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := engine.Rules{Today: day, Options: engine.Options{Past: &thirty, Future: &zero}}
			a := &pim.Appointment{When: pim.When{Start: start.AddDate(0, 0, c.at), End: start.AddDate(0, 0, c.at)}}
			a.Recurrence = c.rec
			if got := r.Inside(a); got != c.want {
				t.Errorf("inside: %v", got)
			}
		})
	}
}
