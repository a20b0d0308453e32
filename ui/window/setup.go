package window

import (
	"context"
	"time"

	"connectrpc.com/connect"
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"abgleich/ipc/contract"
	"abgleich/ui/client"
)

// The steps of the first run.
const (
	stepLogin = iota
	stepVerify
	stepChoose
	stepPreview
	steps
)

// setupPage leads somebody who has never synced from his login to the first sync.
// It may be left at any step: what was verified is kept, and it goes on there.
type setupPage struct {
	app     *App
	content fyne.CanvasObject

	labels              []*text
	body                *fyne.Container
	login, password     *field
	list                *verifyList
	appointments, tasks *check
	preview             *fyne.Container
	message             *text
	back, next, later   *button

	at       int
	busy     bool // a call runs whose end decides how it goes on
	planned  bool // the preview is there
	proved   *secretLogin
	refused  *secretLogin
	stopping context.CancelFunc // ends the running check
	stored   *contract.Credentials
}

func newSetupPage(a *App) *setupPage {
	t := a.texts
	p := &setupPage{app: a, list: newVerifyList(a), body: container.NewStack(), message: complaint(), preview: stack(12)}
	p.login, p.password = newField(false, a.escape), newField(true, a.escape)
	p.login.SetPlaceHolder(t.T("credentials.login.placeholder"))
	p.login.SetText(a.opt.LoggedOn)
	p.password.SetPlaceHolder(t.T("credentials.password.empty"))
	p.login.OnSubmitted = func(string) { a.opt.Window.Canvas().Focus(p.password) }
	p.password.OnSubmitted = func(string) { p.forward() }
	edited := func(string) { p.message.show("") }
	p.login.OnChanged, p.password.OnChanged = edited, edited
	changed := func(bool) { p.message.show("") }
	p.appointments = newCheck(t.T("kind.appointment"), changed, p.forward, a.escape)
	p.tasks = newCheck(t.T("kind.task"), changed, p.forward, a.escape)
	p.appointments.Checked, p.tasks.Checked = true, true
	p.back = newButton(t.T("button.back"), p.backward, a.escape)
	p.next = newButton("", p.forward, a.escape).strong()
	p.later = newButton(t.T("setup.later"), func() { a.postponed = true; a.Show(Status) }, a.escape)
	p.later.Importance = widget.LowImportance

	names := row(gapBig)
	for _, key := range []string{"setup.step.login", "setup.step.verify", "setup.step.choose", "setup.step.preview"} {
		l := newText(t.T(key), theme.SizeNameText, colorMuted, false, false)
		p.labels = append(p.labels, l)
		names.Add(l)
	}
	buttons := border(nil, nil, p.later, row(gap, minWidth(110, p.back), minWidth(150, p.next)))
	p.content = border(
		stack(gap, heading(t.T("setup.title")), muted(t.T("setup.intro")), newGap(2), names, newGap(4)),
		stack(0, newGap(12), p.message, buttons), nil, nil, p.body)
	p.show(stepLogin)
	return p
}

// show shows a step.
func (p *setupPage) show(step int) {
	was := p.at
	p.at = step
	for i, l := range p.labels {
		color := colorMuted
		if i == step {
			color = theme.ColorNamePrimary
		}
		l.segment.Style.TextStyle.Bold = i == step
		l.tint(color)
		l.rich.Refresh()
	}
	if step > stepVerify || len(p.body.Objects) == 0 || was > stepVerify {
		p.body.Objects = []fyne.CanvasObject{p.stepContent(step)}
		p.body.Refresh()
	}
	p.message.show("")
	visible(p.back, step > stepLogin)
	p.refresh()
	canvas := p.app.opt.Window.Canvas()
	switch {
	case p.app.page != Setup:
	case step == stepLogin && p.login.Text == "":
		canvas.Focus(p.login)
	case step == stepLogin:
		canvas.Focus(p.password)
	case step == stepChoose:
		canvas.Focus(p.appointments)
	default:
		canvas.Focus(p.next)
	}
}

func (p *setupPage) stepContent(step int) fyne.CanvasObject {
	t := p.app.texts
	label := func(key string) *text {
		return newText(t.T(key), theme.SizeNameText, theme.ColorNameForeground, true, false)
	}
	switch step {
	case stepChoose:
		return container.NewVBox(card(stack(12, label("setup.choose.title"), muted(t.T("setup.choose.hint")),
			container.New(layout.NewCustomPaddedLayout(0, 0, -7, 0), stack(0, p.appointments, p.tasks)))))
	case stepPreview:
		return container.NewVScroll(card(p.preview))
	}
	form := stack(gapBig, stack(gap, label("credentials.login"), p.login),
		stack(gap, label("credentials.password"), p.password, p.app.capsLine(p.password), caption(p.app.passwordNote())))
	return container.New(&sideColumns{width: 320, gap: gapBig}, card(form), card(p.list.content))
}

