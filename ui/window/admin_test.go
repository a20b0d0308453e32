package window

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ui/client"
	"abgleich/ui/internal/agentdouble"
)

func adminScreen(t *testing.T, s setup) *screen {
	t.Helper()
	s.page = Status
	now := time.Date(2026, 11, 23, 13, 5, 0, 0, time.UTC) // as on screen
	s.script = func(script *agentdouble.Script) {
		script.User = agentdouble.Quiet(now)
		script.Books = agentdouble.History(now)
		script.Office = agentdouble.AnOffice(now)
	}
	sc := open(t, s)
	sc.until("an administrator", func() bool { return sc.app.picture.Administrator && sc.app.picture.User != nil })
	sc.app.Show(Administration)
	return sc
}

func (s *screen) tab(i int) { s.app.admin.tabs.show(i) }

func TestOnlyAdministratorsSeeTheAdministration(t *testing.T) {
	s := open(t, setup{page: Status})
	if s.app.nav[Administration].Visible() {
		t.Error("everybody sees it")
	}
	s = adminScreen(t, setup{})
	if !s.app.nav[Administration].Visible() {
		t.Error("an administrator doesn't see it")
	}
}

func TestUsersAreSortedByTrouble(t *testing.T) {
	s := adminScreen(t, setup{})
	p := s.app.admin.users
	s.sees("2 von 8 Benutzern brauchen Hilfe.")
	order := func() (names string) {
		for _, u := range p.shown {
			names += u.GetName()[:1]
		}
		return names
	}
	if got := order(); got != "BCEDAFGH" {
		t.Errorf("by trouble: %s", got)
	}
	p.order.SetSelected("Nach Namen")
	if got := order(); got != "ABCDEFGH" {
		t.Errorf("by name: %s", got)
	}
	p.order.SetSelected("Nach letztem Abgleich")
	if got := order(); got[:3] != "GHB" {
		t.Errorf("by last sync: %s", got)
	}
	p.search.SetText("wim")
	if got := order(); got != "D" {
		t.Errorf("searched: %s", got)
	}
}

func TestAChangedStateKeepsWhoWasChosen(t *testing.T) {
	s := adminScreen(t, setup{})
	p := s.app.admin.users
	s.until("listed", func() bool { return len(p.shown) == 8 })
	p.list.Select(0)
	s.sees("Benutzer oder Passwort stimmt nicht.")
	s.agent.Set(func(sc *agentdouble.Script) {
		sc.Office.Users = sc.Office.Users[1:]
		sc.Office.Users[0].State = 2
		sc.Office.Users[0].Code = ""
	})
	s.until("well", func() bool { return !s.has("Benutzer oder Passwort stimmt nicht.") })
	if p.chosen != "BERT" || !s.has("BERT") {
		t.Errorf("chosen %q", p.chosen)
	}
	s.press("Jetzt abgleichen")
	s.called("sync now")
}

func TestWhoHasNoUserIDIsInTheListAndCanOnlyBeLookedUpInTheMasterData(t *testing.T) {
	s := adminScreen(t, setup{})
	p := s.app.admin.users
	s.until("listed", func() bool { return len(p.shown) == 8 })
	p.search.SetText("lang")
	s.sees("In den Mitarbeiterstammdaten fehlt die BenutzerID.")
	p.list.Select(0)
	s.sees("Ohne sie wird nichts abgeglichen und nichts gelöscht.")
	if s.button("Jetzt abgleichen") != nil || s.button("Verlauf") != nil {
		t.Errorf("what could be done for him:\n%s", strings.Join(s.texts(), "\n"))
	}
	s.press("Mitarbeiter")
	s.sees("4 Mitarbeiter")
}

func TestAnAdministratorLooksAtSomebodysPagesAndComesBack(t *testing.T) {
	s := adminScreen(t, setup{})
	s.until("listed", func() bool { return len(s.app.admin.users.shown) == 8 })
	s.app.admin.users.list.Select(1)
	s.press("Verlauf")
	s.sees("Sie sehen Carla Steiner.")
	s.sees("6 Abgleiche")
	if s.app.Page() != History || s.app.subject != "CARLA" {
		t.Errorf("page %s, of %q", s.app.Page(), s.app.subject)
	}
	s.press("Zurück")
	if s.app.Page() != Administration || s.app.subject != "" {
		t.Errorf("page %s, of %q", s.app.Page(), s.app.subject)
	}
	s.app.open(Problems)
	if s.has("Sie sehen") {
		t.Error("his own page is somebody else's")
	}
}

