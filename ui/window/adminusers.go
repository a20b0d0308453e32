package window

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect"
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"abgleich/ipc/contract"
	"abgleich/ui/client"
)

// usersPart lists everybody's state, the worst first, live.
type usersPart struct {
	app     *App
	content fyne.CanvasObject
	search  *field
	order   *choice
	note    *text
	list    *listing
	detail  *detail

	agent    *contract.AgentStatus
	events   *text // why the mail server can't report changes
	users    map[string]*contract.UserStatus
	nameless []*contract.UserStatus // without a User-ID
	shown    []*contract.UserStatus
	chosen   string
	last     *contract.UserStatus // what the sheet shows
	message  *text
	stopping context.CancelFunc
}

func newUsersPart(a *App) *usersPart {
	t := a.texts
	p := &usersPart{app: a, users: map[string]*contract.UserStatus{}, note: muted(t.T("problems.loading"))}
	p.search = newField(false, a.escape)
	p.search.SetPlaceHolder(t.T("admin.users.search"))
	p.search.OnChanged = func(string) { p.show() }
	p.order = newChoice([]string{t.T("admin.users.by-trouble"), t.T("admin.users.by-name"), t.T("admin.users.by-last")}, 0, func(int) { p.show() }, a.escape)
	p.list = newListing(func() int { return len(p.shown) }, func(i int) entry { return p.entry(p.shown[i]) }, func(i int) {
		p.chosen = keyOf(p.shown[i])
		p.choose(p.shown[i])
	}, a.escape)
	p.detail = newDetail(t.T("list.choose"))
	bar := border(nil, nil, nil, minWidth(choiceWidth, p.order), p.search)
	p.events = complaint()
	p.content = border(stack(gap, bar, p.note, p.events, newGap(0)), nil, nil, nil,
		container.New(&sideColumns{width: 300, gap: gapBig}, p.list.frame, p.detail.content))
	return p
}

// follow watches everybody's state while the page is shown.
func (p *usersPart) follow() {
	if p.stopping != nil {
		return
	}
	ctx, cancel := context.WithCancel(p.app.ctx)
	p.stopping = cancel
	p.app.stream(ctx, func() error {
		s, err := p.app.opt.API.WatchStatus(ctx, connect.NewRequest(&contract.WatchStatusRequest{AllUsers: true}))
		if err != nil {
			return err
		}
		defer s.Close()
		for s.Receive() {
			m := s.Msg()
			p.app.onScreen(ctx, func() { p.merge(m) })
		}
		return ended(s.Err())
	}, func(f *client.Failure) {
		p.stop()
		p.note.set(p.app.fault(f))
	})
}

func (p *usersPart) stop() {
	if p.stopping != nil {
		p.stopping()
		p.stopping = nil
	}
}

func (p *usersPart) merge(m *contract.WatchStatusResponse) {
	if m.GetFull() {
		p.users = map[string]*contract.UserStatus{}
	}
	for _, u := range m.GetUsers() {
		p.users[u.GetUser()] = u
	}
	if m.GetAgent() != nil {
		p.agent = m.GetAgent()
		p.tellOfEvents()
	}
	if m.GetWithoutUserId() != nil {
		p.nameless = m.GetWithoutUserId().GetEmployees()
	}
	p.show()
}

// tellOfEvents says why the mail server can't report changes, and what to type.
func (p *usersPart) tellOfEvents() {
	sentence := ""
	if code := p.agent.GetEventsCode(); code != "" {
		sentence = strings.Join(append([]string{p.app.fault(&client.Failure{Code: code})}, p.agent.GetEventsCommands()...), "\n")
	}
	if p.events.segment.Text == sentence {
		return
	}
	p.events.set(sentence)
	p.events.Hide()
	if sentence != "" {
		p.events.Show()
	}
	// What is below makes room. The height of wrapped lines is known only at their width.
	p.content.Refresh()
	p.content.Refresh()
}