// refresh brings the buttons up to date.
func (p *setupPage) refresh() {
	label := [steps]string{"credentials.verify", "button.next", "button.next", "setup.start"}[p.at]
	switch {
	case p.stopping != nil:
		label = "credentials.verify.stop"
	case p.at == stepVerify && p.proved == nil:
		label = "setup.again"
	}
	if text := p.app.texts.T(label); p.next.Text != text {
		p.next.SetText(text)
	}
	connected := p.app.picture.Connection == client.Connected
	enable(&p.next.Button, connected && !p.busy && (p.at != stepPreview || p.planned))
	enable(&p.back.Button, !p.busy)
	enable(&p.login.Entry, p.stopping == nil)
	enable(&p.password.Entry, p.stopping == nil)
}

// forward does what the step is for and goes on to the next.
func (p *setupPage) forward() {
	if p.next.Disabled() {
		return
	}
	t := p.app.texts
	switch p.at {
	case stepLogin, stepVerify:
		switch l := (secretLogin{p.login.Text, p.password.Text}); {
		case p.stopping != nil:
			p.stop()
		case p.at == stepVerify && p.proved != nil && *p.proved == l:
			p.show(stepChoose)
		case l.login == "":
			p.complain(t.T("credentials.login.missing"), p.login)
		case l.password == "":
			p.complain(t.T("credentials.password.missing"), p.password)
		default:
			p.check(l)
		}
	case stepChoose:
		if !p.appointments.Checked && !p.tasks.Checked {
			p.complain(t.T("credentials.kind.missing"), p.appointments)
			return
		}
		p.keepAndPlan()
	case stepPreview:
		p.save(true, func() {
			p.app.status.tell(t.T("setup.started"))
			p.app.Show(Status)
		})
	}
}

// backward goes to the step before; a running check ends.
func (p *setupPage) backward() {
	p.stop()
	switch p.at {
	case stepVerify, stepChoose:
		p.show(stepLogin)
	default:
		p.show(p.at - 1)
	}
}

func (p *setupPage) complain(sentence string, at fyne.Focusable) {
	p.message.show(sentence)
	p.content.Refresh()
	if at != nil {
		p.app.opt.Window.Canvas().Focus(at)
	}
}

// check verifies the login step by step.
func (p *setupPage) check(l secretLogin) {
	again := p.refused != nil && *p.refused == l
	p.proved, p.refused = nil, nil
	p.list.begin()
	ctx, cancel := context.WithCancel(p.app.ctx)
	p.stopping = cancel
	p.show(stepVerify)
	ok := false
	p.app.stream(ctx, func() (err error) {
		ok, err = p.app.follow(ctx, l, again, p.list.message)
		return err
	}, func(f *client.Failure) {
		p.stopping()
		p.stopping = nil
		switch {
		case f != nil:
			p.list.failed(f)
		case ok:
			p.list.end(true)
			p.proved = &l
		default:
			p.list.end(false)
			p.refused = &l
		}
		p.refresh()
		if ok && f == nil {
			p.app.opt.Window.Canvas().Focus(p.next)
		} else {
			p.app.opt.Window.Canvas().Focus(p.password)
		}
	})
}

// stop ends the running check.
func (p *setupPage) stop() {
	if p.stopping != nil {
		p.stopping()
		p.stopping = nil
		p.list.stopped()
		p.refresh()
	}
}

// planTime is how long the dry run of a large mailbox may take.
const planTime = 10 * time.Minute

// keepAndPlan has the agent keep the verified login, without syncing yet, and asks
// what a first sync would do.
func (p *setupPage) keepAndPlan() {
	p.save(false, func() {
		t := p.app.texts
		p.planned = false
		p.preview.RemoveAll()
		p.preview.Add(muted(t.T("setup.planning")))
		p.show(stepPreview)
		plans := map[contract.Kind]*contract.Counts{}
		p.app.askFor(planTime, func(ctx context.Context) error {
			for kind, c := range map[contract.Kind]*check{contract.Kind_KIND_APPOINTMENT: p.appointments, contract.Kind_KIND_TASK: p.tasks} {
				if !c.Checked {
					continue
				}
				r, err := p.app.opt.API.PlanRun(ctx, connect.NewRequest(&contract.PlanRunRequest{Kind: kind}))
				if err != nil {
					return err
				}
				plans[kind] = r.Msg.GetCounts()
			}
			return nil
		}, func(f *client.Failure) {
			if p.at != stepPreview {
				return // he went back
			}
			p.preview.RemoveAll()
			if f != nil {
				// The first sync doesn't depend on its preview.
				p.preview.Add(body(t.T("setup.unplanned")))
				p.preview.Add(muted(p.app.fault(f)))
			} else {
				p.showPlan(plans)
			}
			p.planned = true
			p.refresh()
			p.body.Refresh()
			if p.app.page == Setup {
				p.app.opt.Window.Canvas().Focus(p.next)
			}
		})
	})
}

