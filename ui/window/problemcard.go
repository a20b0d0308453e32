package window

import (
	"context"
	"strings"

	"connectrpc.com/connect"
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ui/client"
)

// problem is the card of one problem: what it is about, what happened, what to do,
// and what can be done here.
func (p *problemsPage) problem(m *contract.Problem) fyne.CanvasObject {
	t, now := p.app.texts, p.app.opt.Now()
	text, hint := t.Fault(m.GetCode(), nil)
	title := m.GetTitle()
	if title == "" && m.GetKind() != contract.Kind_KIND_UNSPECIFIED {
		title = t.T("problems.untitled")
	}
	lines := stack(gapSmall + 2)
	if title != "" {
		lines.Add(newText(title, theme.SizeNameText, theme.ColorNameForeground, true, true))
	}
	lines.Add(body(text))
	lines.Add(muted(hint))
	icon := assets.StateAttention
	switch {
	case m.GetIgnored():
		icon = assets.StatePaused
		lines.Add(caption(t.T("problems.ignored")))
	case !m.GetNeedsPerson():
		icon = assets.StateSyncing
		if m.GetNextTry() != nil {
			lines.Add(caption(t.T("problems.self", "time", t.When(m.GetNextTry().AsTime(), now))))
		}
	}
	lines.Add(caption(p.about(m)))
	failure := complaint()
	lines.Add(failure)
	lines.Add(newGap(2))
	lines.Add(p.problemButtons(m, title, text, failure))
	return card(iconAndText(picture(icon, 26), lines))
}

// about tells what kind of item it is, where, since when and how often it was tried.
func (p *problemsPage) about(m *contract.Problem) string {
	t, now := p.app.texts, p.app.opt.Now()
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
	return strings.Join(about, " · ")
}

// begin notes the page's first button.
func (p *problemsPage) begin(b *button) {
	if p.first == nil {
		p.first = b
	}
}

func (p *problemsPage) problemButtons(m *contract.Problem, title, text string, failure *text) fyne.CanvasObject {
	t, escape := p.app.texts, p.app.escape
	request := func(b *button, f func(context.Context) error) func() {
		return func() {
			label := b.Text
			b.SetText(t.T("problems.retrying"))
			b.Disable()
			p.act(failure, f, func() { b.SetText(label); b.Enable() })
		}
	}
	retry := newButton(t.T("problems.retry"), nil, escape)
	retry.OnTapped = request(retry, func(ctx context.Context) error {
		_, err := p.app.opt.API.RetryProblem(ctx, connect.NewRequest(&contract.RetryProblemRequest{Id: m.GetId()}))
		return err
	})
	p.begin(retry)
	buttons := row(gap, retry)
	if m.GetKind() != contract.Kind_KIND_UNSPECIFIED && m.GetSide() != contract.SideId_SIDE_ID_UNSPECIFIED {
		buttons.Add(newButton(t.T("problems.versions"), func() { p.versions(m, failure) }, escape))
		if !m.GetIgnored() {
			ignore := newButton(t.T("problems.ignore"), nil, escape)
			ignore.OnTapped = request(ignore, func(ctx context.Context) error {
				_, err := p.app.opt.API.IgnoreProblem(ctx, connect.NewRequest(&contract.IgnoreProblemRequest{Id: m.GetId()}))
				return err
			})
			buttons.Add(ignore)
		}
	}
	var copied *button
	copied = newButton(t.T("button.copy"), func() {
		p.app.opt.Clipboard.SetContent(strings.Join([]string{title, m.GetCode(), text, m.GetDetail()}, "\n"))
		copied.SetText(t.T("button.copied"))
	}, escape)
	copied.Importance = widget.LowImportance
	buttons.Add(copied)
	return buttons
}

