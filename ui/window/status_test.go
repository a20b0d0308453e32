package window

import (
	"testing"

	"fyne.io/fyne/v2"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/timestamppb"

	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ui/client"
	"abgleich/ui/internal/agentdouble"
)

func TestTheStatusPageFollowsTheStream(t *testing.T) {
	s := open(t, setup{page: Status, lang: assets.English})
	s.sees("Not set up yet")
	s.agent.Set(func(sc *agentdouble.Script) { sc.User = agentdouble.FirstSync(0.1) })
	s.sees("1,000 of 10,000")
	s.sees("Its turn comes next")
	s.agent.Set(func(sc *agentdouble.Script) { sc.User = agentdouble.FirstSync(0.6) })
	s.sees("6,000 of 10,000")
	s.sees("720 of 2,000")
	s.sees("1,640 a second")
	s.agent.Set(func(sc *agentdouble.Script) { sc.User = agentdouble.Quiet(s.now) })
	s.sees("Everything is in sync")
	s.sees("3 minutes ago")
	s.sees("12,345")
	s.sees("2 new, 1 changed")
	if s.has("of 10,000") {
		t.Error("the progress of the first sync is left over")
	}
	s.agent.Set(func(sc *agentdouble.Script) {
		k := sc.User.Kinds[0]
		k.BlockedCode, k.BlockedUntil = "server-busy", timestamppb.New(s.now.Add(2*60e9))
		sc.User.State, sc.User.Code = contract.UserState_USER_STATE_OFFLINE, "server-busy"
	})
	s.sees("Waiting until 14:07")
	s.sees("The mail server is busy and asks for a pause.")
}

func TestAnAgentThatGoesAndComesIsSaid(t *testing.T) {
	s := open(t, setup{page: Status, script: func(sc *agentdouble.Script) { sc.User = agentdouble.FirstSync(0.6) }})
	s.sees("6.000 von 10.000")
	s.stop()
	s.sees("Die Verbindung zum Dienst ist unterbrochen")
	if !s.has("6.000 von 10.000") {
		t.Error("the last known state is gone")
	}
	if !s.button("Jetzt abgleichen").Disabled() {
		t.Error("sync now can be pressed without an agent")
	}
	s.app.Show(Credentials)
	s.sees("Die Verbindung zum Dienst ist unterbrochen") // on every page
	s.start()
	s.until("connected again", func() bool { return s.app.picture.Connection == client.Connected })
	if s.has("Die Verbindung zum Dienst ist unterbrochen") {
		t.Error("the sentence stays")
	}
}

func TestAWindowWithoutAnAgentSaysWhatToDo(t *testing.T) {
	s := open(t, setup{page: Status, offline: true})
	s.sees("Der Abgleich-Dienst antwortet nicht")
	s.sees("verständigen Sie Ihren Administrator")
	s.app.Show(Problems)
	s.sees("Die Liste ist gerade nicht abrufbar.")
	s.app.Show(Credentials)
	if !s.button("OK").Disabled() {
		t.Error("OK can be pressed without an agent")
	}
}

func TestPauseAndResume(t *testing.T) {
	s := open(t, setup{page: Status, script: func(sc *agentdouble.Script) { sc.User = agentdouble.FirstSync(1) }})
	s.sees("10.000 von 10.000")
	s.press("Anhalten")
	items := s.window.Canvas().Overlays().List()
	if len(items) != 1 {
		t.Fatal("no menu")
	}
	s.window.Canvas().Overlays().Remove(items[0])
	s.agent.Set(func(sc *agentdouble.Script) {
		sc.User.State, sc.User.PausedUntil = contract.UserState_USER_STATE_PAUSED, timestamppb.New(s.now.Add(3600e9))
	})
	s.sees("Angehalten bis heute, 15:05")
	s.press("Fortsetzen")
	s.until("resumed", func() bool { return s.app.picture.State() == contract.UserState_USER_STATE_FINE })
}

func TestProblemsAreListedAndRetried(t *testing.T) {
	s := open(t, setup{page: Problems})
	s.sees("Alles in Ordnung. Es gibt nichts zu tun.")
	s.agent.Set(withProblems(s))
	s.sees("Quartalsbesprechung mit Kanzlei Huber")
	s.sees("Öffnen Sie die Besprechung in Outlook")
	s.sees("(ohne Betreff)")
	s.sees("42 Einträge zurückgehalten")
	if s.app.nav[Problems].badge != 3 {
		t.Errorf("the sidebar says %d", s.app.nav[Problems].badge)
	}
	s.press("Erneut versuchen") // the last one, which heals by itself
	s.until("retried", func() bool { return !s.has("(ohne Betreff)") })
	if calls := s.agent.Calls(); calls[len(calls)-1] != "retry 9" {
		t.Error(calls)
	}
}

func TestHeldDeletionsAreCarriedOutOnlyAfterAQuestion(t *testing.T) {
	s := open(t, setup{page: Problems})
	s.agent.Set(withProblems(s))
	s.sees("42 Einträge zurückgehalten")
	s.press("Durchführen")
	s.sees("Sollen 42 Einträge wirklich in Exchange gelöscht werden?")
	s.key(fyne.KeyReturn) // the safe answer has the keyboard
	if len(s.agent.Calls()) != 0 {
		t.Fatal(s.agent.Calls())
	}
	s.press("Wiederherstellen")
	s.until("restored", func() bool { return !s.has("42 Einträge zurückgehalten") })
	if calls := s.agent.Calls(); calls[0] != "hold 3 confirm=false" {
		t.Error(calls)
	}
}

func TestTheSidebarWorksWithArrowsAndEnter(t *testing.T) {
	s := open(t, setup{page: Status})
	s.window.Canvas().Focus(s.app.nav[Status])
	s.key(fyne.KeyDown)
	s.key(fyne.KeyReturn)
	if s.app.Page() != Problems {
		t.Errorf("page is %s", s.app.Page())
	}
}

func TestEveryStateHasTextsAndAnIcon(t *testing.T) {
	for _, lang := range assets.Languages() {
		texts := assets.Texts(lang)
		for state := range contract.UserState_name {
			p := client.Picture{Connection: client.Connected, User: &contract.UserStatus{State: contract.UserState(state)}}
			for _, part := range []string{".text", ".hint"} {
				if !texts.Has("state." + p.StateName() + part) {
					t.Errorf("%s lacks state.%s%s", lang, p.StateName(), part)
				}
			}
		}
		for _, c := range []client.Connection{client.Connecting, client.Missing, client.Reconnecting} {
			if name := (client.Picture{Connection: c}).StateName(); !texts.Has("state." + name + ".text") {
				t.Errorf("%s lacks %s", lang, name)
			}
		}
	}
}

func TestNothingRunsAfterClose(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	t.Run("close during a check", func(t *testing.T) {
		s := open(t, setup{script: func(sc *agentdouble.Script) { sc.Step = make(chan struct{}) }})
		s.typePassword("x")
		s.press("Zugangsdaten prüfen")
		s.sees("Abgleich-Dienst …")
	})
}
