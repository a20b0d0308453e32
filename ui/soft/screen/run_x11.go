//go:build !windows

package screen

import (
	"errors"
	"image"
	"slices"
	"unsafe"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// remapped is the keyboard getting other keys, in the row of X11's events.
type remapped struct{ keyboard }

// Bytes makes it an event.
func (remapped) Bytes() []byte { return nil }

// String makes it an event.
func (remapped) String() string { return "remapped" }

// read hands events on until the display closes.
func (w *Window) read() {
	defer close(w.reading)
	for {
		e, err := w.conn.WaitForEvent()
		if e == nil && err == nil {
			return
		}
		if e == nil {
			continue // an error of a single request changes nothing
		}
		_, newKeys := e.(xproto.MappingNotifyEvent)
		if _, ok := e.(extended); ok || newKeys {
			// Asked for at once: programs that type for a person put a character
			// on a key for a moment only.
			k, err := w.readKeyboard()
			if err != nil {
				continue // the old one stays
			}
			e = remapped{k}
		}
		w.events <- e
	}
}

// errGone is what Run gives when the display went away.
var errGone = errors.New("screen: the display is gone")

// Run hands every event to handle and calls idle each time nothing is left to do,
// until Stop. It must be called once.
func (w *Window) Run(handle func(Event), idle func()) error {
	defer w.close()
	w.handle = handle
	for !w.stopped {
		w.queue.run()
		batch := w.batch()
		for _, e := range batch {
			w.event(e, handle)
		}
		if w.stopped || len(batch) > 0 || w.queue.waiting() {
			continue
		}
		idle()
		select {
		case e := <-w.events:
			w.event(e, handle)
		case <-w.woken:
		case <-w.reading:
			if !w.stopped && len(w.events) == 0 {
				return errGone
			}
		}
	}
	return nil
}

// batch takes the events that wait, without those that later ones make void.
func (w *Window) batch() []xgb.Event {
	var all []xgb.Event
	for {
		select {
		case e := <-w.events:
			all = append(all, e)
			continue
		default:
		}
		break
	}
	return coalesce(all)
}

// coalesce leaves out movements and sizes that newer ones follow directly, and
// the releases by which X11 says that a key repeats.
func coalesce(all []xgb.Event) []xgb.Event {
	return slices.DeleteFunc(slices.Clone(all), func() func(xgb.Event) bool {
		i := -1
		return func(e xgb.Event) bool {
			i++
			if i+1 >= len(all) {
				return false
			}
			switch e := e.(type) {
			case xproto.MotionNotifyEvent:
				_, moves := all[i+1].(xproto.MotionNotifyEvent)
				return moves
			case xproto.ConfigureNotifyEvent:
				_, sizes := all[i+1].(xproto.ConfigureNotifyEvent)
				return sizes
			case xproto.KeyReleaseEvent:
				press, ok := all[i+1].(xproto.KeyPressEvent)
				return ok && press.Detail == e.Detail && press.Time == e.Time
			}
			return false
		}
	}())
}

func (w *Window) close() {
	w.queue.close()
	w.look.close()
	w.clip.close()
	w.conn.Close()
	for { // the reader may wait for a place to put an event
		select {
		case <-w.events:
		case <-w.reading:
			return
		}
	}
}

// event translates one of X11's.
func (w *Window) event(e xgb.Event, handle func(Event)) {
	switch e := e.(type) {
	case xproto.ConfigureNotifyEvent:
		if int(e.Width) != w.w || int(e.Height) != w.h || !w.hints.told {
			w.w, w.h, w.hints.told = int(e.Width), int(e.Height), true
			handle(Resized{w.w, w.h})
		}
	case xproto.ExposeEvent:
		if e.Count == 0 {
			handle(Exposed{})
		}
	case xproto.MotionNotifyEvent:
		handle(Pointed{int(e.EventX), int(e.EventY)})
	case xproto.EnterNotifyEvent:
		handle(Pointed{int(e.EventX), int(e.EventY)})
	case xproto.LeaveNotifyEvent:
		if e.Mode == xproto.NotifyModeNormal {
			handle(Left{})
		}
	case xproto.ButtonPressEvent:
		w.button(e, true, handle)
	case xproto.ButtonReleaseEvent:
		w.button(xproto.ButtonPressEvent(e), false, handle)
	case xproto.KeyPressEvent:
		w.key(e, handle)
	case xproto.KeyReleaseEvent:
		delete(w.down, e.Detail)
		name, _ := w.keyboard.read(byte(e.Detail), e.State)
		handle(Keyed{Name: name, Mods: mods(e.State) &^ modOf(name)})
	case xproto.FocusInEvent:
		if e.Mode != xproto.NotifyModeGrab && e.Mode != xproto.NotifyModeUngrab {
			handle(Focused{true})
		}
	case xproto.FocusOutEvent:
		if e.Mode != xproto.NotifyModeGrab && e.Mode != xproto.NotifyModeUngrab {
			clear(w.down)
			w.composer = composer{}
			handle(Focused{false})
		}
	case remapped:
		w.keyboard = e.keyboard
	case xproto.ClientMessageEvent:
		w.message(e, handle)
	}
}

// message is what the window manager says.
func (w *Window) message(e xproto.ClientMessageEvent, handle func(Event)) {
	if e.Type != w.atom("WM_PROTOCOLS") || len(e.Data.Data32) == 0 {
		return
	}
	switch xproto.Atom(e.Data.Data32[0]) {
	case w.atom("WM_DELETE_WINDOW"):
		handle(CloseAsked{})
	case w.atom("_NET_WM_PING"): // are you alive?
		e.Window = w.screen.Root
		xproto.SendEvent(w.conn, false, w.screen.Root, xproto.EventMaskSubstructureNotify|xproto.EventMaskSubstructureRedirect, string(e.Bytes()))
	}
}

// button translates a mouse button; X11's fourth to seventh are the wheel.
func (w *Window) button(e xproto.ButtonPressEvent, down bool, handle func(Event)) {
	x, y := int(e.EventX), int(e.EventY)
	if e.Detail >= 4 && e.Detail <= 7 {
		if down {
			d := [][2]float32{{0, 1}, {0, -1}, {1, 0}, {-1, 0}}[e.Detail-4]
			handle(Wheeled{x, y, d[0], d[1]})
		}
		return
	}
	if b, ok := map[xproto.Button]Button{1: Primary, 2: Middle, 3: Secondary}[e.Detail]; ok {
		handle(Pressed{x, y, b, down, mods(e.State)})
	}
}

// key translates a key going down, and the text it types.
func (w *Window) key(e xproto.KeyPressEvent, handle func(Event)) {
	name, sym := w.keyboard.read(byte(e.Detail), e.State)
	repeat := w.down[e.Detail]
	w.down[e.Detail] = true
	held := mods(e.State)
	handle(Keyed{Name: name, Down: true, Repeat: repeat, Mods: held | modOf(name)})
	if held&(Control|Alt|Super) != 0 {
		return
	}
	for _, r := range w.composer.feed(sym) {
		handle(Typed{r})
	}
}

// modOf is the modifier a key is by itself: X11 tells the state before the key.
func modOf(name string) Mods {
	return map[string]Mods{"LeftShift": Shift, "RightShift": Shift, "LeftControl": Control, "RightControl": Control,
		"LeftAlt": Alt, "LeftSuper": Super, "RightSuper": Super}[name]
}

// Present shows the changed part of a picture, which has the window's size.
func (w *Window) Present(f *Frame, changed image.Rectangle) {
	if w.sent != nil { // no more than one picture on its way to a slow display
		_, _ = w.sent.Reply()
	}
	area := changed.Intersect(f.Bounds())
	if area.Empty() {
		return
	}
	const largest = 240 << 10 // of a request without an extension: 256 KB
	rows := max(largest/(area.Dx()*w.bytes), 1)
	for y := area.Min.Y; y < area.Max.Y; y += rows {
		n := min(rows, area.Max.Y-y)
		w.line = w.line[:0]
		for i := range n {
			row := f.Row(y + i)[area.Min.X:area.Max.X]
			if w.bytes == 2 {
				w.line = narrow(w.line, row)
				if len(row)%2 == 1 { // rows are padded to four bytes
					w.line = append(w.line, 0, 0)
				}
				continue
			}
			w.line = append(w.line, rowBytes(row)...)
		}
		xproto.PutImage(w.conn, xproto.ImageFormatZPixmap, xproto.Drawable(w.id), w.gc, uint16(area.Dx()), uint16(n),
			int16(area.Min.X), int16(y), 0, w.screen.RootDepth, w.line)
	}
	sent := xproto.GetInputFocus(w.conn)
	w.sent = &sent
}

// rowBytes are the bytes of pixels in memory: blue, green, red, nothing, which is
// what both systems want. All machines we build for have this byte order.
func rowBytes(row []uint32) []byte {
	if len(row) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&row[0])), 4*len(row))
}
