package window

import (
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ui/internal/agentdouble"
)

func problemScreen(t *testing.T) *screen {
	t.Helper()
	s := open(t, setup{page: Problems})
	s.agent.Set(withProblems(s))
	s.agent.Set(func(sc *agentdouble.Script) { sc.Versions = agentdouble.Versions(s.now) })
	s.sees("Quartalsbesprechung")
	return s
}

func (s *screen) called(call string) {
	s.t.Helper()
	s.until("called: "+call, func() bool { return slices.Contains(s.agent.Calls(), call) })
}

func TestBothVersionsOfAProblemAreShownFieldByField(t *testing.T) {
	s := problemScreen(t)
	s.pressFirst("Beide Fassungen")
	s.sees("Beginn · verschieden")
	for _, want := range []string{"25.11.2026, 13:00", "25.11.2026, 14:00", "mit Vorbehalt", "alle 2 Wochen (Dienstag), 6 Mal", "15 Minuten vorher", "Organisator"} {
		if !s.has(want) {
			t.Errorf("%q isn't shown", want)
		}
	}
	if s.has("Ort · verschieden") {
		t.Error("equal fields are marked")
	}
	s.key(fyne.KeyEscape)
	if s.has("Organisator") || s.closed {
		t.Error("Escape doesn't close the versions, or closes the window")
	}
}

func TestAnIgnoredProblemSaysSoAndCanStillBeTried(t *testing.T) {
	s := problemScreen(t)
	s.pressFirst("Ignorieren")
	s.sees("Wird ignoriert, bis jemand den Eintrag ändert.")
	s.called("ignore 7")
	if s.button("Erneut versuchen") == nil {
		t.Error("it can't be tried any more")
	}
}

func TestAHoldShowsTheItemsItConcerns(t *testing.T) {
	s := problemScreen(t)
	s.press("Einträge ansehen")
	s.sees("Übergabe Lohnverrechnung")
	if !s.has("und 36 weitere") || !s.has("24.11.2026") {
		t.Error("days or the number of the others are missing")
	}
	s.key(fyne.KeyReturn)
	if s.has("Übergabe Lohnverrechnung") {
		t.Error("Enter doesn't close the list")
	}
}

func TestVersionsThatCannotBeFetchedAreNoSilence(t *testing.T) {
	s := problemScreen(t)
	s.agent.Set(func(sc *agentdouble.Script) { sc.Versions = nil })
	s.pressFirst("Beide Fassungen")
	s.sees("Dieser Eintrag ist nicht mehr vorhanden.")
}

func TestASideThatIsAwayOrLacksTheItemIsNamed(t *testing.T) {
	s := problemScreen(t)
	s.agent.Set(func(sc *agentdouble.Script) {
		sc.Versions = map[int64]*contract.GetProblemResponse{7: {Exchange: true, BusinessAway: true}, 8: {Business: true}}
	})
	s.pressFirst("Beide Fassungen")
	s.sees("Die Datenbank ist gerade nicht erreichbar.")
}

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
		if got := fieldValue(assets.Texts(assets.German), tt.field, tt.value, vienna); got != tt.de {
			t.Errorf("%s %q: got %q, want %q", tt.field, tt.value, got, tt.de)
		}
		if got := fieldValue(assets.Texts(assets.English), tt.field, tt.value, vienna); got != tt.en {
			t.Errorf("%s %q: got %q, want %q", tt.field, tt.value, got, tt.en)
		}
	}
}
