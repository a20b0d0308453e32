package window

import (
	"context"
	"strings"

	"connectrpc.com/connect"
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ui/client"
)

// problemsPage lists what can't go on by itself, and what does.
type problemsPage struct {
	app     *App
	content fyne.CanvasObject
	list    *fyne.Container
	nothing *fyne.Container
	note    *text
	shown   assets.Icon

	loading bool // a list is on its way
	again   bool // another one is wanted after it
	failed  bool
	known   bool
}

func newProblemsPage(a *App) *problemsPage {
	p := &problemsPage{app: a, list: stack(12), note: muted(a.texts.T("problems.loading"))}
	p.nothing = container.NewStack(card(iconAndText(picture(assets.StateFine, 28), container.New(&centred{}, p.note))))
	p.content = container.NewBorder(stack(0, heading(a.texts.T("problems.title")), newGap(12)), nil, nil, nil,
		container.NewVScroll(stack(12, p.nothing, p.list)))
	return p
}

// load fetches the list. A call during a fetch makes it fetch once more.
func (p *problemsPage) load() {
	if p.app.picture.Connection != client.Connected {
		return
	}
	if p.loading {
		p.again = true
		return
	}
	p.loading, p.again = true, false
	var problems []*contract.Problem
	var holds []*contract.Hold
	p.app.ask(func(ctx context.Context) error {
		r, err := p.app.opt.API.ListProblems(ctx, connect.NewRequest(&contract.ListProblemsRequest{}))
		if err != nil {
			return err
		}
		h, err := p.app.opt.API.ListHolds(ctx, connect.NewRequest(&contract.ListHoldsRequest{}))
		if err != nil {
			return err
		}
		problems, holds = r.Msg.GetProblems(), h.Msg.GetHolds()
		return nil
	}, func(f *client.Failure) {
		p.loading = false
		p.failed = f != nil
		if f == nil {
			p.known = true
			p.show(problems, holds)
		}
		p.refresh()
		if p.again {
			p.load()
		}
	})
}

// refresh says what an empty list means.
func (p *problemsPage) refresh() {
	t := p.app.texts
	sentence, icon := t.T("problems.loading"), assets.StageRunning
	switch {
	case p.failed || p.app.picture.Connection != client.Connected && !p.known:
		sentence, icon = t.T("problems.unreachable"), assets.StateOffline
	case p.known:
		sentence, icon = t.T("problems.none"), assets.StateFine
	}
	if p.note.segment.Text != sentence || p.shown != icon {
		p.note.set(sentence)
		p.shown = icon
		p.nothing.Objects = []fyne.CanvasObject{card(iconAndText(picture(icon, 28), container.New(&centred{}, p.note)))}
		p.nothing.Refresh()
	}
	if empty := len(p.list.Objects) == 0; empty != p.nothing.Visible() {
		visible(p.nothing, empty)
		p.content.Refresh()
	}
}

// show puts holds first, then what needs a person, then what heals by itself.
func (p *problemsPage) show(problems []*contract.Problem, holds []*contract.Hold) {
	p.list.RemoveAll()
	for _, h := range holds {
		p.list.Add(p.hold(h))
	}
	for _, needsPerson := range []bool{true, false} {
		for _, problem := range problems {
			if problem.GetNeedsPerson() == needsPerson {
				p.list.Add(p.problem(problem))
			}
		}
	}
	p.content.Refresh()
}

func (p *problemsPage) problem(m *contract.Problem) fyne.CanvasObject {
	t, now := p.app.texts, p.app.opt.Now()
	text, hint := t.Fault(m.GetCode(), nil)
	title := m.GetTitle()
	if title == "" && m.GetKind() != contract.Kind_KIND_UNSPECIFIED {
		title = t.T("problems.untitled")
	}
	about := []string{kindName(t, m.GetKind())}
	if s := sideName(t, m.GetSide()); s != "" {
		about = append(about, s)
	}
	if m.GetFirst() != nil {
		about = append(about, t.T("problems.since", "time", t.When(m.GetFirst().AsTime(), now)))
	}
	if n := m.GetAttempts(); n > 0 {
		about = append(about, t.N("problems.attempts", int(n)))
	}
	icon := assets.StateAttention
	lines := stack(gapSmall + 2)
	if title != "" {
		lines.Add(newText(title, theme.SizeNameText, theme.ColorNameForeground, true, true))
	}
	lines.Add(body(text))
	lines.Add(muted(hint))
	if !m.GetNeedsPerson() {
		icon = assets.StateSyncing
		if m.GetNextTry() != nil {
			lines.Add(caption(t.T("problems.self", "time", t.When(m.GetNextTry().AsTime(), now))))
		}
	}
	lines.Add(caption(strings.Join(about, " · ")))
	failure := caption("")
	failure.tint(theme.ColorNameError)
	failure.Hide()
	lines.Add(failure)

	var retry *button
	retry = newButton(t.T("problems.retry"), func() {
		retry.SetText(t.T("problems.retrying"))
		retry.Disable()
		p.act(failure, func(ctx context.Context) error {
			_, err := p.app.opt.API.RetryProblem(ctx, connect.NewRequest(&contract.RetryProblemRequest{Id: m.GetId()}))
			return err
		}, func() { retry.SetText(t.T("problems.retry")); retry.Enable() })
	}, p.app.escape)
	var copied *button
	copied = newButton(t.T("button.copy"), func() {
		p.app.opt.Clipboard.SetContent(strings.Join([]string{title, m.GetCode(), text, m.GetDetail()}, "\n"))
		copied.SetText(t.T("button.copied"))
	}, p.app.escape)
	copied.Importance = widget.LowImportance
	return card(container.NewBorder(nil, nil, nil, stack(gap, retry, copied), iconAndText(picture(icon, 26), lines)))
}