// versions fetches what both sides have of the item now, and shows it field by field.
func (p *problemsPage) versions(m *contract.Problem, failure *text) {
	t := p.app.texts
	failure.show("")
	fetch(p.app, client.CallTimeout, p.app.opt.API.GetProblem, &contract.GetProblemRequest{Id: m.GetId()}, func(got *contract.GetProblemResponse, f *client.Failure) {
		if f != nil {
			failure.show(p.app.fault(f))
			p.content.Refresh()
			return
		}
		content := stack(gapBig)
		for _, side := range []struct {
			is, away bool
			key      string
		}{{got.GetBusiness(), got.GetBusinessAway(), "business"}, {got.GetExchange(), got.GetExchangeAway(), "exchange"}} {
			switch {
			case side.away:
				content.Add(notice(body(t.T("problems.away." + side.key))))
			case !side.is:
				content.Add(notice(body(t.T("problems.none-there." + side.key))))
			}
		}
		if len(got.GetFields()) > 0 {
			content.Add(p.app.fieldList(got.GetFields(), t.T("side.business.name"), t.T("side.exchange.name")))
		}
		title := m.GetTitle()
		if title == "" {
			title = t.T("problems.untitled")
		}
		p.app.sheet(title, content)
	})
}

// hold is the card of what a guard keeps back: how much, which items, and the two
// ways to decide.
func (p *problemsPage) hold(h *contract.Hold) fyne.CanvasObject {
	t, now := p.app.texts, p.app.opt.Now()
	text, hint := t.Fault(h.GetCode(), nil)
	lines := stack(gapSmall+2,
		newText(t.N("problems.hold", int(h.GetItems())), theme.SizeNameText, theme.ColorNameForeground, true, true),
		body(text), muted(hint))
	if len(h.GetTitles()) > 0 {
		lines.Add(muted(t.T("problems.hold.items", "titles", strings.Join(h.GetTitles()[:min(len(h.GetTitles()), 3)], ", "))))
	}
	about := []string{kindName(t, h.GetKind()), sideName(t, h.GetSide())}
	if h.GetSince() != nil {
		about = append(about, t.T("problems.since", "time", t.When(h.GetSince().AsTime(), now)))
	}
	lines.Add(caption(strings.Join(about, " · ")))
	failure := complaint()
	lines.Add(failure)
	resolve := func(confirm bool) {
		p.act(failure, func(ctx context.Context) error {
			_, err := p.app.opt.API.ResolveHold(ctx, connect.NewRequest(&contract.ResolveHoldRequest{Id: h.GetId(), Confirm: confirm}))
			return err
		}, nil)
	}
	escape := p.app.escape
	restore := newButton(t.T("problems.hold.restore"), func() { resolve(false) }, escape).strong()
	p.begin(restore)
	confirm := newButton(t.T("problems.hold.confirm"), func() { p.confirmHold(h, func() { resolve(true) }) }, escape)
	show := newButton(t.T("problems.hold.show"), func() { p.held(h) }, escape)
	lines.Add(newGap(2))
	lines.Add(row(gap, restore, confirm, show))
	return card(iconAndText(picture(assets.StateAttention, 26), lines))
}

// held lists the items a hold concerns.
func (p *problemsPage) held(h *contract.Hold) {
	t, zone := p.app.texts, p.app.opt.Now().Location()
	list := stack(gap)
	for _, item := range h.GetPreview() {
		title, when := item.GetTitle(), ""
		if title == "" {
			title = t.T("problems.untitled")
		}
		if start := item.GetStart(); start != nil {
			if when = t.Date(start.AsTime().In(zone)); item.GetStartIsDay() {
				when = t.Date(start.AsTime())
			}
		}
		list.Add(container.New(&labelled{width: 104, gap: gap}, muted(when), body(title)))
	}
	if more := int(h.GetItems()) - len(h.GetPreview()); more > 0 {
		list.Add(muted(t.N("problems.hold.more", more)))
	}
	p.app.sheet(t.N("problems.hold", int(h.GetItems())), list)
}

// confirmHold asks before many items are deleted or made.
func (p *problemsPage) confirmHold(h *contract.Hold, yes func()) {
	t := p.app.texts
	key := "problems.hold.ask"
	if h.GetCode() == "creations-held" {
		key = "problems.hold.ask-create"
	}
	p.app.question(t.N("problems.hold", int(h.GetItems())), t.T(key, "n", h.GetItems(), "where", sideName(t, h.GetSide())),
		t.T("problems.hold.confirm"), true, yes)
}
