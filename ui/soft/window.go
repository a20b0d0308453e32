package soft

import (
	"bytes"
	"image"
	_ "image/png" // the icon's format

	"fyne.io/fyne/v2"

	"abgleich/ui/soft/screen"
)

// window is the app's one window.
type window struct {
	app    *App
	driver *driver
	canvas *sheet
	mouse  *mouse

	title                  string
	icon                   fyne.Resource
	wanted                 fyne.Size // asked for by Resize
	w, h                   int       // the window's inside in pixels; 0: not shown yet
	centred, shown, closed bool
	fixed, full            bool
	least                  image.Point
	onClosed, onCloseAsked func()
	onDropped              func(fyne.Position, []fyne.URI)
	frame, before          *screen.Frame
	menu                   *fyne.MainMenu
	lastCursor             screen.Cursor
	keyboard               bool // the window has the keyboard
	presentWhole           bool // the screen has lost its picture
}

var _ fyne.Window = (*window)(nil)

func newWindow(a *App, d *driver) *window {
	w := &window{app: a, driver: d}
	w.canvas = newSheet(func() { a.host.Do(func() {}) }) // a word that wakes Run, which paints when it is idle
	w.canvas.SetScale(a.scale(a.host.Scale()))
	w.mouse = newMouse(w)
	return w
}

// position is where a pixel lies on the canvas.
func (w *window) position(x, y int) fyne.Position {
	s := w.canvas.Scale()
	return fyne.NewPos(float32(x)/s, float32(y)/s)
}

// pixels is a size in pixels.
func (w *window) pixels(size fyne.Size) (int, int) {
	s := w.canvas.Scale()
	return max(px(size.Width, s), 1), max(px(size.Height, s), 1)
}

func (w *window) resized(width, height int) {
	w.w, w.h = width, height
	s := w.canvas.Scale()
	w.canvas.resize(fyne.NewSize(float32(width)/s, float32(height)/s))
}

func (w *window) rescaled(scale float32) {
	w.canvas.rescale(w.app.scale(scale))
	if w.w > 0 {
		w.resized(w.w, w.h)
	}
}

func (w *window) exposed() {
	w.presentWhole = true
	w.canvas.SetDirty()
}

// repaint brings the screen up to date. It is called when nothing else is to do.
func (w *window) repaint() {
	if !w.shown || w.closed || !w.canvas.dirty || w.w == 0 {
		return
	}
	w.enlarge()
	if w.frame == nil || w.frame.W != w.w || w.frame.H != w.h {
		w.frame = screen.NewFrame(w.w, w.h)
	}
	w.canvas.paint(w.frame)
	area := changed(w.before, w.frame)
	if w.presentWhole {
		area, w.presentWhole = w.frame.Bounds(), false
	}
	if !area.Empty() {
		w.app.host.Present(w.frame, area)
	}
	w.frame, w.before = w.before, w.frame
}

// enlarge sees that the window isn't smaller than what is in it.
func (w *window) enlarge() {
	width, height := w.pixels(w.canvas.least())
	if p := image.Pt(width, height); p != w.least {
		w.least = p
		w.app.host.SetLeast(width, height)
		if width > w.w || height > w.h {
			w.app.host.Resize(max(width, w.w), max(height, w.h))
		}
	}
}

func (w *window) focused(on bool) {
	if w.keyboard == on {
		return
	}
	w.keyboard = on
	f := w.canvas.Focused()
	if on {
		if f != nil {
			f.FocusGained()
		}
		call(w.app.lifecycle.entered)
		return
	}
	w.driver.mods = 0
	if f != nil {
		f.FocusLost()
	}
	call(w.app.lifecycle.left)
}

func (w *window) closeAsked() {
	if w.onCloseAsked != nil {
		w.onCloseAsked()
		return
	}
	w.Close()
}

// gone does what closing does, when the screen went away by itself.
func (w *window) gone() {
	if !w.closed {
		w.closed = true
		call(w.onClosed)
	}
}

// Close closes the window for good and ends the app.
func (w *window) Close() {
	if w.closed {
		return
	}
	w.gone()
	w.driver.Quit()
}

