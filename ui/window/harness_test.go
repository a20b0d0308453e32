package window

import (
	"context"
	"flag"
	"image"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"abgleich/assets"
	"abgleich/ipc/pin"
	"abgleich/ui/client"
	"abgleich/ui/internal/agentdouble"
)

var update = flag.Bool("update", false, "write the golden pictures anew")

// screen is a window before a scripted agent. The test's goroutine owns it: what
// the program hands to Do waits until the test looks.
type screen struct {
	t         *testing.T
	agent     *agentdouble.Agent
	app       *App
	window    fyne.Window
	clip      fyne.Clipboard
	todo      chan func()
	now       time.Time
	stored    []string
	keyring   error
	downloads string
	langs     []assets.Lang
	closed    bool
	stop      func() // ends the agent
	start     func() // starts it again
}

// store is the credential store of the test.
type store struct{ *screen }

func (s store) Store(_ context.Context, login, _ string) error {
	if s.keyring == nil {
		s.todo <- func() { s.stored = append(s.stored, login) }
	}
	return s.keyring
}

func (s store) Forget(context.Context) error {
	s.todo <- func() { s.stored = nil }
	return s.keyring
}

type setup struct {
	lang    assets.Lang
	region  assets.Region
	caps    func() (on, known bool)
	theme   string
	page    Page
	size    fyne.Size
	script  func(*agentdouble.Script)
	offline bool
	lead    bool
	key     *pin.Keeper
	decided bool // the administrator lets nothing be kept on this computer
}

func open(t *testing.T, s setup) *screen {
	t.Helper()
	if s.lang == "" {
		s.lang = assets.German
	}
	if s.page == "" {
		s.page = Credentials
	}
	if s.theme == "" {
		s.theme = "light"
	}
	if s.size.IsZero() {
		s.size = DefaultSize()
	}
	double, err := agentdouble.New()
	if err != nil {
		t.Fatal(err)
	}
	if s.script != nil {
		double.Set(s.script)
	}
	fyneApp := test.NewTempApp(t)
	fyneApp.Settings().SetTheme(NewThemeVariant(variants()[s.theme]))
	vienna, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Skip("no time zones here")
	}
	sc := &screen{t: t, agent: double, window: fyneApp.NewWindow(""), clip: test.NewClipboard(), todo: make(chan func(), 10_000),
		now: time.Date(2026, 11, 23, 14, 5, 0, 0, vienna)}
	sc.downloads = t.TempDir()
	sc.window.SetPadded(false)
	sc.window.SetOnClosed(func() { sc.closed = true })
	sc.window.Resize(s.size)

	address := filepath.Join(t.TempDir(), "agent.sock")
	sc.start = func() { sc.serve(address) }
	if !s.offline {
		sc.start()
	}
	c := client.New(address)
	if s.key != nil {
		c.Key = s.key
	}
	w := client.NewWatcher(c, "1.0.0")
	keep := LoginStore(store{sc})
	if s.decided {
		keep = nil
	}
	sc.app = New(Options{Window: sc.window, Clipboard: sc.clip, API: c, Lang: s.lang, Region: s.region, CapsLock: s.caps, LoggedOn: `LAB\anna`,
		Store: keep, Decided: s.decided, Key: s.key,
		Now: func() time.Time { return sc.now }, Do: func(f func()) { sc.todo <- f },
		LangChosen: func(l assets.Lang) { sc.langs = append(sc.langs, l) }, Reconnect: w.Reconnect, Lead: s.lead, Version: "1.0.0", Downloads: sc.downloads}, s.page)
	sc.window.Resize(s.size)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx, func(p client.Picture) { sc.todo <- func() { sc.app.Picture(p) } })
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		sc.app.Close()
		c.Close()
		if sc.stop != nil {
			sc.stop()
		}
	})
	sc.window.Canvas().Capture() // a driver has painted before a key arrives
	if !s.offline && s.key == nil {
		sc.until("connected", func() bool { return sc.app.picture.Connection == client.Connected })
	}
	return sc
}

