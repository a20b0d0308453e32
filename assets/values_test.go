package assets

import (
	"testing"
	"time"
)

func TestValuesReadAsPeopleWriteThem(t *testing.T) {
	vienna, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Skip("no time zones here")
	}
	tests := []struct{ field, value, de, en string }{
		{"start", "2026-11-23T14:00:00+01:00", "23.11.2026, 14:00", "23 Nov 2026, 14:00"},
		{"start", "2026-11-23T14:00:00-05:00", "23.11.2026, 14:00", "23 Nov 2026, 14:00"}, // in its own zone
		{"start", "2026-11-23", "23.11.2026", "23 Nov 2026"},
		{"reminder", "2026-11-23T13:00:00Z", "23.11.2026, 14:00", "23 Nov 2026, 14:00"},
		{"reminder", "1 min", "eine Minute vorher", "one minute before"},
		{"percent", "40", "40 %", "40 %"},
		{"busy", "away", "abwesend", "out of office"},
		{"busy", "newer-word", "newer-word", "newer-word"},
		{"subject", "busy", "busy", "busy"},
		{"location", "", "–", "–"},
		{"recurrence", "FREQ=DAILY;UNTIL=20261231T225959Z", "jeden Tag, bis 31.12.2026", "every day, until 31 Dec 2026"},
		{"recurrence", "FREQ=WEEKLY;BYDAY=MO,WE;WKST=MO", "jede Woche (Montag, Mittwoch)", "every week (Monday, Wednesday)"},
		{"recurrence", "FREQ=MONTHLY;BYDAY=2TU", "FREQ=MONTHLY;BYDAY=2TU", "FREQ=MONTHLY;BYDAY=2TU"},
		{"exceptions", "2026-11-24T09:00:00Z -", "24.11.2026, 10:00 – entfällt", "24 Nov 2026, 10:00 – cancelled"},
	}
	for _, tt := range tests {
		if got := Texts(German).FieldValue(tt.field, tt.value, vienna); got != tt.de {
			t.Errorf("%s %q: got %q, want %q", tt.field, tt.value, got, tt.de)
		}
		if got := Texts(English).FieldValue(tt.field, tt.value, vienna); got != tt.en {
			t.Errorf("%s %q: got %q, want %q", tt.field, tt.value, got, tt.en)
		}
	}
}
