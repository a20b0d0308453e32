package icon

import (
	"context"
	"time"

	"abgleich/assets"
	"abgleich/ui/client"
	"abgleich/ui/preferences"
)

// Tray is the operating system's side of the icon. Its methods are called from
// one goroutine, after the tray is ready.
type Tray interface {
	// SetIcon shows one of the pictures of [assets.TrayIcons] and [assets.Turn], or
	// its twin for dark bars.
	SetIcon(icon assets.Icon)
	// SetTooltip sets what is shown when the mouse rests on the icon.
	SetTooltip(text string)
	// Add makes a menu entry below all others of its level.
	Add(e Entry, item Item)
	// Change changes an entry in place.
	Change(e Entry, item Item)
	// Clicks gives what the person clicks.
	Clicks() <-chan Entry
	// Bars tells how bright the task bar is: at first, and when it changes. It is
	// never closed, and may never say anything.
	Bars() <-chan Bar
	// Notify shows a note on the desktop, in place of an earlier one; nil takes it
	// away. It doesn't wait for the desktop.
	Notify(n *Note)
	// Answers gives the page of each note the person clicks.
	Answers() <-chan string
}

// Bar is how bright the task bar is.
type Bar int

// The zero value is a bar nobody could tell.
const (
	BarUnknown Bar = iota
	BarLight
	BarDark
)

// Actions is what clicks do. None may block for long: the menu waits.
type Actions interface {
	// Open shows the window: "status", "credentials", "problems" or "diagnostics".
	Open(page string) error
	// SyncNow, PauseUntil and Resume ask the agent; the zero time pauses until
	// resumed.
	SyncNow()
	PauseUntil(t time.Time)
	Resume()
	// ChooseLang remembers the language.
	ChooseLang(lang assets.Lang)
	// Notes and KeepPassword tell what holds: the person's choice, or what his
	// administrator decided. ChooseNotes and ChooseKeepPassword remember a choice.
	Notes() preferences.Choice
	KeepPassword() preferences.Choice
	ChooseNotes(on bool)
	ChooseKeepPassword(on bool)
	// Told remembers of what the person was told, for the next start; "" for nothing.
	Told(key string)
}

// Control keeps a tray's icon up to date and carries out clicks.
type Control struct {
	tray    Tray
	actions Actions
	now     func() time.Time
	texts   *assets.Catalog
	region  assets.Region
	picture client.Picture
	notice  string
	bar     Bar
	turn    int // how far the moving state has turned
	drawn   assets.Icon
	tipped  time.Time // when the tooltip last changed
	herald  herald
	again   *time.Timer // asks the herald again
	shown   Appearance
	// notes and password are the settings as they hold, asked for every minute: the
	// administrator may decide at any time.
	notes, password preferences.Choice
}

// NewControl returns a control for a tray that is ready. told is what
// [Actions].Told got last: the person isn't told again of what still goes on.
func NewControl(tray Tray, actions Actions, lang assets.Lang, now func() time.Time, told string) *Control {
	return &Control{tray: tray, actions: actions, now: now, texts: assets.Texts(lang), herald: herald{told: told}}
}

// In has days, times and numbers written as a region does. It must be called before
// Run.
func (c *Control) In(r assets.Region) *Control {
	c.region, c.texts = r, c.texts.In(r)
	return c
}

// minute is how often the tooltip's "3 minutes ago" is brought up to date.
const minute = time.Minute

// tooltipStands is how long a tooltip stays as it is while progress goes on. The next
// picture of the moving state brings it up to date.
const tooltipStands = 2 * time.Second

// turnEvery is how long a picture of the moving state stands: seen at a glance, and
// cheap on sixty desktops of one server.
const turnEvery = 600 * time.Millisecond

// Run shows pictures and carries out clicks until ctx ends, the person quits, or the
// agent says that this person has no sync functions: then nothing here is for him.
// changed says that the person has changed his Windows password and the agent still
// has the old one; he is asked for the new one.
func (c *Control) Run(ctx context.Context, pictures <-chan client.Picture, changed <-chan struct{}) {
	c.build()
	tick := time.NewTicker(minute)
	defer tick.Stop()
	turning := time.NewTicker(turnEvery)
	turning.Stop() // it goes while something moves
	defer turning.Stop()
	c.again = time.NewTimer(minute)
	defer c.again.Stop()
	moving := false
	for {
		if moves := c.shown.Icon == assets.StateSyncing; moves != moving {
			moving = moves
			if turning.Stop(); moving {
				turning.Reset(turnEvery)
			}
		}
		select {
		case <-ctx.Done():
			return
		case p := <-pictures:
			if p.Unwanted() {
				return
			}
			c.picture = p
			c.hear()
		case <-c.again.C:
			c.hear()
		case <-changed:
			c.herald.asked = c.now()
			c.notify(&Note{Title: c.texts.T("password.changed.title"), Text: c.texts.T("password.changed.text"),
				Button: c.texts.T("menu.open"), Page: "credentials"})
		case page := <-c.tray.Answers():
			c.open(page)
		case c.bar = <-c.tray.Bars():
		case <-turning.C:
			c.turn++
		case <-tick.C:
			c.choices()
		case e := <-c.tray.Clicks():
			c.notice = ""
			if e == Quit {
				return
			}
			c.click(e)
		}
		c.refresh()
	}
}

