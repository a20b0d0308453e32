package window

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ui/client"
)

// verifyList shows the stages of a check as they happen: one line for what is
// fine, sentence, hint and "copy details" for what is not.
type verifyList struct {
	app     *App
	content *fyne.Container
	summary *text
	icon    *canvas.Image
	bar     *bar
	rows    *fyne.Container
	scroll  *container.Scroll

	order  []string
	stages map[string]*contract.Stage
	byName map[string]*stageRow
}

func newVerifyList(a *App) *verifyList {
	v := &verifyList{app: a, summary: muted(a.texts.T("verify.idle")), bar: newBar(), rows: stack(gap - 1), icon: picture(assets.StateFine, 22)}
	v.icon.Hide()
	v.bar.Hide()
	v.scroll = container.NewVScroll(container.NewStack(v.rows))
	v.content = border(
		stack(gap+2, newText(a.texts.T("verify.title"), theme.SizeNameSubHeadingText, theme.ColorNameForeground, true, false),
			container.New(&sideOrAlone{sideLayout{10}}, v.icon, v.summary), v.bar, newGap(2)),
		nil, nil, nil, v.scroll)
	return v
}

// newGap is an empty place of a height.
func newGap(height float32) fyne.CanvasObject {
	r := canvas.NewRectangle(colorOf(colorTransparent))
	r.SetMinSize(fyne.NewSize(0, height))
	return r
}

// sideOrAlone is sideLayout, but a hidden first leaves all to the second.
type sideOrAlone struct{ sideLayout }

// MinSize is that of the second when the first is hidden.
func (l *sideOrAlone) MinSize(o []fyne.CanvasObject) fyne.Size {
	if !o[0].Visible() {
		return o[1].MinSize()
	}
	return l.sideLayout.MinSize(o)
}

// Layout gives all to the second when the first is hidden.
func (l *sideOrAlone) Layout(o []fyne.CanvasObject, size fyne.Size) {
	if !o[0].Visible() {
		o[1].Move(fyne.NewPos(0, 0))
		o[1].Resize(size)
		return
	}
	l.sideLayout.Layout(o, size)
}

// begin empties the list for a new check.
func (v *verifyList) begin() {
	v.order, v.stages, v.byName = nil, map[string]*contract.Stage{}, map[string]*stageRow{}
	v.rows.RemoveAll()
	v.icon.Hide()
	v.bar.set(0)
	v.bar.Show()
	v.summary.set("")
	v.content.Refresh()
}

// message takes one message of the check.
func (v *verifyList) message(m *contract.VerifyCredentialsResponse) {
	for _, name := range m.GetStages() {
		v.row(name)
	}
	if s := m.GetStage(); s != nil {
		row := v.row(s.GetName())
		v.stages[s.GetName()] = s
		before := row.content.MinSize().Height
		row.show(s)
		if row.content.MinSize().Height != before {
			v.scroll.Refresh() // all below move; drawing all anew is dear, so only then
		}
		v.progress()
		v.follow(row)
	}
}

// row finds the stage's row; a stage that wasn't announced gets one at the end.
func (v *verifyList) row(name string) *stageRow {
	if r := v.byName[name]; r != nil {
		return r
	}
	r := newStageRow(v.app, name)
	v.byName[name] = r
	v.order = append(v.order, name)
	v.rows.Add(r.content)
	return r
}

func (v *verifyList) progress() {
	done := 0
	for _, s := range v.stages {
		if s.GetState() != contract.StageState_STAGE_STATE_RUNNING {
			done++
		}
	}
	v.bar.set(float64(done) / float64(max(len(v.order), 1)))
	v.summary.set(v.app.texts.T("verify.progress", "done", min(done+1, len(v.order)), "expected", len(v.order)))
}

// follow scrolls so that the row is in sight.
func (v *verifyList) follow(r *stageRow) {
	if s := v.stages[r.name].GetState(); s == contract.StageState_STAGE_STATE_SKIPPED {
		return // what failed stays in sight
	}
	top := r.content.Position().Y
	if top < v.scroll.Offset.Y {
		v.scroll.ScrollToOffset(fyne.NewPos(0, top))
		return
	}
	bottom := top + r.content.MinSize().Height
	if bottom > v.scroll.Offset.Y+v.scroll.Size().Height {
		v.scroll.ScrollToOffset(fyne.NewPos(0, bottom-v.scroll.Size().Height+gap))
	}
}

// count tells how many stages ended in a state.
func (v *verifyList) count(state contract.StageState) (n int) {
	for _, s := range v.stages {
		if s.GetState() == state {
			n++
		}
	}
	return n
}

// end shows the outcome of the check.
func (v *verifyList) end(ok bool) {
	t := v.app.texts
	switch warnings := v.count(contract.StageState_STAGE_STATE_WARNING); {
	case ok && warnings > 0:
		v.outcome(assets.StateFine, t.T("verify.ok.warnings"))
	case ok:
		v.outcome(assets.StateFine, t.T("verify.ok"))
	default:
		v.outcome(assets.StageFailed, t.N("verify.failed", max(v.count(contract.StageState_STAGE_STATE_FAILED), 1)))
	}
	for _, name := range v.order {
		if s := v.stages[name].GetState(); s == contract.StageState_STAGE_STATE_FAILED {
			v.follow(v.byName[name]) // what has to be read is in sight
			return
		}
	}
}

// stopped shows that the person stopped the check.
func (v *verifyList) stopped() { v.broken(assets.StageSkipped, v.app.texts.T("verify.stopped")) }

