//go:build !windows

package screen

import (
	"bufio"
	"fmt"
	"image"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"
)

// display starts an X11 server of the test's own.
func display(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("Xvfb"); err != nil {
		t.Skip("no Xvfb here; scripts/setup test installs it")
	}
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "800x600x24", "-nolisten", "tcp", "-extension", "GLX")
	cmd.ExtraFiles = []*os.File{in}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	number, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb doesn't start: %v", err)
	}
	t.Setenv("DISPLAY", ":"+strings.TrimSpace(number))
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
}

// person sits before the display.
type person struct {
	t    testing.TB
	conn *xgb.Conn
	root xproto.Window
}

func newPerson(t testing.TB) *person {
	t.Helper()
	conn, err := xgb.NewConn()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	if err := xtest.Init(conn); err != nil {
		t.Fatal(err)
	}
	return &person{t, conn, xproto.Setup(conn).DefaultScreen(conn).Root}
}

func (p *person) do(kind, detail byte, x, y int) {
	p.t.Helper()
	if err := xtest.FakeInputChecked(p.conn, kind, detail, 0, p.root, int16(x), int16(y), 0).Check(); err != nil {
		p.t.Fatal(err)
	}
}

func (p *person) key(code byte) {
	p.do(xproto.KeyPress, code, 0, 0)
	p.do(xproto.KeyRelease, code, 0, 0)
}
func (p *person) click(button byte) {
	p.do(xproto.ButtonPress, button, 0, 0)
	p.do(xproto.ButtonRelease, button, 0, 0)
}

// running is a window whose events a test waits for.
type running struct {
	*Window
	t      testing.TB
	events chan Event
	ended  chan error
}

func run(t testing.TB, width, height int) *running {
	t.Helper()
	w, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	r := &running{w, t, make(chan Event, 1000), make(chan error, 1)}
	w.Show(width, height, true)
	w.SetTitle("test")
	go func() { r.ended <- w.Run(func(e Event) { r.events <- e }, func() {}) }()
	t.Cleanup(func() {
		w.Do(w.Stop)
		select {
		case err := <-r.ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Error("Run doesn't end")
		}
	})
	return r
}

// wait waits for an event that fits and forgets those before it.
func (r *running) wait(what string, fits func(Event) bool) {
	r.t.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case e := <-r.events:
			if fits(e) {
				return
			}
		case <-late:
			r.t.Fatalf("no %s", what)
		}
	}
}

func is(want Event) func(Event) bool { return func(e Event) bool { return e == want } }

// on runs f where the window belongs and waits for it.
func (r *running) on(f func()) {
	done := make(chan struct{})
	r.Do(func() { defer close(done); f() })
	<-done
}

func TestAnX11WindowTellsWhatAPersonDoes(t *testing.T) {
	display(t)
	p := newPerson(t)
	w := run(t, 300, 200)
	w.wait("size", is(Resized{300, 200}))
	// Without a window manager the keyboard is where it is put.
	w.on(func() { xproto.SetInputFocus(w.conn, xproto.InputFocusParent, w.id, xproto.TimeCurrentTime) })
	w.wait("keyboard", is(Focused{true}))

	const left, top = (800 - 300) / 2, (600 - 200) / 2 // in the middle of the screen
	p.do(xproto.MotionNotify, 0, left+30, top+40)
	w.wait("pointer", is(Pointed{30, 40}))
	p.click(1)
	w.wait("press", is(Pressed{30, 40, Primary, true, 0}))
	w.wait("release", is(Pressed{30, 40, Primary, false, 0}))
	p.click(3)
	w.wait("right button", is(Pressed{30, 40, Secondary, true, 0}))
	p.click(5)
	w.wait("wheel", is(Wheeled{30, 40, 0, -1}))
	p.do(xproto.MotionNotify, 0, 5, 5)
	w.wait("leaving", is(Left{}))

	const shift, control, a, tab = 50, 37, 38, 23 // keycodes of a PC
	p.do(xproto.KeyPress, shift, 0, 0)
	w.wait("Shift", is(Keyed{"LeftShift", true, false, Shift}))
	p.key(a)
	w.wait("A", is(Keyed{"A", true, false, Shift}))
	w.wait("its text", is(Typed{'A'}))
	p.key(tab)
	w.wait("Shift+Tab", is(Keyed{"Tab", true, false, Shift}))
	p.do(xproto.KeyRelease, shift, 0, 0)
	p.do(xproto.KeyPress, control, 0, 0)
	p.key(a)
	w.wait("Ctrl+A", is(Keyed{"A", true, false, Control}))
	p.do(xproto.KeyRelease, control, 0, 0)
	w.wait("the end of Ctrl", func(e Event) bool {
		if typed, ok := e.(Typed); ok {
			t.Errorf("Ctrl+A types %q", typed.Rune)
		}
		return e == Keyed{"LeftControl", false, false, 0}
	})

	// A key that gets another sign, as programs that type do it.
	syms := []xproto.Keysym{0x1b9, 0x1a9} // š Š
	if err := xproto.ChangeKeyboardMappingChecked(p.conn, 1, 248, 2, syms).Check(); err != nil {
		t.Fatal(err)
	}
	p.key(248)
	w.wait("a new sign", is(Typed{'š'}))
}

