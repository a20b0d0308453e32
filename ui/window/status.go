package window

import (
	"context"
	"errors"
	"time"

	"connectrpc.com/connect"
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
	"google.golang.org/protobuf/types/known/timestamppb"

	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ui/client"
)

// errEnded is a stream that ended before its last message.
var errEnded = errors.New("stream ended early")

// statusPage shows what the sync does now.
type statusPage struct {
	app     *App
	content fyne.CanvasObject

	icon            *canvas.Image
	shown           assets.Icon
	title, hint     *text
	syncNow, resume *button
	pause           *button
	message         *text
	decisions       *surface
	decisionsText   *text
	login           *button
	kinds           map[contract.Kind]*kindCard
	grid, top, head *fyne.Container
	footer          *text
	last            string
	name            string // of the state on screen
}

func newStatusPage(a *App) *statusPage {
	t := a.texts
	p := &statusPage{app: a, icon: picture(assets.StateOffline, 44), title: newText("", theme.SizeNameSubHeadingText, theme.ColorNameForeground, true, true), hint: muted(""),
		message: body(""), footer: caption("")}
	p.message.Hide()
	p.syncNow = newButton(t.T("menu.sync"), func() {
		p.call(func(ctx context.Context) error {
			_, err := a.opt.API.SyncNow(ctx, connect.NewRequest(&contract.SyncNowRequest{}))
			return err
		})
	}, a.escape)
	p.resume = newButton(t.T("menu.resume"), func() {
		p.call(func(ctx context.Context) error {
			_, err := a.opt.API.Resume(ctx, connect.NewRequest(&contract.ResumeRequest{}))
			return err
		})
	}, a.escape).strong()
	p.pause = newButton(t.T("menu.pause"), p.pauseMenu, a.escape)
	p.login = newButton(t.T("status.credentials.show"), p.setUp, a.escape).strong()
	anew := func() { // heights have changed
		a.onScreen(a.ctx, func() {
			if p.content != nil {
				p.content.Refresh()
			}
		})
	}
	p.head = container.New(&besideOrBelow{gap: gap, least: 260, changed: anew},
		iconAndText(p.icon, stack(gapSmall, p.title, p.hint, p.message)), row(gap, p.login, p.syncNow, p.pause, p.resume))
	for _, b := range []*button{p.login, p.syncNow, p.pause, p.resume} {
		b.Hide() // until it is known which make sense
	}

	p.decisionsText = newText("", theme.SizeNameText, theme.ColorNameForeground, true, true)
	show := newButton(t.T("status.problems.show"), func() { a.Show(Problems) }, a.escape)
	p.decisions = notice(container.New(&besideOrBelow{gap: gap, least: 220, changed: anew},
		iconAndText(picture(assets.StateAttention, 22), container.New(&centred{}, p.decisionsText)), show))

	p.kinds = map[contract.Kind]*kindCard{
		contract.Kind_KIND_APPOINTMENT: newKindCard(a, "kind.appointment", assets.KindOfAppointment),
		contract.Kind_KIND_TASK:        newKindCard(a, "kind.task", assets.KindOfTask),
	}
	p.grid = container.New(&evenColumns{gap: gapBig, changed: anew}, p.kinds[contract.Kind_KIND_APPOINTMENT].content, p.kinds[contract.Kind_KIND_TASK].content)
	p.top = stack(gapBig, card(p.head), p.decisions, p.grid, p.footer)
	p.content = border(stack(0, heading(t.T("status.title")), newGap(12)), nil, nil, nil, container.NewVScroll(p.top))
	return p
}

// centred keeps a one-line text at the middle of the height it gets.
type centred struct{}

// MinSize is that of the content.
func (centred) MinSize(o []fyne.CanvasObject) fyne.Size { return o[0].MinSize() }

// Layout centres vertically.
func (centred) Layout(o []fyne.CanvasObject, size fyne.Size) {
	h := o[0].MinSize().Height
	o[0].Resize(fyne.NewSize(size.Width, h))
	o[0].Move(fyne.NewPos(0, (size.Height-h)/2))
}

// setUp shows the page on which a login is entered.
func (p *statusPage) setUp() {
	if p.app.opt.Lead && p.app.firstRun() {
		p.app.Show(Setup)
		return
	}
	p.app.Show(Credentials)
}

// call asks the agent for something small and shows why it didn't work.
func (p *statusPage) call(f func(context.Context) error) {
	p.message.show("")
	p.app.ask(f, func(failure *client.Failure) {
		if failure != nil {
			text, hint := p.app.texts.Fault(failure.Code, nil)
			p.message.tint(theme.ColorNameError)
			p.message.show(text + " " + hint)
			p.top.Refresh()
		}
	})
}

