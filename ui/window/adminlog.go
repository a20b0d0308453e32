package window

import (
	"context"
	"slices"
	"strings"

	"connectrpc.com/connect"
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"abgleich/ipc/contract"
	"abgleich/ui/client"
)

const (
	// firstLines is how many lines of the log are shown at first, mostLines how
	// many are kept while it is followed.
	firstLines = 500
	mostLines  = 5000
)

// logPart shows a log, live, filtered by level and words: for administrators the
// service log or the error log of one user, for everybody his own error log.
type logPart struct {
	app     *App
	content fyne.CanvasObject
	page    Page    // on which it is
	whose   *choice // nil: one's own
	users   []string
	search  *field
	level   *choice
	live    *check
	note    *text
	list    *logList
	whole   *text
	copy    *button

	lines, shown []string
	stopping     context.CancelFunc
}

// logList is the list of lines; Escape is passed on.
type logList struct {
	widget.List
	escape func()
}

// FocusGained brings it into sight.
func (l *logList) FocusGained() {
	l.List.FocusGained()
	reveal(l)
}

// TypedKey adds Escape.
func (l *logList) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyEscape {
		call(l.escape)
		return
	}
	l.List.TypedKey(e)
}

func logLevels() []string { return []string{"error", "warning", "info", "debug"} }

// newLogPart makes the administrators' part.
func newLogPart(a *App) *logPart {
	p := &logPart{app: a, page: Administration}
	p.whose = newChoice([]string{a.texts.T("admin.log.service")}, 0, func(int) { p.again() }, a.escape)
	p.users = []string{""}
	return p.build()
}

// newOwnLogPart makes the part with one's own error log.
func newOwnLogPart(a *App) *logPart { return (&logPart{app: a, page: Diagnostics}).build() }

func (p *logPart) build() *logPart {
	a, t := p.app, p.app.texts
	p.note = muted("")
	p.search = newField(false, a.escape)
	p.search.SetPlaceHolder(t.T("admin.log.search"))
	p.search.OnChanged = func(string) { p.filter() }
	var names []string
	for _, l := range logLevels() {
		names = append(names, t.T("admin.log.level."+l))
	}
	p.level = newChoice(names, 2, func(int) { p.again() }, a.escape)
	p.live = newCheck(t.T("admin.log.live"), func(bool) { p.again() }, nil, a.escape)
	p.live.Checked = true
	p.list = &logList{escape: a.escape}
	p.list.Length = func() int { return len(p.shown) }
	p.list.CreateItem = func() fyne.CanvasObject {
		l := newText("", theme.SizeNameCaptionText, theme.ColorNameForeground, false, false).short()
		l.segment.Style.TextStyle.Monospace = true
		return padded(4, l)
	}
	p.list.UpdateItem = func(id widget.ListItemID, o fyne.CanvasObject) {
		l := o.(*fyne.Container).Objects[0].(*text)
		l.tint(lineColor(p.shown[id]))
		l.set(p.shown[id])
	}
	p.list.HideSeparators = true
	p.list.ExtendBaseWidget(p.list)
	p.whole = newText(t.T("admin.log.choose"), theme.SizeNameCaptionText, colorMuted, false, true)
	p.copy = newButton(t.T("button.copy"), nil, a.escape)
	p.copy.Disable()
	p.list.OnSelected = func(id widget.ListItemID) {
		line := p.shown[id]
		p.whole.set(line)
		p.copy.SetText(t.T("button.copy"))
		p.copy.Enable()
		p.copy.OnTapped = func() {
			a.opt.Clipboard.SetContent(line)
			p.copy.SetText(t.T("button.copied"))
		}
		p.content.Refresh()
	}
	choices := row(gap, p.live)
	if p.whose != nil {
		choices.Add(minWidth(choiceWidth, p.whose))
	}
	choices.Add(minWidth(choiceWidth, p.level))
	bar := border(nil, nil, nil, choices, p.search)
	foot := border(nil, nil, nil, p.copy, container.New(&centred{}, p.whole))
	p.content = border(stack(gap, bar, p.note, newGap(0)), stack(0, newGap(gap), foot), nil, nil,
		newSurface(colorCard, colorCardBorder, 10, padded(2, p.list)))
	return p
}

