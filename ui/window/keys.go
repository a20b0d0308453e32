package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// Fyne hands keys to the focused widget alone. These widgets pass Escape on and
// let Enter press a button, so that every page works without a mouse.

// button is pressed by Space and Enter.
type button struct {
	widget.Button
	escape  func()
	focused bool
}

func newButton(label string, tapped, escape func()) *button {
	b := &button{escape: escape}
	b.Text, b.OnTapped = label, tapped
	b.ExtendBaseWidget(b)
	return b
}

// strong makes it the one that stands out.
func (b *button) strong() *button {
	b.Importance = widget.HighImportance
	return b
}

// TypedKey adds Enter and Escape.
func (b *button) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		b.Tapped(nil)
	case fyne.KeyEscape:
		call(b.escape)
	default:
		b.Button.TypedKey(e)
	}
}

// check is ticked by Space; Enter does what the page's main button does.
type check struct {
	widget.Check
	enter, escape func()
}

func newCheck(label string, changed func(bool), enter, escape func()) *check {
	c := &check{enter: enter, escape: escape}
	c.Text, c.OnChanged = label, changed
	c.ExtendBaseWidget(c)
	return c
}

// FocusGained brings it into sight.
func (c *check) FocusGained() {
	c.Check.FocusGained()
	reveal(c)
}

// TypedKey adds Enter and Escape.
func (c *check) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		call(c.enter)
	case fyne.KeyEscape:
		call(c.escape)
	default:
		c.Check.TypedKey(e)
	}
}

// field is a line of input. Enter is its OnSubmitted.
type field struct {
	widget.Entry
	escape func()
	caps   capsLock
}

func newField(secret bool, escape func()) *field {
	f := &field{escape: escape}
	f.Password = secret
	f.Wrapping = fyne.TextWrapOff
	f.Scroll = fyne.ScrollNone
	f.ExtendBaseWidget(f)
	return f
}

// TypedKey adds Escape.
func (f *field) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyEscape {
		call(f.escape)
		return
	}
	f.Entry.TypedKey(e)
}

func call(f func()) {
	if f != nil {
		f()
	}
}

// choice is one of several values; Enter opens the list as a click does.
type choice struct {
	widget.Select
	escape func()
}

func newChoice(values []string, at int, chosen func(int), escape func()) *choice {
	c := &choice{escape: escape}
	c.Options = values
	c.ExtendBaseWidget(c)
	if at >= 0 && at < len(values) {
		c.SetSelectedIndex(at)
	}
	c.OnChanged = func(string) {
		if chosen != nil {
			chosen(c.SelectedIndex())
		}
	}
	return c
}

// FocusGained brings it into sight.
func (c *choice) FocusGained() {
	c.Select.FocusGained()
	reveal(c)
}

// TypedKey adds Enter and Escape.
func (c *choice) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		c.Tapped(nil)
	case fyne.KeyEscape:
		call(c.escape)
	default:
		c.Select.TypedKey(e)
	}
}
