package window

import (
	"context"
	"strings"

	"connectrpc.com/connect"
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"google.golang.org/protobuf/types/known/timestamppb"

	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ui/client"
)

// comparePage reads both sides when it is asked to, and shows which items are equal
// and where the others differ.
type comparePage struct {
	app     *App
	content fyne.CanvasObject

	search  *field
	state   *choice
	kind    *choice
	start   *button
	summary *text
	list    *listing
	detail  *detail

	items            []*contract.Compared
	shown            []*contract.Compared // those the filters let through
	equal, differing uint64
	stopping         context.CancelFunc // ends the running comparison; nil: none runs
	began            bool
}

// compareStates are the filters in their order; the first two are no state.
func compareStates() []contract.CompareState {
	return []contract.CompareState{-2, -1, contract.CompareState_COMPARE_STATE_EQUAL, contract.CompareState_COMPARE_STATE_PENDING,
		contract.CompareState_COMPARE_STATE_PROBLEM, contract.CompareState_COMPARE_STATE_HELD, contract.CompareState_COMPARE_STATE_FILTERED,
		contract.CompareState_COMPARE_STATE_ONE_SIDE, contract.CompareState_COMPARE_STATE_DIFFERENT}
}

func compareWord(s contract.CompareState) string {
	switch s {
	case -2:
		return "not-equal"
	case -1:
		return "all"
	case contract.CompareState_COMPARE_STATE_EQUAL:
		return "equal"
	case contract.CompareState_COMPARE_STATE_PENDING:
		return "pending"
	case contract.CompareState_COMPARE_STATE_PROBLEM:
		return "problem"
	case contract.CompareState_COMPARE_STATE_HELD:
		return "held"
	case contract.CompareState_COMPARE_STATE_FILTERED:
		return "filtered"
	case contract.CompareState_COMPARE_STATE_ONE_SIDE:
		return "one-side"
	}
	return "different"
}

func newComparePage(a *App) *comparePage {
	t := a.texts
	p := &comparePage{app: a, summary: muted(t.T("compare.idle"))}
	p.search = newField(false, a.escape)
	p.search.SetPlaceHolder(t.T("list.search"))
	p.search.OnChanged = func(string) { p.filter() }
	var states []string
	for _, s := range compareStates() {
		states = append(states, t.T("compare.state."+compareWord(s)))
	}
	p.state = newChoice(states, 0, func(int) { p.filter() }, a.escape)
	p.kind = newKindChoice(a, func() { p.filter() })
	p.start = newButton(t.T("compare.start"), p.run, a.escape).strong()
	p.list = newListing(func() int { return len(p.shown) }, func(i int) entry { return p.entry(p.shown[i]) }, func(i int) { p.choose(p.shown[i]) }, a.escape)
	p.detail = newDetail(t.T("list.choose"))
	bar := border(nil, nil, nil, row(gap, minWidth(choiceWidth, p.state), minWidth(choiceWidth, p.kind), p.start), p.search)
	p.content = border(
		stack(12, heading(t.T("compare.title")), muted(t.T("compare.intro")), bar, p.summary, newGap(0)), nil, nil, nil,
		container.New(&sideColumns{width: 300, gap: gapBig}, p.list.frame, p.detail.content))
	return p
}

// choiceWidth holds the longest filter in both languages.
const choiceWidth = 186

// newKindChoice is a filter by kind; its index is the kind's number.
func newKindChoice(a *App, changed func()) *choice {
	t := a.texts
	return newChoice([]string{t.T("list.kind.all"), t.T("kind.appointment"), t.T("kind.task")}, 0, func(int) { changed() }, a.escape)
}

// run begins a comparison, or ends the one that runs.
func (p *comparePage) run() {
	if p.stopping != nil {
		p.stop()
		p.summary.set(p.app.texts.T("compare.stopped"))
		return
	}
	p.began, p.items, p.equal, p.differing = true, nil, 0, 0
	p.filter()
	ctx, cancel := context.WithCancel(p.app.ctx)
	p.stopping = cancel
	p.refresh()
	p.tell(false)
	p.app.stream(ctx, func() error {
		s, err := p.app.opt.API.Compare(ctx, connect.NewRequest(&contract.CompareRequest{User: p.app.subject}))
		if err != nil {
			return err
		}
		defer s.Close()
		for s.Receive() {
			m := s.Msg()
			p.app.onScreen(ctx, func() { p.add(m) })
			if m.GetDone() {
				return nil
			}
		}
		return ended(s.Err())
	}, func(f *client.Failure) {
		p.stop()
		if f != nil {
			p.summary.tint(theme.ColorNameError)
			p.summary.set(p.app.fault(f))
			return
		}
		p.tell(true)
	})
}

// stop ends the running comparison.
func (p *comparePage) stop() {
	if p.stopping != nil {
		p.stopping()
		p.stopping = nil
		p.refresh()
	}
}