// showPlan tells in numbers what the first sync would do.
func (p *setupPage) showPlan(plans map[contract.Kind]*contract.Counts) {
	t := p.app.texts
	p.preview.Add(newText(t.T("setup.preview.title"), theme.SizeNameText, theme.ColorNameForeground, true, true))
	for _, kind := range []contract.Kind{contract.Kind_KIND_APPOINTMENT, contract.Kind_KIND_TASK} {
		c := plans[kind]
		if c == nil {
			continue
		}
		p.preview.Add(widget.NewSeparator())
		p.preview.Add(iconAndText(newTinted(kindIcon(kind), theme.ColorNamePrimary, 20),
			newText(kindName(t, kind), theme.SizeNameSubHeadingText, theme.ColorNameForeground, true, false)))
		for _, v := range []struct {
			key string
			n   uint64
		}{{"history.paired", c.GetPaired()}, {"setup.preview.to-exchange", c.GetCreatedExchange()}, {"setup.preview.to-business", c.GetCreatedBusiness()},
			{"setup.preview.changed", c.GetUpdatedBusiness() + c.GetUpdatedExchange()}, {"history.held", c.GetHeld()}, {"history.problems", c.GetProblems()}} {
			if v.n > 0 || v.key == "history.paired" {
				p.preview.Add(border(nil, nil, newText(t.T(v.key), theme.SizeNameText, colorMuted, false, false),
					newText(t.Int(int64(v.n)), theme.SizeNameText, theme.ColorNameForeground, false, false).right()))
			}
		}
	}
	p.preview.Add(newGap(2))
	p.preview.Add(muted(t.T("setup.preview.nothing-yet")))
}

// save hands the login to the agent and keeps it on this computer.
func (p *setupPage) save(sync bool, done func()) {
	l := secretLogin{p.login.Text, p.password.Text}
	p.busy = true
	p.refresh()
	p.app.keepLogin(&contract.SaveCredentialsRequest{Sync: sync, Appointments: p.appointments.Checked, Tasks: p.tasks.Checked, Login: l.login}, l.password,
		func(saved *contract.Credentials, _ error, f *client.Failure) {
			p.busy = false
			p.refresh()
			if f != nil {
				p.complain(p.app.fault(f), nil)
				return
			}
			p.stored = saved
			p.app.credentials.took(saved)
			p.password.SetText("") // it is with the agent now
			if p.app.opt.Reconnect != nil {
				p.app.opt.Reconnect()
			}
			done()
		})
}

// restore takes over what was typed and done before the language was changed. A
// preview is made anew.
func (p *setupPage) restore(old *setupPage) {
	p.login.SetText(old.login.Text)
	p.password.SetText(old.password.Text)
	p.appointments.SetChecked(old.appointments.Checked)
	p.tasks.SetChecked(old.tasks.Checked)
	p.proved, p.stored = old.proved, old.stored
	switch old.at {
	case stepChoose, stepPreview:
		p.show(stepChoose)
	}
}

// resume goes on where an earlier start was left: a verified login is kept already.
func (p *setupPage) resume(c *contract.Credentials) {
	if p.at != stepLogin || p.password.Text != "" || c.GetLogin() == "" {
		return
	}
	p.login.SetText(c.GetLogin())
	if c.GetHasPassword() && c.GetVerified() != nil && c.GetRejectedCode() == "" {
		p.appointments.SetChecked(c.GetAppointments() || !c.GetTasks())
		p.tasks.SetChecked(c.GetTasks() || !c.GetAppointments())
		p.show(stepChoose)
	}
}

// firstRun tells whether the person has never synced anything: then he is led.
func (a *App) firstRun() bool {
	u := a.picture.User
	if a.picture.Connection != client.Connected || u != nil && u.GetState() != contract.UserState_USER_STATE_NOT_SET_UP {
		return false
	}
	for _, k := range u.GetKinds() {
		if k.GetPairs() > 0 || k.GetLastSuccess() != nil {
			return false // he switched it off on purpose
		}
	}
	return true
}
