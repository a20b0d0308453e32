package window

import (
	"context"
	"net/mail"
	"slices"
	"strings"

	"connectrpc.com/connect"
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
	"google.golang.org/protobuf/proto"

	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ui/client"
)

// functions are what can be granted to a group, in the manual's order.
func functions() []string { return []string{"sync-crm", "sync-credentials", "sync-content"} }

// employeesPart shows and changes the employee master data and what the permission
// groups may do.
type employeesPart struct {
	app     *App
	content fyne.CanvasObject
	search  *field
	fresh   *button
	groups  *button
	note    *text
	list    *listing
	detail  *detail

	all, shown []*contract.Employee
	names      []string
	granted    []*contract.PermissionGroup
	readOnly   bool
	chosen     string
	told       string
}

func newEmployeesPart(a *App) *employeesPart {
	t := a.texts
	p := &employeesPart{app: a, note: muted(t.T("problems.loading"))}
	p.search = newField(false, a.escape)
	p.search.SetPlaceHolder(t.T("admin.users.search"))
	p.search.OnChanged = func(string) { p.filter() }
	p.fresh = newButton(t.T("admin.employees.new"), func() {
		p.list.reset()
		p.chosen = ""
		p.edit(&contract.Employee{Active: true, TimeZone: "Europe/Vienna"}, true)
	}, a.escape)
	p.groups = newButton(t.T("admin.groups"), func() {
		p.list.reset()
		p.chosen = ""
		p.permissions()
	}, a.escape)
	p.list = newListing(func() int { return len(p.shown) }, func(i int) entry { return p.entry(p.shown[i]) }, func(i int) {
		p.chosen = p.shown[i].GetUser()
		p.edit(p.shown[i], false)
	}, a.escape)
	p.detail = newDetail(t.T("list.choose"))
	bar := border(nil, nil, nil, row(gap, p.groups, p.fresh), p.search)
	p.content = border(stack(gap, bar, p.note, newGap(0)), nil, nil, nil,
		container.New(&sideColumns{width: 280, gap: gapBig}, p.list.frame, p.detail.content))
	return p
}

func (p *employeesPart) load() {
	fetch(p.app, client.CallTimeout, p.app.opt.API.ListEmployees, &contract.ListEmployeesRequest{}, func(got *contract.ListEmployeesResponse, f *client.Failure) {
		if f != nil {
			p.note.set(p.app.fault(f))
			return
		}
		p.all, p.names, p.granted, p.readOnly = got.GetEmployees(), got.GetGroups(), got.GetPermissionGroups(), got.GetReadOnly()
		visible(p.fresh, !p.readOnly)
		p.filter()
	})
}

func (p *employeesPart) filter() {
	t := p.app.texts
	p.shown = nil
	for _, e := range p.all {
		if found(e.GetName()+" "+e.GetUser()+" "+e.GetMail(), p.search.Text) {
			p.shown = append(p.shown, e)
		}
	}
	note := t.N("admin.employees.count", len(p.shown))
	if p.readOnly {
		note = t.T("admin.employees.read-only")
	}
	tellAbove(p.note, &p.told, note)
	p.list.reset()
	p.detail.empty()
	if at := slices.IndexFunc(p.shown, func(e *contract.Employee) bool { return e.GetUser() == p.chosen }); at >= 0 {
		p.list.Select(at)
	}
}

func (p *employeesPart) entry(e *contract.Employee) entry {
	t := p.app.texts
	out := entry{icon: assets.PageCredentials, title: e.GetName(), note: e.GetUser() + " · " + e.GetMail()}
	if out.title == "" {
		out.title = e.GetUser()
	}
	switch {
	case e.GetMail() == "":
		out.note, out.tag, out.needsHuman = e.GetUser(), t.T("admin.employees.no-mail"), true
	case !e.GetActive():
		out.tag = t.T("admin.employees.inactive")
	case !slices.Contains(e.GetFunctions(), "sync-crm"):
		out.tag = t.T("admin.employees.no-function")
	}
	return out
}

// employeeForm is the form of one employee.
type employeeForm struct {
	user, name, mail, zone, group *field
	mailbox, calendar, tasks      *field
	active                        *check
	groups                        map[string]*check
	message                       *text
}