func TestParametersAreCheckedWhileTyping(t *testing.T) {
	s := adminScreen(t, setup{})
	s.tab(2)
	p := s.app.admin.params
	s.until("loaded", func() bool { return len(p.names) == 6 })
	p.groups.Select(4)
	s.sees("Abgleichintervall (s)")
	s.sees("Sekunden zwischen zwei Abgleichen eines Benutzers.")
	p.set("sync.interval", "5")
	s.sees("Dieser Wert ist nicht erlaubt. Richtig wäre: 10 – 86400")
	if !p.save.Disabled() {
		t.Error("a mistake can be saved")
	}
	p.set("sync.interval", "300")
	s.until("right", func() bool { return !p.save.Disabled() && !s.has("Richtig wäre") })
	s.sees("Eine Änderung ist noch nicht gespeichert.")
	s.press("Speichern")
	s.called("set sync.interval=300")
	s.sees("Gespeichert. Die Änderung gilt sofort.")
	if p.pending() != 0 {
		t.Error("something is left over")
	}
}

func TestASecretParameterLeavesSealedAndIsNeverShown(t *testing.T) {
	s := adminScreen(t, setup{})
	s.tab(2)
	p := s.app.admin.params
	s.until("loaded", func() bool { return len(p.names) == 6 })
	p.groups.Select(5)
	s.sees("Passwort des Dienstes")
	var f *field
	s.walk(s.window.Content(), func(o fyne.CanvasObject) {
		if x, ok := o.(*field); ok && x.Password {
			f = x
		}
	})
	f.SetText(agentdouble.RightPassword)
	s.press("Speichern")
	s.called("set  service.password right=true")
	s.until("gone from the screen", func() bool { return !s.has(agentdouble.RightPassword) })
}

func TestTwoAdministratorsSeeEachOthersChanges(t *testing.T) {
	s := adminScreen(t, setup{})
	s.tab(2)
	p := s.app.admin.params
	s.until("loaded", func() bool { return len(p.names) == 6 })
	p.set("sync.interval", "300")
	s.agent.Set(func(sc *agentdouble.Script) { sc.Office.Etag++; sc.Office.Parameters[7].Value = "9091" })
	s.until("checked", func() bool { return !p.save.Disabled() && !p.checking })
	s.press("Speichern")
	s.sees("Jemand anderer hat inzwischen geändert: Eventport: 9091.")
	if p.values["sync.interval"] != "300" {
		t.Error("his own change is lost")
	}
	s.press("Speichern")
	s.called("set sync.interval=300")
}

func TestTestMailAndEventPortTellHowItWent(t *testing.T) {
	s := adminScreen(t, setup{})
	s.tab(2)
	p := s.app.admin.params
	s.until("loaded", func() bool { return len(p.names) == 6 })
	p.groups.Select(3)
	s.press("Testmail senden")
	s.sees("Gesendet an admin@firma.example.")
	s.agent.Set(func(sc *agentdouble.Script) { sc.Warnings["events"] = "event-server-unproven" })
	p.groups.Select(2)
	s.press("Eventport prüfen")
	s.sees("Benutzer oder Passwort stimmt nicht.") // nobody has told the double a login yet
	s.app.keepLogin(&contract.SaveCredentialsRequest{Login: "x", Sync: true}, agentdouble.RightPassword, func(*contract.Credentials, error, *client.Failure) {})
	s.until("saved", func() bool { return len(s.saves()) == 1 })
	s.press("Eventport prüfen")
	s.sees("Exchange erreicht den Eventserver nicht.")
	s.agent.Set(func(sc *agentdouble.Script) { delete(sc.Warnings, "events") })
	s.press("Eventport prüfen")
	s.sees("Exchange hat angerufen. Geprüft mit dem Postfach von Anna Berger.")
}

func TestEmployeesAreChangedAndMade(t *testing.T) {
	s := adminScreen(t, setup{})
	s.tab(1)
	p := s.app.admin.employees
	s.sees("4 Mitarbeiter")
	s.sees("E-Mail fehlt")
	p.list.Select(0)
	s.sees("Synchronisation CRM, Synchronisationszugangsdaten")
	s.press("Speichern")
	s.called("employee ANNA mail=anna@firma.example groups=Kanzlei active=true")
	s.sees("ANNA ist gespeichert.")
	s.press("Neu")
	s.typed("HANS")
	s.press("Speichern")
	s.sees("BenutzerID und E-Mail werden für den Abgleich gebraucht.")
	for _, c := range s.agent.Calls() {
		if strings.HasPrefix(c, "employee HANS") {
			t.Error("saved without an address")
		}
	}
}

