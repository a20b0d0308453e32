package window

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ui/internal/agentdouble"
)

func optionsScreen(t *testing.T, s setup) *screen {
	t.Helper()
	now := time.Date(2026, 11, 23, 13, 5, 0, 0, time.UTC) // as on screen
	s.page = Status
	s.script = func(script *agentdouble.Script) {
		script.User = agentdouble.Quiet(now)
		script.Books = agentdouble.History(now)
	}
	sc := open(t, s)
	sc.until("known", func() bool { return sc.app.picture.User != nil })
	sc.app.Show(Choices)
	sc.until("loaded", func() bool { return sc.app.options.forms[contract.Kind_KIND_TASK].was != nil })
	return sc
}

const appointments, tasks = contract.Kind_KIND_APPOINTMENT, contract.Kind_KIND_TASK

func TestAChangeOfOptionsIsCountedBeforeItCanBeApplied(t *testing.T) {
	s := optionsScreen(t, setup{})
	p := s.app.options
	f := p.forms[appointments]
	if !p.preview.Disabled() || !p.take.Disabled() || !f.direction.Disabled() {
		t.Fatal("there is nothing to be done yet")
	}
	f.standard.SetChecked(false)
	f.direction.SetSelectedIndex(1)
	f.past.SetText("90")
	f.categories.SetText("Kunde,  Projekt ,")
	f.groups["time"].SetSelectedIndex(2)
	if p.preview.Disabled() || !p.take.Disabled() {
		t.Error("it isn't to be counted first")
	}
	s.press("Vorschau")
	s.sees("Neu in Exchange")
	s.called("options user= preview=true appointments=2,90,all,[Kunde Projekt],false,1,,map[time:business] tasks=-")
	for _, sentence := range []string{"214", "1.402", "3.107", "Gelöscht wird dadurch nichts."} {
		if !s.has(sentence) {
			t.Errorf("%q isn't told", sentence)
		}
	}
	if s.window.Canvas().Focused() != p.take {
		t.Error("Enter doesn't apply it")
	}
	f.past.SetText("30") // what was counted is something else now
	if !p.take.Disabled() || s.has("Neu in Exchange") {
		t.Error("what was never counted can be applied")
	}
	f.past.OnSubmitted("30") // as Enter does
	s.until("counted again", func() bool { return !p.take.Disabled() })
	s.key(fyne.KeyReturn)
	s.sees("Gespeichert. Der Abgleich damit ist angestoßen.")
	s.called("options user= preview=false appointments=2,30,all,[Kunde Projekt],false,1,,map[time:business] tasks=-")
	if !p.preview.Disabled() || !p.take.Disabled() || p.wanted() != nil {
		t.Error("it is still to be done")
	}
}

func TestBackToWhatIsSetForEverybody(t *testing.T) {
	s := optionsScreen(t, setup{})
	p := s.app.options
	days := uint32(7)
	s.agent.Set(func(sc *agentdouble.Script) {
		sc.Options = &contract.Options{Appointments: agentdouble.StandardOptions().GetAppointments(),
			Tasks: &contract.KindOptions{Direction: contract.Direction_DIRECTION_TO_BUSINESS, FutureDays: &days, OpenOnly: true, Private: contract.PrivateItems_PRIVATE_ITEMS_NOT, Policy: "newer"}}
	})
	p.load()
	f := p.forms[tasks]
	s.until("his own", func() bool { return f.was.GetOpenOnly() })
	if f.standard.Checked || !f.open.Checked || f.future.Text != "7" || f.direction.SelectedIndex() != 2 || f.policy.SelectedIndex() != 1 {
		t.Error("the form says something else than what is in force")
	}
	p.tabs.show(1)
	f.standard.SetChecked(true)
	if f.own.Visible() {
		t.Error("what isn't in force then is shown as if it were")
	}
	s.press("Vorschau")
	s.until("counted", func() bool { return !p.take.Disabled() })
	s.called("options user= preview=true appointments=- tasks=standard")
	s.press("Verwerfen")
	if f.standard.Checked || p.wanted() != nil || !p.take.Disabled() {
		t.Error("nothing is thrown away")
	}
}

func TestANumberOfDaysThatIsNoneIsNotCounted(t *testing.T) {
	s := optionsScreen(t, setup{})
	f := s.app.options.forms[appointments]
	f.standard.SetChecked(false)
	f.future.SetText("bald")
	if !s.has("Bitte eine Zahl von Tagen") || !s.app.options.preview.Disabled() {
		t.Error("it is taken for a number")
	}
	f.future.SetText(" 14 ")
	if s.has("Bitte eine Zahl von Tagen") || s.app.options.preview.Disabled() {
		t.Error("14 is a number")
	}
}

