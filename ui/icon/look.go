package icon

import (
	"time"
	"unicode/utf16"

	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ui/client"
	"abgleich/ui/preferences"
)

// Entry names a menu entry. The order is that of the menu.
type Entry int

// The menu, from top to bottom. PauseHour, PauseTomorrow and PauseOpen stand below
// Pause, German and English below Language, Notes and KeepPassword below Settings.
const (
	StatusLine Entry = iota
	Open
	SyncNow
	Pause
	PauseHour
	PauseTomorrow
	PauseOpen
	Resume
	Verify
	Problems
	Diagnostics
	Language
	German
	English
	Settings
	Notes
	KeepPassword
	About
	Quit
	entries // how many there are
)

// Parent tells below which entry one stands; ok is false at the top level.
func (e Entry) Parent() (parent Entry, ok bool) {
	switch e {
	case PauseHour, PauseTomorrow, PauseOpen:
		return Pause, true
	case German, English:
		return Language, true
	case Notes, KeepPassword:
		return Settings, true
	}
	return 0, false
}

// SeparatorBefore tells whether a line is drawn above the entry.
func (e Entry) SeparatorBefore() bool {
	return e == Open || e == SyncNow || e == Verify || e == Language || e == Quit
}

// Checkable tells whether the entry can carry a tick.
func (e Entry) Checkable() bool {
	return e == German || e == English || e == Notes || e == KeepPassword
}

// Item is how a menu entry looks now.
type Item struct {
	Title    string
	Disabled bool
	Checked  bool
}

// Appearance is how everything looks now.
type Appearance struct {
	Icon    assets.Icon
	Tooltip string
	Menu    [entries]Item
}

// maxTooltip is what Windows shows, in UTF-16 units without the closing zero
// (NOTIFYICONDATA.szTip).
const maxTooltip = 127

// Look tells how the icon looks for a picture of the agent. notice, if not "",
// takes the place of the status line: something the person has just asked for
// did not work.
func Look(p client.Picture, t *assets.Catalog, notice string, now time.Time) Appearance {
	name := p.StateName()
	until := ""
	if p.User.GetPausedUntil() != nil {
		until = t.When(p.User.GetPausedUntil().AsTime(), now)
	}
	status := t.T("state."+name+".text", "time", until)
	a := Appearance{Icon: client.StateIcon(p.State()), Tooltip: cut(t.T("app.name")+" – "+status+secondLine(p, t, now), maxTooltip)}
	if notice != "" {
		status = notice
	}

	connected := p.Connection == client.Connected
	can := connected && p.User != nil && p.State() != contract.UserState_USER_STATE_DISABLED
	paused := p.State() == contract.UserState_USER_STATE_PAUSED
	problems := t.T("menu.problems")
	if n := p.Decisions(); n > 0 {
		problems = t.T("menu.problems.n", "n", n)
	}
	a.Menu = [entries]Item{
		StatusLine:    {Title: status, Disabled: true},
		Open:          {Title: t.T("menu.open")},
		SyncNow:       {Title: t.T("menu.sync"), Disabled: !can || paused},
		Pause:         {Title: t.T("menu.pause"), Disabled: !can || paused},
		PauseHour:     {Title: t.T("menu.pause.hour"), Disabled: !can || paused},
		PauseTomorrow: {Title: t.T("menu.pause.tomorrow"), Disabled: !can || paused},
		PauseOpen:     {Title: t.T("menu.pause.open"), Disabled: !can || paused},
		Resume:        {Title: t.T("menu.resume"), Disabled: !can || !paused},
		Verify:        {Title: t.T("menu.verify")},
		Problems:      {Title: problems, Disabled: p.Decisions() == 0},
		Diagnostics:   {Title: t.T("menu.diagnostics")},
		Language:      {Title: t.T("menu.language")},
		German:        {Title: t.T("menu.language.de"), Checked: t.Lang() == assets.German},
		English:       {Title: t.T("menu.language.en"), Checked: t.Lang() == assets.English},
		Settings:      {Title: t.T("menu.settings")},
		Notes:         {Title: t.T("menu.notes"), Checked: true},
		KeepPassword:  {Title: t.T("menu.keep-password"), Checked: true},
		About:         {Title: t.T("menu.about")},
		Quit:          {Title: t.T("menu.quit")},
	}
	return a
}

// Chosen puts the person's settings into the menu. What the administrator decided can't
// be clicked, and says so.
func (a *Appearance) Chosen(t *assets.Catalog, notes, password preferences.Choice) {
	for e, c := range map[Entry]preferences.Choice{Notes: notes, KeepPassword: password} {
		item := &a.Menu[e]
		item.Checked, item.Disabled = c.On, c.Decided
		if c.Decided {
			item.Title = t.T("policy.decided", "setting", item.Title)
		}
	}
}

// secondLine tells the progress of a first sync, or else the last sync.
func secondLine(p client.Picture, t *assets.Catalog, now time.Time) string {
	if p.FirstSync() && p.Connection == client.Connected {
		if done, expected := p.Progress(); expected > 0 {
			return "\n" + t.T("tooltip.progress", "done", done, "expected", expected)
		}
		return ""
	}
	if last := p.LastSuccess(); !last.IsZero() {
		return "\n" + t.T("tooltip.last", "time", t.When(last, now))
	}
	return ""
}

// cut shortens a text to a number of UTF-16 units without splitting a letter.
func cut(s string, units int) string {
	if len(utf16.Encode([]rune(s))) <= units {
		return s
	}
	n := 0
	for i, r := range s {
		n += utf16.RuneLen(r)
		if n > units-1 {
			return s[:i] + "…"
		}
	}
	return s
}
