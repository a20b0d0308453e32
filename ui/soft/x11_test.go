//go:build !windows

package soft

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
	"github.com/jezek/xgb"
	"github.com/jezek/xgb/damage"
	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"
)

// BenchmarkKeyPressToScreen is the whole way, on a real X11 server: a key goes
// down, and the server says that the window's picture has changed. 50 ms are allowed.
func BenchmarkKeyPressToScreen(b *testing.B) {
	if _, err := exec.LookPath("Xvfb"); err != nil {
		b.Skip("no Xvfb here; scripts/setup test installs it")
	}
	out, in, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	server := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1100x800x24", "-nolisten", "tcp", "-extension", "GLX")
	server.ExtraFiles = []*os.File{in}
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	in.Close()
	b.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	number, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	b.Setenv("DISPLAY", ":"+strings.TrimSpace(number))
	b.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	b.Setenv("FYNE_THEME", "light")

	// Run keeps the goroutine that made the window; the person is another one.
	ready, ended := make(chan *App), make(chan struct{})
	var entry *widget.Entry
	go func() {
		defer close(ended)
		a, err := New("bench")
		if err != nil {
			b.Error(err)
			close(ready)
			return
		}
		w := a.NewWindow("bench")
		w.SetPadded(false)
		entry = widget.NewEntry()
		w.SetContent(container.NewVBox(gallery(), entry))
		w.Resize(fyne.NewSize(980, 700))
		w.Show()
		a.Lifecycle().SetOnStarted(func() { w.Canvas().Focus(entry); ready <- a })
		a.Run()
	}()
	a := <-ready
	if a == nil {
		return
	}
	b.Cleanup(func() { fyne.Do(a.Quit); <-ended; test.NewApp() })

	conn, err := xgb.NewConn()
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	root := xproto.Setup(conn).DefaultScreen(conn).Root
	if xtest.Init(conn) != nil || damage.Init(conn) != nil {
		b.Skip("this server can't be watched")
	}
	if _, err := damage.QueryVersion(conn, 1, 1).Reply(); err != nil {
		b.Fatal(err)
	}
	tree, err := xproto.QueryTree(conn, root).Reply()
	if err != nil {
		b.Fatal(err)
	}
	var window xproto.Window
	for _, child := range tree.Children { // the clipboard has one, too
		if g, err := xproto.GetGeometry(conn, xproto.Drawable(child)).Reply(); err == nil && g.Width > 900 {
			window = child
		}
	}
	watch, err := damage.NewDamageId(conn)
	if err != nil {
		b.Fatal(err)
	}
	damage.Create(conn, watch, xproto.Drawable(window), damage.ReportLevelRawRectangles)
	changed := make(chan struct{}, 100)
	go func() {
		for {
			e, failed := conn.WaitForEvent()
			if e == nil && failed == nil {
				return
			}
			if _, ok := e.(damage.NotifyEvent); ok {
				select {
				case changed <- struct{}{}:
				default:
				}
			}
		}
	}()
	xproto.SetInputFocus(conn, xproto.InputFocusParent, window, xproto.TimeCurrentTime)
	quiet(changed)

	worst, all := time.Duration(0), time.Duration(0)
	n := 0
	for b.Loop() {
		start := time.Now()
		xtest.FakeInput(conn, xproto.KeyPress, 38+byte(n%9), 0, root, 0, 0, 0)
		select {
		case <-changed:
		case <-time.After(5 * time.Second):
			b.Fatal("the key changes nothing on the screen")
		}
		took := time.Since(start)
		all += took
		worst = max(worst, took)
		n++
		b.StopTimer()
		xtest.FakeInput(conn, xproto.KeyRelease, 38+byte((n-1)%9), 0, root, 0, 0, 0)
		quiet(changed)
		if n%40 == 0 {
			fyne.DoAndWait(func() { entry.SetText("") })
			quiet(changed)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(all.Microseconds())/float64(n)/1000, "ms/key")
	b.ReportMetric(float64(worst.Microseconds())/1000, "ms/worst")
}

// quiet waits until the screen has been still for a while.
func quiet(changed chan struct{}) {
	for {
		select {
		case <-changed:
		case <-time.After(60 * time.Millisecond):
			return
		}
	}
}
