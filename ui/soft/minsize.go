package soft

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

// sizes remembers the minimum sizes of all objects at the last paint. An object
// whose minimum has changed since needs its parent to lay out anew: Fyne leaves
// that to the driver.
type sizes struct {
	last  map[fyne.CanvasObject]fyne.Size
	moved bool // something was laid out in this round
}

// settle lays out what has to be laid out. Children come before their parents, so
// that a change goes up as far as it reaches.
func (s *sizes) settle(trees []fyne.CanvasObject) {
	// A new width may wrap a text anew, which changes a minimum again.
	for again, rounds := true, 0; again && rounds < 3; rounds++ {
		again = false
		now := make(map[fyne.CanvasObject]fyne.Size, len(s.last))
		for _, t := range trees {
			if s.visit(t, now) {
				layOut(t)
				again = true
			}
		}
		again = again || s.moved
		s.last, s.moved = now, false
	}
}

// visit settles a tree and tells whether its minimum size has changed.
func (s *sizes) visit(o fyne.CanvasObject, now map[fyne.CanvasObject]fyne.Size) (changed bool) {
	if o == nil || !o.Visible() {
		return false
	}
	children, _ := inside(o)
	again := false
	for _, child := range children {
		if s.visit(child, now) {
			again = true
		}
	}
	if again {
		layOut(o)
		s.moved = true
	}
	size := o.MinSize()
	now[o] = size
	before, known := s.last[o]
	return !known || before != size
}

// layOut lets an object place its children.
func layOut(o fyne.CanvasObject) {
	switch o := o.(type) {
	case *fyne.Container:
		if o.Layout != nil {
			o.Layout.Layout(o.Objects, o.Size())
		}
	case fyne.Widget:
		test.WidgetRenderer(o).Layout(o.Size())
	}
}
