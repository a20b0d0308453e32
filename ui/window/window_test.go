package window

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"google.golang.org/protobuf/types/known/timestamppb"

	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ui/internal/agentdouble"
)

func withProblems(s *screen) func(*agentdouble.Script) {
	return func(sc *agentdouble.Script) {
		sc.User = agentdouble.Quiet(s.now)
		sc.Problems, sc.Holds = agentdouble.Problems(s.now), []*contract.Hold{agentdouble.Hold(s.now)}
		sc.User.State, sc.User.Problems, sc.User.Holds = contract.UserState_USER_STATE_ATTENTION, 2, 1
	}
}

// typePassword types into the password field as a person does.
func (s *screen) typePassword(password string) {
	s.app.credentials.focus()
	for _, r := range password {
		s.window.Canvas().Focused().TypedRune(r)
	}
}

func (s *screen) checked() {
	s.t.Helper()
	s.until("checked", func() bool { return !s.app.credentials.checking() })
}

func (s *screen) saves() (saves []string) {
	for _, c := range s.agent.Calls() {
		if strings.HasPrefix(c, "save") {
			saves = append(saves, c)
		}
	}
	return saves
}

func TestDaysTimesAndNumbersAreThoseOfTheRegionInEitherLanguage(t *testing.T) {
	s := open(t, setup{page: Status, region: assets.Region{Date: "M/d/yyyy", Clock: "h:mm tt", Decimal: ".", Group: "'", Sizes: []int{3}}})
	s.agent.Set(func(sc *agentdouble.Script) {
		sc.User = agentdouble.Quiet(s.now)
		sc.User.Kinds[0].LastSuccess = timestamppb.New(s.now.AddDate(0, 0, -3))
	})
	s.sees("12'345")
	s.sees("11/20/2026, 2:05 PM")
	s.app.SetLang(assets.English)
	for _, want := range []string{"Items in sync", "12'345", "11/20/2026, 2:05 PM"} {
		if !s.has(want) {
			t.Errorf("%q isn't shown in English", want)
		}
	}
}

func TestThePathFromNothingToTheFirstSync(t *testing.T) {
	s := open(t, setup{})
	if s.app.credentials.login.Text != `LAB\anna` {
		t.Errorf("the logged-on user isn't filled in: %q", s.app.credentials.login.Text)
	}
	s.typePassword(agentdouble.RightPassword)
	s.key(fyne.KeyReturn) // checks
	s.checked()
	s.sees("Alles in Ordnung. Ihre Anmeldung funktioniert.")
	s.key(fyne.KeyReturn) // the keyboard is on OK
	s.until("saved", func() bool { return len(s.saves()) > 0 && s.app.Page() == Status })
	s.agent.Set(func(sc *agentdouble.Script) { sc.User = agentdouble.FirstSync(0.63) })
	s.sees("Erster Abgleich läuft")
	s.sees("6.300 von 10.000")
	if want := `save login=LAB\anna sync=true appointments=true tasks=true right=true unverified=false`; s.saves()[0] != want {
		t.Errorf("got  %s\nwant %s", s.saves()[0], want)
	}
	s.until("kept in the keyring", func() bool { return len(s.stored) == 1 })
	if s.app.credentials.password.Text != "" {
		t.Error("the password is still in its field")
	}
}

func TestStagesAppearOneAfterTheOther(t *testing.T) {
	step := make(chan struct{})
	s := open(t, setup{lang: assets.English, script: func(sc *agentdouble.Script) { sc.Step = step }})
	s.typePassword(agentdouble.RightPassword)
	s.press("Verify credentials")
	s.sees("Abgleich service …")
	s.sees("Clock") // all names are there from the start
	if s.has("The service answers.") {
		t.Error("a result is there before its time")
	}
	step <- struct{}{}
	s.sees("The service answers.")
	s.sees("Employee master data …")
	s.sees("Step 2 of 18")
	if s.has("You are in the employee master data.") {
		t.Error("the second result is there with the first")
	}
	for range 17 {
		step <- struct{}{}
	}
	s.checked()
	s.sees("All is well. Your login works.")
	s.sees("The computers' clocks agree.")
}

