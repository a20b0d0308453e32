package window

import (
	"testing"

	"fyne.io/fyne/v2"

	"abgleich/assets"
	"abgleich/ui/internal/agentdouble"
)

func historyScreen(t *testing.T, page Page) *screen {
	t.Helper()
	s := open(t, setup{page: page, script: func(sc *agentdouble.Script) { sc.Step = nil }})
	s.agent.Set(func(sc *agentdouble.Script) {
		sc.User = agentdouble.Quiet(s.now)
		sc.Books = agentdouble.History(s.now)
	})
	s.app.Show(page)
	return s
}

func TestAComparisonShowsDifferencesFieldByField(t *testing.T) {
	s := historyScreen(t, Compare)
	p := s.app.compare
	s.press("Jetzt vergleichen")
	s.sees("2 gleich, 5 verschieden")
	if len(p.shown) != 5 || s.has("Jour fixe") {
		t.Errorf("%d shown; what is equal is not asked for", len(p.shown))
	}
	s.window.Canvas().Focus(p.list)
	s.key(fyne.KeyDown) // chooses the first
	s.sees("Ort · verschieden")
	s.sees("Der nächste Abgleich überträgt das.")
	s.key(fyne.KeyEnd)
	s.sees("nur in Exchange")
	p.search.SetText("huber")
	if len(p.shown) != 1 {
		t.Errorf("%d found", len(p.shown))
	}
	p.search.SetText("")
	p.state.SetSelected("Alle Einträge")
	p.kind.SetSelected("Aufgaben")
	if len(p.shown) != 3 {
		t.Errorf("%d tasks", len(p.shown))
	}
}

func TestAComparisonCanBeStopped(t *testing.T) {
	step := make(chan struct{})
	s := historyScreen(t, Compare)
	s.agent.Set(func(sc *agentdouble.Script) { sc.Step = step })
	s.press("Jetzt vergleichen")
	step <- struct{}{}
	s.sees("1 gleich, 1 verschieden")
	s.key(fyne.KeyEscape)
	s.sees("Der Vergleich wurde abgebrochen.")
	if s.closed || s.button("Jetzt vergleichen") == nil {
		t.Error("the window is closed, or it can't be begun again")
	}
}

func TestAComparisonThatFailsSaysWhy(t *testing.T) {
	s := historyScreen(t, Compare)
	s.agent.Set(func(sc *agentdouble.Script) { sc.Refuse = map[string]string{"Compare": "server-busy"} })
	s.press("Jetzt vergleichen")
	s.sees("Der Mailserver ist ausgelastet")
}

func TestRunsTellWhatTheyDidAndCost(t *testing.T) {
	s := historyScreen(t, History)
	p := s.app.history.runs
	s.sees("6 Abgleiche") // the quiet ones are left out
	p.list.Select(0)
	s.sees("0,6 s")
	s.sees("27") // requests
	s.sees("298 kB hin, 1,3 MB zurück")
	p.which.SetSelected("Mit Problemen")
	s.sees("3 Abgleiche")
	p.which.SetSelected("Alle Abgleiche")
	p.kind.SetSelected("Aufgaben")
	s.sees("3 Abgleiche")
}

func TestARunIsTakenBackOnlyAfterAPreviewAndAQuestion(t *testing.T) {
	s := historyScreen(t, History)
	s.sees("6 Abgleiche")
	s.app.history.runs.list.Select(1)
	s.press("Zurücknehmen …")
	s.sees("2 Einträge kommen zurück, ein neuer wird entfernt, einer bleibt.")
	s.key(fyne.KeyEscape)
	s.press("Zurücknehmen …")
	s.sees("Diesen Abgleich zurücknehmen?")
	s.press("Zurücknehmen")
	s.sees("Zurückgenommen: 2 Einträge kommen zurück")
	s.called("undo 19 preview=true")
	s.called("undo 19 preview=false")
	if s.button("Zurücknehmen …") != nil {
		t.Error("it can be taken back twice")
	}
}

func TestTrashIsSearchedAndRestored(t *testing.T) {
	s := historyScreen(t, History)
	s.sees("6 Abgleiche")
	s.window.Canvas().Focus(s.app.history.tabs.items[0])
	s.key(fyne.KeyRight)
	s.sees("4 Einträge")
	p := s.app.history.trash
	p.list.Select(0)
	s.sees("Aufgehoben")
	s.sees("Besprechungsraum 1")
	p.search.SetText("haus")
	s.sees("ein Eintrag")
	p.list.Select(0)
	s.press("Wiederherstellen")
	s.called("restore 11")
	s.sees("Wiederhergestellt. Der nächste Abgleich überträgt ihn.")
}

func TestWhatCannotBeRestoredSaysWhy(t *testing.T) {
	s := historyScreen(t, History)
	s.sees("6 Abgleiche")
	s.app.history.tabs.show(1)
	s.sees("4 Einträge")
	s.agent.Set(func(sc *agentdouble.Script) { sc.Refuse = map[string]string{"RestoreTrash": "item-changed"} })
	s.app.history.trash.list.Select(1)
	s.press("Wiederherstellen")
	s.sees("Der Eintrag wurde gerade von jemandem geändert.")
}

func TestTheTrashOfOneRun(t *testing.T) {
	s := historyScreen(t, History)
	s.sees("6 Abgleiche")
	s.app.history.runs.list.Select(1)
	s.press("Gelöscht oder überschrieben")
	s.sees("2 Einträge")
	s.press("Ganzen Papierkorb zeigen")
	s.sees("4 Einträge")
}

func TestHistoryPagesLookAsTheyShould(t *testing.T) {
	for _, theme := range []string{"light", "dark"} {
		lang := map[string]assets.Lang{"light": assets.German, "dark": assets.English}[theme]
		suffix := "-" + string(lang) + "-" + theme
		screen := func(t *testing.T, page Page) *screen {
			s := open(t, setup{page: page, theme: theme, lang: lang})
			s.agent.Set(func(sc *agentdouble.Script) {
				sc.User = agentdouble.Quiet(s.now)
				sc.Books = agentdouble.History(s.now)
			})
			s.app.Show(page)
			return s
		}
		t.Run("compare"+suffix, func(t *testing.T) {
			s := screen(t, Compare)
			s.press(s.app.texts.T("compare.start"))
			s.until("compared", func() bool { return s.app.compare.stopping == nil && len(s.app.compare.items) == 7 })
			s.app.compare.list.Select(0)
			golden(t, "compare"+suffix, s.capture())
		})
		t.Run("history"+suffix, func(t *testing.T) {
			s := screen(t, History)
			s.until("loaded", func() bool { return len(s.app.history.runs.shown) == 6 })
			s.app.history.runs.list.Select(1)
			golden(t, "history"+suffix, s.capture())
		})
		t.Run("trash"+suffix, func(t *testing.T) {
			s := screen(t, History)
			s.app.history.tabs.show(1)
			s.until("loaded", func() bool { return len(s.app.history.trash.shown) == 4 })
			s.app.history.trash.list.Select(2)
			golden(t, "trash"+suffix, s.capture())
		})
	}
}
