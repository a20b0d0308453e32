package soft

import (
	"image"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"abgleich/ui/soft/screen"
)

// double is a screen in memory. What is done to it waits in line until the test
// calls settle, which does what Run does.
type double struct {
	queue    []func()
	scale    float32
	dark     bool
	stopped  bool
	shown    bool
	raised   int
	w, h     int
	least    image.Point
	title    string
	cursor   screen.Cursor
	clip     string
	picture  *screen.Frame // what the screen shows
	presents []image.Rectangle
}

func (d *double) Run(handle func(screen.Event), idle func()) error { return nil }
func (d *double) Do(f func()) bool                                 { d.queue = append(d.queue, f); return !d.stopped }
func (d *double) Stop()                                            { d.stopped = true }
func (d *double) Scale() float32                                   { return d.scale }
func (d *double) Dark() bool                                       { return d.dark }
func (d *double) Show(w, h int, _ bool)                            { d.shown, d.w, d.h = true, w, h }
func (d *double) Hide()                                            { d.shown = false }
func (d *double) Raise()                                           { d.raised++ }
func (d *double) Resize(w, h int)                                  { d.w, d.h = w, h }
func (d *double) SetLeast(w, h int)                                { d.least = image.Pt(w, h) }
func (d *double) SetTitle(title string)                            { d.title = title }
func (d *double) SetIcon([]image.Image)                            {}
func (d *double) SetCursor(c screen.Cursor)                        { d.cursor = c }
func (d *double) Copy(text string)                                 { d.clip = text }
func (d *double) Paste() string                                    { return d.clip }

func (d *double) Present(f *screen.Frame, changed image.Rectangle) {
	if d.picture == nil || d.picture.W != f.W || d.picture.H != f.H {
		d.picture = screen.NewFrame(f.W, f.H)
	}
	for y := changed.Min.Y; y < changed.Max.Y; y++ {
		copy(d.picture.Row(y)[changed.Min.X:changed.Max.X], f.Row(y)[changed.Min.X:changed.Max.X])
	}
	d.presents = append(d.presents, changed)
}

// desk is an app on a screen in memory, with its window shown.
type desk struct {
	*App
	t    testing.TB
	host *double
	w    *window
}

func newDesk(t testing.TB, scale float32, size fyne.Size, content func() fyne.CanvasObject) *desk {
	t.Helper()
	t.Setenv("FYNE_THEME", "light")
	t.Setenv("FYNE_SCALE", "")
	h := &double{scale: scale}
	d := &desk{App: newApp("test", h), t: t, host: h}
	t.Cleanup(func() { d.driver.pulse.stop(); test.NewApp() })
	d.w = d.NewWindow("test").(*window)
	d.w.SetPadded(false)
	d.w.SetContent(content())
	d.w.Resize(size)
	d.w.Show()
	d.event(screen.Resized{W: h.w, H: h.h})
	return d
}

// event brings events and then lets everything settle.
func (d *desk) event(events ...screen.Event) {
	for _, e := range events {
		d.driver.handle(e)
	}
	d.settle()
}

func (d *desk) settle() {
	for len(d.host.queue) > 0 {
		f := d.host.queue[0]
		d.host.queue = d.host.queue[1:]
		f()
		if len(d.host.queue) == 0 {
			d.w.repaint()
		}
	}
	d.w.repaint()
}

// at is the middle of an object in pixels.
func (d *desk) at(o fyne.CanvasObject) (x, y int) {
	p := d.driver.AbsolutePositionForObject(o).Add(fyne.NewPos(o.Size().Width/2, o.Size().Height/2))
	return px(p.X, d.w.canvas.Scale()), px(p.Y, d.w.canvas.Scale())
}

// click presses and releases a button over an object.
func (d *desk) click(o fyne.CanvasObject, b screen.Button) {
	x, y := d.at(o)
	d.event(screen.Pointed{X: x, Y: y}, screen.Pressed{X: x, Y: y, Button: b, Down: true}, screen.Pressed{X: x, Y: y, Button: b})
}

// key presses a key that types a character, or none when it is 0.
func (d *desk) key(name string, mods screen.Mods, r rune) {
	d.driver.handle(screen.Keyed{Name: name, Down: true, Mods: mods})
	if r != 0 {
		d.driver.handle(screen.Typed{Rune: r})
	}
	d.event(screen.Keyed{Name: name, Mods: mods})
}

func (d *desk) types(text string) {
	for _, r := range text {
		d.key("", 0, r)
	}
}