func TestAWrongPasswordShowsSentenceHintAndDetails(t *testing.T) {
	s := open(t, setup{})
	s.typePassword("falsch")
	s.press("Zugangsdaten prüfen")
	s.checked()
	s.sees("Ein Punkt passt noch nicht.")
	s.sees("Benutzer oder Passwort stimmt nicht.")
	s.sees("Geben Sie Ihr Windows-Passwort neu ein.")
	if s.window.Canvas().Focused() != s.app.credentials.password {
		t.Error("the keyboard isn't in the password field")
	}
	s.press("Details kopieren")
	for _, want := range []string{"login-rejected", "HTTP 401", "Anmeldung (login): nicht in Ordnung"} {
		if !strings.Contains(s.clip.Content(), want) {
			t.Errorf("%q is missing in the details:\n%s", want, s.clip.Content())
		}
	}
	if strings.Contains(s.clip.Content(), "falsch") {
		t.Error("the password is in the details")
	}
	s.sees("Kopiert")
}

func TestOnlyWhoAsksForTheSameAgainHasARefusedLoginTriedAgain(t *testing.T) {
	s := open(t, setup{})
	for _, step := range []struct{ password, want string }{
		{"falsch", "right=false"},
		{"falsch", "right=false again"},
		{"andersfalsch", "right=false"},
		{"falsch", "right=false"},
		{agentdouble.RightPassword, "right=true"},
		{agentdouble.RightPassword, "right=true"},
	} {
		s.app.credentials.password.SetText(step.password)
		s.press("Zugangsdaten prüfen")
		s.checked()
		calls := slices.DeleteFunc(s.agent.Calls(), func(c string) bool { return !strings.HasPrefix(c, "verify ") })
		if last := calls[len(calls)-1]; !strings.HasSuffix(last, step.want) {
			t.Errorf("with %s: %q, want %q", step.password, last, step.want)
		}
	}
}

func TestWarningsDoNotKeepFromSaving(t *testing.T) {
	s := open(t, setup{script: func(sc *agentdouble.Script) { sc.Warnings["events"] = "event-server-unproven" }})
	s.typePassword(agentdouble.RightPassword)
	s.press("Zugangsdaten prüfen")
	s.checked()
	s.sees("Bitte beachten Sie die Hinweise.")
	s.sees("Exchange erreicht den Eventserver nicht.")
	s.sees("9090") // an argument of the stage
	s.press("OK")
	s.until("saved", func() bool { return len(s.saves()) == 1 })
}

func TestOKAsksBeforeSavingWhatIsNotProved(t *testing.T) {
	t.Run("cancel saves nothing", func(t *testing.T) {
		s := open(t, setup{})
		s.typePassword("falsch")
		s.press("OK")
		s.sees("Noch nicht geprüft")
		s.key(fyne.KeyEscape) // in the question, not in the window
		if s.has("Noch nicht geprüft") || len(s.saves()) != 0 || s.closed {
			t.Errorf("saves %v, window closed %v", s.saves(), s.closed)
		}
	})
	t.Run("verify now checks", func(t *testing.T) {
		s := open(t, setup{})
		s.typePassword(agentdouble.RightPassword)
		s.press("OK")
		s.key(fyne.KeyReturn) // the safe answer has the keyboard
		s.checked()
		s.sees("Alles in Ordnung.")
		if len(s.saves()) != 0 {
			t.Errorf("saved without being asked: %v", s.saves())
		}
	})
	t.Run("save anyway says so to the agent", func(t *testing.T) {
		s := open(t, setup{})
		s.typePassword("falsch")
		s.press("OK")
		s.press("Trotzdem speichern")
		s.until("saved", func() bool { return len(s.saves()) == 1 })
		if !strings.HasSuffix(s.saves()[0], "right=false unverified=true") {
			t.Error(s.saves()[0])
		}
	})
	t.Run("a login changed after the check is not proved", func(t *testing.T) {
		s := open(t, setup{})
		s.typePassword(agentdouble.RightPassword)
		s.press("Zugangsdaten prüfen")
		s.checked()
		s.app.credentials.login.SetText(`LAB\bert`)
		s.press("OK")
		s.sees("Noch nicht geprüft")
		if len(s.saves()) != 0 {
			t.Error(s.saves())
		}
	})
}