// keyOf tells the users of the list apart, also those without a User-ID.
func keyOf(u *contract.UserStatus) string {
	if u.GetUser() == "" {
		return "\x00" + u.GetName()
	}
	return u.GetUser()
}

// trouble ranks a state: the higher the number, the less it needs somebody.
func trouble(u *contract.UserStatus) int {
	switch u.GetState() {
	case contract.UserState_USER_STATE_CREDENTIALS_NEEDED:
		return 0
	case contract.UserState_USER_STATE_ATTENTION:
		return 1
	case contract.UserState_USER_STATE_OFFLINE:
		return 2
	case contract.UserState_USER_STATE_PAUSED:
		return 3
	case contract.UserState_USER_STATE_SYNCING:
		return 4
	case contract.UserState_USER_STATE_FINE:
		return 5
	}
	return 6
}

func stateWordOf(u *contract.UserStatus) string {
	return client.Picture{Connection: client.Connected, User: u}.StateName()
}

func lastOf(u *contract.UserStatus) time.Time {
	return client.Picture{Connection: client.Connected, User: u}.LastSuccess()
}

// show sorts and filters; who was chosen stays so.
func (p *usersPart) show() {
	t := p.app.texts
	p.shown = nil
	count := 0
	for _, u := range slices.AppendSeq(slices.Clone(p.nameless), maps.Values(p.users)) {
		if trouble(u) < 3 {
			count++
		}
		if found(u.GetName()+" "+u.GetUser(), p.search.Text) {
			p.shown = append(p.shown, u)
		}
	}
	slices.SortFunc(p.shown, func(a, b *contract.UserStatus) int {
		by := strings.Compare(strings.ToLower(a.GetName()), strings.ToLower(b.GetName()))
		if by == 0 {
			by = strings.Compare(a.GetUser(), b.GetUser())
		}
		switch p.order.SelectedIndex() {
		case 0:
			if d := trouble(a) - trouble(b); d != 0 {
				return d
			}
		case 2:
			if d := lastOf(a).Compare(lastOf(b)); d != 0 {
				return d
			}
		}
		return by
	})
	all := len(p.users) + len(p.nameless)
	note := t.T("admin.users.well", "n", all)
	if count > 0 {
		note = t.N("admin.users.trouble", count, "all", all)
	}
	p.note.set(note)
	at := slices.IndexFunc(p.shown, func(u *contract.UserStatus) bool { return keyOf(u) == p.chosen })
	if at >= 0 && at == p.list.at {
		p.list.Refresh()
		if !proto.Equal(p.last, p.shown[at]) { // else the keyboard would lose its place
			p.choose(p.shown[at])
		}
		return
	}
	p.list.reset()
	p.detail.empty()
	if at >= 0 {
		p.list.Select(at)
	}
}

func (p *usersPart) entry(u *contract.UserStatus) entry {
	t := p.app.texts
	name := u.GetName()
	if name == "" {
		name = u.GetUser()
	}
	word := stateWordOf(u)
	e := entry{icon: client.StateIcon(u.GetState()), title: name, note: t.T("state."+word+".text", "time", p.until(u)), needsHuman: trouble(u) < 2, picture: true}
	if u.GetState() == contract.UserState_USER_STATE_DISABLED && u.GetCode() != "" {
		e.note, _ = t.Fault(u.GetCode(), nil) // why says more
	}
	if last := lastOf(u); !last.IsZero() {
		e.tag = t.When(last, p.app.opt.Now())
		e.needsHuman = false
	}
	return e
}

func (p *usersPart) until(u *contract.UserStatus) string {
	if u.GetPausedUntil() == nil {
		return ""
	}
	return p.app.texts.When(u.GetPausedUntil().AsTime(), p.app.opt.Now())
}

