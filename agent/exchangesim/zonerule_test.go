package exchangesim

import (
	"testing"
	"time"
)

// Every zone with a rule: the rule of a year gives the zone's own offset every
// five hours of that year.
func TestARuleGivesTheZonesOffsets(t *testing.T) {
	z := loadZones()
	checked := 0
	for _, id := range z.ids() {
		zn, ok := z.find(id)
		if !ok {
			t.Fatal(id)
		}
		r := ruleOf(zn.loc, 2026)
		if n := len(shiftsOf(zn.loc, 2026)); n != 0 && n != 2 {
			continue
		}
		checked++
		for at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() == 2026; at = at.Add(5 * time.Hour) {
			if _, want := at.In(zn.loc).Zone(); r.offset(at) != want {
				t.Errorf("%s at %v: %d, want %d", id, at, r.offset(at), want)
				break
			}
			if back := r.instant(r.local(at)); !back.Equal(at) && r.offset(back) == r.offset(at) {
				t.Errorf("%s: %v became %v", id, at, back)
				break
			}
		}
	}
	if checked < 130 {
		t.Errorf("only %d zones have rules", checked)
	}
}
