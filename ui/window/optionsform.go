package window

import (
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
	"google.golang.org/protobuf/proto"

	"abgleich/ipc/contract"
)

// fieldGroups are the groups of fields with a conflict policy of their own.
func fieldGroups() []string { return []string{"content", "time", "status", "personal"} }

// The values of the choices, in the order in which they are shown.
func directions() []contract.Direction {
	return []contract.Direction{contract.Direction_DIRECTION_BOTH, contract.Direction_DIRECTION_TO_EXCHANGE, contract.Direction_DIRECTION_TO_BUSINESS}
}

func privacies() []contract.PrivateItems {
	return []contract.PrivateItems{contract.PrivateItems_PRIVATE_ITEMS_BUSY, contract.PrivateItems_PRIVATE_ITEMS_WHOLE, contract.PrivateItems_PRIVATE_ITEMS_NOT}
}

func policies() []string { return []string{"", "newer", "business", "exchange"} }

// optionsForm is what can be chosen for one kind of item.
type optionsForm struct {
	app     *App
	kind    contract.Kind
	content fyne.CanvasObject
	scroll  *container.Scroll

	standard           *check
	own                *fyne.Container // hidden where the values in force aren't known
	direction, private *choice
	past, future       *field
	wrong              *text
	categories         *field
	open               *check // nil for appointments
	policy             *choice
	groups             map[string]*choice
	was                *contract.KindOptions // in force; nil while unknown
	filling            bool
	changed, submit    func()
	standardNote       *text
}

// newOptionsForm makes an empty form; changed is told of each change, submit of Enter.
func newOptionsForm(a *App, kind contract.Kind, changed, submit func()) *optionsForm {
	t := a.texts
	f := &optionsForm{app: a, kind: kind, changed: changed, submit: submit, groups: map[string]*choice{}}
	group := map[contract.Kind]string{contract.Kind_KIND_APPOINTMENT: "appointments", contract.Kind_KIND_TASK: "tasks"}[kind]
	edited := func() {
		if !f.filling {
			f.refresh()
			f.changed()
		}
	}
	pick := func(names ...string) *choice {
		var words []string
		for _, n := range names {
			words = append(words, t.T(n))
		}
		return newChoice(words, 0, func(int) { edited() }, a.escape)
	}
	input := func(idle string) *field {
		in := newField(false, a.escape)
		in.SetPlaceHolder(t.T(idle))
		in.OnChanged = func(string) { edited() }
		in.OnSubmitted = func(string) { submit() }
		return in
	}
	label := func(key string, o fyne.CanvasObject) fyne.CanvasObject {
		if c, ok := o.(*choice); ok {
			o = framed(c)
		}
		return stack(gapSmall, newText(t.T(key), theme.SizeNameText, theme.ColorNameForeground, true, true), o)
	}
	pair := func(a, b fyne.CanvasObject) fyne.CanvasObject { return container.New(&evenColumns{gap: 12}, a, b) }

	f.standard = newCheck(t.T("options.standard"), func(bool) { edited() }, submit, a.escape)
	f.standardNote = muted(t.T("options.standard.hint"))
	f.direction = pick("param.value.both", "param.value.to_exchange", "param.value.to_business")
	f.private = pick("param.value.busy", "param.value.whole", "param.value.not")
	f.past, f.future = input("options.days.all"), input("options.days.all")
	f.categories = input("options.categories.all")
	f.wrong = complaint()
	f.policy = pick("options.policy.standard", "param.value.newer", "param.value.business", "param.value.exchange")
	f.own = stack(12, label("param."+group+".direction", f.direction),
		pair(label("param."+group+".past_days", f.past), label("param."+group+".future_days", f.future)),
		f.wrong,
		label("options.categories", f.categories))
	if kind == contract.Kind_KIND_TASK {
		f.open = newCheck(t.T("param.tasks.open_only"), func(bool) { edited() }, submit, a.escape)
		f.own.Add(flush(f.open))
	}
	f.own.Add(label("param."+group+".private", f.private))
	f.own.Add(widget.NewSeparator())
	f.own.Add(label("param.sync.policy", f.policy))
	var boxes []fyne.CanvasObject
	for _, name := range fieldGroups() {
		f.groups[name] = pick("options.policy.standard", "param.value.newer", "param.value.business", "param.value.exchange")
		boxes = append(boxes, label("param.sync.policy_"+name, f.groups[name]))
	}
	f.own.Add(pair(boxes[0], boxes[1]))
	f.own.Add(pair(boxes[2], boxes[3]))
	f.scroll = container.NewVScroll(container.New(&rightGap{12}, stack(12, flush(f.standard), f.standardNote, f.own)))
	f.content = card(f.scroll)
	return f
}

