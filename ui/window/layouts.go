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

// evenColumns gives both the same width, and the height of the higher; where there is
// no room beside each other, one stands below the other.
type evenColumns struct {
	gap     float32
	narrow  bool   // there was no room
	changed func() // told when that changed, and with it the height; nil: nobody cares
}

// MinSize is both below each other in width, and as they stand in height.
func (l *evenColumns) MinSize(o []fyne.CanvasObject) fyne.Size {
	a, b := o[0].MinSize(), o[1].MinSize()
	if l.narrow {
		return fyne.NewSize(max(a.Width, b.Width), a.Height+l.gap+b.Height)
	}
	return fyne.NewSize(max(a.Width, b.Width), max(a.Height, b.Height))
}

// Layout halves the width.
func (l *evenColumns) Layout(o []fyne.CanvasObject, size fyne.Size) {
	a, b := o[0].MinSize(), o[1].MinSize()
	if narrow := size.Width < 2*max(a.Width, b.Width)+l.gap; narrow != l.narrow && size.Width > 0 {
		l.narrow = narrow
		if l.changed != nil {
			defer l.changed()
		}
	}
	if l.narrow {
		o[0].Resize(fyne.NewSize(size.Width, a.Height))
		o[0].Move(fyne.NewPos(0, 0))
		o[1].Resize(fyne.NewSize(size.Width, b.Height))
		o[1].Move(fyne.NewPos(0, a.Height+l.gap))
		return
	}
	w := max((size.Width-l.gap)/2, 0)
	for i, c := range o {
		c.Resize(fyne.NewSize(w, size.Height))
		c.Move(fyne.NewPos(float32(i)*(w+l.gap), 0))
	}
}

// besideOrBelow puts the second at the right of the first, or below it where the
// first, whose lines wrap, would be left with less than least.
type besideOrBelow struct {
	gap, least float32
	narrow     bool
	changed    func() // as of evenColumns
}

// MinSize is the wider one's width, and the height as they stand.
func (l *besideOrBelow) MinSize(o []fyne.CanvasObject) fyne.Size {
	a, b := o[0].MinSize(), o[1].MinSize()
	w := max(a.Width, b.Width, l.least)
	if l.narrow {
		return fyne.NewSize(w, a.Height+l.gap+b.Height)
	}
	return fyne.NewSize(w, max(a.Height, b.Height))
}

// Layout gives the second its own size, and centres it beside the first.
func (l *besideOrBelow) Layout(o []fyne.CanvasObject, size fyne.Size) {
	b := o[1].MinSize()
	if narrow := b.Width > 0 && size.Width-b.Width-l.gap < l.least; narrow != l.narrow && size.Width > 0 {
		l.narrow = narrow
		if l.changed != nil {
			defer l.changed()
		}
	}
	o[0].Move(fyne.NewPos(0, 0))
	if l.narrow {
		o[0].Resize(fyne.NewSize(size.Width, max(size.Height-b.Height-l.gap, 0)))
		o[1].Resize(fyne.NewSize(size.Width, b.Height))
		o[1].Move(fyne.NewPos(0, size.Height-b.Height))
		return
	}
	o[0].Resize(fyne.NewSize(max(size.Width-b.Width-l.gap, 0), size.Height))
	o[1].Resize(b)
	o[1].Move(fyne.NewPos(size.Width-b.Width, (size.Height-b.Height)/2))
}
