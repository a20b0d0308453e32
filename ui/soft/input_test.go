package soft

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"abgleich/ui/soft/screen"
)

// probe notes what it is told.
type probe struct {
	widget.BaseWidget
	heard []string
}

func newProbe() *probe { p := &probe{}; p.ExtendBaseWidget(p); return p }

func (p *probe) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewGridWrap(fyne.NewSize(50, 40)))
}
func (p *probe) note(s string)                    { p.heard = append(p.heard, s) }
func (p *probe) MouseIn(*desktop.MouseEvent)      { p.note("in") }
func (p *probe) MouseMoved(*desktop.MouseEvent)   {}
func (p *probe) MouseOut()                        { p.note("out") }
func (p *probe) MouseDown(e *desktop.MouseEvent)  { p.note("down") }
func (p *probe) MouseUp(e *desktop.MouseEvent)    { p.note("up") }
func (p *probe) Tapped(*fyne.PointEvent)          { p.note("tap") }
func (p *probe) DoubleTapped(*fyne.PointEvent)    { p.note("double") }
func (p *probe) TappedSecondary(*fyne.PointEvent) { p.note("menu") }
func (p *probe) Cursor() desktop.Cursor           { return desktop.PointerCursor }
func (p *probe) took(t *testing.T, want ...string) {
	t.Helper()
	got := p.heard
	p.heard = nil
	if len(got) != len(want) {
		t.Errorf("heard %v, want %v", got, want)
		return
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("heard %v, want %v", got, want)
			return
		}
	}
}

func TestTheMouseHoversTapsAndOpensMenus(t *testing.T) {
	var p, other *probe
	d := newDesk(t, 1.5, fyne.NewSize(300, 200), func() fyne.CanvasObject {
		p, other = newProbe(), newProbe()
		return container.NewVBox(p, other)
	})
	var later func()
	d.w.mouse.after = func(wait time.Duration, f func()) func() bool {
		later = f
		return func() bool { later = nil; return true }
	}
	x, y := d.at(p)
	d.event(screen.Pointed{X: x, Y: y})
	p.took(t, "in")
	if d.host.cursor != screen.Hand {
		t.Error("the pointer is no hand")
	}
	d.click(p, screen.Primary)
	p.took(t, "down", "up")
	later() // nobody taps again
	p.took(t, "tap")
	d.click(p, screen.Primary)
	d.click(p, screen.Primary)
	p.took(t, "down", "up", "down", "up", "double")
	if later != nil {
		t.Error("the first of two taps still waits")
	}
	d.click(p, screen.Secondary)
	p.took(t, "down", "up", "menu")

	ox, oy := d.at(other)
	d.event(screen.Pressed{X: x, Y: y, Button: screen.Primary, Down: true}, screen.Pointed{X: ox, Y: oy}, screen.Pressed{X: ox, Y: oy, Button: screen.Primary})
	p.took(t, "down", "out")
	other.took(t, "in", "up")
	if later != nil {
		t.Error("pressed here and released there is a tap")
	}
	d.event(screen.Left{})
	other.took(t, "out")
}

func TestTheWheelScrollsAndTheBarDrags(t *testing.T) {
	var s *container.Scroll
	d := newDesk(t, 1, fyne.NewSize(200, 100), func() fyne.CanvasObject {
		s = container.NewVScroll(gallery())
		return s
	})
	x, y := d.at(s)
	d.event(screen.Wheeled{X: x, Y: y, DY: -1})
	if s.Offset.Y != notch {
		t.Errorf("one notch scrolled %v", s.Offset.Y)
	}
	assertScreen(t, d)
	d.event(screen.Wheeled{X: x, Y: y, DY: 5})
	if s.Offset.Y != 0 {
		t.Errorf("scrolled above the top: %v", s.Offset.Y)
	}
	bar := int(s.Size().Width) - 3
	d.event(screen.Pointed{X: bar, Y: 10}, screen.Pressed{X: bar, Y: 10, Button: screen.Primary, Down: true}, screen.Pointed{X: bar, Y: 16},
		screen.Pointed{X: bar, Y: 40}, screen.Pressed{X: bar, Y: 40, Button: screen.Primary})
	if s.Offset.Y < 50 {
		t.Errorf("dragging the bar scrolled %v", s.Offset.Y)
	}
	assertScreen(t, d)
}

// form is two fields and a button.
type form struct {
	first, second *widget.Entry
	ok            *widget.Button
	pressed       int
}

func newForm(t *testing.T) (*desk, *form) {
	f := &form{}
	d := newDesk(t, 1, fyne.NewSize(300, 200), func() fyne.CanvasObject {
		f.first, f.second = widget.NewEntry(), widget.NewEntry()
		f.ok = widget.NewButton("OK", func() { f.pressed++ })
		return container.NewVBox(f.first, f.second, f.ok)
	})
	return d, f
}

