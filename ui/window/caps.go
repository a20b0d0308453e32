package window

import (
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
)

// capsLock asks the system whether the caps lock key is on. Where it doesn't say, that
// is guessed from what is typed, since Fyne doesn't tell either: two large letters in
// a row without the shift key are the sign, one small letter the opposite.
type capsLock struct {
	ask     func() (on, known bool) // the system; nil: it can't be asked
	shift   bool
	large   int
	known   bool          // the system has said so
	changed func(on bool) // nil: nobody wants to know
}

// asked takes over what the system says; false when it says nothing.
func (c *capsLock) asked() bool {
	if c.ask == nil || c.changed == nil {
		return false
	}
	on, known := c.ask()
	c.known = known
	switch {
	case known && on:
		c.count(enough)
	case known:
		c.count(0)
	}
	return known
}

// enough large letters are the sign.
const enough = 2

func (c *capsLock) key(e *fyne.KeyEvent, down bool) {
	switch e.Name {
	case desktop.KeyShiftLeft, desktop.KeyShiftRight:
		c.shift = down
	case desktop.KeyCapsLock:
		if c.asked() {
			return
		}
		c.count(0) // it has just been changed; what is typed next tells
	}
}

func (c *capsLock) typed(r rune) {
	switch {
	case c.asked():
	case unicode.IsLower(r) && !c.shift:
		c.count(0)
	case unicode.IsUpper(r) && !c.shift:
		c.count(c.large + 1)
	}
}

func (c *capsLock) count(n int) {
	was := c.large >= enough
	c.large = n
	if is := n >= enough; is != was && c.changed != nil {
		c.changed(is)
	}
}

// capsLine is the hint below a password field that the caps lock key seems to be on.
func (a *App) capsLine(f *field) *text {
	hint := newText("", theme.SizeNameCaptionText, theme.ColorNameWarning, true, true)
	hint.Hide()
	f.caps.ask = a.opt.CapsLock
	f.caps.changed = func(on bool) {
		say := ""
		switch {
		case on && f.caps.known:
			say = a.texts.T("credentials.caps.on")
		case on:
			say = a.texts.T("credentials.caps")
		}
		hint.show(say)
		a.body.Refresh()
	}
	return hint
}

// FocusGained looks whether the caps lock key is on already.
func (f *field) FocusGained() {
	f.caps.asked()
	f.Entry.FocusGained()
	reveal(f)
}

// FocusLost ends a hint that nobody would take back while typing elsewhere.
func (f *field) FocusLost() {
	if f.caps.asked() {
		f.caps.count(0)
	}
	f.Entry.FocusLost()
}

// KeyDown watches the shift and the caps lock key.
func (f *field) KeyDown(e *fyne.KeyEvent) {
	f.caps.key(e, true)
	f.Entry.KeyDown(e)
}

// KeyUp watches the shift key.
func (f *field) KeyUp(e *fyne.KeyEvent) {
	f.caps.key(e, false)
	f.Entry.KeyUp(e)
}

// TypedRune watches what comes out.
func (f *field) TypedRune(r rune) {
	f.caps.typed(r)
	f.Entry.TypedRune(r)
}