// tell shows a sentence about what has just been done.
func (p *statusPage) tell(sentence string) {
	p.message.tint(theme.ColorNameSuccess)
	p.message.show(sentence)
	p.content.Refresh()
}

func (p *statusPage) pauseMenu() {
	t := p.app.texts
	pause := func(until *timestamppb.Timestamp) {
		p.call(func(ctx context.Context) error {
			_, err := p.app.opt.API.Pause(ctx, connect.NewRequest(&contract.PauseRequest{Until: until}))
			return err
		})
	}
	menu := fyne.NewMenu("",
		fyne.NewMenuItem(t.T("menu.pause.hour"), func() { pause(timestamppb.New(p.app.opt.Now().Add(time.Hour))) }),
		fyne.NewMenuItem(t.T("menu.pause.open"), func() { pause(nil) }))
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(p.pause).AddXY(0, p.pause.Size().Height+2)
	widget.ShowPopUpMenuAtPosition(menu, p.app.opt.Window.Canvas(), at)
}

// refresh brings the page up to date with the picture.
func (p *statusPage) refresh() {
	t, pic, now := p.app.texts, p.app.picture, p.app.opt.Now()
	name := pic.StateName()
	until := ""
	if pic.User.GetPausedUntil() != nil {
		until = t.When(pic.User.GetPausedUntil().AsTime(), now)
	}
	if name == "fine" && p.name != name && p.name != "" {
		p.message.show("") // what was begun is done
	}
	p.name = name
	p.title.set(t.T("state."+name+".text", "time", until))
	hint := t.T("state." + name + ".hint")
	if code := pic.User.GetCode(); code != "" && pic.Connection == client.Connected && name != "fine" {
		sentence, todo := t.Fault(code, nil)
		hint = sentence + " " + todo
	}
	p.hint.set(hint)
	if icon := client.StateIcon(pic.State()); icon != p.shown {
		p.shown, p.icon.Resource = icon, resource(icon)
		p.icon.Refresh()
	}
	connected := pic.Connection == client.Connected
	enable(&p.syncNow.Button, connected)
	enable(&p.pause.Button, connected)
	enable(&p.resume.Button, connected)
	paused := pic.State() == contract.UserState_USER_STATE_PAUSED
	wantsLogin := connected && (name == "not-set-up" || name == "credentials-needed")
	label := t.T("status.credentials.show")
	if p.app.opt.Lead && p.app.firstRun() {
		label = t.T("nav.setup")
	}
	if p.login.Text != label {
		p.login.SetText(label)
	}
	visible(p.login, wantsLogin)
	visible(p.resume, paused)
	visible(p.pause, !paused && !wantsLogin && name != "disabled")
	visible(p.syncNow, !paused && !wantsLogin && name != "disabled")
	decisions := pic.Decisions()
	p.decisionsText.set(t.N("status.problems", decisions))
	visible(p.decisions, decisions > 0)
	visible(p.grid, pic.User != nil)
	for kind, c := range p.kinds {
		c.show(kindOf(pic.User, kind), connected, now)
	}
	p.footer.show(p.footerText())
	// Heights may have changed; laying out anew is dear, so only when the
	// shape of the page is another.
	if shape := name + until + hint + p.decisionsText.segment.Text; shape != p.last {
		p.last = shape
		p.head.Refresh()
		p.content.Refresh()
	}
}

// footerText tells how changes arrive.
func (p *statusPage) footerText() string {
	t, pic := p.app.texts, p.app.picture
	if pic.Connection != client.Connected || pic.Agent == nil {
		return ""
	}
	s := t.T("status.connected")
	if p.app.shared() {
		s += " · " + t.T("access.shared")
	}
	switch pic.Agent.GetNotifications() {
	case "push", "streaming":
		s += " · " + t.T("status.notify.push")
	case "interval":
		s += " · " + t.T("status.notify.interval", "time", t.Span(pic.Agent.GetInterval().AsDuration()))
	}
	return s
}

func visible(o fyne.CanvasObject, on bool) {
	switch {
	case on && !o.Visible():
		o.Show()
	case !on && o.Visible():
		o.Hide()
	}
}

func kindOf(u *contract.UserStatus, kind contract.Kind) *contract.KindStatus {
	for _, k := range u.GetKinds() {
		if k.GetKind() == kind {
			return k
		}
	}
	return nil
}
