//go:build !windows

package screen

import (
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xinerama"
	"github.com/jezek/xgb/xproto"
)

// Window is a window on an X11 display.
type Window struct {
	conn    *xgb.Conn
	setup   *xproto.SetupInfo
	screen  *xproto.ScreenInfo
	id      xproto.Window
	gc      xproto.Gcontext
	bytes   int // a pixel, as the server wants it
	atoms   map[string]xproto.Atom
	queue   queue
	woken   chan struct{}
	events  chan xgb.Event
	reading chan struct{} // closed when nobody reads events any more
	stopped bool
	handle  func(Event) // set by Run

	keyboard keyboard
	composer composer
	down     map[xproto.Keycode]bool
	cursors  map[Cursor]xproto.Cursor
	clip     *selection
	look     *look

	w, h  int
	shown bool
	hints sizeHints
	sent  *xproto.GetInputFocusCookie // answered when the last picture has arrived
	line  []byte
}

// Open opens a window on the display of the environment; it isn't shown yet. An
// error means that there is none.
func Open() (*Window, error) {
	xgb.Logger.SetOutput(io.Discard) // errors come as values, too
	conn, err := xgb.NewConn()
	if err != nil {
		return nil, fmt.Errorf("screen: %w", err)
	}
	w := &Window{conn: conn, setup: xproto.Setup(conn), woken: make(chan struct{}, 1), events: make(chan xgb.Event, 256),
		reading: make(chan struct{}), down: map[xproto.Keycode]bool{}, cursors: map[Cursor]xproto.Cursor{}, atoms: map[string]xproto.Atom{}}
	w.queue.wake = func() {
		select {
		case w.woken <- struct{}{}:
		default: // it is woken already
		}
	}
	if err := w.create(); err != nil {
		conn.Close()
		return nil, fmt.Errorf("screen: %w", err)
	}
	if w.clip, err = newSelection(); err != nil {
		conn.Close()
		return nil, fmt.Errorf("screen: %w", err)
	}
	w.look = watchLook(func(dark bool) {
		w.Do(func() {
			w.look.dark = dark
			w.handle(Looked{dark})
		})
	})
	go w.read()
	return w, nil
}

func (w *Window) create() error {
	w.screen = w.setup.DefaultScreen(w.conn)
	for _, f := range w.setup.PixmapFormats {
		if f.Depth == w.screen.RootDepth {
			w.bytes = int(f.BitsPerPixel) / 8
		}
	}
	if w.bytes != 4 && w.bytes != 2 {
		return fmt.Errorf("a screen with %d bits a pixel", 8*w.bytes)
	}
	if w.setup.ImageByteOrder != xproto.ImageOrderLSBFirst {
		return errors.New("a display with the other byte order")
	}
	var err error
	if w.id, err = xproto.NewWindowId(w.conn); err != nil {
		return err
	}
	if w.gc, err = xproto.NewGcontextId(w.conn); err != nil {
		return err
	}
	const listen = xproto.EventMaskKeyPress | xproto.EventMaskKeyRelease | xproto.EventMaskButtonPress | xproto.EventMaskButtonRelease |
		xproto.EventMaskPointerMotion | xproto.EventMaskEnterWindow | xproto.EventMaskLeaveWindow | xproto.EventMaskStructureNotify |
		xproto.EventMaskExposure | xproto.EventMaskFocusChange
	// No background: the server would paint it before each of our pictures.
	err = xproto.CreateWindowChecked(w.conn, w.screen.RootDepth, w.id, w.screen.Root, 0, 0, 10, 10, 0, xproto.WindowClassInputOutput,
		w.screen.RootVisual, xproto.CwBackPixmap|xproto.CwBitGravity|xproto.CwEventMask,
		[]uint32{xproto.BackPixmapNone, xproto.GravityNorthWest, listen}).Check()
	if err != nil {
		return err
	}
	xproto.CreateGC(w.conn, w.gc, xproto.Drawable(w.id), xproto.GcGraphicsExposures, []uint32{0})
	w.introduce()
	w.useKeyboardExtension()
	w.keyboard, err = w.readKeyboard()
	return err
}

// introduce tells the window manager who we are.
func (w *Window) introduce() {
	w.set("WM_PROTOCOLS", "ATOM", 32, le32(uint32(w.atom("WM_DELETE_WINDOW")), uint32(w.atom("_NET_WM_PING"))))
	w.set("WM_CLASS", "STRING", 8, []byte("abgleich\x00Abgleich\x00"))
	w.set("_NET_WM_PID", "CARDINAL", 32, le32(uint32(os.Getpid())))
	if host, err := os.Hostname(); err == nil {
		w.set("WM_CLIENT_MACHINE", "STRING", 8, []byte(host))
	}
	w.set("_NET_WM_WINDOW_TYPE", "ATOM", 32, le32(uint32(w.atom("_NET_WM_WINDOW_TYPE_NORMAL"))))
}

