package window

import (
	"context"
	"slices"

	"connectrpc.com/connect"
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"google.golang.org/protobuf/proto"

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
	wanted  bool    // the page has just been asked for: its first button gets the keyboard
	first   *button // of the first entry
	// problems and holds are those on the screen; acted tells that a person has done
	// something with one of them.
	problems []*contract.Problem
	holds    []*contract.Hold
	acted    bool
}

func newProblemsPage(a *App) *problemsPage {
	p := &problemsPage{app: a, list: stack(12), note: muted(a.texts.T("problems.loading"))}
	p.nothing = container.NewStack(card(iconAndText(picture(assets.StateFine, 28), container.New(&centred{}, p.note))))
	p.content = border(stack(0, heading(a.texts.T("problems.title")), newGap(12)), nil, nil, nil,
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
		r, err := p.app.opt.API.ListProblems(ctx, connect.NewRequest(&contract.ListProblemsRequest{User: p.app.subject}))
		if err != nil {
			return err
		}
		h, err := p.app.opt.API.ListHolds(ctx, connect.NewRequest(&contract.ListHoldsRequest{User: p.app.subject}))
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

// show puts holds first, then what needs a person, then what heals by itself, then
// what is left alone on purpose.
func (p *problemsPage) show(problems []*contract.Problem, holds []*contract.Hold) {
	if !p.acted && slices.EqualFunc(problems, p.problems, same) && slices.EqualFunc(holds, p.holds, same) {
		p.focus() // what stands there keeps its answers, and the keyboard its place
		return
	}
	p.problems, p.holds, p.acted = problems, holds, false
	p.list.RemoveAll()
	p.first = nil
	for _, h := range holds {
		p.list.Add(p.hold(h))
	}
	rank := func(m *contract.Problem) int {
		switch {
		case m.GetNeedsPerson():
			return 0
		case m.GetIgnored():
			return 2
		}
		return 1
	}
	for _, m := range slices.SortedStableFunc(slices.Values(problems), func(a, b *contract.Problem) int { return rank(a) - rank(b) }) {
		p.list.Add(p.problem(m))
	}
	p.content.Refresh()
	p.focus()
}

func same[M proto.Message](a, b M) bool { return proto.Equal(a, b) }

// focus puts the keyboard on the first thing to do, when the page has just been
// asked for.
func (p *problemsPage) focus() {
	if p.wanted && p.first != nil && p.app.page == Problems {
		p.wanted = false
		p.app.opt.Window.Canvas().Focus(p.first)
	}
}

// act calls the agent about one entry; the list is fetched anew when it worked.
func (p *problemsPage) act(failure *text, f func(context.Context) error, failed func()) {
	p.app.ask(f, func(fail *client.Failure) {
		if fail == nil {
			p.acted = true
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
