package soft

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"abgleich/ui/soft/screen"
)

const (
	// dragFrom is how far the pointer moves before it drags, in Fyne units.
	dragFrom = 2
	// notch is how far a notch of the wheel scrolls, in Fyne units.
	notch = 40
)

// mouse makes of movements and buttons what Fyne's objects understand: hovering,
// taps, double taps, dragging and scrolling.
type mouse struct {
	w       *window
	at      fyne.Position
	over    desktop.Hoverable
	buttons desktop.MouseButton // held

	pressed fyne.CanvasObject // where the primary or secondary button went down
	from    fyne.Position     // where it went down

	dragged  fyne.Draggable
	grip     fyne.Position // from the canvas's corner to the dragged object's, when it began
	start    fyne.Position // where the dragged object stood in its parent
	lastDrag fyne.Position

	tapped fyne.CanvasObject // waits for a second tap
	second func()            // gives up waiting
	after  func(time.Duration, func()) (stop func() bool)
}

func newMouse(w *window) *mouse {
	return &mouse{w: w, after: func(d time.Duration, f func()) func() bool {
		return time.AfterFunc(d, func() { w.app.host.Do(f) }).Stop
	}}
}

// move is a movement to p.
func (m *mouse) move(p fyne.Position) {
	m.at = p
	cursor := desktop.Cursor(desktop.DefaultCursor)
	o, within := find(m.w.canvas, p, func(o fyne.CanvasObject) bool {
		if c, ok := o.(desktop.Cursorable); ok {
			cursor = c.Cursor()
		}
		_, ok := o.(desktop.Hoverable)
		return ok
	})
	m.shape(cursor)
	m.drag(p)
	if m.dragged != nil {
		return // what is dragged keeps the pointer
	}
	h, _ := o.(desktop.Hoverable)
	m.hover(h, &desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: within, AbsolutePosition: p}, Button: m.buttons,
		Modifier: m.w.driver.CurrentKeyModifiers()})
}

// hover tells the object under the pointer, and the one that was.
func (m *mouse) hover(h desktop.Hoverable, e *desktop.MouseEvent) {
	if h == m.over {
		if h != nil {
			h.MouseMoved(e)
		}
		return
	}
	if m.over != nil {
		m.over.MouseOut()
	}
	m.over = h
	if h != nil {
		h.MouseIn(e)
	}
}

// leave is the pointer leaving the window; a drag goes on outside.
func (m *mouse) leave() {
	if m.dragged == nil {
		m.hover(nil, nil)
	}
}

// drag begins or goes on with dragging.
func (m *mouse) drag(p fyne.Position) {
	if m.buttons&desktop.MouseButtonPrimary == 0 {
		return
	}
	if m.dragged == nil {
		d := p.Subtract(m.from)
		if max(d.X, -d.X) < dragFrom && max(d.Y, -d.Y) < dragFrom {
			return
		}
		o, within := find(m.w.canvas, m.from, func(o fyne.CanvasObject) bool { _, ok := o.(fyne.Draggable); return ok })
		if o == nil {
			return
		}
		m.dragged, m.grip, m.start, m.lastDrag = o.(fyne.Draggable), m.from.Subtract(within), o.Position(), m.from
	}
	moved := m.start.Subtract(m.dragged.(fyne.CanvasObject).Position())
	m.dragged.Dragged(&fyne.DragEvent{
		PointEvent: fyne.PointEvent{Position: p.Subtract(m.grip).Add(moved), AbsolutePosition: p},
		Dragged:    fyne.NewDelta(p.X-m.lastDrag.X, p.Y-m.lastDrag.Y),
	})
	m.lastDrag = p
}

