package icon

import (
	"context"
	"time"

	"abgleich/assets"
	"abgleich/ui/client"
)

// Tray is the operating system's side of the icon. Its methods are called from
// one goroutine, after the tray is ready.
type Tray interface {
	// SetIcon shows one of [assets.TrayIcons].
	SetIcon(icon assets.Icon)
	// SetTooltip sets what is shown when the mouse rests on the icon.
	SetTooltip(text string)
	// Add makes a menu entry below all others of its level.
	Add(e Entry, item Item)
	// Change changes an entry in place.
	Change(e Entry, item Item)
	// Clicks gives what the person clicks.
	Clicks() <-chan Entry
}

// Actions is what clicks do. None may block for long: the menu waits.
type Actions interface {
	// Open shows the window: "status", "credentials" or "problems".
	Open(page string) error
	// SyncNow, PauseFor and Resume ask the agent; PauseFor(0) pauses until resumed.
	SyncNow()
	PauseFor(d time.Duration)
	Resume()
	// ChooseLang remembers the language.
	ChooseLang(lang assets.Lang)
}

// Control keeps a tray's icon up to date and carries out clicks.
type Control struct {
	tray    Tray
	actions Actions
	now     func() time.Time
	texts   *assets.Catalog
	picture client.Picture
	notice  string
	shown   Appearance
}

// NewControl returns a control for a tray that is ready.
func NewControl(tray Tray, actions Actions, lang assets.Lang, now func() time.Time) *Control {
	return &Control{tray: tray, actions: actions, now: now, texts: assets.Texts(lang)}
}

// minute is how often the tooltip's "3 minutes ago" is brought up to date.
const minute = time.Minute

// Run shows pictures and carries out clicks until ctx ends or the person quits.
func (c *Control) Run(ctx context.Context, pictures <-chan client.Picture) {
	c.build()
	tick := time.NewTicker(minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case p := <-pictures:
			c.picture = p
		case <-tick.C:
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
	c.shown = Look(c.picture, c.texts, c.notice, c.now())
	c.tray.SetIcon(c.shown.Icon)
	c.tray.SetTooltip(c.shown.Tooltip)
	for e, item := range c.shown.Menu {
		c.tray.Add(Entry(e), item)
	}
}

// refresh changes only what looks different: each change is a message on the
// bus and a redraw of the task bar.
func (c *Control) refresh() {
	look := Look(c.picture, c.texts, c.notice, c.now())
	if look.Icon != c.shown.Icon {
		c.tray.SetIcon(look.Icon)
	}
	if look.Tooltip != c.shown.Tooltip {
		c.tray.SetTooltip(look.Tooltip)
	}
	for e, item := range look.Menu {
		if item != c.shown.Menu[e] {
			c.tray.Change(Entry(e), item)
		}
	}
	c.shown = look
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
	case PauseHour:
		c.actions.PauseFor(time.Hour)
	case PauseOpen:
		c.actions.PauseFor(0)
	case Resume:
		c.actions.Resume()
	case German:
		c.choose(assets.German)
	case English:
		c.choose(assets.English)
	}
}

func (c *Control) open(page string) {
	if err := c.actions.Open(page); err != nil {
		c.notice = c.texts.T("menu.window-missing")
	}
}

func (c *Control) choose(lang assets.Lang) {
	c.texts = assets.Texts(lang)
	c.actions.ChooseLang(lang)
}
