package window

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"google.golang.org/protobuf/types/known/timestamppb"

	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ui/internal/agentdouble"
)

func plan() *contract.PlanRunResponse {
	return &contract.PlanRunResponse{Counts: &contract.Counts{Paired: 12, CreatedExchange: 1480, CreatedBusiness: 37}}
}

func setUpScreen(t *testing.T, script func(*agentdouble.Script)) *screen {
	t.Helper()
	s := open(t, setup{page: Status, lead: true, script: func(sc *agentdouble.Script) {
		sc.Plan = plan()
		if script != nil {
			script(sc)
		}
	}})
	s.until("led", func() bool { return s.app.Page() == Setup })
	return s
}

func (s *screen) typed(text string) {
	for _, r := range text {
		s.window.Canvas().Focused().TypedRune(r)
	}
}

func TestTheFirstRunLeadsFromTheLoginToTheFirstSync(t *testing.T) {
	s := setUpScreen(t, nil)
	s.typed(agentdouble.RightPassword) // the keyboard is in the password field
	s.key(fyne.KeyReturn)
	s.sees("Alles in Ordnung. Ihre Anmeldung funktioniert.")
	s.key(fyne.KeyReturn) // on Next
	s.sees("Was soll abgeglichen werden?")
	s.app.setup.tasks.SetChecked(false)
	s.key(fyne.KeyReturn)
	s.sees("Neu in Exchange")
	s.sees("1.480")
	if s.has("Aufgaben\n") {
		t.Error("tasks are in the preview though nobody wants them")
	}
	want := []string{`save login=LAB\anna sync=false appointments=true tasks=false right=true unverified=false`,
		`save login=LAB\anna sync=true appointments=true tasks=false right=true unverified=false`}
	if got := s.saves(); len(got) != 1 || got[0] != want[0] {
		t.Fatalf("before the start: %q", got)
	}
	if s.app.setup.password.Text != "" || len(s.stored) != 1 {
		t.Errorf("the password stays in its field, or was kept %d times", len(s.stored))
	}
	s.key(fyne.KeyReturn)
	s.until("started", func() bool { return len(s.saves()) == 2 && s.app.Page() == Status })
	if got := s.saves(); got[1] != want[1] {
		t.Errorf("started with %q", got[1])
	}
	s.sees("Der erste Abgleich beginnt.")
	s.agent.Set(func(sc *agentdouble.Script) { sc.User = agentdouble.FirstSync(0.3) })
	s.sees("Erster Abgleich läuft")
	if s.app.nav[Setup].Visible() {
		t.Error("the first run is still offered")
	}
}

func TestAWrongPasswordInTheFirstRunCanBeCorrected(t *testing.T) {
	s := setUpScreen(t, nil)
	s.typed("falsch")
	s.key(fyne.KeyReturn)
	s.sees("Benutzer oder Passwort stimmt nicht.")
	s.until("ready to be corrected", func() bool { return s.window.Canvas().Focused() == s.app.setup.password })
	s.app.setup.password.SetText("")
	s.typed(agentdouble.RightPassword)
	s.key(fyne.KeyReturn)
	s.sees("Alles in Ordnung.")
	if len(s.saves()) != 0 {
		t.Error("saved before the choice")
	}
}

func TestTheFirstRunGoesOnWhereItWasLeft(t *testing.T) {
	s := setUpScreen(t, func(sc *agentdouble.Script) {
		sc.Credentials = &contract.Credentials{User: "ANNA", Login: `LAB\anna`, HasPassword: true, Verified: timestamppb.Now(), Appointments: true}
	})
	s.sees("Was soll abgeglichen werden?")
	if s.app.setup.tasks.Checked {
		t.Error("the choice of then is forgotten")
	}
	s.press("Weiter")
	s.sees("Neu in der Datenbank")
}

func TestTheFirstRunCanBePutOff(t *testing.T) {
	s := setUpScreen(t, nil)
	s.press("Später")
	if s.app.Page() != Status || s.button("Einrichten") == nil {
		t.Fatal("there is no way back")
	}
	s.agent.BreakStreams() // the picture comes anew
	s.sees("unterbrochen")
	s.sees("Noch nicht eingerichtet")
	if s.app.Page() != Status {
		t.Error("it came back by itself")
	}
	s.press("Einrichten")
	if s.app.Page() != Setup {
		t.Error("the button doesn't lead back")
	}
}

