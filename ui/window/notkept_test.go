package window

import (
	"errors"
	"fmt"
	"testing"

	"abgleich/ui/internal/agentdouble"
	"abgleich/ui/keyring"
)

// savedWith saves a right login while the credential store fails with an error.
func savedWith(t *testing.T, err error) *screen {
	t.Helper()
	s := open(t, setup{})
	s.keyring = err
	s.typePassword(agentdouble.RightPassword)
	s.press("Zugangsdaten prüfen")
	s.checked()
	s.press("OK")
	return s
}

func TestAStoreThatTakesNoLoginIsToldWithItsReasonAndAChoice(t *testing.T) {
	for sentence, tt := range map[string]struct {
		err   error
		again bool
	}{
		"Der Anmeldespeicher dieses Computers ist gesperrt.":                           {keyring.ErrLocked, true},
		"Die Frage des Anmeldespeichers wurde abgebrochen.":                            {keyring.ErrCancelled, true},
		"Auf diesem Computer gibt es keinen Anmeldespeicher, oder er antwortet nicht.": {keyring.ErrUnavailable, true},
		"Eine Richtlinie dieses Computers verbietet es, Anmeldungen zu speichern.":     {keyring.ErrForbidden, false},
		"Die Anmeldung ist zu lang für den Anmeldespeicher.":                           {keyring.ErrTooLong, false},
	} {
		s := savedWith(t, fmt.Errorf("save login: %w", tt.err))
		s.sees(sentence)
		if got := s.button("Neuer Versuch") != nil; got != tt.again {
			t.Errorf("%v: another try is offered: %v", tt.err, got)
		}
		s.press("Nur beim Dienst")
		s.sees("sie liegt nur beim Dienst")
		if n := len(s.saves()); n != 1 || len(s.stored) != 0 {
			t.Errorf("%v: %d saves, stored %v", tt.err, n, s.stored)
		}
	}
}

func TestAStoreThatIsUnlockedTakesTheLoginWithTheNextTry(t *testing.T) {
	s := savedWith(t, keyring.ErrLocked)
	s.sees("ist gesperrt")
	s.keyring = errors.New("still")
	s.press("Neuer Versuch")
	s.sees("keinen Anmeldespeicher")
	s.keyring = nil
	s.press("Neuer Versuch")
	s.until("kept", func() bool { return len(s.stored) == 1 })
	s.until("no longer said to be with the agent only", func() bool {
		return s.has("Gespeichert.") && !s.has("sie liegt nur beim Dienst")
	})
}

func TestWhereTheAdministratorLetsNothingBeKeptTheWindowSaysSo(t *testing.T) {
	for decided, want := range map[bool]string{true: "von Ihrem Administrator festgelegt", false: "nie angezeigt"} {
		s := open(t, setup{decided: decided})
		s.sees(want)
		if s.has("von Ihrem Administrator festgelegt") != decided {
			t.Errorf("decided %v is told wrong", decided)
		}
	}
}