func le32(values ...uint32) []byte {
	b := make([]byte, 4*len(values))
	for i, v := range values {
		xgb.Put32(b[4*i:], v)
	}
	return b
}

// atom is X11's number for a name; 0 when the display is gone.
func (w *Window) atom(name string) xproto.Atom {
	if a, ok := w.atoms[name]; ok {
		return a
	}
	r, err := xproto.InternAtom(w.conn, false, uint16(len(name)), name).Reply()
	if err != nil {
		return 0
	}
	w.atoms[name] = r.Atom
	return r.Atom
}

// set sets a property of the window.
func (w *Window) set(name, kind string, bits byte, data []byte) {
	xproto.ChangeProperty(w.conn, xproto.PropModeReplace, w.id, w.atom(name), w.atom(kind), bits, uint32(len(data)/(int(bits)/8)), data)
}

// Do has f run on the goroutine of Run. It may be called on any goroutine; false
// means that the window is gone.
func (w *Window) Do(f func()) bool { return w.queue.add(f) }

// Stop ends Run.
func (w *Window) Stop() { w.stopped = true; w.queue.wake() }

// Scale is how many pixels a unit has: what the desktop has set as dots an inch,
// over 96.
func (w *Window) Scale() float32 {
	r, err := xproto.GetProperty(w.conn, false, w.screen.Root, xproto.AtomResourceManager, xproto.AtomString, 0, 1<<16).Reply()
	if err != nil {
		return 1
	}
	return scaleIn(string(r.Value))
}

// scaleIn reads the dots an inch in X11's resources.
func scaleIn(resources string) float32 {
	for line := range strings.Lines(resources) {
		if v, ok := strings.CutPrefix(line, "Xft.dpi:"); ok {
			if dpi, err := strconv.ParseFloat(strings.TrimSpace(v), 32); err == nil && dpi >= 48 && dpi <= 768 {
				return float32(dpi) / 96
			}
		}
	}
	return 1
}

// Dark tells whether the desktop is dark.
func (w *Window) Dark() bool { return w.look.dark }

// Show puts the window on the screen, on the one the pointer is on.
func (w *Window) Show(width, height int, centre bool) {
	w.w, w.h = width, height
	value, mask := []uint32{uint32(width), uint32(height)}, uint16(xproto.ConfigWindowWidth|xproto.ConfigWindowHeight)
	if centre {
		on := w.monitor()
		x, y := on.Min.X+max(on.Dx()-width, 0)/2, on.Min.Y+max(on.Dy()-height, 0)/2
		value, mask = append([]uint32{uint32(x), uint32(y)}, value...), mask|xproto.ConfigWindowX|xproto.ConfigWindowY
		w.hints.placed, w.hints.x, w.hints.y = true, x, y
	}
	xproto.ConfigureWindow(w.conn, w.id, mask, value)
	w.hints.w, w.hints.h = width, height
	w.set("WM_NORMAL_HINTS", "WM_SIZE_HINTS", 32, w.hints.bytes())
	xproto.MapWindow(w.conn, w.id)
	w.shown = true
}

// monitor is the one the pointer is on.
func (w *Window) monitor() image.Rectangle {
	whole := image.Rect(0, 0, int(w.screen.WidthInPixels), int(w.screen.HeightInPixels))
	if xinerama.Init(w.conn) != nil {
		return whole
	}
	all, err := xinerama.QueryScreens(w.conn).Reply()
	if err != nil {
		return whole
	}
	at := image.Point{}
	if p, err := xproto.QueryPointer(w.conn, w.screen.Root).Reply(); err == nil {
		at = image.Pt(int(p.RootX), int(p.RootY))
	}
	for _, s := range all.ScreenInfo {
		if r := image.Rect(int(s.XOrg), int(s.YOrg), int(s.XOrg)+int(s.Width), int(s.YOrg)+int(s.Height)); at.In(r) {
			return r
		}
	}
	return whole
}

// Hide takes the window off the screen.
func (w *Window) Hide() {
	xproto.UnmapWindow(w.conn, w.id)
	w.shown = false
}

