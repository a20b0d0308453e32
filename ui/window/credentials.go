package window

import (
	"context"

	"connectrpc.com/connect"
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"abgleich/ipc/contract"
	"abgleich/ui/client"
)

// credentialsPage takes the sync credentials, has them checked and saves them.
type credentialsPage struct {
	app     *App
	content fyne.CanvasObject

	sync, appointments, tasks *check
	login, password           *field
	verify, ok, cancel        *button
	forget                    *button
	intro, note, message      *text
	form                      *fyne.Container
	own                       *fyne.Container // of the form: the person's login, which a service account makes needless
	list                      *verifyList

	stored   *contract.Credentials // what the agent has; nil while unknown
	touched  bool                  // the person has changed something
	proved   *secretLogin          // the login of the last successful check
	refused  *secretLogin          // the login of the last check that failed
	stopping context.CancelFunc    // ends the running check; nil: none runs
	saving   bool
	filling  bool // the fields are being set by us, not by the person
}

// secretLogin is a login as it stands in the fields.
type secretLogin struct{ login, password string }

func newCredentialsPage(a *App) *credentialsPage {
	p := &credentialsPage{app: a, list: newVerifyList(a)}
	t := a.texts
	changed := func(bool) { p.edited() }
	p.sync = newCheck(t.T("credentials.sync"), changed, p.enter, a.escape)
	p.appointments = newCheck(t.T("kind.appointment"), changed, p.enter, a.escape)
	p.tasks = newCheck(t.T("kind.task"), changed, p.enter, a.escape)
	p.login, p.password = newField(false, a.escape), newField(true, a.escape)
	p.login.SetPlaceHolder(t.T("credentials.login.placeholder"))
	p.login.OnChanged = func(string) { p.edited() }
	p.password.OnChanged = func(string) { p.edited() }
	p.login.OnSubmitted = func(string) { a.opt.Window.Canvas().Focus(p.password) }
	p.password.OnSubmitted = func(string) { p.enter() }
	p.verify = newButton(t.T("credentials.verify"), p.check, a.escape)
	p.ok = newButton(t.T("button.ok"), p.save, a.escape).strong()
	p.cancel = newButton(t.T("button.cancel"), a.opt.Window.Close, a.escape)
	p.forget = newButton(t.T("credentials.forget"), p.askForget, a.escape)
	p.forget.Importance = widget.LowImportance
	p.forget.Hide()
	p.intro, p.note = muted(t.T("credentials.intro")), caption(a.passwordNote())
	p.message = body("")
	p.message.Hide()
	p.fill(&contract.Credentials{Sync: true, Appointments: true, Tasks: true, Login: a.opt.LoggedOn})
	p.stored = nil

	label := func(key string) *text {
		return newText(t.T(key), theme.SizeNameText, theme.ColorNameForeground, true, false)
	}
	p.own = stack(gapBig,
		stack(gap, label("credentials.login"), p.login),
		stack(gap, label("credentials.password"), p.password, a.capsLine(p.password), p.note),
	)
	p.form = stack(gapBig,
		container.New(layout.NewCustomPaddedLayout(-6, -4, -7, 0), stack(0, p.sync, container.New(layout.NewCustomPaddedLayout(0, 0, 22, 0), row(gapBig, p.appointments, p.tasks)))),
		p.own,
		p.verify,
		p.message,
	)
	left := card(minWidth(280, p.form))
	columns := container.New(&sideColumns{width: 320, gap: gapBig}, container.NewVScroll(left), card(p.list.content))
	buttons := container.NewHBox(p.forget, layout.NewSpacer(), minWidth(110, p.cancel), minWidth(110, p.ok))
	p.content = border(
		stack(6, heading(t.T("credentials.title")), p.intro, newGap(6)),
		stack(0, newGap(12), buttons), nil, nil, columns)
	return p
}

// shared tells that a service account opens the mailboxes: nobody needs a password.
func (a *App) shared() bool {
	switch a.picture.Agent.GetAccess() {
	case "impersonation", "delegate":
		return true
	}
	return false
}

// passwordNote says what becomes of a password.
func (a *App) passwordNote() string {
	if a.decided() {
		return a.texts.T("credentials.note.decided")
	}
	return a.texts.T("credentials.note")
}

// decided tells whether the administrator lets no login be kept on this computer.
func (a *App) decided() bool { return a.opt.Decided && a.opt.Store == nil }

// sideColumns gives the first a fixed width and the second the rest.
type sideColumns struct{ width, gap float32 }

// MinSize leaves the second a readable width.
func (l *sideColumns) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(l.width+l.gap+260, max(o[0].MinSize().Height, o[1].MinSize().Height))
}