// edit shows the form of one employee.
func (p *employeesPart) edit(e *contract.Employee, fresh bool) {
	t, escape := p.app.texts, p.app.escape
	f := &employeeForm{groups: map[string]*check{}, message: body("")}
	f.message.Hide()
	input := func(content string) *field {
		in := newField(false, escape)
		in.SetText(content)
		if p.readOnly {
			in.Disable()
		}
		return in
	}
	lines := stack(12)
	add := func(key string, o fyne.CanvasObject) {
		lines.Add(stack(gapSmall, newText(t.T(key), theme.SizeNameText, theme.ColorNameForeground, true, false), o))
	}
	title := e.GetName()
	if fresh {
		title = t.T("admin.employees.new")
	}
	lines.Add(newText(title, theme.SizeNameSubHeadingText, theme.ColorNameForeground, true, true))
	f.user, f.name, f.mail, f.zone = input(e.GetUser()), input(e.GetName()), input(e.GetMail()), input(e.GetTimeZone())
	if !fresh {
		f.user.Disable()
	}
	add("admin.employees.user", f.user)
	add("admin.employees.name", f.name)
	wrong := complaint()
	f.mail.OnChanged = func(s string) {
		say := ""
		if a, err := mail.ParseAddress(s); s != "" && (err != nil || a.Address != s) {
			say = t.T("admin.employees.bad-mail")
		}
		p.detail.tell(wrong, theme.ColorNameError, say)
	}
	add("admin.employees.mail", stack(gapSmall, f.mail, wrong))
	add("admin.employees.zone", f.zone)
	f.active = newCheck(t.T("admin.employees.active"), nil, nil, escape)
	f.active.Checked = e.GetActive()
	lines.Add(f.active)
	boxes := stack(0)
	for _, name := range p.names {
		c := newCheck(name, nil, nil, escape)
		c.Checked = slices.Contains(e.GetGroups(), name)
		f.groups[name] = c
		boxes.Add(c)
	}
	f.group = input("")
	f.group.SetPlaceHolder(t.T("admin.employees.new-group"))
	if p.readOnly {
		f.active.Disable()
		for _, c := range f.groups {
			c.Disable()
		}
	} else {
		boxes.Add(f.group)
	}
	add("admin.employees.groups", boxes)
	var may []string
	for _, name := range e.GetFunctions() {
		may = append(may, functionName(t, name))
	}
	if may != nil {
		add("admin.employees.functions", muted(strings.Join(may, ", ")))
	}
	lines.Add(widget.NewSeparator())
	lines.Add(newText(t.T("admin.employees.tie"), theme.SizeNameText, theme.ColorNameForeground, true, true))
	lines.Add(caption(t.T("admin.employees.tie.hint")))
	tie := func(key, content string) *field {
		in := newField(false, escape)
		in.SetText(content)
		in.SetPlaceHolder(t.T(key))
		lines.Add(in)
		return in
	}
	f.mailbox, f.calendar, f.tasks = tie("admin.employees.tie.mailbox", e.GetTie().GetMailbox()), tie("admin.employees.tie.calendar", e.GetTie().GetAppointments()), tie("admin.employees.tie.tasks", e.GetTie().GetTasks())
	buttons := row(gap, newButton(t.T("button.save"), func() { p.save(e, f, fresh) }, escape).strong())
	if !fresh {
		buttons.Add(newButton(t.T("admin.employees.forget"), func() { p.forget(e, f) }, escape))
	}
	lines.Add(buttons)
	lines.Add(f.message)
	p.detail.show(lines)
	if fresh {
		p.app.opt.Window.Canvas().Focus(f.user)
	}
}

func functionName(t *assets.Catalog, name string) string {
	if key := "function." + name; t.Has(key) {
		return t.T(key)
	}
	return name
}