// choose tells of one user, and what can be done for him.
func (p *usersPart) choose(u *contract.UserStatus) {
	p.last = u
	t, now := p.app.texts, p.app.opt.Now()
	lines := stack(gap, newText(u.GetName(), theme.SizeNameSubHeadingText, theme.ColorNameForeground, true, true), caption(u.GetUser()),
		body(t.T("state."+stateWordOf(u)+".text", "time", p.until(u))))
	if u.GetCode() != "" {
		text, hint := t.Fault(u.GetCode(), nil)
		lines.Add(notice(stack(2, body(text), caption(hint))))
	}
	value := func(name, v string) {
		lines.Add(border(nil, nil, newText(name, theme.SizeNameText, colorMuted, false, false),
			newText(v, theme.SizeNameText, theme.ColorNameForeground, false, false).right()))
	}
	if u.GetUser() == "" { // nothing can be kept for him
		lines.Add(newGap(2))
		lines.Add(row(gap, newButton(t.T("admin.employees"), func() { p.app.admin.tabs.show(1) }, p.app.escape)))
		p.detail.show(lines)
		return
	}
	for _, k := range u.GetKinds() {
		last := t.T("status.never")
		switch {
		case !k.GetEnabled():
			last = t.T("status.phase.off")
		case k.GetLastSuccess() != nil:
			last = t.When(k.GetLastSuccess().AsTime(), now)
		}
		value(kindName(t, k.GetKind()), last)
		if d := k.GetDirection(); k.GetEnabled() && d > contract.Direction_DIRECTION_BOTH {
			value(t.T("status.direction"), directionText(t, d))
		}
		if k.GetFirstSync() && k.GetExpected() > 0 {
			value(t.T("status.first"), t.T("status.done", "done", k.GetDone(), "expected", k.GetExpected()))
		}
	}
	value(t.T("history.problems"), t.Int(int64(u.GetProblems())))
	value(t.T("admin.users.holds"), t.Int(int64(u.GetHolds())))
	p.message = complaint()
	lines.Add(newGap(2))
	lines.Add(p.actions(u))
	lines.Add(p.message)
	p.detail.show(lines)
}

func (p *usersPart) actions(u *contract.UserStatus) fyne.CanvasObject {
	t, api := p.app.texts, p.app.opt.API
	button := func(key string, f func(context.Context) error) *button {
		return newButton(t.T(key), func() {
			message := p.message
			p.app.ask(f, func(fail *client.Failure) {
				if fail != nil {
					p.detail.tell(message, theme.ColorNameError, p.app.fault(fail))
				}
			})
		}, p.app.escape)
	}
	first := row(gap, button("menu.sync", func(ctx context.Context) error {
		_, err := api.SyncNow(ctx, connect.NewRequest(&contract.SyncNowRequest{User: u.GetUser()}))
		return err
	}))
	if u.GetState() == contract.UserState_USER_STATE_PAUSED {
		first.Add(button("menu.resume", func(ctx context.Context) error {
			_, err := api.Resume(ctx, connect.NewRequest(&contract.ResumeRequest{User: u.GetUser()}))
			return err
		}))
	} else {
		first.Add(button("admin.users.pause", func(ctx context.Context) error {
			_, err := api.Pause(ctx, connect.NewRequest(&contract.PauseRequest{User: u.GetUser(), Until: timestamppb.New(p.app.opt.Now().Add(time.Hour))}))
			return err
		}))
	}
	look := func(page Page) fyne.CanvasObject {
		return newButton(t.T("nav."+string(page)), func() { p.app.lookAt(u.GetUser(), u.GetName(), page) }, p.app.escape)
	}
	second := row(gap, look(Problems), look(Compare), look(History))
	third := row(gap, look(Choices), newButton(t.T("admin.users.log"), func() {
		p.app.admin.log.choose(u.GetUser())
		p.app.admin.tabs.show(3)
	}, p.app.escape))
	return stack(gap, first, muted(t.T("admin.users.look")), second, third)
}
