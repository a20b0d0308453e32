package soft

import (
	"os"
	"strings"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"abgleich/ui/soft/screen"
)

// doubleTap is how long a second click may take to belong to the first.
const doubleTap = 300 * time.Millisecond

// driver leads events to the window and paints when something changed.
type driver struct {
	app     *App
	window  *window
	text    fyne.Driver // measures texts
	pulse   *pulse
	mods    screen.Mods
	running atomic.Bool
	done    chan struct{} // closed when Run has ended
}

var _ desktop.Driver = (*driver)(nil)

func newDriver(a *App) *driver {
	d := &driver{app: a, text: test.NewDriverWithPainter(nil), done: make(chan struct{})}
	d.window = newWindow(a, d)
	d.pulse = newPulse(func(f func()) { a.host.Do(f) })
	return d
}

// CreateWindow gives the one window there is.
func (d *driver) CreateWindow(title string) fyne.Window {
	d.window.SetTitle(title)
	return d.window
}

// CreateSplashWindow gives the one window there is.
func (d *driver) CreateSplashWindow() fyne.Window { return d.window }

// AllWindows lists the one window.
func (d *driver) AllWindows() []fyne.Window { return []fyne.Window{d.window} }

// RenderedTextSize measures a text.
func (d *driver) RenderedTextSize(text string, size float32, style fyne.TextStyle, font fyne.Resource) (fyne.Size, float32) {
	return d.text.RenderedTextSize(text, size, style, font)
}

// CanvasForObject is the one canvas there is.
func (d *driver) CanvasForObject(fyne.CanvasObject) fyne.Canvas { return d.window.canvas }

// AbsolutePositionForObject looks for an object on the canvas.
func (d *driver) AbsolutePositionForObject(o fyne.CanvasObject) (at fyne.Position) {
	for _, tree := range d.window.canvas.trees() {
		if walk(tree, func(seen fyne.CanvasObject, place fyne.Position, _ area) bool {
			if seen == o {
				at = place
			}
			return seen == o
		}) {
			break
		}
	}
	return at
}

// CurrentKeyModifiers are the keys held now.
func (d *driver) CurrentKeyModifiers() fyne.KeyModifier { return fyne.KeyModifier(d.mods) }

// Device is a computer with a keyboard.
func (d *driver) Device() fyne.Device { return device{} }

// Run shows the window until it is closed.
func (d *driver) Run() {
	d.app.host.Do(func() {
		d.running.Store(true)
		call(d.app.lifecycle.started)
	})
	err := d.app.host.Run(d.handle, d.window.repaint)
	d.pulse.stop()
	d.running.Store(false)
	close(d.done)
	if err != nil { // the connection to the screen broke: the window is gone as if closed
		fyne.LogError("the screen is gone", err)
	}
	d.window.gone()
	call(d.app.lifecycle.stopped)
}

// Quit ends Run.
func (d *driver) Quit() { d.app.host.Stop() }

// DoFromGoroutine runs f on the goroutine of Run. Before and after Run there is
// nobody else, and waiting runs it at once.
func (d *driver) DoFromGoroutine(f func(), wait bool) {
	if !wait {
		d.app.host.Do(f)
		return
	}
	if !d.running.Load() {
		f()
		return
	}
	ran := make(chan struct{})
	d.app.host.Do(func() { defer close(ran); f() })
	select {
	case <-ran:
	case <-d.done:
	}
}

// StartAnimation begins an animation.
func (d *driver) StartAnimation(a *fyne.Animation) { d.pulse.start(a) }

// StopAnimation ends an animation where it is.
func (d *driver) StopAnimation(a *fyne.Animation) { d.pulse.remove(a) }

// DoubleTapDelay is how long a second click may take.
func (d *driver) DoubleTapDelay() time.Duration { return doubleTap }

// SetDisableScreenBlanking does nothing: nobody watches films here.
func (d *driver) SetDisableScreenBlanking(bool) {}

// handle leads an event to where it belongs.
func (d *driver) handle(e screen.Event) {
	w := d.window
	switch e := e.(type) {
	case screen.Resized:
		w.resized(e.W, e.H)
	case screen.Rescaled:
		w.rescaled(e.Scale)
	case screen.Exposed:
		w.exposed()
	case screen.Pointed:
		w.mouse.move(w.position(e.X, e.Y))
	case screen.Left:
		w.mouse.leave()
	case screen.Pressed:
		d.pulse.input()
		d.mods = e.Mods
		w.mouse.press(w.position(e.X, e.Y), button(e.Button), e.Down, fyne.KeyModifier(e.Mods))
	case screen.Wheeled:
		w.mouse.scroll(w.position(e.X, e.Y), e.DX, e.DY)
	case screen.Keyed:
		d.pulse.input()
		d.mods = e.Mods
		w.keyed(e)
	case screen.Typed:
		w.typed(e.Rune)
	case screen.Focused:
		w.focused(e.On)
	case screen.CloseAsked:
		w.closeAsked()
	case screen.Looked:
		d.app.settings.look(e.Dark)
	}
}

func button(b screen.Button) desktop.MouseButton {
	switch b {
	case screen.Secondary:
		return desktop.MouseButtonSecondary
	case screen.Middle:
		return desktop.MouseButtonTertiary
	}
	return desktop.MouseButtonPrimary
}

// device is a computer with a keyboard.
type device struct{}

// Orientation is the one Fyne has for computers.
func (device) Orientation() fyne.DeviceOrientation { return fyne.OrientationVertical }

// IsMobile is false.
func (device) IsMobile() bool { return false }

// IsBrowser is false.
func (device) IsBrowser() bool { return false }

// HasKeyboard is true.
func (device) HasKeyboard() bool { return true }

// SystemScaleForWindow is 1: the canvas has the scale.
func (device) SystemScaleForWindow(fyne.Window) float32 { return 1 }

// Locale is the system's, as far as the environment tells.
func (device) Locale() fyne.Locale {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if l, _, _ := strings.Cut(os.Getenv(name), "."); len(l) >= 2 && l != "POSIX" {
			return fyne.Locale(strings.ReplaceAll(l, "_", "-"))
		}
	}
	return "en"
}