func TestAnX11WindowShowsItsPicture(t *testing.T) {
	display(t)
	w := run(t, 300, 200)
	w.wait("exposure", is(Exposed{}))
	shown := func(x, y int) (pixel uint32) {
		w.on(func() {
			r, err := xproto.GetImage(w.conn, xproto.ImageFormatZPixmap, xproto.Drawable(w.id), int16(x), int16(y), 1, 1, 0xffffffff).Reply()
			if err != nil {
				t.Fatal(err)
			}
			pixel = xgb.Get32(r.Data) & 0xffffff
		})
		return pixel
	}
	f := NewFrame(300, 200)
	for i := range f.Pix {
		f.Pix[i] = 0x123456
	}
	w.on(func() { w.Present(f, f.Bounds()) })
	if got := shown(299, 199); got != 0x123456 {
		t.Errorf("the corner is %06x", got)
	}
	for i := range f.Pix {
		f.Pix[i] = 0xabcdef
	}
	w.on(func() { w.Present(f, image.Rect(10, 10, 21, 21)) })
	for at, want := range map[image.Point]uint32{{X: 10, Y: 10}: 0xabcdef, {X: 20, Y: 20}: 0xabcdef, {X: 21, Y: 21}: 0x123456, {X: 9, Y: 9}: 0x123456} {
		if got := shown(at.X, at.Y); got != want {
			t.Errorf("%v is %06x, want %06x", at, got, want)
		}
	}
	w.on(func() { w.Resize(400, 250) })
	w.wait("its new size", is(Resized{400, 250}))
}

func TestTwoX11ProgramsShareTheClipboard(t *testing.T) {
	display(t)
	a, err := newSelection()
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	b, err := newSelection()
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	const patience = 10 * time.Second
	if got := b.paste(patience); got != "" {
		t.Errorf("an empty clipboard has %q", got)
	}
	for _, text := range []string{"LAB\\zoë €\nzweite Zeile", strings.Repeat("lang ", 20_000)} {
		a.copy(text)
		if got := a.paste(patience); got != text {
			t.Errorf("own: %.40q", got)
		}
		if got := b.paste(patience); got != text {
			t.Errorf("the other's: %.40q", got)
		}
		b.copy("x")
		if got := a.paste(patience); got != "x" {
			t.Errorf("taken over: %.40q", got)
		}
	}
}

func TestAScreenThatGoesAwayEndsTheWindow(t *testing.T) {
	display(t)
	w, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	w.Show(100, 100, false)
	ended := make(chan error, 1)
	go func() { ended <- w.Run(func(Event) {}, func() {}) }()
	w.Do(func() { w.conn.Close() })
	select {
	case err := <-ended:
		if err == nil {
			t.Error("no error")
		}
	case <-time.After(10 * time.Second):
		t.Error("Run waits for a screen that is gone")
	}
}

func TestDotsAnInch(t *testing.T) {
	for text, want := range map[string]float32{"": 1, "Xft.dpi:\t144\n": 1.5, "*x: 1\nXft.dpi: 96": 1, "Xft.dpi: 0": 1, "Xft.dpi: much": 1} {
		if got := scaleIn(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestEventsThatLaterOnesMakeVoidAreLeftOut(t *testing.T) {
	release := xproto.KeyReleaseEvent{Detail: 38, Time: 7}
	all := []xgb.Event{
		xproto.MotionNotifyEvent{EventX: 1}, xproto.MotionNotifyEvent{EventX: 2}, xproto.ButtonPressEvent{Detail: 1},
		xproto.MotionNotifyEvent{EventX: 3}, release, xproto.KeyPressEvent{Detail: 38, Time: 7}, release, xproto.KeyPressEvent{Detail: 38, Time: 9},
		xproto.ConfigureNotifyEvent{Width: 1}, xproto.ConfigureNotifyEvent{Width: 2},
	}
	want := []xgb.Event{all[1], all[2], all[3], all[5], all[6], all[7], all[9]}
	got := coalesce(all)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v\nwant %v", got, want)
	}
}
