package window

import (
	"context"

	"connectrpc.com/connect"

	"abgleich/ipc/contract"
	"abgleich/ui/client"
)

// askForget asks before the login is forgotten.
func (p *credentialsPage) askForget() {
	t := p.app.texts
	p.app.question(t.T("credentials.forget.title"), t.T("credentials.forget.ask"), t.T("credentials.forget.yes"), true, p.forgetLogin)
}

// forgetLogin removes the login from the agent, and then from this computer: what
// the agent still has must not look forgotten here.
func (p *credentialsPage) forgetLogin() {
	t := p.app.texts
	p.saving = true
	p.refresh()
	var kept error
	p.app.ask(func(ctx context.Context) error {
		if _, err := p.app.opt.API.DeleteCredentials(ctx, connect.NewRequest(&contract.DeleteCredentialsRequest{})); err != nil {
			return err
		}
		if p.app.opt.Store != nil {
			// The system may ask the person something: no time limit of ours.
			kept = p.app.opt.Store.Forget(p.app.ctx)
		}
		return nil
	}, func(f *client.Failure) {
		p.saving = false
		if f != nil {
			p.refresh()
			p.complain(p.app.fault(f), nil)
			return
		}
		p.stored, p.proved, p.refused, p.touched = nil, nil, nil, false
		p.filling = true
		p.password.SetText("")
		p.filling = false
		p.refresh()
		if p.app.opt.Reconnect != nil {
			p.app.opt.Reconnect()
		}
		p.app.postponed = true // he doesn't want to be led back to what he has just ended
		key := "credentials.forgotten"
		if kept != nil {
			key = "credentials.forgotten.keyring"
		}
		p.app.status.tell(t.T(key))
		p.app.Show(Status)
	})
}
