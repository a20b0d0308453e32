package icon

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ipc/policy"
	"abgleich/ui/client"
	"abgleich/ui/internal/agentdouble"
	"abgleich/ui/preferences"
)

func now() time.Time { return time.Date(2026, 11, 23, 14, 5, 0, 0, time.UTC) }

func user(state contract.UserState, change func(*contract.UserStatus)) client.Picture {
	u := agentdouble.Quiet(now())
	u.State = state
	if change != nil {
		change(u)
	}
	return client.Picture{Connection: client.Connected, User: u}
}

func TestLooks(t *testing.T) {
	tests := []struct {
		name     string
		picture  client.Picture
		icon     assets.Icon
		tooltip  string
		disabled []Entry
	}{
		{"connecting looks like offline", client.Picture{}, assets.StateOffline, "Abgleich – Verbindung zum Dienst wird aufgebaut",
			[]Entry{StatusLine, SyncNow, Pause, PauseHour, PauseTomorrow, PauseOpen, Resume, Problems}},
		{"agent missing", client.Picture{Connection: client.Missing, Code: "agent-unreachable"}, assets.StateOffline, "Abgleich – Der Abgleich-Dienst antwortet nicht",
			[]Entry{StatusLine, SyncNow, Pause, PauseHour, PauseTomorrow, PauseOpen, Resume, Problems}},
		{"not set up", client.Picture{Connection: client.Connected}, assets.StateNotSetUp, "Abgleich – Noch nicht eingerichtet",
			[]Entry{StatusLine, SyncNow, Pause, PauseHour, PauseTomorrow, PauseOpen, Resume, Problems}},
		{"fine", user(contract.UserState_USER_STATE_FINE, nil), assets.StateFine, "Abgleich – Alles ist abgeglichen\nLetzter Abgleich: vor 4 Minuten",
			[]Entry{StatusLine, Resume, Problems}},
		{"first sync", client.Picture{Connection: client.Connected, User: agentdouble.FirstSync(0.6)}, assets.StateSyncing, "Abgleich – Erster Abgleich läuft\n6.720 von 12.000",
			[]Entry{StatusLine, Resume, Problems}},
		{"paused for a while", user(contract.UserState_USER_STATE_PAUSED, func(u *contract.UserStatus) { u.PausedUntil = timestamppb.New(now().Add(2 * time.Hour)) }),
			assets.StatePaused, "Abgleich – Angehalten bis heute, 16:05\nLetzter Abgleich: vor 4 Minuten",
			[]Entry{StatusLine, SyncNow, Pause, PauseHour, PauseTomorrow, PauseOpen, Problems}},
		{"problems", user(contract.UserState_USER_STATE_ATTENTION, func(u *contract.UserStatus) { u.Problems, u.Holds = 2, 1 }),
			assets.StateAttention, "Abgleich – Ein Punkt braucht Sie\nLetzter Abgleich: vor 4 Minuten", []Entry{StatusLine, Resume}},
		{"credentials needed", user(contract.UserState_USER_STATE_CREDENTIALS_NEEDED, nil), assets.StateCredentials,
			"Abgleich – Ihre Anmeldung wird gebraucht\nLetzter Abgleich: vor 4 Minuten", []Entry{StatusLine, Resume, Problems}},
		{"switched off", user(contract.UserState_USER_STATE_DISABLED, nil), assets.StatePaused, "Abgleich – Der Abgleich ist abgeschaltet\nLetzter Abgleich: vor 4 Minuten",
			[]Entry{StatusLine, SyncNow, Pause, PauseHour, PauseTomorrow, PauseOpen, Resume, Problems}},
		{"a state of a newer agent", user(99, nil), assets.StateOffline, "Abgleich – Unbekannter Zustand\nLetzter Abgleich: vor 4 Minuten",
			[]Entry{StatusLine, Resume, Problems}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := Look(tt.picture, assets.Texts(assets.German), "", now())
			if a.Icon != tt.icon || a.Tooltip != tt.tooltip {
				t.Errorf("icon %s, tooltip %q", a.Icon, a.Tooltip)
			}
			var disabled []Entry
			for e, item := range a.Menu {
				if item.Disabled {
					disabled = append(disabled, Entry(e))
				}
				if item.Title == "" {
					t.Errorf("entry %d has no title", e)
				}
			}
			if len(disabled) != len(tt.disabled) {
				t.Fatalf("disabled: %v, want %v", disabled, tt.disabled)
			}
			for i := range disabled {
				if disabled[i] != tt.disabled[i] {
					t.Fatalf("disabled: %v, want %v", disabled, tt.disabled)
				}
			}
		})
	}
}

