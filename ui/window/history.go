package window

import (
	"context"
	"strings"
	"time"

	"connectrpc.com/connect"
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"abgleich/ipc/contract"
	"abgleich/ui/client"
)

// historyPage shows what runs did, and what they deleted or overwrote.
type historyPage struct {
	app     *App
	content fyne.CanvasObject
	tabs    *tabs
	runs    *runsPart
	trash   *trashPart
}

func newHistoryPage(a *App) *historyPage {
	t := a.texts
	p := &historyPage{app: a}
	p.trash = newTrashPart(a)
	p.runs = newRunsPart(a, func(run int64) {
		p.tabs.mark(1)
		p.trash.ofRun(run)
	})
	p.tabs = newTabs(func(int) { p.load() }, a.escape, part{t.T("history.runs"), p.runs.content}, part{t.T("history.trash"), p.trash.content})
	p.content = border(stack(0, heading(t.T("history.title")), newGap(6)), nil, nil, nil, p.tabs.content)
	return p
}

// load fetches what is shown.
func (p *historyPage) load() {
	if p.app.picture.Connection != client.Connected {
		return
	}
	if p.tabs.at == 0 {
		p.runs.load(false)
	} else {
		p.trash.load(false)
	}
}

// pageOfRuns is how many runs are fetched at once.
const pageOfRuns = 500

// runsPart lists runs with what they did, how long they took and what they cost.
type runsPart struct {
	app     *App
	content fyne.CanvasObject

	which, kind *choice
	older       *button
	note        *text
	list        *listing
	detail      *detail
	showTrash   func(run int64)

	all, shown []*contract.Run
	told       string // what has just been done; it stands above the list once
}

func newRunsPart(a *App, showTrash func(int64)) *runsPart {
	t := a.texts
	p := &runsPart{app: a, note: muted(t.T("problems.loading")), showTrash: showTrash}
	p.which = newChoice([]string{t.T("history.which.changes"), t.T("history.which.trouble"), t.T("history.which.all")}, 0, func(int) { p.filter() }, a.escape)
	p.kind = newKindChoice(a, func() { p.filter() })
	p.older = newButton(t.T("list.older"), func() { p.load(true) }, a.escape)
	p.older.Hide()
	p.list = newListing(func() int { return len(p.shown) }, func(i int) entry { return p.entry(p.shown[i]) }, func(i int) { p.choose(p.shown[i]) }, a.escape)
	p.detail = newDetail(t.T("list.choose"))
	bar := border(nil, nil, nil, row(gap, minWidth(choiceWidth, p.which), minWidth(choiceWidth, p.kind), p.older), container.New(&centred{}, p.note))
	p.content = border(stack(0, bar, newGap(12)), nil, nil, nil,
		container.New(&sideColumns{width: 300, gap: gapBig}, p.list.frame, p.detail.content))
	return p
}