func TestPermissionsAreTickedAndARefusalPutsTheTickBack(t *testing.T) {
	s := adminScreen(t, setup{})
	s.tab(1)
	s.sees("4 Mitarbeiter")
	s.press("Berechtigungen")
	s.sees("2 Mitglieder")
	var boxes []*check
	s.walk(s.app.admin.employees.detail.content, func(o fyne.CanvasObject) {
		if c, ok := o.(*check); ok {
			boxes = append(boxes, c)
		}
	})
	if len(boxes) != 9 {
		t.Fatalf("%d boxes", len(boxes))
	}
	boxes[4].SetChecked(true)
	s.called("permission Vertrieb sync-credentials true")
	s.agent.Set(func(sc *agentdouble.Script) { sc.Refuse = map[string]string{"SetPermission": "not-permitted"} })
	boxes[5].SetChecked(true)
	s.until("put back", func() bool { return !boxes[5].Checked })
}

func TestErasingAsksFirst(t *testing.T) {
	s := adminScreen(t, setup{})
	s.tab(1)
	s.sees("4 Mitarbeiter")
	s.app.admin.employees.list.Select(1)
	s.press("Daten löschen …")
	s.sees("Daten von Bert Huber löschen?")
	s.key(fyne.KeyReturn) // the safe answer has the keyboard
	s.press("Daten löschen …")
	s.press("Löschen")
	s.called("forget BERT")
	s.sees("Gelöscht: 12.345 Zuordnungen, 40 Abgleiche.")
}

func TestTheLogIsLiveAndFiltered(t *testing.T) {
	s := adminScreen(t, setup{})
	s.tab(3)
	p := s.app.admin.log
	s.sees("6 Zeilen")
	s.agent.Set(func(sc *agentdouble.Script) {
		sc.Office.Log = append(sc.Office.Log, "2026-11-23T14:05:00.000+01:00 INFO  [DORA] new line")
	})
	s.sees("7 Zeilen")
	p.search.SetText("carla")
	s.sees("2 Zeilen")
	p.list.Select(1)
	s.press("Details kopieren")
	if !strings.Contains(s.clip.Content(), "item-refused") {
		t.Errorf("copied %q", s.clip.Content())
	}
	p.level.SetSelected("Nur Fehler")
	s.called("log level=error follow=true")
	s.app.Show(Status)
	if p.stopping != nil {
		t.Error("the log is followed though nobody sees it")
	}
}

func TestTheErrorLogOfOneUserIsChosenFromTheUsersAndInTheLog(t *testing.T) {
	s := adminScreen(t, setup{})
	s.agent.Set(func(sc *agentdouble.Script) {
		sc.Errors = map[string][]string{"BERT": {"2026-11-23T14:00:00.000+01:00 WARN  [BERT] login rejected code=login-rejected"},
			"CARLA": {"2026-11-23T14:00:00.000+01:00 ERROR [CARLA] item refused code=item-refused"}}
	})
	s.until("listed", func() bool { return len(s.app.admin.users.shown) == 8 })
	s.app.admin.users.list.Select(0)
	s.press("Fehlerprotokoll")
	p := s.app.admin.log
	s.until("his", func() bool { return len(p.shown) == 1 && strings.Contains(p.shown[0], "[BERT]") })
	s.until("by name", func() bool { return p.whose.Selected == "Fehler: Bert Huber (BERT)" })
	s.called("log user=BERT level=info follow=true")
	if len(p.users) != 5 {
		t.Errorf("logs to choose from: %q", p.whose.Options)
	}
	p.whose.SetSelected("Fehler: Carla Steiner (CARLA)")
	s.until("hers", func() bool { return len(p.shown) == 1 && strings.Contains(p.shown[0], "[CARLA]") })
	p.whose.SetSelected("Dienstprotokoll")
	s.sees("6 Zeilen")
}

func TestAdministrationLooksAsItShould(t *testing.T) {
	for _, theme := range []string{"light", "dark"} {
		lang := map[string]assets.Lang{"light": assets.German, "dark": assets.English}[theme]
		for i, name := range []string{"users", "employees", "params", "log"} {
			t.Run(name, func(t *testing.T) {
				s := adminScreen(t, setup{theme: theme, lang: lang})
				s.until("listed", func() bool { return len(s.app.admin.users.shown) == 8 })
				s.tab(i)
				switch name {
				case "users":
					s.app.admin.users.list.Select(0)
				case "employees":
					s.until("listed", func() bool { return len(s.app.admin.employees.shown) == 4 })
					s.app.admin.employees.list.Select(1)
				case "params":
					s.until("loaded", func() bool { return len(s.app.admin.params.names) == 6 })
					s.app.admin.params.groups.Select(1)
					s.app.admin.params.set("communication.port", "0")
					s.until("checked", func() bool { return len(s.app.admin.params.mistakes) == 1 })
				case "log":
					s.until("read", func() bool { return len(s.app.admin.log.shown) == 6 })
					s.app.admin.log.list.Select(2)
				}
				golden(t, "admin-"+name+"-"+string(lang)+"-"+theme, s.capture())
			})
		}
	}
}