// Show shows the window, or brings it back.
func (w *window) Show() {
	if w.closed {
		return
	}
	if w.shown {
		w.app.host.Raise()
		return
	}
	w.shown = true
	w.app.host.SetTitle(w.title)
	w.showIcon()
	width, height := w.pixels(w.wanted.Max(w.canvas.least()))
	w.app.host.Show(width, height, w.centred)
	w.canvas.SetDirty()
}

func (w *window) showIcon() {
	icon := w.Icon()
	if icon == nil {
		return
	}
	if img, _, err := image.Decode(bytes.NewReader(icon.Content())); err == nil {
		w.app.host.SetIcon([]image.Image{img})
	}
}

// Hide takes the window off the screen.
func (w *window) Hide() {
	if w.shown {
		w.shown = false
		w.app.host.Hide()
	}
}

// ShowAndRun shows the window and runs the app.
func (w *window) ShowAndRun() {
	w.Show()
	w.app.Run()
}

// RequestFocus brings the window to the front.
func (w *window) RequestFocus() { w.app.host.Raise() }

// Title is what SetTitle set.
func (w *window) Title() string { return w.title }

// SetTitle sets the title.
func (w *window) SetTitle(title string) {
	if w.title == title {
		return
	}
	w.title = title
	if w.shown {
		w.app.host.SetTitle(title)
	}
}

// Resize asks for a size; the window manager decides.
func (w *window) Resize(size fyne.Size) {
	w.wanted = size
	if w.shown {
		w.app.host.Resize(w.pixels(size.Max(w.canvas.least())))
		return
	}
	w.canvas.resize(size)
}

// CenterOnScreen puts the window into the middle when it is shown.
func (w *window) CenterOnScreen() { w.centred = true }

// SetContent shows other content.
func (w *window) SetContent(o fyne.CanvasObject) { w.canvas.SetContent(o) }

// Content is what SetContent set.
func (w *window) Content() fyne.CanvasObject { return w.canvas.Content() }

// Canvas is where the content is painted.
func (w *window) Canvas() fyne.Canvas { return w.canvas }

// Padded tells whether the content has room around it.
func (w *window) Padded() bool { return w.canvas.Padded() }

// SetPadded gives the content room around it, or takes it.
func (w *window) SetPadded(padded bool) { w.canvas.SetPadded(padded) }

// Icon is the window's, else the app's.
func (w *window) Icon() fyne.Resource {
	if w.icon != nil {
		return w.icon
	}
	return w.app.icon
}

// SetIcon sets the window's icon, a PNG.
func (w *window) SetIcon(icon fyne.Resource) {
	w.icon = icon
	if w.shown {
		w.showIcon()
	}
}

// SetMaster changes nothing: with the one window the app ends.
func (w *window) SetMaster() {}

// SetOnClosed is called once, when the window closes.
func (w *window) SetOnClosed(f func()) { w.onClosed = f }

// SetCloseIntercept is asked instead of closing the window.
func (w *window) SetCloseIntercept(f func()) { w.onCloseAsked = f }

// SetOnDropped is kept; nothing can be dropped here.
func (w *window) SetOnDropped(f func(fyne.Position, []fyne.URI)) { w.onDropped = f }

// MainMenu is what SetMainMenu set.
func (w *window) MainMenu() *fyne.MainMenu { return w.menu }

// SetMainMenu is kept, for its shortcuts; no menu bar is shown.
func (w *window) SetMainMenu(m *fyne.MainMenu) { w.menu = m }

// FullScreen is what SetFullScreen set.
func (w *window) FullScreen() bool { return w.full }

// SetFullScreen is kept; the window stays as large as it is.
func (w *window) SetFullScreen(full bool) { w.full = full }

// FixedSize is what SetFixedSize set.
func (w *window) FixedSize() bool { return w.fixed }

// SetFixedSize is kept; a person can resize the window all the same.
func (w *window) SetFixedSize(fixed bool) { w.fixed = fixed }

// Clipboard is the system's.
func (w *window) Clipboard() fyne.Clipboard { return w.app.Clipboard() }
