package params

import (
	"slices"
	"testing"
	"time"
)

func TestDifferencesNameOldAndNewValues(t *testing.T) {
	before, after := Default(), Default()
	if d := Differences(before, after); d != nil {
		t.Errorf("nothing changed: %v", d)
	}
	before.Databases = map[string]DatabaseAlias{"OLD": {Driver: SQLite, DSN: "old.db"}}
	after.Databases = map[string]DatabaseAlias{}
	after.Sync.Interval = time.Minute
	after.Communication.Server = "mail.lab.test"
	want := []Difference{{"communication.server", "", "mail.lab.test"}, {"sync.interval", "300", "60"}, {"databases.OLD.driver", "sqlite", ""},
		{"databases.OLD.dsn", "old.db", ""}, {"databases.OLD.foreign", "false", ""}}
	if got := Differences(before, after); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}
