package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"abgleich/ui/client"
)

// question asks before something that can't be taken back easily; Escape and the
// first button, which has the keyboard, leave everything as it is.
func (a *App) question(title, sentence, verb string, dangerous bool, yes func()) {
	w := a.opt.Window
	d := dialog.NewCustomWithoutButtons(title, minWidth(400, padded(innerPadding, body(sentence))), w)
	back := newButton(a.texts.T("button.cancel"), d.Hide, d.Hide)
	carry := newButton(verb, func() { d.Hide(); yes() }, d.Hide)
	carry.Importance = widget.HighImportance
	if dangerous {
		carry.Importance = widget.DangerImportance
	}
	d.SetButtons([]fyne.CanvasObject{back, carry})
	d.Show()
	w.Canvas().Focus(back)
}

// sheet shows something to be read in a dialog that scrolls; Enter and Escape
// close it.
func (a *App) sheet(title string, content fyne.CanvasObject, more ...*button) {
	w := a.opt.Window
	size := w.Canvas().Size()
	scroll := container.NewVScroll(padded(innerPadding, content))
	scroll.SetMinSize(fyne.NewSize(min(620, size.Width-80), min(content.MinSize().Height+2*innerPadding, size.Height-190)))
	d := dialog.NewCustomWithoutButtons(title, scroll, w)
	buttons := []fyne.CanvasObject{}
	for _, b := range more {
		tapped := b.OnTapped
		b.OnTapped, b.escape = func() { d.Hide(); tapped() }, d.Hide
		buttons = append(buttons, b)
	}
	done := newButton(a.texts.T("button.close"), d.Hide, d.Hide).strong()
	d.SetButtons(append(buttons, done))
	d.Show()
	// The height of wrapped lines is known only at their width.
	scroll.SetMinSize(fyne.NewSize(scroll.MinSize().Width, min(content.MinSize().Height+2*innerPadding, size.Height-190)))
	d.Resize(d.MinSize())
	w.Canvas().Focus(done)
}

// fault gives sentence and hint of a failure as one text.
func (a *App) fault(f *client.Failure) string {
	text, hint := a.texts.Fault(f.Code, nil)
	return text + " " + hint
}

// complaint is a line that is shown only when something went wrong.
func complaint() *text {
	t := newText("", theme.SizeNameText, theme.ColorNameError, false, true)
	t.Hide()
	return t
}
