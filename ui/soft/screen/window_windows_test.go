package screen

import (
	"image"
	"testing"
	"time"
	"unsafe"
)

// running is a window whose events a test waits for.
type running struct {
	*Window
	t      *testing.T
	events chan Event
}

func run(t *testing.T, width, height int) *running {
	t.Helper()
	r := &running{t: t, events: make(chan Event, 1000)}
	opened, ended := make(chan error), make(chan error, 1)
	go func() { // a window belongs to the goroutine that opened it
		w, err := Open()
		r.Window = w
		opened <- err
		if err == nil {
			w.Show(width, height, true)
			ended <- w.Run(func(e Event) { r.events <- e }, func() {})
		}
	}()
	if err := <-opened; err != nil {
		t.Skipf("no desktop to open a window on: %v", err)
	}
	t.Cleanup(func() {
		r.Do(r.Stop)
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			t.Error("Run doesn't end")
		}
	})
	return r
}

func (r *running) wait(what string, want Event) {
	r.t.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case e := <-r.events:
			if e == want {
				return
			}
		case <-late:
			r.t.Fatalf("no %s", what)
		}
	}
}

// on runs f where the window belongs and waits for it.
func (r *running) on(f func()) {
	done := make(chan struct{})
	r.Do(func() { defer close(done); f() })
	<-done
}

// post is a message as Windows sends it.
func (r *running) post(msg uint32, wParam, lParam uintptr) {
	procPostMessage.Call(r.hwnd, uintptr(msg), wParam, lParam)
}

func place(x, y int) uintptr { return uintptr(uint16(x)) | uintptr(uint16(y))<<16 }

func TestAWin32WindowTellsWhatAPersonDoes(t *testing.T) {
	w := run(t, 300, 200)
	w.wait("size", Resized{300, 200})
	w.post(wmMouseMove, 0, place(30, 40))
	w.wait("pointer", Pointed{30, 40})
	w.post(wmRButtonDown, 0, place(30, 40))
	w.wait("right button", Pressed{30, 40, Secondary, true, 0})
	w.post(wmRButtonUp, 0, place(30, 40))
	w.wait("its release", Pressed{30, 40, Secondary, false, 0})
	at := point{30, 40} // the wheel tells the place on the screen
	w.on(func() { procClientToScreen.Call(w.hwnd, uintptr(unsafe.Pointer(&at))) })
	down := -120
	w.post(wmMouseWheel, uintptr(uint16(int16(down)))<<16, place(int(at.x), int(at.y)))
	w.wait("wheel", Wheeled{30, 40, 0, -1})

	const escape, enter, keyA, umlaut = 0x1b, 0x0d, 0x41, 0xe4
	w.post(wmKeyDown, escape, 1)
	w.wait("Escape", Keyed{"Escape", true, false, 0})
	w.post(wmKeyDown, enter, 1|1<<24)
	w.wait("Enter of the keypad", Keyed{"KP_Enter", true, false, 0})
	w.post(wmKeyDown, keyA, 1|1<<30)
	w.wait("A again", Keyed{"A", true, true, 0})
	w.post(wmChar, umlaut, 1)
	w.wait("ä", Typed{'ä'})
	w.post(wmChar, 0xd83d, 1)
	w.post(wmChar, 0xde00, 1)
	w.wait("a character of two halves", Typed{'😀'})
	w.post(wmChar, 3, 1) // Ctrl+C
	w.post(wmClose, 0, 0)
	w.wait("wish to close", CloseAsked{})
	w.on(func() { w.Resize(400, 250) })
	w.wait("new size", Resized{400, 250})
}

func TestAWin32WindowKeepsItsPictureForWindows(t *testing.T) {
	w := run(t, 300, 200)
	w.wait("size", Resized{300, 200})
	w.on(func() {
		f := NewFrame(300, 200)
		for i := range f.Pix {
			f.Pix[i] = 0x123456
		}
		w.Present(f, f.Bounds())
		for i := range f.Pix {
			f.Pix[i] = 0xabcdef
		}
		w.Present(f, image.Rect(10, 10, 20, 20))
		for at, want := range map[image.Point]uint32{{X: 10, Y: 10}: 0xabcdef, {X: 20, Y: 20}: 0x123456, {X: 299, Y: 199}: 0x123456} {
			if got := w.back.Row(at.Y)[at.X]; got != want {
				t.Errorf("%v is %06x, want %06x", at, got, want)
			}
		}
	})
}

func TestTheWindowsClipboardKeepsTextAsItIs(t *testing.T) {
	w := run(t, 100, 100)
	w.on(func() {
		for _, text := range []string{"LAB\\zoë € 😀\nzweite Zeile", "", "x"} {
			w.Copy(text)
			if got := w.Paste(); got != text {
				t.Errorf("%q came back as %q", text, got)
			}
		}
	})
}
