package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// tabs are parts of a page of which one is shown. Unlike Fyne's they can be reached
// and changed with the keyboard.
type tabs struct {
	content *fyne.Container
	body    *fyne.Container
	items   []*tab
	at      int
	shown   func(int) // told which one is shown
}

// part is one of the parts.
type part struct {
	name    string
	content fyne.CanvasObject
}

func newTabs(shown func(int), escape func(), parts ...part) *tabs {
	t := &tabs{body: container.NewStack(), shown: shown}
	names := row(gap)
	for i, p := range parts {
		item := &tab{label: p.name, tapped: func() { t.show(i) }, escape: escape}
		item.move = func(by int) {
			t.show((i + by + len(parts)) % len(parts))
			if c := fyne.CurrentApp().Driver().CanvasForObject(t.items[t.at]); c != nil {
				c.Focus(t.items[t.at])
			}
		}
		item.ExtendBaseWidget(item)
		t.items = append(t.items, item)
		names.Add(item)
		p.content.Hide()
		t.body.Add(p.content)
	}
	t.content = border(stack(0, names, widget.NewSeparator(), newGap(12)), nil, nil, nil, t.body)
	t.mark(0)
	return t
}

// show shows one part and tells so.
func (t *tabs) show(at int) {
	t.mark(at)
	if t.shown != nil {
		t.shown(at)
	}
}

func (t *tabs) mark(at int) {
	t.at = at
	for i, item := range t.items {
		item.selected = i == at
		item.Refresh()
		visible(t.body.Objects[i], i == at)
	}
	t.body.Refresh()
}

// tab is one part's name.
type tab struct {
	widget.BaseWidget
	label                      string
	selected, hovered, focused bool
	tapped                     func()
	move                       func(by int)
	escape                     func()
}

// Tapped shows the part.
func (t *tab) Tapped(*fyne.PointEvent) { t.tapped() }

// MouseIn and MouseOut show where the pointer is.
func (t *tab) MouseIn(*desktop.MouseEvent) { t.hovered = true; t.Refresh() }

// MouseMoved needs nothing.
func (t *tab) MouseMoved(*desktop.MouseEvent) {}

// MouseOut ends what MouseIn began.
func (t *tab) MouseOut() { t.hovered = false; t.Refresh() }

// FocusGained shows where the keyboard is.
func (t *tab) FocusGained() { t.focused = true; t.Refresh(); reveal(t) }

// FocusLost ends what FocusGained began.
func (t *tab) FocusLost() { t.focused = false; t.Refresh() }

// TypedRune shows the part on a blank.
func (t *tab) TypedRune(r rune) {
	if r == ' ' {
		t.tapped()
	}
}

// TypedKey shows the part on Enter; arrows go to the neighbours.
func (t *tab) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		t.tapped()
	case fyne.KeyLeft:
		t.move(-1)
	case fyne.KeyRight:
		t.move(1)
	case fyne.KeyEscape:
		call(t.escape)
	}
}

// CreateRenderer draws the name and a line below the selected one.
func (t *tab) CreateRenderer() fyne.WidgetRenderer {
	r := &tabRenderer{t, canvas.NewRectangle(nil), canvas.NewRectangle(nil), canvas.NewText(t.label, nil)}
	r.area.CornerRadius, r.line.CornerRadius = 6, 1.5
	r.Refresh()
	return r
}

type tabRenderer struct {
	t          *tab
	area, line *canvas.Rectangle
	label      *canvas.Text
}

func (r *tabRenderer) Destroy() {}

// MinSize leaves room for the bold name, so that nothing moves.
func (r *tabRenderer) MinSize() fyne.Size {
	s := fyne.MeasureText(r.t.label, theme.TextSize(), fyne.TextStyle{Bold: true})
	return fyne.NewSize(s.Width+24, s.Height+18)
}

func (r *tabRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.area, r.line, r.label}
}

func (r *tabRenderer) Layout(s fyne.Size) {
	r.area.Resize(fyne.NewSize(s.Width, s.Height-4))
	r.line.Resize(fyne.NewSize(s.Width-16, 3))
	r.line.Move(fyne.NewPos(8, s.Height-3))
	label := r.label.MinSize()
	r.label.Resize(label)
	r.label.Move(fyne.NewPos((s.Width-label.Width)/2, (s.Height-4-label.Height)/2))
}

func (r *tabRenderer) Refresh() {
	r.area.FillColor, r.area.StrokeWidth = colorOf(colorTransparent), 0
	if r.t.hovered {
		r.area.FillColor = colorOf(theme.ColorNameHover)
	}
	if r.t.focused {
		r.area.StrokeWidth, r.area.StrokeColor = 2, colorOf(theme.ColorNamePrimary)
	}
	color := colorMuted
	if r.t.selected {
		color = theme.ColorNameForeground
	}
	r.line.FillColor, r.line.Hidden = colorOf(theme.ColorNamePrimary), !r.t.selected
	r.label.Color, r.label.TextSize, r.label.TextStyle.Bold = colorOf(color), theme.TextSize(), r.t.selected
	r.Layout(r.t.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
}