func TestTheMenuTellsHowManyProblems(t *testing.T) {
	p := user(contract.UserState_USER_STATE_ATTENTION, func(u *contract.UserStatus) { u.Problems, u.Holds = 2, 1 })
	if got := Look(p, assets.Texts(assets.English), "", now()).Menu[Problems].Title; got != "Problems (3)" {
		t.Errorf("got %q", got)
	}
}

func TestTooltipsFitIntoWindows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		got := cut(s, maxTooltip)
		if n := len(utf16.Encode([]rune(got))); n > maxTooltip {
			t.Fatalf("%d units", n)
		}
		if rest := strings.TrimSuffix(got, "…"); !strings.HasPrefix(string([]rune(s)), rest) && !strings.HasPrefix(s, rest) {
			t.Fatalf("%q isn't the beginning of %q", got, s)
		}
	})
}

// fakeTray notes what is done to it.
type fakeTray struct {
	icon    assets.Icon
	mu      sync.Mutex // guards tooltip, which changes by the clock, too
	tooltip string
	items   map[Entry]Item
	order   []Entry
	changes int
	clicks  chan Entry
	bars    chan Bar
	icons   []assets.Icon
	notes   []*Note
	answers chan string
}

func (f *fakeTray) SetIcon(i assets.Icon) {
	f.icon = i
	f.icons = append(f.icons, i)
	f.changes++
}
func (f *fakeTray) Notify(n *Note)         { f.notes = append(f.notes, n) }
func (f *fakeTray) Answers() <-chan string { return f.answers }
func (f *fakeTray) Bars() <-chan Bar       { return f.bars }
func (f *fakeTray) SetTooltip(s string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tooltip = s
	f.changes++
}
func (f *fakeTray) tip() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tooltip
}
func (f *fakeTray) Add(e Entry, i Item)    { f.items[e] = i; f.order = append(f.order, e) }
func (f *fakeTray) Change(e Entry, i Item) { f.items[e] = i; f.changes++ }
func (f *fakeTray) Clicks() <-chan Entry   { return f.clicks }

// fakeActions notes what is asked of it.
type fakeActions struct {
	done []string
	err  error
	told string
	// notesOff and passwordOff are the person's choices, decided what holds in spite.
	notesOff, passwordOff bool
	decided               policy.Policy
}

func (f *fakeActions) own() preferences.Preferences {
	return preferences.Preferences{NoNotes: f.notesOff, NoPasswordKept: f.passwordOff}
}
func (f *fakeActions) Notes() preferences.Choice        { return f.own().Notes(f.decided) }
func (f *fakeActions) KeepPassword() preferences.Choice { return f.own().KeepPassword(f.decided) }
func (f *fakeActions) ChooseNotes(on bool)              { f.notesOff = !on }
func (f *fakeActions) ChooseKeepPassword(on bool)       { f.passwordOff = !on }

func (f *fakeActions) Open(page string) error { f.done = append(f.done, "open "+page); return f.err }
func (f *fakeActions) SyncNow()               { f.done = append(f.done, "sync") }
func (f *fakeActions) PauseUntil(t time.Time) {
	f.done = append(f.done, "pause "+t.Format(time.RFC3339))
}
func (f *fakeActions) Resume()                  { f.done = append(f.done, "resume") }
func (f *fakeActions) Told(key string)          { f.told = key }
func (f *fakeActions) ChooseLang(l assets.Lang) { f.done = append(f.done, "lang "+string(l)) }

// control runs a control; send gives it one event and waits until it was seen.
func control(t *testing.T, actions *fakeActions) (tray *fakeTray, picture func(client.Picture), click func(Entry), stop func()) {
	t.Helper()
	tray = &fakeTray{items: map[Entry]Item{}, clicks: make(chan Entry), bars: make(chan Bar), answers: make(chan string)}
	pictures := make(chan client.Picture)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); NewControl(tray, actions, assets.German, now, "").Run(ctx, pictures, nil) }()
	var last client.Picture
	// A second event on an unbuffered channel is taken after the first is done.
	picture = func(p client.Picture) { last = p; pictures <- p; pictures <- p }
	click = func(e Entry) { tray.clicks <- e; pictures <- last }
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return tray, picture, click, stop
}