// failed shows that the check itself could not go on.
func (v *verifyList) failed(f *client.Failure) {
	if !f.Told && len(v.stages) > 0 {
		v.broken(assets.StateOffline, v.app.texts.T("verify.broken"))
		return
	}
	text, hint := v.app.texts.Fault(f.Code, nil)
	v.broken(assets.StageFailed, text+" "+hint)
}

func (v *verifyList) broken(icon assets.Icon, sentence string) {
	for name, s := range v.stages {
		if s.GetState() == contract.StageState_STAGE_STATE_RUNNING {
			v.byName[name].show(&contract.Stage{Name: name, State: contract.StageState_STAGE_STATE_SKIPPED})
		}
	}
	v.outcome(icon, sentence)
}

func (v *verifyList) outcome(icon assets.Icon, sentence string) {
	v.bar.Hide()
	v.icon.Resource = resource(icon)
	v.icon.Show()
	v.icon.Refresh()
	v.summary.set(sentence)
	v.summary.tint(theme.ColorNameForeground)
	v.content.Refresh()
}

// stageRow is one stage on screen.
type stageRow struct {
	app     *App
	name    string
	title   string
	content *fyne.Container
	icon    *canvas.Image
	line    *text
	detail  *text
	hint    *text
	copy    *button
	stage   *contract.Stage
}

func newStageRow(a *App, name string) *stageRow {
	r := &stageRow{app: a, name: name, title: name, icon: picture(assets.StageSkipped, 18)}
	if key := "verify.stage." + name; a.texts.Has(key) {
		r.title = a.texts.T(key)
	}
	r.line, r.detail, r.hint = muted(r.title), body(""), muted("")
	r.detail.Hide()
	r.hint.Hide()
	r.icon.Translucency = 0.55
	r.copy = newButton(a.texts.T("button.copy"), r.copyDetails, a.escape)
	r.copy.Importance = widget.LowImportance
	r.copy.Icon = theme.ContentCopyIcon()
	r.copy.Hide()
	r.content = iconAndText(r.icon, stack(gapSmall, r.line, r.detail, r.hint,
		container.New(layout.NewCustomPaddedLayout(0, 0, -innerPadding, 0), container.NewHBox(r.copy))))
	r.content.Layout = &rowLayout{}
	return r
}

// rowLayout is a picture at the top left of a stack, on its first line.
type rowLayout struct{}

// MinSize takes the stack's height.
func (rowLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	a, b := o[0].MinSize(), o[1].MinSize()
	return fyne.NewSize(a.Width+10+b.Width, max(a.Height, b.Height)+1)
}

// Layout puts the picture a point lower, where it looks level with the letters.
func (rowLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	a := o[0].MinSize()
	o[0].Resize(a)
	o[0].Move(fyne.NewPos(0, 1))
	o[1].Move(fyne.NewPos(a.Width+10, 0))
	o[1].Resize(fyne.NewSize(max(size.Width-a.Width-10, 0), size.Height))
}

// show brings the row up to date with the stage.
func (r *stageRow) show(s *contract.Stage) {
	r.stage = s
	t := r.app.texts
	icon, color, line := assets.StageSkipped, colorMuted, r.title
	text, hint := "", ""
	switch s.GetState() {
	case contract.StageState_STAGE_STATE_RUNNING:
		icon, color, line = assets.StageRunning, theme.ColorNameForeground, r.title+" …"
	case contract.StageState_STAGE_STATE_OK:
		icon, color = assets.StateFine, theme.ColorNameForeground
		if said := t.Stage(r.name, s.GetArgs()); said != "" {
			line = said
		}
	case contract.StageState_STAGE_STATE_WARNING:
		icon, color = assets.StateAttention, theme.ColorNameForeground
		text, hint = t.Fault(s.GetCode(), s.GetArgs())
	case contract.StageState_STAGE_STATE_FAILED:
		icon, color = assets.StageFailed, theme.ColorNameForeground
		text, hint = t.Fault(s.GetCode(), s.GetArgs())
	}
	r.icon.Resource, r.icon.Translucency = resource(icon), 0
	if icon == assets.StageSkipped {
		r.icon.Translucency = 0.55
	}
	r.icon.Refresh()
	r.line.segment.Style.TextStyle.Bold = text != ""
	r.line.tint(color)
	r.line.set(line)
	r.line.rich.Refresh()
	r.detail.show(text)
	r.hint.show(hint)
	if text != "" {
		r.copy.Show()
	} else {
		r.copy.Hide()
	}
	r.content.Refresh()
}

// copyDetails copies what an administrator wants to read.
func (r *stageRow) copyDetails() {
	s, t := r.stage, r.app.texts
	lines := []string{
		fmt.Sprintf("%s (%s): %s", r.title, r.name, t.T("verify.state."+stateWord(s.GetState()))),
		s.GetCode(),
	}
	text, hint := t.Fault(s.GetCode(), s.GetArgs())
	lines = append(lines, text, hint)
	if s.GetDetail() != "" {
		lines = append(lines, s.GetDetail())
	}
	r.app.opt.Clipboard.SetContent(strings.Join(lines, "\n"))
	r.copy.SetText(t.T("button.copied"))
}

func stateWord(s contract.StageState) string {
	switch s {
	case contract.StageState_STAGE_STATE_RUNNING:
		return "running"
	case contract.StageState_STAGE_STATE_OK:
		return "ok"
	case contract.StageState_STAGE_STATE_WARNING:
		return "warning"
	case contract.StageState_STAGE_STATE_FAILED:
		return "failed"
	}
	return "skipped"
}
