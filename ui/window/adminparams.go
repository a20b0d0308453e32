package window

import (
	"context"
	"maps"
	"slices"
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

// paramsPart shows and changes the communication-system parameters. What is typed
// is checked by the agent at once, and kept apart until it is saved.
type paramsPart struct {
	app     *App
	content fyne.CanvasObject

	groups  *listing
	form    *detail
	message *text
	changed *text
	save    *button
	drop    *button

	names    []string                       // of the groups: the tables of the file
	params   map[string]*contract.Parameter // by key
	order    []string                       // keys in the file's order
	etag     string
	values   map[string]string                     // changed and not saved
	secrets  map[string]string                     // typed and not saved
	mistakes map[string]*contract.ParameterMistake // of values
	lines    map[string]*paramLine                 // those on screen

	checking, again bool // a check runs; another one is wanted after it
	saving          bool
}

// paramLine is one parameter on screen.
type paramLine struct {
	wrong *text
}

func newParamsPart(a *App) *paramsPart {
	t := a.texts
	p := &paramsPart{app: a, params: map[string]*contract.Parameter{}, values: map[string]string{}, secrets: map[string]string{},
		mistakes: map[string]*contract.ParameterMistake{}, lines: map[string]*paramLine{}, message: body(""), changed: muted("")}
	p.message.Hide()
	p.groups = newListing(func() int { return len(p.names) }, func(i int) entry { return p.entry(p.names[i]) }, func(i int) { p.show(p.names[i]) }, a.escape)
	p.form = newDetail(t.T("problems.loading"))
	p.save = newButton(t.T("button.save"), p.store, a.escape).strong()
	p.drop = newButton(t.T("button.discard"), p.discard, a.escape)
	foot := border(nil, nil, nil, row(gap, p.drop, p.save), container.New(&centred{}, p.changed))
	p.content = border(nil, stack(gap, newGap(2), p.message, foot), nil, nil,
		container.New(&sideColumns{width: 220, gap: gapBig}, p.groups.frame, p.form.content))
	p.refresh()
	return p
}

// load fetches the parameters; what was changed here and not saved stays. reload
// tells that the person asked for it.
func (p *paramsPart) load(reload bool) {
	if len(p.params) > 0 && !reload && p.pending() > 0 {
		return // he is in the middle of it
	}
	fetch(p.app, client.CallTimeout, p.app.opt.API.GetParameters, &contract.GetParametersRequest{}, func(got *contract.GetParametersResponse, f *client.Failure) {
		if f != nil {
			p.tell(theme.ColorNameError, p.app.fault(f))
			return
		}
		p.take(got)
	})
}

func (p *paramsPart) take(got *contract.GetParametersResponse) {
	p.etag, p.order, p.names, p.params = got.GetEtag(), nil, nil, map[string]*contract.Parameter{}
	for _, m := range got.GetParameters() {
		p.params[m.GetKey()] = m
		p.order = append(p.order, m.GetKey())
		if table := tableOf(m.GetKey()); !slices.Contains(p.names, table) {
			p.names = append(p.names, table)
		}
	}
	for key, v := range p.values { // somebody else may have made the same change
		if m := p.params[key]; m == nil || m.GetValue() == v {
			delete(p.values, key)
		}
	}
	at := max(p.groups.at, 0)
	p.groups.reset()
	if at < len(p.names) {
		p.groups.Select(at)
	}
	p.refresh()
}

// tableOf is the table a key stands in: what the page shows together.
func tableOf(key string) string {
	table, _, ok := strings.Cut(key, ".")
	switch {
	case !ok:
		return "general"
	case table == "databases":
		return "database"
	}
	return table
}

// paramName is a parameter's name in the manual's words; of a database's with its
// alias.
func paramName(t *assets.Catalog, key string) string {
	if k := "param." + key; t.Has(k) {
		return t.T(k)
	}
	if rest, ok := strings.CutPrefix(key, "databases."); ok {
		if dot := strings.LastIndexByte(rest, '.'); dot > 0 && t.Has("param.databases."+rest[dot+1:]) {
			return t.T("param.databases."+rest[dot+1:]) + " (" + rest[:dot] + ")"
		}
	}
	return key // of a newer agent
}

func (p *paramsPart) entry(table string) entry {
	t := p.app.texts
	title := table
	if key := "params.table." + table; t.Has(key) {
		title = t.T(key)
	}
	e := entry{icon: assets.PageAdmin, title: title}
	n, wrong := 0, 0
	for key := range p.values {
		if tableOf(key) == table {
			n++
			if p.mistakes[key] != nil {
				wrong++
			}
		}
	}
	for key := range p.secrets {
		if tableOf(key) == table {
			n++
		}
	}
	switch {
	case wrong > 0:
		e.note, e.tag, e.needsHuman = t.T("params.changed-here"), t.N("params.wrong", wrong), true
	case n > 0:
		e.note = t.T("params.changed-here")
	}
	return e
}

// show shows the parameters of one table.
func (p *paramsPart) show(table string) {
	t := p.app.texts
	p.lines = map[string]*paramLine{}
	content := stack(gapBig)
	for _, key := range p.order {
		if tableOf(key) == table {
			content.Add(p.line(p.params[key]))
		}
	}
	switch table {
	case "notice":
		content.Add(p.tryOut("params.test-mail", p.testMail))
	case "events":
		content.Add(p.tryOut("params.test-port", p.testPort))
	}
	if table == "communication" {
		content.Objects = append([]fyne.CanvasObject{muted(t.T("params.communication.hint"))}, content.Objects...)
	}
	p.form.show(content)
	p.marks()
}

// line is one parameter: its name, what it means, its value and what is wrong with it.
func (p *paramsPart) line(m *contract.Parameter) fyne.CanvasObject {
	t, escape, key := p.app.texts, p.app.escape, m.GetKey()
	name := paramName(t, key)
	if unit := m.GetUnit(); unit != "" {
		name += " (" + unit + ")"
	}
	value := m.GetValue()
	if v, ok := p.values[key]; ok {
		value = v
	}
	set := func(v string) { p.set(key, v) }
	var control fyne.CanvasObject
	switch {
	case m.GetSecret():
		f := newField(true, escape)
		f.SetText(p.secrets[key])
		f.SetPlaceHolder(t.T("params.secret.unset"))
		if m.GetValue() != "" {
			f.SetPlaceHolder(t.T("credentials.password.kept"))
		}
		f.OnChanged = func(v string) {
			if p.secrets[key] = v; v == "" {
				delete(p.secrets, key)
			}
			p.refresh()
		}
		control = stack(gapSmall, f, p.app.capsLine(f))
	case m.GetForm() == "yes-no":
		names := []string{t.T("value.yes"), t.T("value.no")}
		at := 1
		if value == "true" {
			at = 0
		}
		control = newChoice(names, at, func(i int) { set([]string{"true", "false"}[i]) }, escape)
	case m.GetForm() == "choice":
		var names []string
		for _, v := range m.GetAllowed() {
			if k := "param.value." + v; t.Has(k) {
				v = t.T(k)
			}
			names = append(names, v)
		}
		control = newChoice(names, slices.Index(m.GetAllowed(), value), func(i int) { set(m.GetAllowed()[i]) }, escape)
	default:
		f := newField(false, escape)
		f.SetText(value)
		f.SetPlaceHolder(m.GetDefaultValue())
		f.OnChanged = set
		f.OnSubmitted = func(string) { p.store() }
		control = f
	}
	l := &paramLine{wrong: complaint()}
	p.lines[key] = l
	out := stack(gapSmall, newText(name, theme.SizeNameText, theme.ColorNameForeground, true, true), control, l.wrong)
	if help := m.GetHelp()[string(t.Lang())]; help != "" {
		out.Add(caption(help))
	}
	return out
}

// set notes a changed value and has it checked.
func (p *paramsPart) set(key, v string) {
	p.values[key] = v
	if p.params[key].GetValue() == v {
		delete(p.values, key)
		delete(p.mistakes, key)
	}
	p.tell(colorMuted, "")
	p.check()
	p.refresh()
}

// check asks the agent what is wrong with what was typed. What is typed during a
// check is checked after it.
func (p *paramsPart) check() {
	if p.checking {
		p.again = true
		return
	}
	if len(p.values) == 0 {
		p.mistakes = map[string]*contract.ParameterMistake{}
		p.marks()
		return
	}
	p.checking, p.again = true, false
	asked := maps.Clone(p.values)
	fetch(p.app, client.CallTimeout, p.app.opt.API.SetParameters, &contract.SetParametersRequest{Values: asked, CheckOnly: true}, func(got *contract.SetParametersResponse, f *client.Failure) {
		p.checking = false
		if p.again {
			p.check()
			return
		}
		p.mistakes = map[string]*contract.ParameterMistake{}
		for _, m := range got.GetMistakes() {
			p.mistakes[m.GetKey()] = m
		}
		p.marks()
		p.refresh()
	})
}

// marks shows below each value what is wrong with it.
func (p *paramsPart) marks() {
	moved := false
	for key, l := range p.lines {
		say := ""
		if m := p.mistakes[key]; m != nil {
			say = p.sentence(m)
		}
		if l.wrong.segment.Text != say || l.wrong.Visible() != (say != "") {
			l.wrong.show(say)
			moved = true
		}
	}
	if moved {
		p.form.scroll.Content.Refresh()
		p.form.scroll.Refresh()
	}
}

func (p *paramsPart) sentence(m *contract.ParameterMistake) string {
	t := p.app.texts
	key := "mistake." + m.GetReason()
	if !t.Has(key) {
		key = "mistake.not-allowed"
	}
	say := t.T(key)
	if m.GetAllowed() != "" {
		say += " " + t.T("mistake.allowed", "allowed", m.GetAllowed())
	}
	return say
}

// pending is how much was changed and not saved.
func (p *paramsPart) pending() int { return len(p.values) + len(p.secrets) }

// refresh brings buttons and the sentence beside them up to date.
func (p *paramsPart) refresh() {
	t, n := p.app.texts, p.pending()
	note := ""
	switch {
	case len(p.mistakes) > 0:
		note = t.T("params.mend")
	case n > 0:
		note = t.N("params.pending", n)
	}
	p.changed.set(note)
	connected := p.app.picture.Connection == client.Connected
	enable(&p.save.Button, connected && n > 0 && len(p.mistakes) == 0 && !p.saving)
	enable(&p.drop.Button, n > 0 && !p.saving)
	p.groups.Refresh()
}

// tell shows a sentence above the buttons.
func (p *paramsPart) tell(color fyne.ThemeColorName, sentence string) {
	if p.message.segment.Text == sentence && p.message.Visible() == (sentence != "") {
		return
	}
	p.message.tint(color)
	p.message.show(sentence)
	p.content.Refresh()
}

// discard forgets what was changed.
func (p *paramsPart) discard() {
	p.values, p.secrets, p.mistakes = map[string]string{}, map[string]string{}, map[string]*contract.ParameterMistake{}
	p.tell(colorMuted, "")
	p.load(true)
}

// store saves all changes, or none, on top of the state that was read.
func (p *paramsPart) store() {
	if p.save.Disabled() {
		return
	}
	m := &contract.SetParametersRequest{Values: maps.Clone(p.values), SealedValues: map[string][]byte{}, Etag: p.etag}
	secrets := maps.Clone(p.secrets)
	p.saving = true
	p.refresh()
	p.app.ask(func(ctx context.Context) error {
		for key, v := range secrets {
			sealed, err := client.Seal(ctx, p.app.opt.API, v)
			if err != nil {
				return err
			}
			m.SealedValues[key] = sealed
		}
		_, err := p.app.opt.API.SetParameters(ctx, connect.NewRequest(m))
		return err
	}, func(f *client.Failure) {
		p.saving = false
		switch {
		case f != nil && f.Code == "parameters-changed":
			p.conflict()
		case f != nil:
			p.tell(theme.ColorNameError, p.app.fault(f))
		default:
			p.saved()
		}
		p.refresh()
	})
}

func (p *paramsPart) saved() {
	p.values, p.secrets = map[string]string{}, map[string]string{}
	p.tell(theme.ColorNameSuccess, p.app.texts.T("params.saved"))
	p.load(true)
}

// conflict shows what another administrator changed meanwhile; the person's own
// changes stay and can be saved on top.
func (p *paramsPart) conflict() {
	t := p.app.texts
	old := p.params
	fetch(p.app, client.CallTimeout, p.app.opt.API.GetParameters, &contract.GetParametersRequest{}, func(got *contract.GetParametersResponse, f *client.Failure) {
		if f != nil {
			p.tell(theme.ColorNameError, p.app.fault(f))
			return
		}
		var theirs []string
		for _, m := range got.GetParameters() {
			if was := old[m.GetKey()]; was == nil || was.GetValue() != m.GetValue() {
				theirs = append(theirs, paramName(t, m.GetKey())+": "+m.GetValue())
			}
		}
		p.take(got)
		p.tell(theme.ColorNameWarning, t.T("params.conflict", "what", strings.Join(theirs, ", ")))
	})
}

// tryOut is a button that tries something out, with a line for how it went.
func (p *paramsPart) tryOut(key string, try func(b *button, say func(fyne.ThemeColorName, string))) fyne.CanvasObject {
	line := body("")
	line.Hide()
	b := newButton(p.app.texts.T(key), nil, p.app.escape)
	b.OnTapped = func() {
		b.Disable()
		p.form.tell(line, colorMuted, p.app.texts.T("list.working"))
		try(b, func(color fyne.ThemeColorName, sentence string) {
			b.Enable()
			p.form.tell(line, color, sentence)
		})
	}
	return stack(gap, widget.NewSeparator(), row(gap, b), line, caption(p.app.texts.T(key+".hint")))
}