// load fetches whose error logs there may be, and follows the one that is chosen.
func (p *logPart) load() {
	p.follow()
	if p.whose == nil || p.stopping == nil {
		return
	}
	var all []*contract.Employee
	p.app.ask(func(ctx context.Context) error {
		r, err := p.app.opt.API.ListEmployees(ctx, connect.NewRequest(&contract.ListEmployeesRequest{}))
		if err == nil {
			all = r.Msg.GetEmployees()
		}
		return err
	}, func(f *client.Failure) {
		if f == nil { // else the service log is there all the same
			p.name(all)
		}
	})
}

// lineColor lets what went wrong stand out.
func lineColor(line string) fyne.ThemeColorName {
	head := line[:min(len(line), 48)]
	switch {
	case strings.Contains(head, " ERROR "), strings.Contains(head, " FATAL "):
		return theme.ColorNameError
	case strings.Contains(head, " WARN "):
		return theme.ColorNameWarning
	}
	return theme.ColorNameForeground
}

// name puts the users into the choice; who was chosen stays so.
func (p *logPart) name(all []*contract.Employee) {
	t, chosen := p.app.texts, p.user()
	p.users = []string{""}
	names := []string{t.T("admin.log.service")}
	for _, e := range all {
		if e.GetUser() != "" {
			p.users = append(p.users, e.GetUser())
			name := e.GetUser()
			if e.GetName() != "" { // two may have the same
				name = e.GetName() + " (" + name + ")"
			}
			names = append(names, t.T("admin.log.errors", "name", name))
		}
	}
	if chosen != "" && !slices.Contains(p.users, chosen) {
		p.users = append(p.users, chosen)
		names = append(names, t.T("admin.log.errors", "name", chosen))
	}
	p.whose.Options = names
	p.choose(chosen)
}

// choose shows a user's error log; "" the service log.
func (p *logPart) choose(user string) {
	at := slices.Index(p.users, user)
	if at < 0 {
		p.users = append(p.users, user)
		p.whose.Options = append(p.whose.Options, p.app.texts.T("admin.log.errors", "name", user))
		at = len(p.users) - 1
	}
	if at != p.whose.SelectedIndex() {
		p.whose.SetSelectedIndex(at)
	}
	p.whose.Refresh()
}

// user is whose error log is shown; "" for the service log, or one's own.
func (p *logPart) user() string {
	if p.whose == nil {
		return ""
	}
	return p.users[max(p.whose.SelectedIndex(), 0)]
}

// again begins anew, as the filters ask.
func (p *logPart) again() {
	p.stop()
	p.follow()
}

// follow reads the last lines, and those that come.
func (p *logPart) follow() {
	if p.stopping != nil || p.app.page != p.page {
		return
	}
	ctx, cancel := context.WithCancel(p.app.ctx)
	p.stopping = cancel
	p.lines = nil
	p.filter()
	live := p.live.Checked
	asked := &contract.ReadLogRequest{User: p.user(), Service: p.whose != nil && p.user() == "", Lines: firstLines, Follow: live, Level: logLevels()[max(p.level.SelectedIndex(), 0)]}
	p.app.stream(ctx, func() error {
		s, err := p.app.opt.API.ReadLog(ctx, connect.NewRequest(asked))
		if err != nil {
			return err
		}
		defer s.Close()
		for s.Receive() {
			lines := s.Msg().GetLines()
			p.app.onScreen(ctx, func() { p.add(lines) })
		}
		return s.Err()
	}, func(f *client.Failure) {
		p.stop()
		if f != nil {
			p.note.set(p.app.fault(f))
		}
	})
}

func (p *logPart) stop() {
	if p.stopping != nil {
		p.stopping()
		p.stopping = nil
	}
}

func (p *logPart) add(lines []string) {
	p.lines = append(p.lines, lines...)
	if over := len(p.lines) - mostLines; over > 0 {
		p.lines = append([]string(nil), p.lines[over:]...)
	}
	p.filter()
}

// filter shows what has the words searched; the newest line is in sight while the
// log is followed.
func (p *logPart) filter() {
	p.shown = p.lines
	if p.search.Text != "" {
		p.shown = nil
		for _, l := range p.lines {
			if found(l, p.search.Text) {
				p.shown = append(p.shown, l)
			}
		}
	}
	p.note.set(p.app.texts.N("admin.log.count", len(p.shown)))
	p.list.UnselectAll()
	p.list.Refresh()
	if p.live.Checked {
		p.list.ScrollToBottom()
	}
}