// Layout stretches both to the full height.
func (l *sideColumns) Layout(o []fyne.CanvasObject, size fyne.Size) {
	o[0].Move(fyne.NewPos(0, 0))
	o[0].Resize(fyne.NewSize(l.width, size.Height))
	o[1].Move(fyne.NewPos(l.width+l.gap, 0))
	o[1].Resize(fyne.NewSize(max(size.Width-l.width-l.gap, 0), size.Height))
}

// focus puts the keyboard into the first field that wants something.
func (p *credentialsPage) focus() {
	var target fyne.Focusable = p.password
	switch {
	case p.app.shared():
		target = p.verify
	case p.login.Text == "":
		target = p.login
	}
	p.app.opt.Window.Canvas().Focus(target)
}

// codeUnknown is what the agent says to somebody who has never proved who he is. It
// equals that of the agent, whose package the UI doesn't import.
const codeUnknown = "employee-unknown"

// load asks the agent for what it has, unless the person is already typing.
func (p *credentialsPage) load() {
	fetch(p.app, client.CallTimeout, p.app.opt.API.GetCredentials, &contract.GetCredentialsRequest{}, func(answer *contract.GetCredentialsResponse, f *client.Failure) {
		got := answer.GetCredentials()
		if f != nil && f.Code != codeUnknown {
			return
		}
		defer p.app.lead(got)
		if got.GetLogin() == "" {
			return // nothing stored yet: the form's own defaults are right
		}
		p.stored = got
		if !p.touched {
			p.fill(got)
		}
		p.refresh()
	})
}

// took shows what the agent keeps now, saved elsewhere in this window.
func (p *credentialsPage) took(c *contract.Credentials) {
	p.stored, p.touched = c, false
	p.fill(c)
	p.refresh()
}

// fill sets the fields without counting it as the person's typing.
func (p *credentialsPage) fill(c *contract.Credentials) {
	p.filling = true
	p.sync.SetChecked(c.GetSync())
	p.appointments.SetChecked(c.GetAppointments())
	p.tasks.SetChecked(c.GetTasks())
	p.login.SetText(c.GetLogin())
	p.filling = false
}

// edited forgets complaints about what has just been changed.
func (p *credentialsPage) edited() {
	if p.filling {
		return
	}
	p.touched = true
	p.message.show("")
	p.refresh()
}

// refresh brings what depends on other things up to date.
func (p *credentialsPage) refresh() {
	t := p.app.texts
	p.password.SetPlaceHolder(t.T("credentials.password.empty"))
	if p.keepsPassword() {
		p.password.SetPlaceHolder(t.T("credentials.password.kept"))
	}
	note := p.app.passwordNote()
	if p.verifiedBefore() {
		verified := t.T("credentials.verified", "time", t.When(p.stored.GetVerified().AsTime(), p.app.opt.Now()))
		if p.app.decided() {
			verified += ". " + note
		}
		note = verified
	}
	intro := t.T("credentials.intro")
	if p.app.shared() {
		intro = t.T("credentials.intro.shared")
	}
	if p.note.segment.Text != note || p.intro.segment.Text != intro {
		p.note.set(note)
		p.intro.set(intro)
		visible(p.own, !p.app.shared())
		p.content.Refresh() // they may take more lines
		p.form.Refresh()
	}
	connected := p.app.picture.Connection == client.Connected
	enable(&p.appointments.Check, p.sync.Checked && !p.checking())
	enable(&p.tasks.Check, p.sync.Checked && !p.checking())
	enable(&p.sync.Check, !p.checking())
	enable(&p.login.Entry, !p.checking())
	enable(&p.password.Entry, !p.checking())
	if p.forget.Visible() != (p.stored.GetLogin() != "") {
		visible(p.forget, p.stored.GetLogin() != "")
		p.content.Refresh()
	}
	enable(&p.forget.Button, connected && !p.checking() && !p.saving)
	enable(&p.verify.Button, connected && !p.saving)
	enable(&p.ok.Button, connected && !p.checking() && !p.saving)
	label := t.T("credentials.verify")
	if p.checking() {
		label = t.T("credentials.verify.stop")
	}
	if p.verify.Text != label {
		p.verify.SetText(label)
	}
}

func enable(w fyne.Disableable, on bool) {
	switch {
	case on && w.Disabled():
		w.Enable()
	case !on && !w.Disabled():
		w.Disable()
	}
}

// keepsPassword tells whether an empty field means the stored password.
func (p *credentialsPage) keepsPassword() bool {
	return p.stored.GetHasPassword() && p.stored.GetLogin() == p.login.Text
}

// verifiedBefore tells whether the fields hold a login that was checked in an
// earlier session.
func (p *credentialsPage) verifiedBefore() bool {
	return p.keepsPassword() && p.password.Text == "" && p.stored.GetVerified() != nil && p.stored.GetRejectedCode() == ""
}

