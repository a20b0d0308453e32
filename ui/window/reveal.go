package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// reveal scrolls until what has the keyboard can be seen: Fyne leaves it where it is.
func reveal(o fyne.CanvasObject) {
	d := fyne.CurrentApp().Driver()
	c := d.CanvasForObject(o)
	if c == nil {
		return
	}
	root := c.Content()
	if top := c.Overlays().Top(); top != nil {
		root = top
	}
	for _, s := range scrollsAbove(root, o) { // the inner ones first
		at := d.AbsolutePositionForObject(o).Subtract(d.AbsolutePositionForObject(s))
		end := s.Content.Size().Subtract(s.Size()) // Fyne scrolls beyond it
		to := fyne.NewPos(min(into(s.Offset.X, at.X, o.Size().Width, s.Size().Width), max(end.Width, 0)),
			min(into(s.Offset.Y, at.Y, o.Size().Height, s.Size().Height), max(end.Height, 0)))
		if to != s.Offset {
			s.ScrollToOffset(to)
		}
	}
}

// into is the offset at which what begins at a position, and is so long, is in sight
// as far as it can be, with a little room around it.
func into(offset, at, length, sight float32) float32 {
	const room = 8
	switch {
	case length+2*room > sight && (at < 0 || at > sight/2):
		return max(offset+at-room, 0) // its beginning
	case length+2*room > sight:
		return offset
	case at < 0:
		return max(offset+at-room, 0)
	case at+length > sight:
		return offset + at + length - sight + room
	}
	return offset
}

// scrollsAbove finds the scrolls an object is in, the innermost first. It looks into
// what this package builds pages of.
func scrollsAbove(from, target fyne.CanvasObject) []*container.Scroll {
	scrolls, _ := pathTo(from, target)
	return scrolls
}

func pathTo(from, target fyne.CanvasObject) (above []*container.Scroll, found bool) {
	if from == target {
		return nil, true
	}
	var inside []fyne.CanvasObject
	switch o := from.(type) {
	case *fyne.Container:
		inside = o.Objects
	case *surface:
		inside = []fyne.CanvasObject{o.content}
	case *container.Scroll:
		inside = []fyne.CanvasObject{o.Content}
	}
	for _, o := range inside {
		if o == nil || !o.Visible() {
			continue
		}
		if above, found = pathTo(o, target); found {
			if s, ok := from.(*container.Scroll); ok {
				above = append(above, s)
			}
			return above, true
		}
	}
	return nil, false
}