func TestOKTellsWhatIsMissing(t *testing.T) {
	tests := []struct {
		name string
		do   func(*credentialsPage)
		want string
	}{
		{"no user", func(p *credentialsPage) { p.login.SetText("") }, "Bitte geben Sie Ihren Windows-Benutzer ein."},
		{"no password", func(p *credentialsPage) {}, "Bitte geben Sie Ihr Passwort ein."},
		{"neither kind", func(p *credentialsPage) { p.appointments.SetChecked(false); p.tasks.SetChecked(false) }, "Bitte wählen Sie Termine, Aufgaben oder beides."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, setup{})
			tt.do(s.app.credentials)
			s.press("OK")
			s.sees(tt.want)
			if len(s.saves()) != 0 {
				t.Error("saved all the same")
			}
			s.app.credentials.login.SetText(`LAB\carl`)
			if s.has(tt.want) {
				t.Error("the complaint stays after a change")
			}
		})
	}
}

func stored(verified bool) func(*agentdouble.Script) {
	return func(sc *agentdouble.Script) {
		sc.Credentials = &contract.Credentials{User: "ANNA", Sync: true, Appointments: true, Login: `LAB\anna`, HasPassword: true}
		if verified {
			sc.Credentials.Verified = timestamppb.New(timestamppb.Now().AsTime())
		}
	}
}

func TestAStoredLoginIsShownAndKept(t *testing.T) {
	s := open(t, setup{script: stored(true)})
	s.until("filled", func() bool { return s.app.credentials.stored != nil })
	p := s.app.credentials
	if p.tasks.Checked || !p.appointments.Checked || p.password.PlaceHolder != "gespeichert – leer lassen zum Behalten" {
		t.Errorf("tasks %v, appointments %v, placeholder %q", p.tasks.Checked, p.appointments.Checked, p.password.PlaceHolder)
	}
	s.sees("Zuletzt erfolgreich geprüft:")
	p.tasks.SetChecked(true)
	s.press("OK") // a verified login with an empty field needs no question
	s.until("saved", func() bool { return len(s.saves()) == 1 })
	if !strings.Contains(s.saves()[0], "tasks=true") || !strings.HasSuffix(s.saves()[0], "unverified=false") {
		t.Error(s.saves()[0])
	}
	if len(s.stored) != 0 {
		t.Error("an empty password went into the keyring")
	}
}

func TestAnotherUserDoesNotInheritTheStoredPassword(t *testing.T) {
	s := open(t, setup{script: stored(true)})
	s.until("filled", func() bool { return s.app.credentials.stored != nil })
	s.app.credentials.login.SetText(`LAB\bert`)
	s.press("OK")
	s.sees("Bitte geben Sie Ihr Passwort ein.")
}

func TestTypingIsNotOverwrittenByWhatTheAgentHas(t *testing.T) {
	s := open(t, setup{script: stored(true)})
	s.app.credentials.login.SetText(`LAB\carl`) // before the answer is looked at
	s.until("answered", func() bool { return s.app.credentials.stored != nil })
	if got := s.app.credentials.login.Text; got != `LAB\carl` {
		t.Errorf("overwritten by %q", got)
	}
}

func TestSwitchingOffNeedsNeitherPasswordNorCheck(t *testing.T) {
	s := open(t, setup{})
	s.app.credentials.sync.SetChecked(false)
	if !s.app.credentials.tasks.Disabled() {
		t.Error("kinds can be chosen though nothing is synced")
	}
	s.press("OK")
	s.until("saved", func() bool { return len(s.saves()) == 1 })
	if !strings.Contains(s.saves()[0], "sync=false") {
		t.Error(s.saves()[0])
	}
}

func TestAStoppedCheckSaysSoAndProvesNothing(t *testing.T) {
	step := make(chan struct{})
	s := open(t, setup{script: func(sc *agentdouble.Script) { sc.Step = step }})
	s.typePassword(agentdouble.RightPassword)
	s.press("Zugangsdaten prüfen")
	s.sees("Abgleich-Dienst …")
	if s.button("OK").Disabled() == false {
		t.Error("OK can be pressed during the check")
	}
	s.app.escape()
	s.sees("Die Prüfung wurde abgebrochen.")
	if s.closed {
		t.Error("Escape closed the window instead of ending the check")
	}
	s.press("OK")
	s.sees("Noch nicht geprüft")
}

