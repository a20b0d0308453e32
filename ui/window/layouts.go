package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
)

// border is Fyne's border, but the keyboard visits its parts as they are read: from
// the top, from the left, the middle, the right and the bottom.
func border(top, bottom, left, right fyne.CanvasObject, middle ...fyne.CanvasObject) *fyne.Container {
	c := container.New(layout.NewBorderLayout(top, bottom, left, right))
	for _, o := range append(append([]fyne.CanvasObject{top, left}, middle...), right, bottom) {
		if o != nil {
			c.Add(o)
		}
	}
	return c
}

// columnLayout puts the first above the second, which takes the rest; a hidden
// first leaves no gap.
type columnLayout struct{ gap float32 }

// MinSize is both below each other.
func (l *columnLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	size := o[1].MinSize()
	if o[0].Visible() {
		top := o[0].MinSize()
		size = fyne.NewSize(max(size.Width, top.Width), size.Height+l.gap+top.Height)
	}
	return size
}

// Layout gives the first its own height.
func (l *columnLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	top := float32(0)
	if o[0].Visible() {
		o[0].Resize(fyne.NewSize(size.Width, o[0].MinSize().Height))
		o[0].Move(fyne.NewPos(0, 0))
		top = o[0].MinSize().Height + l.gap
	}
	o[1].Move(fyne.NewPos(0, top))
	o[1].Resize(fyne.NewSize(size.Width, max(size.Height-top, 0)))
}