// load fetches the newest runs, or those before the ones that are here.
func (p *runsPart) load(older bool) {
	before := int64(0)
	if older && len(p.all) > 0 {
		before = p.all[len(p.all)-1].GetId()
	}
	var got []*contract.Run
	p.app.ask(func(ctx context.Context) error {
		r, err := p.app.opt.API.ListRuns(ctx, connect.NewRequest(&contract.ListRunsRequest{User: p.app.subject, Limit: pageOfRuns, Before: before}))
		if err == nil {
			got = r.Msg.GetRuns()
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
		visible(p.older, len(got) == pageOfRuns)
		p.filter()
	})
}

// filter shows what fits the filters; the chosen run stays chosen.
func (p *runsPart) filter() {
	var chosen int64
	if at := p.list.at; at >= 0 && at < len(p.shown) {
		chosen = p.shown[at].GetId()
	}
	p.shown = nil
	at := -1
	for _, r := range p.all {
		c := r.GetCounts()
		moved := countsSum(c) > 0
		if i := p.which.SelectedIndex(); i == 0 && !moved || i == 1 && r.GetCode() == "" && c.GetProblems()+c.GetConflicts()+c.GetHeld() == 0 {
			continue
		}
		if k := p.kind.SelectedIndex(); k > 0 && r.GetKind() != contract.Kind(k) {
			continue
		}
		if r.GetId() == chosen {
			at = len(p.shown)
		}
		p.shown = append(p.shown, r)
	}
	note := p.app.texts.N("history.count", len(p.shown))
	if len(p.shown) == 0 {
		note = p.app.texts.T("history.none")
	}
	tellAbove(p.note, &p.told, note)
	p.list.reset()
	p.detail.empty()
	if at >= 0 {
		p.list.Select(at)
	}
}

// tellAbove says once what has just been done, else the usual.
func tellAbove(line *text, told *string, usual string) {
	line.tint(colorMuted)
	if *told != "" {
		line.tint(theme.ColorNameSuccess)
		usual, *told = *told, ""
	}
	line.set(usual)
}

// countsSum is how many items a run touched.
func countsSum(c *contract.Counts) uint64 {
	return c.GetCreatedBusiness() + c.GetCreatedExchange() + c.GetUpdatedBusiness() + c.GetUpdatedExchange() + c.GetDeletedBusiness() + c.GetDeletedExchange() + c.GetPaired()
}

func (p *runsPart) entry(r *contract.Run) entry {
	t := p.app.texts
	e := entry{icon: kindIcon(r.GetKind()), title: t.When(r.GetStarted().AsTime(), p.app.opt.Now()), note: p.sums(r.GetCounts())}
	switch {
	case r.GetUndone() != nil:
		e.tag = t.T("history.undone")
	case r.GetCode() != "":
		e.tag, e.needsHuman = t.T("history.broken"), true
	case r.GetFirstSync():
		e.tag = t.T("status.first")
	}
	return e
}

// sums puts together what a run did, on both sides.
func (p *runsPart) sums(c *contract.Counts) string {
	t := p.app.texts
	return countsText(t, c.GetCreatedBusiness()+c.GetCreatedExchange(), c.GetUpdatedBusiness()+c.GetUpdatedExchange(), c.GetDeletedBusiness()+c.GetDeletedExchange(), c.GetPaired())
}

// choose tells everything of a run, and offers to take it back.
func (p *runsPart) choose(r *contract.Run) {
	t, c := p.app.texts, r.GetCounts()
	lines := stack(gap, newText(kindName(t, r.GetKind())+" · "+t.When(r.GetStarted().AsTime(), p.app.opt.Now()), theme.SizeNameSubHeadingText, theme.ColorNameForeground, true, true))
	if r.GetFirstSync() {
		lines.Add(caption(t.T("status.first")))
	}
	if r.GetCode() != "" {
		text, hint := t.Fault(r.GetCode(), nil)
		lines.Add(notice(stack(2, body(text), caption(hint))))
	}
	value := func(key, v string) {
		lines.Add(border(nil, nil, newText(t.T(key), theme.SizeNameText, colorMuted, false, false),
			newText(v, theme.SizeNameText, theme.ColorNameForeground, false, false).right()))
	}
	lines.Add(newGap(4))
	value("status.counts.to-business", countsText(t, c.GetCreatedBusiness(), c.GetUpdatedBusiness(), c.GetDeletedBusiness(), 0))
	value("status.counts.to-exchange", countsText(t, c.GetCreatedExchange(), c.GetUpdatedExchange(), c.GetDeletedExchange(), 0))
	for _, v := range []struct {
		key string
		n   uint64
	}{{"history.paired", c.GetPaired()}, {"history.conflicts", c.GetConflicts()}, {"history.held", c.GetHeld()}, {"history.problems", c.GetProblems()}} {
		if v.n > 0 {
			value(v.key, t.Int(int64(v.n)))
		}
	}
	lines.Add(widget.NewSeparator())
	value("history.took", t.Length(r.GetTook().AsDuration()))
	value("history.requests", t.Int(int64(r.GetRequests())))
	value("history.bytes", t.T("history.bytes.value", "sent", t.Bytes(r.GetBytesSent()), "received", t.Bytes(r.GetBytesReceived())))
	if d := r.GetThrottled().AsDuration(); d > 0 {
		value("history.throttled", t.Length(d))
	}
	message := body("")
	message.Hide()
	lines.Add(newGap(4))
	if r.GetUndone() != nil {
		lines.Add(caption(t.T("history.undone-at", "time", t.When(r.GetUndone().AsTime(), p.app.opt.Now()))))
	}
	buttons := row(gap, newButton(t.T("history.show-trash"), func() { p.showTrash(r.GetId()) }, p.app.escape))
	if r.GetUndone() == nil && countsSum(c) > 0 {
		buttons.Add(newButton(t.T("history.undo"), func() { p.undo(r, message) }, p.app.escape))
	}
	lines.Add(buttons)
	lines.Add(message)
	p.detail.show(lines)
}

// undo tells what would become of taking a run back, asks, and does it.
func (p *runsPart) undo(r *contract.Run, message *text) {
	t := p.app.texts
	p.undoCall(r, true, message, func(u *contract.UndoRunResponse) {
		if u.GetRestored()+u.GetRemoved() == 0 {
			p.detail.tell(message, theme.ColorNameForeground, t.T("history.undo.nothing"))
			return
		}
		p.app.question(t.T("history.undo.title"), p.undoText("history.undo.ask", u), t.T("history.undo.yes"), false, func() {
			p.undoCall(r, false, message, func(u *contract.UndoRunResponse) {
				p.told = p.undoText("history.undo.done", u)
				p.load(false)
			})
		})
	})
}

// undoText lists what came or would come of an undo.
func (p *runsPart) undoText(key string, u *contract.UndoRunResponse) string {
	t := p.app.texts
	var parts []string
	for _, v := range []struct {
		key string
		n   uint64
	}{{"history.undo.restored", u.GetRestored()}, {"history.undo.removed", u.GetRemoved()}, {"history.undo.kept", u.GetKept()}, {"history.undo.failed", u.GetFailed()}} {
		if v.n > 0 {
			parts = append(parts, t.N(v.key, int(v.n)))
		}
	}
	return t.T(key, "what", strings.Join(parts, ", "))
}

// undoTime is how long taking back a run may take: it speaks to both sides.
const undoTime = 10 * time.Minute

func (p *runsPart) undoCall(r *contract.Run, preview bool, message *text, done func(*contract.UndoRunResponse)) {
	p.detail.tell(message, colorMuted, p.app.texts.T("list.working"))
	fetch(p.app, undoTime, p.app.opt.API.UndoRun, &contract.UndoRunRequest{User: p.app.subject, Run: r.GetId(), Preview: preview}, func(got *contract.UndoRunResponse, f *client.Failure) {
		p.detail.tell(message, colorMuted, "")
		if f != nil {
			p.detail.tell(message, theme.ColorNameError, p.app.fault(f))
			return
		}
		done(got)
	})
}