func TestWithoutAPreviewTheFirstSyncCanStillStart(t *testing.T) {
	s := setUpScreen(t, func(sc *agentdouble.Script) {
		sc.Plan = nil
		sc.Credentials = &contract.Credentials{User: "ANNA", Login: `LAB\anna`, HasPassword: true, Verified: timestamppb.Now()}
	})
	s.press("Weiter")
	s.sees("Sie können trotzdem starten.")
	s.press("Jetzt starten")
	s.until("started", func() bool { return len(s.saves()) == 2 })
}

func TestNobodyWhoSwitchedSyncOffIsLed(t *testing.T) {
	s := open(t, setup{page: Status, lead: true})
	s.agent.Set(func(sc *agentdouble.Script) {
		sc.User = agentdouble.Quiet(s.now)
		sc.User.State = contract.UserState_USER_STATE_NOT_SET_UP
	})
	s.until("known", func() bool { return s.app.picture.User != nil })
	s.app.lead(nil)
	if s.app.firstRun() {
		t.Error("he is led")
	}
}

func TestTheLanguageCanBeChangedDuringTheFirstRun(t *testing.T) {
	s := setUpScreen(t, nil)
	s.typed("gehe")
	s.app.lang.SetSelected("English")
	s.sees("Set up Abgleich")
	if s.app.setup.password.Text != "gehe" {
		t.Error("what was typed is lost")
	}
}

func TestTheSystemIsAskedForCapsLockWhereItTells(t *testing.T) {
	on := true
	s := open(t, setup{caps: func() (bool, bool) { return on, true }})
	p := s.app.credentials
	hint := s.app.texts.T("credentials.caps.on")
	s.window.Canvas().Unfocus()
	s.window.Canvas().Focus(p.password)
	if !s.has(hint) {
		t.Error("it is on before the first letter, and nobody says so")
	}
	on = false
	p.password.KeyDown(&fyne.KeyEvent{Name: desktop.KeyCapsLock})
	if s.has(hint) {
		t.Error("it is off")
	}
	test.Type(p.password, "ABC") // with the shift key, which this test's driver doesn't press
	if s.has(hint) {
		t.Error("it is guessed though the system tells")
	}
	on = true
	p.password.KeyUp(&fyne.KeyEvent{Name: desktop.KeyCapsLock})
	if !s.has(hint) {
		t.Error("it was pressed")
	}
	s.window.Canvas().Unfocus()
	if s.has(hint) {
		t.Error("nobody is typing a password")
	}
}

func TestCapsLockIsNoticedWhileTyping(t *testing.T) {
	s := open(t, setup{})
	const hint = "Die Feststelltaste scheint eingeschaltet zu sein."
	s.typePassword("GE")
	s.sees(hint)
	s.typed("h")
	if s.has(hint) {
		t.Error("the hint stays")
	}
	f := s.app.credentials.password
	f.KeyDown(&fyne.KeyEvent{Name: "LeftShift"})
	s.typed("ABC")
	f.KeyUp(&fyne.KeyEvent{Name: "LeftShift"})
	if s.has(hint) {
		t.Error("the shift key is taken for caps lock")
	}
}

func TestSetupLooksAsItShould(t *testing.T) {
	t.Run("login", func(t *testing.T) {
		s := setUpScreen(t, nil)
		golden(t, "setup-login-de-light", s.capture())
	})
	t.Run("preview", func(t *testing.T) {
		s := open(t, setup{page: Status, lead: true, theme: "dark", lang: assets.English, script: func(sc *agentdouble.Script) {
			sc.Plan = plan()
			sc.Credentials = &contract.Credentials{User: "ANNA", Login: `LAB\anna`, HasPassword: true, Verified: timestamppb.Now()}
		}})
		s.sees("What shall be kept in sync?")
		s.press("Next")
		s.sees("New in the database")
		golden(t, "setup-preview-en-dark", s.capture())
	})
}
