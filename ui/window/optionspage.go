package window

import (
	"context"

	"connectrpc.com/connect"
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
	"google.golang.org/protobuf/proto"

	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ui/client"
)

// optionsPage shows and changes which items of a user travel, which way, and whose
// value wins. What a change would do is counted by the agent before it is made.
type optionsPage struct {
	app     *App
	content fyne.CanvasObject

	tabs                   *tabs
	forms                  map[contract.Kind]*optionsForm
	sheet                  *detail
	message                *text
	discard, preview, take *button

	stopping  context.CancelFunc // ends the running count; nil: none runs
	saving    bool
	counted   *contract.Options // what was counted, and may be taken
	uncounted bool              // it could not be counted: taking it is asked for
}

func newOptionsPage(a *App) *optionsPage {
	t := a.texts
	p := &optionsPage{app: a, message: body(""), forms: map[contract.Kind]*optionsForm{}}
	p.message.Hide()
	var parts []part
	for _, kind := range kinds() {
		p.forms[kind] = newOptionsForm(a, kind, p.edited, p.count)
		parts = append(parts, part{kindName(t, kind), p.forms[kind].content})
	}
	p.tabs = newTabs(nil, a.escape, parts...)
	p.sheet = newDetail(t.T("options.idle"))
	p.discard = newButton(t.T("options.discard"), p.forget, a.escape)
	p.preview = newButton(t.T("options.preview"), p.count, a.escape)
	p.take = newButton(t.T("options.apply"), p.apply, a.escape).strong()
	buttons := container.NewHBox(p.discard, layout.NewSpacer(), minWidth(110, p.preview), minWidth(110, p.take))
	p.content = border(
		stack(gap, heading(t.T("options.title")), muted(t.T("options.intro")), newGap(0)),
		stack(0, newGap(12), p.message, buttons), nil, nil,
		container.New(&sideColumns{width: 400, gap: gapBig}, p.tabs.content, p.sheet.content))
	p.refresh()
	return p
}

// kinds lists the kinds of item in the order of the screen.
func kinds() []contract.Kind {
	return []contract.Kind{contract.Kind_KIND_APPOINTMENT, contract.Kind_KIND_TASK}
}

// load asks what is in force, unless something was changed and not taken yet.
func (p *optionsPage) load() {
	if p.app.picture.Connection != client.Connected || p.wanted() != nil || p.stopping != nil {
		return
	}
	fetch(p.app, client.CallTimeout, p.app.opt.API.GetOptions, &contract.GetOptionsRequest{User: p.app.subject}, func(answer *contract.GetOptionsResponse, f *client.Failure) {
		got := answer.GetOptions()
		switch {
		case f != nil && f.Code == codeUnknown && p.app.subject == "":
			p.say(theme.ColorNameForeground, p.app.texts.T("options.unknown"))
		case f != nil:
			p.say(theme.ColorNameError, p.app.fault(f))
		case p.wanted() == nil:
			p.fill(got)
		}
	})
}

func (p *optionsPage) fill(o *contract.Options) {
	p.forms[contract.Kind_KIND_APPOINTMENT].fill(o.GetAppointments())
	p.forms[contract.Kind_KIND_TASK].fill(o.GetTasks())
	p.refresh()
}

// wanted gives the kinds whose form differs from what is in force; nil for none.
func (p *optionsPage) wanted() *contract.Options {
	o := &contract.Options{}
	for kind, f := range p.forms {
		if !f.differs() {
			continue
		}
		m, _ := f.chosen()
		if kind == contract.Kind_KIND_TASK {
			o.Tasks = m
		} else {
			o.Appointments = m
		}
	}
	if o.Appointments == nil && o.Tasks == nil {
		return nil
	}
	return o
}

// edited takes back what was counted for something else.
func (p *optionsPage) edited() {
	p.stop()
	p.counted, p.uncounted = nil, false
	p.sheet.empty()
	p.say(theme.ColorNameForeground, "")
	p.refresh()
}

// forget shows again what is in force.
func (p *optionsPage) forget() {
	for _, f := range p.forms {
		if f.was != nil {
			f.set(f.was)
		}
	}
	p.edited()
}

// refresh lets only that be pressed which makes sense now.
func (p *optionsPage) refresh() {
	wanted := p.wanted()
	right := true
	for _, f := range p.forms {
		_, ok := f.chosen()
		right = right && ok
	}
	connected := p.app.picture.Connection == client.Connected
	enable(&p.discard.Button, wanted != nil && !p.saving)
	enable(&p.preview.Button, connected && wanted != nil && right && p.stopping == nil && !p.saving)
	enable(&p.take.Button, connected && wanted != nil && right && !p.saving && (p.uncounted || p.counted != nil && proto.Equal(wanted, p.counted)))
}

func (p *optionsPage) say(color fyne.ThemeColorName, sentence string) {
	if sentence == "" && !p.message.Visible() {
		return
	}
	p.message.tint(color)
	p.message.show(sentence)
	p.content.Refresh()
}