// build makes the menu once.
func (c *Control) build() {
	c.choices()
	c.shown = c.look()
	c.draw()
	c.tray.SetTooltip(c.shown.Tooltip)
	for e, item := range c.shown.Menu {
		c.tray.Add(Entry(e), item)
	}
}

// choices asks what holds now.
func (c *Control) choices() {
	c.notes, c.password = c.actions.Notes(), c.actions.KeepPassword()
}

func (c *Control) look() Appearance {
	a := Look(c.picture, c.texts, c.notice, c.now())
	a.Chosen(c.texts, c.notes, c.password)
	return a
}

// notify shows a note, where notes are wanted.
func (c *Control) notify(n *Note) {
	if c.notes.On || n == nil {
		c.tray.Notify(n)
	}
}

// refresh changes only what looks different: each change is a message on the
// bus and a redraw of the task bar.
func (c *Control) refresh() {
	look := c.look()
	// Progress comes several times a second; nobody reads that fast.
	if c.shown.Icon == assets.StateSyncing && look.Icon == assets.StateSyncing && c.now().Sub(c.tipped) < tooltipStands {
		look.Tooltip = c.shown.Tooltip
	}
	was := c.shown.Tooltip
	c.shown.Icon, c.shown.Tooltip = look.Icon, look.Tooltip
	c.draw()
	if look.Tooltip != was {
		c.tipped = c.now()
		c.tray.SetTooltip(look.Tooltip)
	}
	for e, item := range look.Menu {
		if item != c.shown.Menu[e] {
			c.tray.Change(Entry(e), item)
		}
	}
	c.shown = look
}

// hear asks the herald whether the person is to be told something.
func (c *Control) hear() {
	before := c.herald.told
	a, v := c.herald.step(c.picture, c.now())
	if v.tell {
		note := noteOf(a, c.picture, c.texts)
		c.notify(&note)
	}
	if v.withdraw {
		c.notify(nil)
	}
	if c.herald.told != before {
		c.actions.Told(c.herald.told)
	}
	c.again.Stop()
	if !v.again.IsZero() {
		c.again.Reset(v.again.Sub(c.now()))
	}
}

// draw shows the state's picture: its turn, and the twin that fits the bar.
func (c *Control) draw() {
	icon := c.shown.Icon
	if icon == assets.StateSyncing {
		turn := assets.Turn()
		icon = turn[c.turn%len(turn)]
	}
	if c.bar == BarDark {
		icon = assets.OnDark(icon)
	}
	if icon != c.drawn {
		c.drawn = icon
		c.tray.SetIcon(icon)
	}
}

func (c *Control) click(e Entry) {
	switch e {
	case Open:
		c.open("status")
	case Verify:
		c.open("credentials")
	case Problems:
		c.open("problems")
	case SyncNow:
		c.actions.SyncNow()
	case Diagnostics, About:
		c.open("diagnostics")
	case PauseHour:
		c.actions.PauseUntil(c.now().Add(time.Hour))
	case PauseTomorrow:
		c.actions.PauseUntil(tomorrow(c.now()))
	case PauseOpen:
		c.actions.PauseUntil(time.Time{})
	case Resume:
		c.actions.Resume()
	case Notes:
		c.actions.ChooseNotes(!c.notes.On)
		c.choices()
	case KeepPassword:
		c.actions.ChooseKeepPassword(!c.password.On)
		c.choices()
	case German:
		c.choose(assets.German)
	case English:
		c.choose(assets.English)
	}
}

// morning is the hour at which "until tomorrow" ends.
const morning = 6

// tomorrow is the next morning in now's zone, never the one of the same day.
func tomorrow(now time.Time) time.Time {
	y, m, d := now.Date()
	return time.Date(y, m, d+1, morning, 0, 0, 0, now.Location())
}

func (c *Control) open(page string) {
	if err := c.actions.Open(page); err != nil {
		c.notice = c.texts.T("menu.window-missing")
	}
}

func (c *Control) choose(lang assets.Lang) {
	c.texts = assets.Texts(lang).In(c.region)
	c.actions.ChooseLang(lang)
}