func (p *problemsPage) hold(h *contract.Hold) fyne.CanvasObject {
	t, now := p.app.texts, p.app.opt.Now()
	text, hint := t.Fault(h.GetCode(), nil)
	lines := stack(gapSmall+2,
		newText(t.N("problems.hold", int(h.GetItems())), theme.SizeNameText, theme.ColorNameForeground, true, true),
		body(text), muted(hint))
	if len(h.GetTitles()) > 0 {
		lines.Add(muted(t.T("problems.hold.items", "titles", strings.Join(h.GetTitles(), ", "))))
	}
	about := []string{kindName(t, h.GetKind()), sideName(t, h.GetSide())}
	if h.GetSince() != nil {
		about = append(about, t.T("problems.since", "time", t.When(h.GetSince().AsTime(), now)))
	}
	lines.Add(caption(strings.Join(about, " · ")))
	failure := caption("")
	failure.tint(theme.ColorNameError)
	failure.Hide()
	lines.Add(failure)
	resolve := func(confirm bool) {
		p.act(failure, func(ctx context.Context) error {
			_, err := p.app.opt.API.ResolveHold(ctx, connect.NewRequest(&contract.ResolveHoldRequest{Id: h.GetId(), Confirm: confirm}))
			return err
		}, nil)
	}
	restore := newButton(t.T("problems.hold.restore"), func() { resolve(false) }, p.app.escape).strong()
	confirm := newButton(t.T("problems.hold.confirm"), func() { p.confirmHold(h, func() { resolve(true) }) }, p.app.escape)
	return card(container.NewBorder(nil, nil, nil, stack(gap, restore, confirm), iconAndText(picture(assets.StateAttention, 26), lines)))
}

// confirmHold asks before many items are deleted or made.
func (p *problemsPage) confirmHold(h *contract.Hold, yes func()) {
	t, w := p.app.texts, p.app.opt.Window
	key := "problems.hold.ask"
	if h.GetCode() == "creations-held" {
		key = "problems.hold.ask-create"
	}
	question := t.T(key, "n", h.GetItems(), "where", sideName(t, h.GetSide()))
	d := dialog.NewCustomWithoutButtons(t.N("problems.hold", int(h.GetItems())), minWidth(380, padded(innerPadding, body(question))), w)
	back := newButton(t.T("button.cancel"), d.Hide, d.Hide)
	carry := newButton(t.T("problems.hold.confirm"), func() { d.Hide(); yes() }, d.Hide)
	carry.Importance = widget.DangerImportance
	d.SetButtons([]fyne.CanvasObject{back, carry})
	d.Show()
	w.Canvas().Focus(back)
}

// act calls the agent about one entry; the list is fetched anew when it worked.
func (p *problemsPage) act(failure *text, f func(context.Context) error, failed func()) {
	p.app.ask(f, func(fail *client.Failure) {
		if fail == nil {
			p.load()
			return
		}
		text, hint := p.app.texts.Fault(fail.Code, nil)
		failure.show(text + " " + hint)
		p.content.Refresh()
		call(failed)
	})
}

func kindName(t *assets.Catalog, kind contract.Kind) string {
	switch kind {
	case contract.Kind_KIND_APPOINTMENT:
		return t.T("kind.appointment")
	case contract.Kind_KIND_TASK:
		return t.T("kind.task")
	}
	return t.T("kind.account")
}

func sideName(t *assets.Catalog, side contract.SideId) string {
	switch side {
	case contract.SideId_SIDE_ID_BUSINESS:
		return t.T("side.business")
	case contract.SideId_SIDE_ID_EXCHANGE:
		return t.T("side.exchange")
	}
	return ""
}
