package window

import (
	"cmp"
	"context"

	"abgleich/ipc/pin"
	"abgleich/ui/client"
)

// askTrust asks once whether an agent is to be trusted that has another key than last
// time. Who leaves it keeps a window that says why nothing goes on.
func (a *App) askTrust() {
	if a.opt.Key == nil || a.picture.Code != pin.CodeChanged || a.askedTrust {
		return
	}
	refused := a.opt.Key.Refused()
	if refused == nil || refused.Code != pin.CodeChanged {
		return
	}
	a.askedTrust = true
	t := a.texts
	sentence := t.T("trust.text", "agent", a.opt.Key.Address()) + " " + t.T("trust.warning") + "\n\n" +
		t.T("trust.keys", "known", cmp.Or(refused.Known, "?"), "offered", refused.Offered)
	a.question(t.T("trust.title"), sentence, t.T("trust.accept"), true, func() {
		a.ask(func(context.Context) error { return a.opt.Key.Accept(refused.Offered) }, func(f *client.Failure) {
			if f != nil {
				a.status.tell(a.fault(f))
				return
			}
			if a.opt.Reconnect != nil {
				a.opt.Reconnect()
			}
		})
	})
}