// count asks the agent what the next run would do by what is chosen.
func (p *optionsPage) count() {
	if p.preview.Disabled() {
		return
	}
	t, wanted, user := p.app.texts, p.wanted(), p.app.subject
	ctx, cancel := context.WithTimeout(p.app.ctx, planTime)
	p.stopping = cancel
	p.sheet.show(muted(t.T("options.counting")))
	p.refresh()
	var got *contract.SetOptionsResponse
	p.app.stream(ctx, func() error {
		r, err := p.app.opt.API.SetOptions(ctx, connect.NewRequest(&contract.SetOptionsRequest{User: user, Options: wanted, Preview: true}))
		if err == nil {
			got = r.Msg
		}
		return err
	}, func(f *client.Failure) {
		p.stop()
		if f != nil {
			p.uncounted = f.Code != "bad-request"
			p.sheet.show(stack(12, body(t.T("options.uncounted")), muted(p.app.fault(f))))
			p.refresh()
			return
		}
		p.counted = wanted
		p.sheet.show(p.effects(got))
		p.refresh()
		p.app.opt.Window.Canvas().Focus(p.take)
	})
}

// stop ends the running count.
func (p *optionsPage) stop() {
	if p.stopping != nil {
		p.stopping()
		p.stopping = nil
		p.sheet.empty()
		p.refresh()
	}
}

// effects tells in numbers what the next run would do.
func (p *optionsPage) effects(m *contract.SetOptionsResponse) fyne.CanvasObject {
	t := p.app.texts
	lines := stack(gap, newText(t.T("options.effect"), theme.SizeNameText, theme.ColorNameForeground, true, true))
	for _, x := range []struct {
		kind contract.Kind
		e    *contract.OptionsEffect
	}{{contract.Kind_KIND_APPOINTMENT, m.GetAppointments()}, {contract.Kind_KIND_TASK, m.GetTasks()}} {
		if x.e == nil {
			continue
		}
		lines.Add(widget.NewSeparator())
		lines.Add(iconAndText(newTinted(kindIcon(x.kind), theme.ColorNamePrimary, 20), newText(kindName(t, x.kind), theme.SizeNameSubHeadingText, theme.ColorNameForeground, true, false)))
		for _, v := range []struct {
			key string
			n   uint64
		}{{"options.effect.new-exchange", x.e.GetJoinBusiness()}, {"options.effect.new-business", x.e.GetJoinExchange()}, {"options.effect.held", x.e.GetHeld()},
			{"options.effect.changed-exchange", x.e.GetUpdateExchange()}, {"options.effect.changed-business", x.e.GetUpdateBusiness()},
			{"options.effect.stay", x.e.GetStay()}, {"options.effect.leave", x.e.GetLeave()},
			{"options.effect.only-exchange", x.e.GetOutsideExchange()}, {"options.effect.only-business", x.e.GetOutsideBusiness()}} {
			if v.n > 0 || v.key == "options.effect.stay" {
				lines.Add(border(nil, nil, nil, newText(t.Int(int64(v.n)), theme.SizeNameText, theme.ColorNameForeground, true, false).right(), muted(t.T(v.key))))
			}
		}
	}
	lines.Add(widget.NewSeparator())
	lines.Add(iconAndText(picture(assets.StateFine, 18), muted(t.T("options.effect.nothing-deleted"))))
	return lines
}

// apply makes the change that was counted; one that could not be is asked for first.
func (p *optionsPage) apply() {
	if p.take.Disabled() {
		return
	}
	t := p.app.texts
	if p.uncounted {
		p.app.question(t.T("options.ask.title"), t.T("options.ask"), t.T("options.apply"), false, p.save)
		return
	}
	p.save()
}

func (p *optionsPage) save() {
	wanted, user := p.wanted(), p.app.subject
	if wanted == nil {
		return
	}
	p.saving = true
	p.refresh()
	fetch(p.app, client.CallTimeout, p.app.opt.API.SetOptions, &contract.SetOptionsRequest{User: user, Options: wanted}, func(answer *contract.SetOptionsResponse, f *client.Failure) {
		got := answer.GetOptions()
		p.saving = false
		if f != nil {
			p.refresh()
			p.say(theme.ColorNameError, p.app.fault(f))
			return
		}
		p.counted, p.uncounted = nil, false
		p.sheet.empty()
		p.fill(got)
		p.say(theme.ColorNameSuccess, p.app.texts.T("options.saved"))
		p.focus()
	})
}

// focus puts the keyboard at the beginning of the page.
func (p *optionsPage) focus() { p.app.opt.Window.Canvas().Focus(p.tabs.items[p.tabs.at]) }

// restore takes over what was chosen before the language was changed.
func (p *optionsPage) restore(old *optionsPage) {
	for kind, f := range p.forms {
		if o := old.forms[kind]; o.was != nil {
			f.fill(o.was)
			m, _ := o.chosen()
			f.set(m)
			f.past.SetText(o.past.Text)
			f.future.SetText(o.future.Text)
		}
	}
	p.tabs.mark(old.tabs.at)
	p.refresh()
}
