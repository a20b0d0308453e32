package window

import (
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
)

// capsLock guesses from what is typed whether the caps lock key is on: Fyne doesn't
// tell its state. Two large letters in a row without the shift key are the sign,
// one small letter the opposite.
type capsLock struct {
	shift   bool
	large   int
	changed func(on bool) // nil: nobody wants to know
}

func (c *capsLock) key(e *fyne.KeyEvent, down bool) {
	switch e.Name {
	case desktop.KeyShiftLeft, desktop.KeyShiftRight:
		c.shift = down
	case desktop.KeyCapsLock:
		c.count(0) // it has just been changed; what is typed next tells
	}
}

func (c *capsLock) typed(r rune) {
	switch {
	case unicode.IsLower(r) && !c.shift:
		c.count(0)
	case unicode.IsUpper(r) && !c.shift:
		c.count(c.large + 1)
	}
}

func (c *capsLock) count(n int) {
	was := c.large >= 2
	c.large = n
	if is := n >= 2; is != was && c.changed != nil {
		c.changed(is)
	}
}

// capsLine is the hint below a password field that the caps lock key seems to be on.
func (a *App) capsLine(f *field) *text {
	hint := newText("", theme.SizeNameCaptionText, theme.ColorNameWarning, true, true)
	hint.Hide()
	f.caps.changed = func(on bool) {
		say := ""
		if on {
			say = a.texts.T("credentials.caps")
		}
		hint.show(say)
		a.body.Refresh()
	}
	return hint
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
