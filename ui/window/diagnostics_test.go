package window

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"abgleich/ui/internal/agentdouble"
)

func TestDiagnosticsAreShownBeforeTheyAreSaved(t *testing.T) {
	s := open(t, setup{page: Diagnostics})
	s.agent.Set(func(sc *agentdouble.Script) { sc.User = agentdouble.Quiet(s.now) })
	s.sees("Fenster 1.0.0, Dienst 1.0.0")
	s.sees("Versionen von Dienst und Bibliotheken")
	s.sees("Version des Fensters")
	p := s.app.diagnostics
	s.until("the first file", func() bool { return strings.Contains(p.grid.Text(), "agent 1.0.0") })
	s.window.Canvas().Focus(p.list)
	s.key(fyne.KeyDown)
	s.until("the second file", func() bool { return strings.Contains(p.grid.Text(), `"full": true`) })
	golden(t, "diagnostics-de-light", s.capture())

	if found, _ := filepath.Glob(filepath.Join(s.downloads, "*")); len(found) != 0 {
		t.Fatalf("saved before anybody asked: %v", found)
	}
	s.press("Speichern")
	s.sees("Gespeichert: " + s.downloads)
	z, err := zip.OpenReader(p.saved)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if len(z.File) != 1+len(p.bundle.Files) {
		t.Errorf("%d files in it, %d in the list", len(z.File), len(p.bundle.Files))
	}
	s.press("Pfad kopieren")
	if s.clip.Content() != p.saved {
		t.Error(s.clip.Content())
	}
}

func TestDiagnosticsWithoutAnAgentSayWhyAndCanBeSaved(t *testing.T) {
	s := open(t, setup{page: Diagnostics, offline: true})
	s.app.Show(Diagnostics)
	s.sees("Warum der Dienst nicht antwortet")
	s.press("Speichern")
	s.sees("Gespeichert: ")
}

func TestOnesOwnErrorLogIsLive(t *testing.T) {
	s := open(t, setup{page: Diagnostics})
	s.agent.Set(func(sc *agentdouble.Script) {
		sc.Errors = map[string][]string{"": {"2026-11-23T14:00:00.000+01:00 WARN  [ANNA] login rejected code=login-rejected"}}
	})
	p := s.app.diagnostics
	s.until("collected", func() bool { return p.bundle != nil })
	p.tabs.show(1)
	s.sees("code=login-rejected")
	s.called("log user= level=info follow=true")
	s.agent.Set(func(sc *agentdouble.Script) {
		sc.Errors[""] = append(sc.Errors[""], "2026-11-23T14:05:00.000+01:00 ERROR [ANNA] item refused code=item-refused")
	})
	s.sees("2 Zeilen")
	if p.log.whose != nil {
		t.Error("others' logs are offered")
	}
	s.app.Show(Status)
	if p.log.stopping != nil {
		t.Error("the log is followed though nobody sees it")
	}
	s.app.Show(Diagnostics)
	s.until("followed again", func() bool { return p.log.stopping != nil })
}

func TestAFolderThatTakesNothingIsTold(t *testing.T) {
	s := open(t, setup{page: Diagnostics})
	s.sees("Versionen von Dienst")
	if err := os.RemoveAll(s.downloads); err != nil {
		t.Fatal(err)
	}
	s.press("Speichern")
	s.sees("Das Speichern ist misslungen")
}
