package soft

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

// area is a part of a canvas in Fyne units.
type area struct{ x1, y1, x2, y2 float32 }

// everything is larger than any canvas.
var everything = area{-1 << 24, -1 << 24, 1 << 24, 1 << 24}

func areaOf(at fyne.Position, size fyne.Size) area {
	return area{at.X, at.Y, at.X + size.Width, at.Y + size.Height}
}

func (a area) intersect(b area) area {
	return area{max(a.x1, b.x1), max(a.y1, b.y1), min(a.x2, b.x2), min(a.y2, b.y2)}
}

func (a area) holds(p fyne.Position) bool {
	return p.X >= a.x1 && p.Y >= a.y1 && p.X < a.x2 && p.Y < a.y2
}

// walk visits the visible objects of a tree, parents before children and what
// lies below before what lies above, with their place on the canvas and what of
// them can be seen. visit ends the walk by giving true.
func walk(root fyne.CanvasObject, visit func(o fyne.CanvasObject, at fyne.Position, clip area) bool) bool {
	return walkFrom(root, fyne.Position{}, everything, visit)
}

func walkFrom(o fyne.CanvasObject, offset fyne.Position, clip area, visit func(fyne.CanvasObject, fyne.Position, area) bool) bool {
	if o == nil || !o.Visible() {
		return false
	}
	at := o.Position().Add(offset)
	children, clips := inside(o)
	if clips {
		clip = clip.intersect(areaOf(at, o.Size()))
	}
	if visit(o, at, clip) {
		return true
	}
	for _, child := range children {
		if walkFrom(child, at, clip, visit) {
			return true
		}
	}
	return false
}

// inside gives the objects an object is made of, and whether they are cut off at
// its edge.
func inside(o fyne.CanvasObject) (children []fyne.CanvasObject, clips bool) {
	switch o := o.(type) {
	case *fyne.Container:
		return o.Objects, false
	case fyne.Widget:
		r := test.WidgetRenderer(o) // Fyne's only public way to a widget's renderer
		_, clips = r.(interface{ IsClip() })
		_, scrolls := o.(fyne.Scrollable)
		return r.Objects(), clips || scrolls
	}
	return nil, false
}

// find gives the topmost object at a place of the canvas that fits, and the place
// inside it. An overlay, such as a menu or a dialog, hides what lies below it
// from the pointer.
func find(c fyne.Canvas, p fyne.Position, fits func(fyne.CanvasObject) bool) (found fyne.CanvasObject, within fyne.Position) {
	root := c.Overlays().Top()
	if root == nil {
		root = c.Content()
	}
	walk(root, func(o fyne.CanvasObject, at fyne.Position, clip area) bool {
		if clip.holds(p) && areaOf(at, o.Size()).holds(p) && fits(o) {
			found, within = o, p.Subtract(at)
		}
		return false
	})
	return found, within
}

// restyle lets every object of a tree take on the theme of now, also hidden ones.
func restyle(o fyne.CanvasObject) {
	if o == nil {
		return
	}
	switch o := o.(type) {
	case fyne.Widget:
		r := test.WidgetRenderer(o)
		for _, child := range r.Objects() {
			restyle(child)
		}
		r.Layout(o.Size()) // another theme may need other sizes
	case *fyne.Container:
		for _, child := range o.Objects {
			restyle(child)
		}
		if o.Layout != nil {
			o.Layout.Layout(o.Objects, o.Size())
		}
	}
	o.Refresh()
}