func (p *credentialsPage) checking() bool { return p.stopping != nil }

// enter does what comes next: check, and after that save.
func (p *credentialsPage) enter() {
	switch {
	case p.checking():
	case p.isProved() || p.verifiedBefore() || !p.sync.Checked:
		p.save()
	default:
		p.check()
	}
}

func (p *credentialsPage) isProved() bool {
	return p.proved != nil && *p.proved == p.entered()
}

// entered is the login in the fields; where none is needed, whichever the agent has.
func (p *credentialsPage) entered() secretLogin {
	if p.app.shared() {
		return secretLogin{login: p.stored.GetLogin()}
	}
	return secretLogin{p.login.Text, p.password.Text}
}

// complete tells whether the fields can be sent, and else what is missing.
func (p *credentialsPage) complete() bool {
	t := p.app.texts
	switch {
	case p.app.shared():
		return true
	case p.login.Text == "":
		p.complain(t.T("credentials.login.missing"), p.login)
	case p.password.Text == "" && !p.keepsPassword():
		p.complain(t.T("credentials.password.missing"), p.password)
	default:
		return true
	}
	return false
}

func (p *credentialsPage) complain(sentence string, at fyne.Focusable) {
	p.message.tint(theme.ColorNameError)
	p.message.show(sentence)
	if at != nil {
		p.app.opt.Window.Canvas().Focus(at)
	}
}

// check begins the staged check, or stops the one that runs.
func (p *credentialsPage) check() {
	if p.checking() {
		p.stop()
		return
	}
	if !p.complete() {
		return
	}
	p.message.show("")
	p.proved = nil
	p.list.begin()
	asked := p.entered()
	// Who saw it fail and asks for the very same again means it: only then is a
	// login shown to the server that refused it.
	again := p.refused != nil && *p.refused == asked
	ctx, cancel := context.WithCancel(p.app.ctx)
	p.stopping = cancel
	p.refresh()
	ok := false
	p.app.stream(ctx, func() (err error) {
		ok, err = p.app.follow(ctx, asked, again, p.list.message)
		return err
	}, func(f *client.Failure) { p.checked(asked, ok, f) })
}

// follow has a login checked and hands each message to the screen; it runs beside
// it. again lets a login be tried that is known as refused.
func (a *App) follow(ctx context.Context, l secretLogin, again bool, message func(*contract.VerifyCredentialsResponse)) (ok bool, err error) {
	api := a.opt.API
	sealed, err := client.Seal(ctx, api, l.password)
	if err != nil {
		return false, err
	}
	s, err := api.VerifyCredentials(ctx, connect.NewRequest(&contract.VerifyCredentialsRequest{Login: l.login, SealedPassword: sealed, RetryRejected: again}))
	if err != nil {
		return false, err
	}
	defer s.Close()
	for s.Receive() {
		m := s.Msg()
		if m.GetDone() {
			return m.GetOk(), nil
		}
		a.onScreen(ctx, func() { message(m) })
	}
	return false, ended(s.Err())
}

// checked shows how the check ended.
func (p *credentialsPage) checked(asked secretLogin, ok bool, f *client.Failure) {
	p.stopping()
	p.stopping = nil
	p.refused = nil
	switch {
	case f != nil:
		p.list.failed(f)
	default:
		p.list.end(ok)
		if ok {
			p.proved = &asked
		} else {
			p.refused = &asked
		}
	}
	p.refresh()
	switch {
	case ok:
		p.app.opt.Window.Canvas().Focus(p.ok)
	case p.app.shared():
		p.app.opt.Window.Canvas().Focus(p.verify)
	default:
		p.app.opt.Window.Canvas().Focus(p.password)
	}
}

// stop ends the running check.
func (p *credentialsPage) stop() {
	if !p.checking() {
		return
	}
	p.stopping()
	p.stopping = nil
	p.list.stopped()
	p.refresh()
}

// kept is what survives a change of language.
type kept struct {
	form     *contract.Credentials
	password string
	stored   *contract.Credentials
	proved   *secretLogin
	touched  bool
}

func (p *credentialsPage) keep() kept {
	return kept{&contract.Credentials{Sync: p.sync.Checked, Appointments: p.appointments.Checked, Tasks: p.tasks.Checked, Login: p.login.Text},
		p.password.Text, p.stored, p.proved, p.touched}
}

func (p *credentialsPage) restore(k kept) {
	p.fill(k.form)
	p.filling = true
	p.password.SetText(k.password)
	p.filling = false
	p.stored, p.proved, p.touched = k.stored, k.proved, k.touched
	p.refresh()
}
