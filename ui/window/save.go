package window

import (
	"context"

	"connectrpc.com/connect"
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"

	"abgleich/ipc/contract"
	"abgleich/ui/client"
)

// save saves what is proved, and asks before it saves anything else.
func (p *credentialsPage) save() {
	if p.sync.Checked && !p.appointments.Checked && !p.tasks.Checked {
		p.complain(p.app.texts.T("credentials.kind.missing"), p.appointments)
		return
	}
	if !p.sync.Checked && p.login.Text == "" {
		p.send(false)
		return
	}
	if !p.sync.Checked && p.password.Text == "" {
		p.send(!p.verifiedBefore()) // switching off needs no password
		return
	}
	if !p.complete() {
		return
	}
	if p.app.shared() || p.isProved() || p.verifiedBefore() {
		p.send(false)
		return
	}
	p.askFirst()
}

// askFirst is the question before an unproved login is saved.
func (p *credentialsPage) askFirst() {
	t, w := p.app.texts, p.app.opt.Window
	d := dialog.NewCustomWithoutButtons(t.T("credentials.ask.title"), minWidth(400, padded(innerPadding, body(t.T("credentials.ask.text")))), w)
	verify := newButton(t.T("credentials.ask.verify"), func() { d.Hide(); p.check() }, d.Hide).strong()
	anyway := newButton(t.T("credentials.ask.save"), func() { d.Hide(); p.send(true) }, d.Hide)
	back := newButton(t.T("button.cancel"), d.Hide, d.Hide)
	d.SetButtons([]fyne.CanvasObject{back, anyway, verify})
	d.Show()
	w.Canvas().Focus(verify)
}

// send hands the credentials to the agent and keeps the login on this computer.
func (p *credentialsPage) send(unverified bool) {
	p.saving = true
	p.refresh()
	entered := p.entered()
	m := &contract.SaveCredentialsRequest{Sync: p.sync.Checked, Appointments: p.appointments.Checked, Tasks: p.tasks.Checked, Login: entered.login, Unverified: unverified}
	p.app.keepLogin(m, entered.password, func(saved *contract.Credentials, notKept error, f *client.Failure) {
		p.saving = false
		if f != nil {
			p.refresh()
			p.complain(p.app.fault(f), nil)
			return
		}
		p.saved(saved, notKept)
	})
}

// keepLogin hands a login to the agent, sealed, and keeps it on this computer.
// notKept is why the latter did not work; the agent has it all the same.
func (a *App) keepLogin(m *contract.SaveCredentialsRequest, password string, done func(saved *contract.Credentials, notKept error, f *client.Failure)) {
	var saved *contract.Credentials
	var notKept error
	a.ask(func(ctx context.Context) error {
		api := a.opt.API
		var err error
		if m.SealedPassword, err = client.Seal(ctx, api, password); err != nil {
			return err
		}
		r, err := api.SaveCredentials(ctx, connect.NewRequest(m))
		if err != nil {
			return err
		}
		saved = r.Msg.GetCredentials()
		if a.opt.Store != nil && password != "" {
			// The system may ask the person something: no time limit of ours.
			notKept = a.opt.Store.Store(a.ctx, m.GetLogin(), password)
		}
		return nil
	}, func(f *client.Failure) {
		done(saved, notKept, f)
		if f == nil && notKept != nil {
			a.notKept(notKept, m.GetLogin(), password)
		}
	})
}

// saved empties the password and goes on to the status page, where the person
// sees what his data do now.
func (p *credentialsPage) saved(c *contract.Credentials, notKept error) {
	p.stored, p.proved, p.touched = c, nil, false
	p.filling = true
	p.password.SetText("")
	p.filling = false
	p.refresh()
	if p.app.opt.Reconnect != nil {
		p.app.opt.Reconnect()
	}
	key := "credentials.saved"
	if notKept != nil {
		key = "credentials.saved.keyring"
	}
	p.app.status.tell(p.app.texts.T(key))
	p.app.Show(Status)
}