func (s *screen) serve(address string) {
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- s.agent.Serve(ctx, address, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-done:
		cancel()
		s.t.Fatal(err)
	}
	s.stop = func() { cancel(); <-done; s.stop = nil }
}

// until does what the program wants on the screen until something is true.
func (s *screen) until(what string, true func() bool) {
	s.t.Helper()
	late := time.After(20 * time.Second)
	for !true() {
		select {
		case f := <-s.todo:
			f()
		case <-late:
			s.t.Fatalf("never %s; on screen:\n%s", what, strings.Join(s.texts(), "\n"))
		}
	}
}

// sees waits until a sentence is on screen.
func (s *screen) sees(sentence string) {
	s.t.Helper()
	s.until("seen: "+sentence, func() bool { return s.has(sentence) })
}

func (s *screen) has(sentence string) bool {
	return strings.Contains(strings.Join(s.texts(), "\n"), sentence)
}

// texts gives every text that is visible, overlays included.
func (s *screen) texts() (found []string) {
	roots := append([]fyne.CanvasObject{s.window.Content()}, s.window.Canvas().Overlays().List()...)
	for _, root := range roots {
		s.walk(root, func(o fyne.CanvasObject) {
			switch o := o.(type) {
			case *widget.RichText:
				found = append(found, o.String())
			case *widget.Label:
				found = append(found, o.Text)
			case *canvas.Text:
				found = append(found, o.Text)
			}
		})
	}
	return found
}

// walk visits every object that is shown.
func (s *screen) walk(o fyne.CanvasObject, visit func(fyne.CanvasObject)) {
	if o == nil || !o.Visible() {
		return
	}
	visit(o)
	switch o := o.(type) {
	case *fyne.Container:
		for _, c := range o.Objects {
			s.walk(c, visit)
		}
	case fyne.Widget:
		for _, c := range test.WidgetRenderer(o).Objects() {
			s.walk(c, visit)
		}
	}
}

// press taps the visible button with this label.
func (s *screen) press(label string) {
	s.t.Helper()
	b := s.button(label)
	if b == nil {
		s.t.Fatalf("no button %q; on screen:\n%s", label, strings.Join(s.texts(), "\n"))
	}
	if b.Disabled() {
		s.t.Fatalf("button %q is disabled", label)
	}
	test.Tap(b)
}

func (s *screen) button(label string) (found *button) {
	roots := append([]fyne.CanvasObject{s.window.Content()}, s.window.Canvas().Overlays().List()...)
	for _, root := range roots {
		s.walk(root, func(o fyne.CanvasObject) {
			if b, ok := o.(*button); ok && b.Text == label {
				found = b
			}
		})
	}
	return found
}

// key presses a key where the keyboard is.
func (s *screen) key(name fyne.KeyName) {
	e := &fyne.KeyEvent{Name: name}
	if f := s.window.Canvas().Focused(); f != nil {
		f.TypedKey(e)
	} else if f := s.window.Canvas().OnTypedKey(); f != nil {
		f(e)
	}
}

// capture paints the window.
// capture takes a picture once the agent has told who sits there, if it knows him: the
// list of pages depends on it.
func (s *screen) capture() image.Image {
	s.t.Helper()
	known := false
	s.agent.Set(func(sc *agentdouble.Script) { known = sc.User != nil })
	s.until("known to the agent", func() bool { return !known || s.app.picture.User != nil })
	s.window.Canvas().Unfocus()
	return s.window.Canvas().Capture()
}

func variants() map[string]fyne.ThemeVariant {
	return map[string]fyne.ThemeVariant{"light": theme.VariantLight, "dark": theme.VariantDark}
}

// pressFirst taps the first visible button with this label, from the top.
func (s *screen) pressFirst(label string) {
	s.t.Helper()
	var first *button
	s.walk(s.window.Content(), func(o fyne.CanvasObject) {
		if b, ok := o.(*button); ok && b.Text == label && first == nil {
			first = b
		}
	})
	if first == nil || first.Disabled() {
		s.t.Fatalf("no button %q that can be pressed; on screen:\n%s", label, strings.Join(s.texts(), "\n"))
	}
	test.Tap(first)
}
