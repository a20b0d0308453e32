package window

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"abgleich/assets"
)

// navItem is one page's name in the sidebar.
type navItem struct {
	widget.BaseWidget
	label            string
	icon             assets.Icon
	badge            int
	selected         bool
	hovered, focused bool
	tapped           func()
	previous, next   func() // arrow keys
	escape           func()
}

func newNavItem(label string, icon assets.Icon, tapped, escape func()) *navItem {
	n := &navItem{label: label, icon: icon, tapped: tapped, escape: escape}
	n.ExtendBaseWidget(n)
	return n
}

func (n *navItem) set(selected bool, badge int) {
	if n.selected != selected || n.badge != badge {
		n.selected, n.badge = selected, badge
		n.Refresh()
	}
}

// Tapped opens the page.
func (n *navItem) Tapped(*fyne.PointEvent) { n.tapped() }

// MouseIn and MouseOut show where the pointer is.
func (n *navItem) MouseIn(*desktop.MouseEvent) { n.hovered = true; n.Refresh() }

// MouseMoved needs nothing.
func (n *navItem) MouseMoved(*desktop.MouseEvent) {}

// MouseOut ends what MouseIn began.
func (n *navItem) MouseOut() { n.hovered = false; n.Refresh() }

// FocusGained shows where the keyboard is.
func (n *navItem) FocusGained() { n.focused = true; n.Refresh(); reveal(n) }

// FocusLost ends what FocusGained began.
func (n *navItem) FocusLost() { n.focused = false; n.Refresh() }

// TypedRune opens the page on a blank.
func (n *navItem) TypedRune(r rune) {
	if r == ' ' {
		n.tapped()
	}
}

// TypedKey opens the page on Enter; arrows go to the neighbours.
func (n *navItem) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		n.tapped()
	case fyne.KeyUp:
		call(n.previous)
	case fyne.KeyDown:
		call(n.next)
	case fyne.KeyEscape:
		call(n.escape)
	}
}

// CreateRenderer draws area, icon, name and number.
func (n *navItem) CreateRenderer() fyne.WidgetRenderer {
	r := &navRenderer{n: n, area: canvas.NewRectangle(nil), mark: canvas.NewRectangle(nil), pill: canvas.NewRectangle(nil),
		icon: newTinted(n.icon, theme.ColorNameForeground, 18), label: canvas.NewText("", nil), number: canvas.NewText("", nil)}
	r.area.CornerRadius, r.mark.CornerRadius, r.pill.CornerRadius = 8, 2, 9
	r.Refresh()
	return r
}

type navRenderer struct {
	n                *navItem
	area, mark, pill *canvas.Rectangle
	icon             *tinted
	label, number    *canvas.Text
}

func (r *navRenderer) Destroy() {}

func (r *navRenderer) MinSize() fyne.Size {
	return fyne.NewSize(12+18+10+r.label.MinSize().Width+12+28, 38)
}

func (r *navRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.area, r.mark, r.icon, r.label, r.pill, r.number}
}

func (r *navRenderer) Layout(s fyne.Size) {
	r.area.Resize(s)
	r.mark.Resize(fyne.NewSize(3, s.Height-18))
	r.mark.Move(fyne.NewPos(0, 9))
	r.icon.Resize(fyne.NewSquareSize(18))
	r.icon.Move(fyne.NewPos(12, (s.Height-18)/2))
	r.label.Resize(r.label.MinSize())
	r.label.Move(fyne.NewPos(40, (s.Height-r.label.MinSize().Height)/2))
	number := r.number.MinSize()
	pill := fyne.NewSize(max(number.Width+12, 18), 18)
	r.pill.Resize(pill)
	r.pill.Move(fyne.NewPos(s.Width-pill.Width-10, (s.Height-18)/2))
	r.number.Resize(number)
	r.number.Move(fyne.NewPos(s.Width-10-pill.Width/2-number.Width/2, (s.Height-number.Height)/2))
}

func (r *navRenderer) Refresh() {
	n := r.n
	r.area.FillColor = colorOf(colorTransparent)
	switch {
	case n.selected:
		r.area.FillColor = colorOf(colorSelected)
	case n.hovered:
		r.area.FillColor = colorOf(theme.ColorNameHover)
	}
	r.area.StrokeWidth = 0
	if n.focused {
		r.area.StrokeWidth, r.area.StrokeColor = 2, colorOf(theme.ColorNamePrimary)
	}
	color := theme.ColorNameForeground
	if n.selected {
		color = theme.ColorNamePrimary
	}
	r.mark.FillColor, r.mark.Hidden = colorOf(theme.ColorNamePrimary), !n.selected
	r.icon.set(color)
	r.icon.Refresh()
	r.label.Text, r.label.Color, r.label.TextSize = n.label, colorOf(theme.ColorNameForeground), theme.TextSize()
	r.label.TextStyle.Bold = n.selected
	r.pill.Hidden, r.number.Hidden = n.badge == 0, n.badge == 0
	r.pill.FillColor = colorOf(theme.ColorNameWarning)
	r.number.Text, r.number.Color, r.number.TextSize = strconv.Itoa(n.badge), colorOf(theme.ColorNameForegroundOnWarning), 11.5
	r.number.TextStyle.Bold = true
	r.Layout(n.Size())
	for _, o := range []fyne.CanvasObject{r.area, r.mark, r.label, r.pill, r.number} {
		o.Refresh()
	}
}