// Raise brings the window to the front and asks for the keyboard.
func (w *Window) Raise() {
	if !w.shown {
		return
	}
	xproto.MapWindow(w.conn, w.id)
	xproto.ConfigureWindow(w.conn, w.id, xproto.ConfigWindowStackMode, []uint32{xproto.StackModeAbove})
	w.ask("_NET_ACTIVE_WINDOW", 1, uint32(xproto.TimeCurrentTime), 0)
}

// ask sends the window manager a message about the window.
func (w *Window) ask(name string, data ...uint32) {
	e := xproto.ClientMessageEvent{Format: 32, Window: w.id, Type: w.atom(name),
		Data: xproto.ClientMessageDataUnionData32New(append(data, 0, 0, 0, 0, 0)[:5])}
	xproto.SendEvent(w.conn, false, w.screen.Root, xproto.EventMaskSubstructureNotify|xproto.EventMaskSubstructureRedirect, string(e.Bytes()))
}

// Resize asks for a size of the window's inside.
func (w *Window) Resize(width, height int) {
	xproto.ConfigureWindow(w.conn, w.id, xproto.ConfigWindowWidth|xproto.ConfigWindowHeight, []uint32{uint32(width), uint32(height)})
}

// SetLeast keeps the window from becoming smaller.
func (w *Window) SetLeast(width, height int) {
	w.hints.leastW, w.hints.leastH = width, height
	w.set("WM_NORMAL_HINTS", "WM_SIZE_HINTS", 32, w.hints.bytes())
}

// sizeHints are what the window manager is told about sizes (ICCCM 4.1.2.3).
type sizeHints struct {
	placed, told   bool
	x, y, w, h     int
	leastW, leastH int
}

func (s sizeHints) bytes() []byte {
	v := make([]uint32, 18)
	if s.placed {
		v[0] |= 1 << 2
		v[1], v[2] = uint32(s.x), uint32(s.y)
	}
	v[0] |= 1 << 3
	v[3], v[4] = uint32(s.w), uint32(s.h)
	if s.leastW > 0 {
		v[0] |= 1 << 4
		v[5], v[6] = uint32(s.leastW), uint32(s.leastH)
	}
	return le32(v...)
}

// SetTitle sets the title.
func (w *Window) SetTitle(title string) {
	w.set("_NET_WM_NAME", "UTF8_STRING", 8, []byte(title))
	w.set("WM_NAME", "UTF8_STRING", 8, []byte(title))
}

// SetIcon sets the icon, in the sizes there are.
func (w *Window) SetIcon(sizes []image.Image) {
	var data []uint32
	for _, img := range sizes {
		b := img.Bounds()
		data = append(data, uint32(b.Dx()), uint32(b.Dy()))
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for x := b.Min.X; x < b.Max.X; x++ {
				data = append(data, plain(img.At(x, y)))
			}
		}
	}
	w.set("_NET_WM_ICON", "CARDINAL", 32, le32(data...))
}

// SetCursor gives the pointer a shape of X11's cursor font.
func (w *Window) SetCursor(c Cursor) {
	id, ok := w.cursors[c]
	if !ok {
		id = w.makeCursor(c)
		w.cursors[c] = id
	}
	xproto.ChangeWindowAttributes(w.conn, w.id, xproto.CwCursor, []uint32{uint32(id)})
}

func (w *Window) makeCursor(c Cursor) xproto.Cursor {
	glyph, ok := map[Cursor]uint16{Beam: 152, Hand: 60, Cross: 34, SizeH: 108, SizeV: 116}[c]
	id, err := xproto.NewCursorId(w.conn)
	if err != nil || !ok && c != Hidden {
		return 0 // the desktop's own arrow
	}
	if c == Hidden {
		p, err := xproto.NewPixmapId(w.conn)
		if err != nil {
			return 0
		}
		xproto.CreatePixmap(w.conn, 1, p, xproto.Drawable(w.id), 1, 1)
		xproto.CreateCursor(w.conn, id, p, p, 0, 0, 0, 0, 0, 0, 0, 0)
		xproto.FreePixmap(w.conn, p)
		return id
	}
	f, err := xproto.NewFontId(w.conn)
	if err != nil {
		return 0
	}
	xproto.OpenFont(w.conn, f, uint16(len("cursor")), "cursor")
	xproto.CreateGlyphCursor(w.conn, id, f, f, glyph, glyph+1, 0, 0, 0, 0xffff, 0xffff, 0xffff)
	xproto.CloseFont(w.conn, f)
	return id
}

// Copy puts a text on the clipboard.
func (w *Window) Copy(text string) { w.clip.copy(text) }

// Paste gives the text on the clipboard; "" when there is none.
func (w *Window) Paste() string { return w.clip.paste(time.Second) }