func (p *comparePage) refresh() {
	label := "compare.start"
	if p.stopping != nil {
		label = "button.stop"
	}
	if text := p.app.texts.T(label); p.start.Text != text {
		p.start.SetText(text)
	}
	enable(&p.start.Button, p.app.picture.Connection == client.Connected)
}

// add takes what has just been compared.
func (p *comparePage) add(m *contract.CompareResponse) {
	p.equal, p.differing = m.GetEqual(), m.GetDiffering()
	p.items = append(p.items, m.GetItems()...)
	for _, c := range m.GetItems() {
		if p.matches(c) {
			p.shown = append(p.shown, c)
		}
	}
	p.list.Refresh()
	if !m.GetDone() {
		p.tell(false)
	}
}

// tell says how far it is, or how it ended.
func (p *comparePage) tell(done bool) {
	t := p.app.texts
	p.summary.tint(colorMuted)
	switch {
	case !done:
		p.summary.set(t.T("compare.running", "equal", p.equal, "differing", p.differing))
	case p.differing == 0:
		p.summary.tint(theme.ColorNameSuccess)
		p.summary.set(t.T("compare.equal", "equal", p.equal))
	default:
		p.summary.set(t.T("compare.done", "equal", p.equal, "differing", p.differing))
	}
}

// filter shows what fits the filters.
func (p *comparePage) filter() {
	p.shown = nil
	for _, c := range p.items {
		if p.matches(c) {
			p.shown = append(p.shown, c)
		}
	}
	p.list.reset()
	p.detail.empty()
}

func (p *comparePage) matches(c *contract.Compared) bool {
	switch want := compareStates()[max(p.state.SelectedIndex(), 0)]; {
	case want == -2 && c.GetState() == contract.CompareState_COMPARE_STATE_EQUAL, want >= 0 && c.GetState() != want:
		return false
	}
	if k := p.kind.SelectedIndex(); k > 0 && c.GetKind() != contract.Kind(k) {
		return false
	}
	return found(c.GetTitle(), p.search.Text)
}

// found tells whether a title has what is searched, without regard to case.
func found(title, search string) bool {
	return strings.Contains(strings.ToLower(title), strings.ToLower(strings.TrimSpace(search)))
}

func (p *comparePage) entry(c *contract.Compared) entry {
	t := p.app.texts
	e := entry{icon: kindIcon(c.GetKind()), title: p.app.titleOf(c.GetTitle()), note: p.app.startOf(c), tag: t.T("compare.state." + compareWord(c.GetState()))}
	e.needsHuman = c.GetState() == contract.CompareState_COMPARE_STATE_PROBLEM || c.GetState() == contract.CompareState_COMPARE_STATE_HELD
	return e
}

// choose shows one item's state and where it differs.
func (p *comparePage) choose(c *contract.Compared) {
	t := p.app.texts
	lines := stack(12, newText(p.app.titleOf(c.GetTitle()), theme.SizeNameSubHeadingText, theme.ColorNameForeground, true, true))
	about := []string{kindName(t, c.GetKind())}
	if when := p.app.startOf(c); when != "" {
		about = append(about, when)
	}
	switch {
	case c.GetBusiness() && !c.GetExchange():
		about = append(about, t.T("compare.only.business"))
	case c.GetExchange() && !c.GetBusiness():
		about = append(about, t.T("compare.only.exchange"))
	}
	lines.Add(caption(strings.Join(about, " · ")))
	lines.Add(body(t.T("compare.means." + compareWord(c.GetState()))))
	if c.GetCode() != "" {
		text, hint := t.Fault(c.GetCode(), nil)
		lines.Add(notice(stack(2, body(text), caption(hint))))
	}
	if len(c.GetFields()) > 0 {
		lines.Add(p.app.fieldList(c.GetFields(), t.T("side.business.name"), t.T("side.exchange.name")))
	}
	p.detail.show(lines)
}

func kindIcon(k contract.Kind) assets.Icon {
	if k == contract.Kind_KIND_TASK {
		return assets.KindOfTask
	}
	return assets.KindOfAppointment
}

// titleOf is a title, or a word for none.
func (a *App) titleOf(title string) string {
	if title == "" {
		return a.texts.T("problems.untitled")
	}
	return title
}

// startOf is when an item begins or is due; "" for none. A day is the same one in every
// zone.
func (a *App) startOf(x interface {
	GetStart() *timestamppb.Timestamp
	GetStartIsDay() bool
}) string {
	switch at := x.GetStart().AsTime(); {
	case x.GetStart() == nil:
		return ""
	case x.GetStartIsDay():
		return a.texts.Date(at)
	default:
		local := at.In(a.opt.Now().Location())
		return a.texts.Date(local) + ", " + a.texts.Clock(local)
	}
}