// press is a button going down or up at p.
func (m *mouse) press(p fyne.Position, button desktop.MouseButton, down bool, mods fyne.KeyModifier) {
	m.at = p
	o, within := find(m.w.canvas, p, func(o fyne.CanvasObject) bool {
		switch o.(type) {
		case fyne.Tappable, fyne.SecondaryTappable, fyne.DoubleTappable, fyne.Focusable, desktop.Mouseable:
			return true
		}
		return false
	})
	e := &desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: within, AbsolutePosition: p}, Button: button, Modifier: mods}
	if down {
		m.buttons |= button
		m.from, m.pressed = p, o
		if b, ok := o.(desktop.Mouseable); ok {
			b.MouseDown(e)
		}
		m.unfocus(p, o)
		return
	}
	m.buttons &^= button
	if m.dragged != nil && button == desktop.MouseButtonPrimary {
		m.drop(e)
		return
	}
	if b, ok := o.(desktop.Mouseable); ok {
		b.MouseUp(e)
	}
	if o == nil || o != m.pressed {
		return // pressed somewhere else
	}
	switch button {
	case desktop.MouseButtonPrimary:
		m.tap(o, &e.PointEvent)
	case desktop.MouseButtonSecondary:
		if s, ok := o.(fyne.SecondaryTappable); ok {
			s.TappedSecondary(&e.PointEvent)
		}
	}
}

// unfocus takes the keyboard from what has it, when the press went somewhere else.
func (m *mouse) unfocus(p fyne.Position, o fyne.CanvasObject) {
	if f, ok := o.(fyne.Focusable); ok && f == m.w.canvas.Focused() {
		return
	}
	if under, _ := find(m.w.canvas, p, func(o fyne.CanvasObject) bool { _, ok := o.(fyne.Focusable); return ok }); under == nil {
		m.w.canvas.Unfocus()
	}
}

// drop ends a drag.
func (m *mouse) drop(e *desktop.MouseEvent) {
	dragged := m.dragged
	m.dragged, m.pressed = nil, nil
	if b, ok := dragged.(desktop.Mouseable); ok {
		e.Position = e.AbsolutePosition.Subtract(m.grip)
		b.MouseUp(e)
	}
	dragged.DragEnd()
	m.move(e.AbsolutePosition) // the pointer may be over something else by now
}

// tap is a press and release on one object. Where a double tap means something
// of its own a single one waits whether it becomes one.
func (m *mouse) tap(o fyne.CanvasObject, e *fyne.PointEvent) {
	waited := m.tapped
	if m.second != nil {
		m.second()
		m.second, m.tapped = nil, nil
	}
	single := func() {
		if t, ok := o.(fyne.Tappable); ok {
			t.Tapped(e)
		}
	}
	double, ok := o.(fyne.DoubleTappable)
	if !ok {
		single()
		return
	}
	if waited == o {
		double.DoubleTapped(e)
		return
	}
	m.tapped = o
	stop := m.after(doubleTap, func() {
		if m.tapped == o {
			m.tapped, m.second = nil, nil
			single()
		}
	})
	m.second = func() { stop() }
}

// scroll is the wheel turned at p.
func (m *mouse) scroll(p fyne.Position, dx, dy float32) {
	m.at = p
	o, within := find(m.w.canvas, p, func(o fyne.CanvasObject) bool { _, ok := o.(fyne.Scrollable); return ok })
	if s, ok := o.(fyne.Scrollable); ok {
		if m.w.driver.mods&screen.Shift != 0 {
			dx, dy = dx+dy, 0
		}
		s.Scrolled(&fyne.ScrollEvent{PointEvent: fyne.PointEvent{Position: within, AbsolutePosition: p}, Scrolled: fyne.NewDelta(dx*notch, dy*notch)})
		m.move(p) // something else may be under the pointer now
	}
}

// shape gives the pointer the shape Fyne asks for.
func (m *mouse) shape(c desktop.Cursor) {
	shape := screen.Arrow
	switch c {
	case desktop.TextCursor:
		shape = screen.Beam
	case desktop.PointerCursor:
		shape = screen.Hand
	case desktop.CrosshairCursor:
		shape = screen.Cross
	case desktop.HResizeCursor:
		shape = screen.SizeH
	case desktop.VResizeCursor:
		shape = screen.SizeV
	case desktop.HiddenCursor:
		shape = screen.Hidden
	}
	if shape != m.w.lastCursor {
		m.w.lastCursor = shape
		m.w.app.host.SetCursor(shape)
	}
}