func TestTheKeyboardTypesTabsCopiesAndPastes(t *testing.T) {
	d, f := newForm(t)
	d.key("Tab", 0, 0)
	d.types(`LAB\añña ß€`)
	if f.first.Text != `LAB\añña ß€` {
		t.Errorf("typed %q", f.first.Text)
	}
	d.key("A", screen.Control, 0)
	d.key("C", screen.Control, 0)
	if d.host.clip != `LAB\añña ß€` {
		t.Errorf("copied %q", d.host.clip)
	}
	d.key("Tab", 0, 0)
	if d.w.canvas.Focused() != f.second {
		t.Error("Tab doesn't go on")
	}
	d.key("V", screen.Control, 0)
	if f.second.Text != d.host.clip {
		t.Errorf("pasted %q", f.second.Text)
	}
	d.key("Tab", screen.Shift, 0)
	if d.w.canvas.Focused() != f.first {
		t.Error("Shift+Tab doesn't go back")
	}
	d.key("A", screen.Control, 0)
	d.key("X", screen.Control, 0)
	if f.first.Text != "" {
		t.Errorf("cutting left %q", f.first.Text)
	}
	d.key("Z", screen.Control, 0)
	if f.first.Text != `LAB\añña ß€` {
		t.Errorf("undo gave %q", f.first.Text)
	}
	d.key("Tab", 0, 0)
	d.key("Tab", 0, 0)
	d.key("Space", 0, ' ')
	if f.pressed != 1 {
		t.Errorf("Space pressed the button %d times", f.pressed)
	}
	assertScreen(t, d)
}

func TestAClickPutsTheKeyboardIntoAFieldAndOneBesideTakesItAway(t *testing.T) {
	d, f := newForm(t)
	d.click(f.second, screen.Primary)
	if d.w.canvas.Focused() != f.second || d.host.cursor != screen.Beam {
		t.Error("the click doesn't focus, or the pointer is no beam")
	}
	d.event(screen.Pressed{X: 290, Y: 190, Button: screen.Primary, Down: true}, screen.Pressed{X: 290, Y: 190, Button: screen.Primary})
	if d.w.canvas.Focused() != nil {
		t.Error("a click beside leaves the keyboard in the field")
	}
}

func TestWithoutTheKeyboardTheCursorRests(t *testing.T) {
	d, f := newForm(t)
	d.event(screen.Focused{On: true})
	d.click(f.first, screen.Primary)
	d.event(screen.Focused{On: false})
	if len(d.driver.pulse.running) != 0 {
		t.Error("the cursor blinks in a window that hasn't the keyboard")
	}
	d.event(screen.Focused{On: true})
	d.types("a")
	if f.first.Text != "a" {
		t.Errorf("the field has lost the keyboard: %q", f.first.Text)
	}
}

func TestMenusLieAboveAndCloseOnAClickBeside(t *testing.T) {
	var choice *widget.Select
	d := newDesk(t, 1, fyne.NewSize(300, 300), func() fyne.CanvasObject {
		choice = widget.NewSelect([]string{"Deutsch", "English"}, nil)
		return container.NewVBox(choice)
	})
	d.click(choice, screen.Primary)
	if d.w.canvas.Overlays().Top() == nil {
		t.Fatal("no menu")
	}
	cover := d.w.canvas.Overlays().Top()
	if cover.Position() != (fyne.Position{}) || cover.Size() != d.w.canvas.Size() {
		t.Errorf("the menu's ground is at %v, %v", cover.Position(), cover.Size())
	}
	assertScreen(t, d)
	d.key("Down", 0, 0)
	d.key("Down", 0, 0)
	d.key("Return", 0, 0)
	if choice.Selected == "" || d.w.canvas.Overlays().Top() != nil {
		t.Errorf("chosen %q", choice.Selected)
	}
	d.click(choice, screen.Primary)
	d.event(screen.Pressed{X: 290, Y: 290, Button: screen.Primary, Down: true}, screen.Pressed{X: 290, Y: 290, Button: screen.Primary})
	if d.w.canvas.Overlays().Top() != nil {
		t.Error("a click beside leaves the menu open")
	}
	assertScreen(t, d)
}

func TestShortcuts(t *testing.T) {
	for _, tt := range []struct {
		name string
		mods fyne.KeyModifier
		want string
	}{
		{"A", fyne.KeyModifierControl, "SelectAll"}, {"Insert", fyne.KeyModifierControl, "Copy"}, {"Insert", fyne.KeyModifierShift, "Paste"},
		{"Delete", fyne.KeyModifierShift, "Cut"}, {"Y", fyne.KeyModifierControl, "Redo"}, {"F5", fyne.KeyModifierAlt, "CustomDesktop:Alt+F5"},
		{"A", fyne.KeyModifierShift, ""}, {"A", 0, ""}, {"LeftControl", fyne.KeyModifierControl, ""}, {"", fyne.KeyModifierControl, ""},
	} {
		got := ""
		if s := shortcutOf(fyne.KeyName(tt.name), tt.mods, nil); s != nil {
			got = s.ShortcutName()
		}
		if got != tt.want {
			t.Errorf("%s with %d: %q, want %q", tt.name, tt.mods, got, tt.want)
		}
	}
}

// A key press must be on the screen within 50 ms. This is all of it but the way
// to the screen: the field changes, the window is painted, what differs is found.
func BenchmarkKeyPressToPicture(b *testing.B) {
	for _, scale := range []float32{1, 2} {
		b.Run(map[float32]string{1: "100percent", 2: "200percent"}[scale], func(b *testing.B) {
			var entry *widget.Entry
			d := newDesk(b, scale, fyne.NewSize(980, 700), func() fyne.CanvasObject {
				entry = widget.NewEntry()
				return container.NewVBox(gallery(), entry)
			})
			d.w.canvas.Focus(entry)
			d.settle()
			for i := 0; b.Loop(); i++ {
				d.types(string(rune('a' + i%26)))
				if i%40 == 39 {
					entry.SetText("")
				}
			}
			if len(d.host.presents) < b.N {
				b.Errorf("%d pictures for %d keys", len(d.host.presents), b.N)
			}
		})
	}
}
