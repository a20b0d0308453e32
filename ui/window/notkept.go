package window

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"

	"abgleich/ui/client"
	"abgleich/ui/keyring"
)

// notKept says why this computer did not take a login the agent has, and lets the
// person choose: try again, where that can help, or leave it with the agent only.
func (a *App) notKept(reason error, login, password string) {
	t, w := a.texts, a.opt.Window
	word := keyring.Word(reason)
	d := dialog.NewCustomWithoutButtons(t.T("keyring.title"),
		minWidth(420, padded(innerPadding, stack(gap, body(t.T("keyring."+word)), muted(t.T("keyring.choice"))))), w)
	leave := newButton(t.T("keyring.leave"), d.Hide, d.Hide)
	buttons := []fyne.CanvasObject{leave}
	first := leave
	if word != "forbidden" && word != "long" { // these stay as they are
		first = newButton(t.T("keyring.again"), func() { d.Hide(); a.keepAgain(login, password) }, d.Hide).strong()
		buttons = append(buttons, first)
	}
	d.SetButtons(buttons)
	d.Show()
	w.Canvas().Focus(first)
}

// keepAgain tries once more to keep a login on this computer.
func (a *App) keepAgain(login, password string) {
	var reason error
	a.ask(func(context.Context) error {
		reason = a.opt.Store.Store(a.ctx, login, password) // the system may ask the person
		return nil
	}, func(*client.Failure) {
		if reason != nil {
			a.notKept(reason, login, password)
			return
		}
		a.status.tell(a.texts.T("credentials.saved"))
		a.refresh()
	})
}