func TestACheckThatBreaksSaysSo(t *testing.T) {
	step := make(chan struct{})
	s := open(t, setup{script: func(sc *agentdouble.Script) { sc.Step = step }})
	s.typePassword(agentdouble.RightPassword)
	s.press("Zugangsdaten prüfen")
	s.sees("Abgleich-Dienst …")
	s.stop()
	s.sees("Die Prüfung wurde unterbrochen.")
	s.sees("Die Verbindung zum Dienst ist unterbrochen")
}

func TestEscapeClosesTheWindowFromEveryField(t *testing.T) {
	fields := map[string]func(*screen) fyne.Focusable{
		"user":     func(s *screen) fyne.Focusable { return s.app.credentials.login },
		"password": func(s *screen) fyne.Focusable { return s.app.credentials.password },
		"check":    func(s *screen) fyne.Focusable { return s.app.credentials.sync },
		"button":   func(s *screen) fyne.Focusable { return s.app.credentials.ok },
		"sidebar":  func(s *screen) fyne.Focusable { return s.app.nav[Status] },
		"nothing":  func(s *screen) fyne.Focusable { return nil },
	}
	for name, field := range fields {
		t.Run(name, func(t *testing.T) {
			s := open(t, setup{})
			s.window.Canvas().Unfocus()
			if f := field(s); f != nil {
				s.window.Canvas().Focus(f)
			}
			s.key(fyne.KeyEscape)
			if !s.closed {
				t.Error("Escape is not passed on")
			}
		})
	}
}

func TestTabVisitsTheFormFromTopToBottom(t *testing.T) {
	s := open(t, setup{})
	p := s.app.credentials
	want := []fyne.Focusable{p.sync, p.appointments, p.tasks, p.login, p.password, p.verify}
	s.window.Canvas().Focus(p.sync)
	for i, w := range want {
		if got := s.window.Canvas().Focused(); got != w {
			t.Fatalf("stop %d is %T %v", i, got, got)
		}
		s.window.Canvas().FocusNext()
		// The eye in the password field is a stop of its own.
		if _, ours := s.window.Canvas().Focused().(*button); w == fyne.Focusable(p.password) && !ours {
			s.window.Canvas().FocusNext()
		}
	}
}

func TestTheLanguageChangesInPlaceAndKeepsWhatWasTyped(t *testing.T) {
	s := open(t, setup{})
	s.typePassword("geheim")
	s.app.credentials.tasks.SetChecked(false)
	s.app.lang.SetSelected("English")
	s.sees("Sync credentials")
	if s.has("Synchronisationszugangsdaten") {
		t.Error("German is left over")
	}
	p := s.app.credentials
	if p.password.Text != "geheim" || p.tasks.Checked || len(s.langs) != 1 || s.langs[0] != assets.English {
		t.Errorf("password kept %v, tasks %v, told %v", p.password.Text == "geheim", p.tasks.Checked, s.langs)
	}
	if s.window.Title() != "Abgleich – Credentials" {
		t.Errorf("title is %q", s.window.Title())
	}
}

func TestTabVisitsAPageFromTheTopThenTheSidebar(t *testing.T) {
	s := historyScreen(t, History)
	s.sees("6 Abgleiche")
	h := s.app.history
	want := []fyne.Focusable{h.tabs.items[0], h.tabs.items[1], h.runs.which, h.runs.kind, h.runs.list}
	if got := s.window.Canvas().Focused(); got != want[0] {
		t.Fatalf("begins at %T", got)
	}
	for i, w := range want {
		if got := s.window.Canvas().Focused(); got != w {
			t.Fatalf("stop %d is %T", i, got)
		}
		s.window.Canvas().FocusNext()
	}
	s.window.Canvas().Focus(s.app.nav[Status])
	s.window.Canvas().FocusPrevious()
	s.window.Canvas().FocusNext()
	if s.window.Canvas().Focused() != s.app.nav[Status] {
		t.Error("the sidebar can't be reached both ways")
	}
}
