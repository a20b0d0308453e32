package window

import (
	"context"
	"time"

	"connectrpc.com/connect"
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"abgleich/ipc/contract"
	"abgleich/ui/client"
)

// testTime is how long a test of mail or event port may take.
const testTime = 2 * time.Minute

// testMail sends a test notice, as the saved parameters say.
func (p *paramsPart) testMail(_ *button, say func(fyne.ThemeColorName, string)) {
	t := p.app.texts
	fetch(p.app, testTime, p.app.opt.API.SendTestNotice, &contract.SendTestNoticeRequest{}, func(got *contract.SendTestNoticeResponse, f *client.Failure) {
		if f != nil {
			say(theme.ColorNameError, p.app.fault(f))
			return
		}
		say(theme.ColorNameSuccess, t.T("params.test-mail.sent", "recipient", got.GetRecipient()))
	})
}

// testPort has Exchange call the event server: a real subscription with a real call
// back, in the mailbox of somebody whose login works.
func (p *paramsPart) testPort(_ *button, say func(fyne.ThemeColorName, string)) {
	t := p.app.texts
	var stage, broke *contract.Stage
	who := ""
	p.app.askFor(testTime, func(ctx context.Context) (err error) {
		var user string
		if user, who, err = p.somebody(ctx); err != nil || user == "" {
			return err
		}
		s, err := p.app.opt.API.VerifyCredentials(ctx, connect.NewRequest(&contract.VerifyCredentialsRequest{User: user}))
		if err != nil {
			return err
		}
		defer s.Close()
		for s.Receive() {
			m := s.Msg().GetStage()
			if m.GetName() == "events" && m.GetState() != contract.StageState_STAGE_STATE_RUNNING {
				stage = m
			}
			if m.GetState() == contract.StageState_STAGE_STATE_FAILED && broke == nil {
				broke = m // what comes after it isn't tried
			}
			if s.Msg().GetDone() {
				return nil
			}
		}
		return ended(s.Err())
	}, func(f *client.Failure) {
		switch {
		case f != nil:
			say(theme.ColorNameError, p.app.fault(f))
		case who == "":
			say(colorMuted, t.T("params.test-port.nobody"))
		case broke != nil && stage.GetState() == contract.StageState_STAGE_STATE_SKIPPED:
			text, hint := t.Fault(broke.GetCode(), broke.GetArgs())
			say(theme.ColorNameError, text+" "+hint)
		case stage == nil || stage.GetState() == contract.StageState_STAGE_STATE_SKIPPED:
			say(colorMuted, t.T("params.test-port.skipped"))
		case stage.GetState() == contract.StageState_STAGE_STATE_OK:
			say(theme.ColorNameSuccess, t.T("params.test-port.ok", "name", who))
		default:
			text, hint := t.Fault(stage.GetCode(), stage.GetArgs())
			say(theme.ColorNameError, text+" "+hint)
		}
	})
}

// somebody is a user whose login works, and his name; "" for nobody.
func (p *paramsPart) somebody(ctx context.Context) (user, name string, err error) {
	ctx, cancel := context.WithTimeout(ctx, client.CallTimeout)
	defer cancel()
	s, err := p.app.opt.API.WatchStatus(ctx, connect.NewRequest(&contract.WatchStatusRequest{AllUsers: true}))
	if err != nil {
		return "", "", err
	}
	defer s.Close()
	if !s.Receive() {
		return "", "", ended(s.Err())
	}
	for _, u := range s.Msg().GetUsers() {
		switch u.GetState() {
		case contract.UserState_USER_STATE_FINE, contract.UserState_USER_STATE_SYNCING, contract.UserState_USER_STATE_ATTENTION:
			if name = u.GetName(); name == "" {
				name = u.GetUser()
			}
			return u.GetUser(), name, nil
		}
	}
	return "", "", nil
}