// framed gives a choice the line that a field has: on a sheet it has no other.
func framed(c *choice) fyne.CanvasObject {
	return newSurface(theme.ColorNameInputBackground, theme.ColorNameInputBorder, theme.InputRadiusSize(), padded(1, c))
}

// flush lets a tick begin where the text above it does.
func flush(c *check) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(-4, -4, -7, 0), c)
}

// fill shows what is in force.
func (f *optionsForm) fill(m *contract.KindOptions) {
	f.was = m
	f.set(m)
}

// set shows a choice.
func (f *optionsForm) set(m *contract.KindOptions) {
	f.filling = true
	f.standard.SetChecked(m.GetStandard())
	f.direction.SetSelectedIndex(max(slices.Index(directions(), m.GetDirection()), 0))
	f.private.SetSelectedIndex(max(slices.Index(privacies(), m.GetPrivate()), 0))
	f.past.SetText(daysText(m.PastDays))
	f.future.SetText(daysText(m.FutureDays))
	f.categories.SetText(strings.Join(m.GetCategories(), ", "))
	if f.open != nil {
		f.open.SetChecked(m.GetOpenOnly())
	}
	f.policy.SetSelectedIndex(max(slices.Index(policies(), m.GetPolicy()), 0))
	for name, c := range f.groups {
		c.SetSelectedIndex(max(slices.Index(policies(), m.GetFieldPolicies()[name]), 0))
	}
	f.filling = false
	f.refresh()
}

// chosen gives what the form says; false while a number in it is none.
func (f *optionsForm) chosen() (*contract.KindOptions, bool) {
	past, ok1 := daysOf(f.past.Text)
	future, ok2 := daysOf(f.future.Text)
	m := &contract.KindOptions{Standard: f.standard.Checked, Direction: directions()[max(f.direction.SelectedIndex(), 0)],
		Private: privacies()[max(f.private.SelectedIndex(), 0)], PastDays: past, FutureDays: future, Policy: policies()[max(f.policy.SelectedIndex(), 0)],
		OpenOnly: f.open != nil && f.open.Checked}
	for part := range strings.SplitSeq(f.categories.Text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			m.Categories = append(m.Categories, part)
		}
	}
	for _, name := range fieldGroups() {
		if at := f.groups[name].SelectedIndex(); at > 0 {
			if m.FieldPolicies == nil {
				m.FieldPolicies = map[string]string{}
			}
			m.FieldPolicies[name] = policies()[at]
		}
	}
	return m, m.Standard || ok1 && ok2
}

// differs tells whether the form says something else than what is in force.
func (f *optionsForm) differs() bool {
	m, _ := f.chosen()
	if f.was == nil || m.GetStandard() && f.was.GetStandard() {
		return false
	}
	return m.GetStandard() != f.was.GetStandard() || !proto.Equal(m, f.was)
}

// refresh brings the form into the shape of what is chosen.
func (f *optionsForm) refresh() {
	standard := f.standard.Checked
	// What the parameters say is known only where they are in force.
	visible(f.own, !standard || f.was.GetStandard())
	visible(f.standardNote, standard)
	for _, o := range []fyne.Disableable{f.direction, f.private, f.past, f.future, f.categories, f.policy} {
		enable(o, !standard)
	}
	if f.open != nil {
		enable(f.open, !standard)
	}
	for _, c := range f.groups {
		enable(c, !standard)
	}
	enable(f.standard, f.was != nil)
	_, ok := f.chosen()
	say := ""
	if !ok {
		say = f.app.texts.T("options.days.wrong")
	}
	f.wrong.show(say)
	f.scroll.Content.Refresh()
	f.scroll.Refresh()
}

// daysText writes a number of days; none is for all.
func daysText(n *uint32) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(int(*n))
}

// daysOf reads a number of days; nothing is all of them. How many may be is the
// agent's to say.
func daysOf(s string) (*uint32, bool) {
	if s = strings.TrimSpace(s); s == "" {
		return nil, true
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return nil, false
	}
	days := uint32(n)
	return &days, true
}