// save stores what was changed: the master data unless they are read-only, and the
// mailbox the employee is tied to.
func (p *employeesPart) save(e *contract.Employee, f *employeeForm, fresh bool) {
	t, api := p.app.texts, p.app.opt.API
	if strings.TrimSpace(f.user.Text) == "" || strings.TrimSpace(f.mail.Text) == "" {
		p.detail.tell(f.message, theme.ColorNameError, t.T("admin.employees.missing"))
		return
	}
	m := &contract.Employee{User: strings.TrimSpace(f.user.Text), Name: f.name.Text, Mail: strings.TrimSpace(f.mail.Text), TimeZone: f.zone.Text, Active: f.active.Checked}
	for _, name := range p.names {
		if f.groups[name].Checked {
			m.Groups = append(m.Groups, name)
		}
	}
	if g := strings.TrimSpace(f.group.Text); g != "" && !slices.Contains(m.Groups, g) {
		m.Groups = append(m.Groups, g)
	}
	tie := &contract.MailboxTie{Mailbox: strings.TrimSpace(f.mailbox.Text), Appointments: strings.TrimSpace(f.calendar.Text), Tasks: strings.TrimSpace(f.tasks.Text)}
	was := e.GetTie()
	if was == nil {
		was = &contract.MailboxTie{}
	}
	readOnly := p.readOnly
	p.app.ask(func(ctx context.Context) error {
		if !readOnly {
			if _, err := api.SaveEmployee(ctx, connect.NewRequest(&contract.SaveEmployeeRequest{Employee: m})); err != nil {
				return err
			}
		}
		if proto.Equal(was, tie) {
			return nil
		}
		_, err := api.SetMailbox(ctx, connect.NewRequest(&contract.SetMailboxRequest{User: m.GetUser(), Tie: tie}))
		return err
	}, func(fail *client.Failure) {
		if fail != nil {
			p.detail.tell(f.message, theme.ColorNameError, p.app.fault(fail))
			return
		}
		p.chosen = m.GetUser()
		p.told = t.T("admin.employees.saved", "name", m.GetUser())
		p.load()
	})
}

// forget erases what the agent keeps of somebody, after a question.
func (p *employeesPart) forget(e *contract.Employee, f *employeeForm) {
	t := p.app.texts
	p.app.question(t.T("admin.employees.forget.title", "name", e.GetName()), t.T("admin.employees.forget.ask"), t.T("admin.employees.forget.yes"), true, func() {
		fetch(p.app, client.CallTimeout, p.app.opt.API.ForgetEmployee, &contract.ForgetEmployeeRequest{User: e.GetUser()}, func(got *contract.ForgetEmployeeResponse, fail *client.Failure) {
			if fail != nil {
				p.detail.tell(f.message, theme.ColorNameError, p.app.fault(fail))
				return
			}
			p.detail.tell(f.message, theme.ColorNameSuccess, t.T("admin.employees.forgotten", "pairs", got.GetPairs(), "runs", got.GetRuns()))
		})
	})
}

// permissions shows what each group may do, to be ticked.
func (p *employeesPart) permissions() {
	t := p.app.texts
	lines := stack(12, newText(t.T("admin.groups.title"), theme.SizeNameSubHeadingText, theme.ColorNameForeground, true, true), muted(t.T("admin.groups.hint")))
	message := complaint()
	if len(p.granted) == 0 {
		lines.Add(muted(t.T("admin.groups.none")))
	}
	for _, g := range p.granted {
		boxes := stack(0)
		for _, name := range functions() {
			var c *check
			c = newCheck(functionName(t, name), func(on bool) { p.grant(g.GetName(), name, on, c, message) }, nil, p.app.escape)
			c.Checked = slices.Contains(g.GetFunctions(), name)
			if p.readOnly {
				c.Disable()
			}
			boxes.Add(c)
		}
		lines.Add(stack(2, newText(g.GetName(), theme.SizeNameText, theme.ColorNameForeground, true, true), caption(t.N("admin.groups.members", int(g.GetMembers()))), boxes))
		lines.Add(widget.NewSeparator())
	}
	lines.Add(message)
	p.detail.show(lines)
}

// grant gives a function to a group or takes it away; a refusal puts the tick back.
func (p *employeesPart) grant(group, function string, on bool, c *check, message *text) {
	p.app.ask(func(ctx context.Context) error {
		_, err := p.app.opt.API.SetPermission(ctx, connect.NewRequest(&contract.SetPermissionRequest{Group: group, Function: function, Granted: on}))
		return err
	}, func(fail *client.Failure) {
		if fail == nil {
			for _, g := range p.granted {
				if g.GetName() != group {
					continue
				}
				g.Functions = slices.DeleteFunc(g.Functions, func(f string) bool { return f == function })
				if on {
					g.Functions = append(g.Functions, function)
				}
			}
			p.detail.tell(message, colorMuted, "")
			return
		}
		c.Checked = !on
		c.Refresh()
		p.detail.tell(message, theme.ColorNameError, p.app.fault(fail))
	})
}