func TestClicksDoWhatTheySay(t *testing.T) {
	a := &fakeActions{}
	_, _, click, stop := control(t, a)
	for _, e := range []Entry{Open, Verify, Problems, Diagnostics, About, SyncNow, PauseHour, PauseTomorrow, PauseOpen, Resume, English, StatusLine, Pause, Language} {
		click(e)
	}
	stop()
	want := "open status,open credentials,open problems,open diagnostics,open diagnostics,sync," +
		"pause 2026-11-23T15:05:00Z,pause 2026-11-24T06:00:00Z,pause 0001-01-01T00:00:00Z,resume,lang en"
	if got := strings.Join(a.done, ","); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestTheMenuChangesInPlaceAndOnlyWhereItDiffers(t *testing.T) {
	tray, picture, click, stop := control(t, &fakeActions{})
	picture(user(contract.UserState_USER_STATE_FINE, nil))
	click(English)
	before := tray.changes
	picture(user(contract.UserState_USER_STATE_FINE, nil))
	stop()
	if len(tray.order) != int(entries) {
		t.Errorf("%d entries were made", len(tray.order))
	}
	if tray.changes != before {
		t.Errorf("an equal picture made %d changes", tray.changes-before)
	}
	if tray.icon != assets.StateFine || tray.items[StatusLine].Title != "Everything is in sync" || !tray.items[English].Checked || tray.items[German].Checked {
		t.Errorf("%s, %+v", tray.icon, tray.items)
	}
}

func TestAWindowThatCannotBeOpenedIsSaidUntilTheNextClick(t *testing.T) {
	a := &fakeActions{err: errors.New("no such file")}
	tray, picture, click, stop := control(t, a)
	picture(user(contract.UserState_USER_STATE_FINE, nil))
	click(Open)
	click(StatusLine) // a click that does nothing clears it; look before
	stop()
	if tray.items[StatusLine].Title != "Alles ist abgeglichen" {
		t.Errorf("status line is %q", tray.items[StatusLine].Title)
	}
	if got := Look(client.Picture{}, assets.Texts(assets.German), "Fenster lässt sich nicht öffnen", now()).Menu[StatusLine].Title; got != "Fenster lässt sich nicht öffnen" {
		t.Errorf("got %q", got)
	}
}

func TestQuitEndsTheIcon(t *testing.T) {
	tray := &fakeTray{items: map[Entry]Item{}, clicks: make(chan Entry), bars: make(chan Bar), answers: make(chan string)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		NewControl(tray, &fakeActions{}, assets.German, now, "").Run(t.Context(), nil, nil)
	}()
	tray.clicks <- Quit
	<-done
}

func TestTheIconOfWhoHasNoSyncFunctionsEndsItself(t *testing.T) {
	without := user(contract.UserState_USER_STATE_DISABLED, func(u *contract.UserStatus) { u.Code = "function-missing" })
	administrator, off, gone := without, user(contract.UserState_USER_STATE_DISABLED, func(u *contract.UserStatus) { u.Code = "sync-disabled" }), without
	administrator.Administrator = true
	gone.Connection = client.Reconnecting
	for name, p := range map[string]client.Picture{"an administrator": administrator, "switched off for all": off, "known from before": gone, "not known": {Connection: client.Connected}} {
		if p.Unwanted() {
			t.Errorf("%s: it would end", name)
		}
	}
	tray := &fakeTray{items: map[Entry]Item{}, clicks: make(chan Entry), bars: make(chan Bar), answers: make(chan string)}
	pictures, done := make(chan client.Picture), make(chan struct{})
	go func() {
		defer close(done)
		NewControl(tray, &fakeActions{}, assets.German, now, "").Run(t.Context(), pictures, nil)
	}()
	pictures <- user(contract.UserState_USER_STATE_FINE, nil)
	pictures <- without
	<-done
	if tray.icon != assets.StateFine || len(tray.notes) > 0 {
		t.Errorf("the person saw %s and %d notes", tray.icon, len(tray.notes))
	}
}
