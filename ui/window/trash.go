package window

import (
	"context"
	"strings"

	"connectrpc.com/connect"
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"abgleich/ipc/contract"
	"abgleich/ui/client"
)

// pageOfTrash is how many kept copies are fetched at once.
const pageOfTrash = 500

// trashPart lists what runs deleted or overwrote, and brings it back.
type trashPart struct {
	app     *App
	content fyne.CanvasObject

	search       *field
	reason, kind *choice
	older, whole *button
	note         *text
	list         *listing
	detail       *detail
	run          int64 // only of this run; 0: of all
	all, shown   []*contract.Trashed
	told         string // what has just been done; it stands above the list once
}

// trashReasons are the words of the reasons, by their number.
func trashReasons() []string {
	return []string{"all", "deleted", "overwritten", "conflict", "confirmed", "replaced"}
}

func trashReason(r contract.TrashReason) string {
	if n := int(r); n > 0 && n < len(trashReasons()) {
		return trashReasons()[n]
	}
	return "deleted"
}

func newTrashPart(a *App) *trashPart {
	t := a.texts
	p := &trashPart{app: a, note: muted(t.T("problems.loading"))}
	p.search = newField(false, a.escape)
	p.search.SetPlaceHolder(t.T("list.search"))
	p.search.OnChanged = func(string) { p.filter() }
	var reasons []string
	for _, r := range trashReasons() {
		reasons = append(reasons, t.T("trash.reason."+r))
	}
	p.reason = newChoice(reasons, 0, func(int) { p.filter() }, a.escape)
	p.kind = newKindChoice(a, func() { p.filter() })
	p.older = newButton(t.T("list.older"), func() { p.load(true) }, a.escape)
	p.older.Hide()
	p.whole = newButton(t.T("trash.whole"), func() { p.ofRun(0) }, a.escape)
	p.whole.Hide()
	p.list = newListing(func() int { return len(p.shown) }, func(i int) entry { return p.entry(p.shown[i]) }, func(i int) { p.choose(p.shown[i]) }, a.escape)
	p.detail = newDetail(t.T("list.choose"))
	bar := border(nil, nil, nil, row(gap, minWidth(choiceWidth, p.reason), minWidth(choiceWidth, p.kind)), p.search)
	line := border(nil, nil, nil, row(gap, p.whole, p.older), container.New(&centred{}, p.note))
	p.content = border(stack(gap, bar, line, newGap(0)), nil, nil, nil,
		container.New(&sideColumns{width: 300, gap: gapBig}, p.list.frame, p.detail.content))
	return p
}

// ofRun shows only what one run deleted or overwrote; 0: all.
func (p *trashPart) ofRun(run int64) {
	p.run = run
	visible(p.whole, run != 0)
	p.load(false)
}

// load fetches the newest, or what is older than what is here.
func (p *trashPart) load(older bool) {
	before := int64(0)
	if older && len(p.all) > 0 {
		before = p.all[len(p.all)-1].GetId()
	}
	var got []*contract.Trashed
	p.app.ask(func(ctx context.Context) error {
		r, err := p.app.opt.API.ListTrash(ctx, connect.NewRequest(&contract.ListTrashRequest{User: p.app.subject, Limit: pageOfTrash, Before: before, Run: p.run}))
		if err == nil {
			got = r.Msg.GetItems()
		}
		return err
	}, func(f *client.Failure) {
		if f != nil {
			p.note.set(p.app.fault(f))
			return
		}
		if !older {
			p.all = nil
		}
		p.all = append(p.all, got...)
		visible(p.older, len(got) == pageOfTrash)
		p.filter()
	})
}

func (p *trashPart) filter() {
	p.shown = nil
	for _, e := range p.all {
		if r := p.reason.SelectedIndex(); r > 0 && e.GetReason() != contract.TrashReason(r) {
			continue
		}
		if k := p.kind.SelectedIndex(); k > 0 && e.GetKind() != contract.Kind(k) {
			continue
		}
		if found(e.GetTitle(), p.search.Text) {
			p.shown = append(p.shown, e)
		}
	}
	t := p.app.texts
	note := t.N("trash.count", len(p.shown))
	switch {
	case len(p.all) == 0 && p.run != 0:
		note = t.T("trash.none-of-run")
	case len(p.all) == 0:
		note = t.T("trash.none")
	}
	tellAbove(p.note, &p.told, note)
	p.list.reset()
	p.detail.empty()
}

func (p *trashPart) entry(e *contract.Trashed) entry {
	t := p.app.texts
	tag := t.T("trash.reason." + trashReason(e.GetReason()))
	if e.GetRestored() != nil {
		tag = t.T("trash.restored")
	}
	return entry{icon: kindIcon(e.GetKind()), title: p.app.titleOf(e.GetTitle()), note: t.When(e.GetAt().AsTime(), p.app.opt.Now()), tag: tag}
}

// choose tells what was kept and why, what replaced it, and offers to bring it back.
func (p *trashPart) choose(e *contract.Trashed) {
	t := p.app.texts
	about := []string{kindName(t, e.GetKind()), sideName(t, e.GetSide())}
	if when := p.app.startOf(e); when != "" {
		about = append(about, when)
	}
	lines := stack(12, newText(p.app.titleOf(e.GetTitle()), theme.SizeNameSubHeadingText, theme.ColorNameForeground, true, true),
		caption(strings.Join(about, " · ")),
		body(t.T("trash.means."+trashReason(e.GetReason()), "time", t.When(e.GetAt().AsTime(), p.app.opt.Now()))))
	if len(e.GetFields()) > 0 {
		names := [2]string{t.T("trash.kept"), t.T("trash.now")}
		if e.GetSide() == contract.SideId_SIDE_ID_EXCHANGE {
			names[0], names[1] = names[1], names[0]
		}
		lines.Add(p.app.fieldList(e.GetFields(), names[0], names[1]))
	}
	message := body("")
	message.Hide()
	if e.GetRestored() != nil {
		lines.Add(caption(t.T("trash.restored-at", "time", t.When(e.GetRestored().AsTime(), p.app.opt.Now()))))
	} else {
		restore := newButton(t.T("problems.hold.restore"), nil, p.app.escape).strong()
		restore.OnTapped = func() { p.restore(e, restore, message) }
		lines.Add(row(gap, restore))
	}
	lines.Add(message)
	p.detail.show(lines)
}

// restore brings one kept copy back on both sides.
func (p *trashPart) restore(e *contract.Trashed, b *button, message *text) {
	t := p.app.texts
	b.Disable()
	code := ""
	p.app.askFor(undoTime, func(ctx context.Context) error {
		r, err := p.app.opt.API.RestoreTrash(ctx, connect.NewRequest(&contract.RestoreTrashRequest{Id: e.GetId()}))
		if err == nil {
			code = r.Msg.GetCode()
		}
		return err
	}, func(f *client.Failure) {
		b.Enable()
		switch {
		case f != nil:
			p.detail.tell(message, theme.ColorNameError, p.app.fault(f))
		case code != "":
			text, hint := t.Fault(code, nil)
			p.detail.tell(message, theme.ColorNameError, text+" "+hint)
		default:
			p.told = t.T("trash.done")
			p.load(false)
		}
	})
}
