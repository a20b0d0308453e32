package soft

import (
	"image"
	"net/url"
	"os"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"abgleich/ui/soft/screen"
)

// host is the system's window, as far as the app needs it: [screen.Window], or a
// double in tests.
type host interface {
	Run(handle func(screen.Event), idle func()) error
	Do(f func()) bool
	Stop()
	Scale() float32
	Dark() bool
	Show(w, h int, centre bool)
	Hide()
	Raise()
	Resize(w, h int)
	SetLeast(w, h int)
	SetTitle(title string)
	SetIcon(sizes []image.Image)
	SetCursor(c screen.Cursor)
	Present(f *screen.Frame, changed image.Rectangle)
	Copy(text string)
	Paste() string
}

// App is a Fyne app with one window, painted without OpenGL. What is not about
// the screen (preferences, storage) is Fyne's in memory.
type App struct {
	fyne.App
	id        string
	host      host
	driver    *driver
	settings  *settings
	icon      fyne.Resource
	lifecycle lifecycle
}

// New makes the app and Fyne's current one. An error means that there is no
// screen to show anything on.
func New(id string) (*App, error) {
	w, err := screen.Open()
	if err != nil {
		return nil, err
	}
	return newApp(id, w), nil
}

func newApp(id string, h host) *App {
	a := &App{App: test.NewApp(), id: id, host: h}
	a.settings = newSettings(os.Getenv("FYNE_THEME"), h.Dark(), a.restyle)
	a.driver = newDriver(a)
	fyne.SetCurrentApp(a)
	return a
}

// NewWindow gives the app's one window.
func (a *App) NewWindow(title string) fyne.Window { return a.driver.CreateWindow(title) }

// Run shows what there is until the window is closed or Quit is called.
func (a *App) Run() { a.driver.Run() }

// Quit closes the window and ends Run.
func (a *App) Quit() { a.driver.window.Close() }

// Driver is the one that paints.
func (a *App) Driver() fyne.Driver { return a.driver }

// Settings are the look.
func (a *App) Settings() fyne.Settings { return a.settings }

// Lifecycle tells when the app starts and stops.
func (a *App) Lifecycle() fyne.Lifecycle { return &a.lifecycle }

// Clipboard is the system's.
func (a *App) Clipboard() fyne.Clipboard { return clipboard{a.host} }

// UniqueID is what New was given.
func (a *App) UniqueID() string { return a.id }

// Icon is what SetIcon set.
func (a *App) Icon() fyne.Resource { return a.icon }

// SetIcon is shown by the window manager from the next Show on.
func (a *App) SetIcon(icon fyne.Resource) { a.icon = icon }

// SendNotification does nothing: notices are the tray's.
func (a *App) SendNotification(*fyne.Notification) {}

// OpenURL opens a page in the browser.
func (a *App) OpenURL(u *url.URL) error { return screen.Browse(u.String()) }

// Metadata tells Fyne that goroutines go through fyne.Do here.
func (a *App) Metadata() fyne.AppMetadata {
	return fyne.AppMetadata{ID: a.id, Migrations: map[string]bool{"fyneDo": true}}
}

// restyle lets everything take on the settings of now.
func (a *App) restyle() {
	test.NewApp() // empties Fyne's caches of fonts, sizes and tinted icons
	fyne.SetCurrentApp(a)
	c := a.driver.window.canvas
	c.painter.forget()
	for _, tree := range c.trees() {
		restyle(tree)
	}
	c.SetDirty()
}

// scale is how many pixels a unit has, with what the person asks for.
func (a *App) scale(of float32) float32 {
	if asked, err := strconv.ParseFloat(os.Getenv("FYNE_SCALE"), 32); err == nil && asked >= 0.5 && asked <= 8 {
		of *= float32(asked)
	}
	return of
}

// clipboard is the system's.
type clipboard struct{ host host }

// Content is the text in it; "" when there is none.
func (c clipboard) Content() string { return c.host.Paste() }

// SetContent puts a text into it.
func (c clipboard) SetContent(text string) { c.host.Copy(text) }

// lifecycle keeps the hooks of an app's life.
type lifecycle struct{ started, stopped, entered, left func() }

// SetOnEnteredForeground is called when the window gets the keyboard.
func (l *lifecycle) SetOnEnteredForeground(f func()) { l.entered = f }

// SetOnExitedForeground is called when the window loses the keyboard.
func (l *lifecycle) SetOnExitedForeground(f func()) { l.left = f }

// SetOnStarted is called when Run begins.
func (l *lifecycle) SetOnStarted(f func()) { l.started = f }

// SetOnStopped is called when Run ends.
func (l *lifecycle) SetOnStopped(f func()) { l.stopped = f }

func call(f func()) {
	if f != nil {
		f()
	}
}
