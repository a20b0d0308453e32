package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Fyne tints a button that has the keyboard; on one that stands out by its colour
// that can't be seen. Ours get a ring.

// FocusGained shows where the keyboard is, and brings it into sight.
func (b *button) FocusGained() {
	b.focused = true
	b.Button.FocusGained()
	reveal(b)
}

// FocusLost ends what FocusGained began.
func (b *button) FocusLost() {
	b.focused = false
	b.Button.FocusLost()
}

// CreateRenderer draws the ring upon the button.
func (b *button) CreateRenderer() fyne.WidgetRenderer {
	r := &ringed{b.Button.CreateRenderer(), b, canvas.NewRectangle(colorOf(colorTransparent))}
	r.ring.StrokeWidth = 2
	r.paint()
	return r
}

type ringed struct {
	fyne.WidgetRenderer
	b    *button
	ring *canvas.Rectangle
}

// Objects are the button's and the ring.
func (r *ringed) Objects() []fyne.CanvasObject {
	return append(append([]fyne.CanvasObject(nil), r.WidgetRenderer.Objects()...), r.ring)
}

// Layout puts the ring around the whole button.
func (r *ringed) Layout(size fyne.Size) {
	r.WidgetRenderer.Layout(size)
	r.ring.Resize(size)
}

// Refresh draws the ring while the keyboard is there.
func (r *ringed) Refresh() {
	r.WidgetRenderer.Refresh()
	r.paint()
	r.ring.Refresh()
}

func (r *ringed) paint() {
	color := theme.ColorNamePrimary
	if r.b.Importance == widget.HighImportance || r.b.Importance == widget.DangerImportance {
		color = theme.ColorNameForeground
	}
	r.ring.StrokeColor, r.ring.CornerRadius = colorOf(color), theme.Size(theme.SizeNameInputRadius)
	r.ring.Hidden = !r.b.focused
}
