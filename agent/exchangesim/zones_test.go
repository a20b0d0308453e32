package exchangesim

import "testing"

func TestEveryWindowsZoneHasRules(t *testing.T) {
	z := loadZones()
	ids := z.ids()
	if len(ids) < 130 {
		t.Fatalf("%d zones", len(ids))
	}
	for _, id := range ids {
		if e, ok := z.find(id); !ok || e.id != id {
			t.Errorf("no rules for %s", id)
		}
	}
	for iana, id := range map[string]string{"Europe/Vienna": "W. Europe Standard Time", "America/New_York": "Eastern Standard Time", "UTC": "UTC"} {
		if e, ok := z.find(iana); !ok || e.id != id {
			t.Errorf("%s is not %s", iana, id)
		}
	}
	if _, ok := z.find("Mars/Olympus"); ok {
		t.Error("a zone on Mars")
	}
}
