package soft

import (
	"image"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"abgleich/ui/soft/screen"
)

func TestAnotherSizeAndScaleLayOutAnew(t *testing.T) {
	d := newDesk(t, 1, fyne.NewSize(300, 200), gallery)
	d.event(screen.Resized{W: 640, H: 500})
	if got := d.w.canvas.Size(); got != fyne.NewSize(640, 500) {
		t.Errorf("size %v", got)
	}
	assertScreen(t, d)
	d.event(screen.Rescaled{Scale: 2})
	if got := d.w.canvas.Size(); got != fyne.NewSize(320, 250) || d.w.canvas.Scale() != 2 {
		t.Errorf("size %v, scale %v", got, d.w.canvas.Scale())
	}
	assertScreen(t, d)
}

func TestTheWindowGrowsWithWhatIsInIt(t *testing.T) {
	d := newDesk(t, 2, fyne.NewSize(50, 50), func() fyne.CanvasObject { return widget.NewLabel("x") })
	big := gallery()
	d.w.SetContent(big)
	d.settle()
	least := big.MinSize()
	if want := image.Pt(px(least.Width, 2), px(least.Height, 2)); d.host.least != want || d.host.w < want.X || d.host.h < want.Y {
		t.Errorf("least %v, window %d × %d, want %v", d.host.least, d.host.w, d.host.h, want)
	}
}

func TestClosingEndsTheAppOnce(t *testing.T) {
	d := newDesk(t, 1, fyne.NewSize(100, 100), gallery)
	closed, asked := 0, 0
	d.w.SetOnClosed(func() { closed++ })
	d.w.SetCloseIntercept(func() { asked++ })
	d.event(screen.CloseAsked{})
	if closed != 0 || asked != 1 {
		t.Fatalf("asked %d, closed %d", asked, closed)
	}
	d.w.SetCloseIntercept(nil)
	d.event(screen.CloseAsked{})
	d.w.Close()
	d.w.gone()
	if closed != 1 || !d.host.stopped {
		t.Errorf("closed %d times, stopped %v", closed, d.host.stopped)
	}
}

func TestTheDesktopsChoiceOfDarkIsFollowedUnlessAskedOtherwise(t *testing.T) {
	d := newDesk(t, 1, fyne.NewSize(100, 100), gallery)
	d.event(screen.Looked{Dark: true})
	if d.Settings().ThemeVariant() != theme.VariantLight {
		t.Error("asked for light and got dark")
	}
	d.settings.fixed = false
	before := d.host.picture.Pix[0]
	told := 0
	d.Settings().AddListener(func(fyne.Settings) { told++ })
	d.event(screen.Looked{Dark: true})
	if d.Settings().ThemeVariant() != theme.VariantDark || told != 1 || d.host.picture.Pix[0] == before {
		t.Errorf("the window stays light (told %d)", told)
	}
	assertScreen(t, d)
}

func TestATitleIsShownOnceItIsAWindow(t *testing.T) {
	d := newDesk(t, 1, fyne.NewSize(100, 100), gallery)
	d.w.SetTitle("Abgleich – Status")
	if d.host.title != "Abgleich – Status" || d.w.Title() != d.host.title {
		t.Errorf("%q", d.host.title)
	}
	d.w.Show() // a second time: to the front
	if d.host.raised != 1 {
		t.Error("Show doesn't bring it to the front")
	}
}

func TestWaitingForTheScreenEndsWithIt(t *testing.T) {
	d := newDesk(t, 1, fyne.NewSize(100, 100), gallery)
	ran := false
	d.driver.DoFromGoroutine(func() { ran = true }, true) // before Run there is nobody else
	if !ran {
		t.Error("it waits for a Run that may never come")
	}
	d.driver.running.Store(true)
	close(d.driver.done)
	d.driver.DoFromGoroutine(func() {}, true) // must not hang
}

// clock is a time that only tests move.
type clock struct {
	now  time.Time
	at   time.Time
	then func()
}

func (c *clock) pulse() *pulse {
	p := newPulse(func(f func()) { f() })
	p.now = func() time.Time { return c.now }
	p.touched = c.now
	p.after = func(d time.Duration, f func()) func() bool {
		c.at, c.then = c.now.Add(d), f
		return func() bool { c.then = nil; return true }
	}
	return p
}

func (c *clock) next() bool {
	if c.then == nil {
		return false
	}
	f := c.then
	c.now, c.then = c.at, nil
	f()
	return true
}

func TestACursorBlinksWhileSomebodyIsThereAndRestsSeen(t *testing.T) {
	c := &clock{now: time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)}
	p := c.pulse()
	var ticks []float32
	a := &fyne.Animation{Duration: 500 * time.Millisecond, RepeatCount: fyne.AnimationRepeatForever, AutoReverse: true,
		Tick: func(v float32) { ticks = append(ticks, v) }}
	p.start(a)
	start := c.now
	for range 1000 {
		if !c.next() {
			break
		}
	}
	if took := c.now.Sub(start); took < blinkRest || took > blinkRest+2*time.Second {
		t.Errorf("it blinked for %v", took)
	}
	if last := ticks[len(ticks)-1]; last != 1 {
		t.Error("it rests unseen")
	}
	p.input()
	for range 2 {
		if !c.next() {
			t.Error("it doesn't blink again after a key")
		}
	}
	p.remove(a)
	c.next()
	if c.next() {
		t.Error("it goes on after its end")
	}
}

func TestAnAnimationThatEndsIsAtItsEndAtOnce(t *testing.T) {
	p := (&clock{}).pulse()
	var ticks []float32
	p.start(&fyne.Animation{Duration: time.Second, Tick: func(v float32) { ticks = append(ticks, v) }})
	if len(ticks) != 1 || ticks[0] != 1 || len(p.running) != 0 {
		t.Errorf("%v", ticks)
	}
}
