package window

import (
	"errors"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
)

func TestForgettingTheLoginAsksAndRemovesItHereAndThere(t *testing.T) {
	s := open(t, setup{script: stored(true)})
	s.until("filled", func() bool { return s.app.credentials.stored != nil })
	s.stored = []string{"before"}
	s.press("Meine Anmeldung vergessen …")
	s.sees("Anmeldung vergessen?")
	s.key(fyne.KeyReturn) // the safe answer has the keyboard
	if slices.Contains(s.agent.Calls(), "delete") {
		t.Fatal("forgotten without an answer")
	}
	s.press("Meine Anmeldung vergessen …")
	s.press("Vergessen")
	s.called("delete")
	s.sees("Ihre Anmeldung ist hier und beim Dienst gelöscht.")
	if s.stored != nil || s.app.credentials.forget.Visible() {
		t.Errorf("kept %v; offered again %v", s.stored, s.app.credentials.forget.Visible())
	}
}

func TestALoginThisComputerDidNotForgetIsTold(t *testing.T) {
	s := open(t, setup{script: stored(true)})
	s.until("filled", func() bool { return s.app.credentials.stored != nil })
	s.keyring = errors.New("locked")
	s.press("Meine Anmeldung vergessen …")
	s.press("Vergessen")
	s.sees("Der Anmeldespeicher dieses Rechners war nicht erreichbar.")
}