func TestWhatCannotBeCountedIsAppliedAfterAQuestion(t *testing.T) {
	s := optionsScreen(t, setup{})
	p := s.app.options
	s.agent.Set(func(sc *agentdouble.Script) { sc.Refuse = map[string]string{"PreviewOptions": "server-unreachable"} })
	p.forms[tasks].standard.SetChecked(false)
	p.tabs.show(1)
	s.press("Vorschau")
	s.sees("Es lässt sich gerade nicht zählen.")
	s.press("Übernehmen")
	s.sees("Ohne Vorschau übernehmen?")
	s.key(fyne.KeyEscape)
	if p.saving || strings.Contains(strings.Join(s.agent.Calls(), "\n"), "preview=false") {
		t.Fatal("it was applied")
	}
	s.agent.Set(func(sc *agentdouble.Script) { sc.Refuse = map[string]string{"PreviewOptions": "bad-request"} })
	p.edited()
	s.press("Vorschau")
	s.until("refused", func() bool { return p.stopping == nil })
	if !p.take.Disabled() {
		t.Error("what is wrong can be applied")
	}
	s.agent.Set(func(sc *agentdouble.Script) { sc.Refuse = map[string]string{"PreviewOptions": "server-unreachable"} })
	p.edited()
	s.press("Vorschau")
	s.until("refused", func() bool { return p.stopping == nil })
	p.apply()
	s.window.Canvas().Focused().(*button).OnTapped() // cancel has the keyboard
	p.save()
	s.sees("Gespeichert.")
}

func TestACountCanBeStoppedAndNothingChosenIsLostWithTheLanguage(t *testing.T) {
	s := optionsScreen(t, setup{})
	step := make(chan struct{})
	s.agent.Set(func(sc *agentdouble.Script) { sc.Step = step })
	f := s.app.options.forms[appointments]
	f.standard.SetChecked(false)
	f.past.SetText("12x")
	s.app.SetLang(assets.English)
	f = s.app.options.forms[appointments]
	if f.standard.Checked || f.past.Text != "12x" || !s.has("Please a number of days") {
		t.Error("what was typed is lost with the language")
	}
	f.past.SetText("12")
	s.press("Preview")
	s.sees("Counting what the next sync would do")
	s.window.Canvas().Unfocus()
	s.key(fyne.KeyEscape)
	if s.closed || s.app.options.stopping != nil || s.has("Counting") {
		t.Error("the count goes on")
	}
	s.key(fyne.KeyEscape)
	if !s.closed {
		t.Error("the window stays")
	}
}

func TestAnAdministratorChangesSomebodysOptions(t *testing.T) {
	s := adminScreen(t, setup{})
	s.until("listed", func() bool { return len(s.app.admin.users.shown) == 8 })
	s.app.admin.users.list.Select(1)
	s.press("Einstellungen")
	s.sees("Sie sehen Carla Steiner.")
	p := s.app.options
	s.until("loaded", func() bool { return p.forms[tasks].was != nil })
	p.forms[tasks].standard.SetChecked(false)
	p.tabs.show(1)
	s.press("Vorschau")
	s.until("counted", func() bool { return !p.take.Disabled() })
	s.press("Übernehmen")
	s.sees("Gespeichert.")
	s.called("options user=CARLA preview=false appointments=- tasks=1,all,all,[],false,1,,map[]")
}

func TestNobodyUnknownHasOptions(t *testing.T) {
	s := open(t, setup{page: Status})
	if s.app.nav[Choices].Visible() {
		t.Error("the page is offered to somebody the agent doesn't know")
	}
	s.app.Show(Choices)
	s.sees("Prüfen Sie zuerst Ihre Zugangsdaten.")
}

func TestOptionsLookAsTheyShould(t *testing.T) {
	for lang, look := range map[assets.Lang]string{assets.German: "light", assets.English: "dark"} {
		s := optionsScreen(t, setup{lang: lang, theme: look})
		f := s.app.options.forms[appointments]
		f.standard.SetChecked(false)
		f.direction.SetSelectedIndex(1)
		f.future.SetText("365")
		s.press(s.app.texts.T("options.preview"))
		s.sees(s.app.texts.T("options.effect"))
		golden(t, "options-"+string(lang)+"-"+look, s.capture())
	}
}
