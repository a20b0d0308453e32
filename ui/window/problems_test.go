package window

import (
	"slices"
	"testing"

	"fyne.io/fyne/v2"

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
