package window

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"abgleich/assets"
	"abgleich/ui/internal/agentdouble"
)

// Screens at 300 %, in points: one of 3840 × 2160, of 2560 × 1440 and of 1920 × 1080
// pixels, less what title and task bar take.
func screensAtThreeTimes() map[string]fyne.Size {
	return map[string]fyne.Size{"2160": fyne.NewSize(980, 660), "1440": fyne.NewSize(853, 440), "1080": fyne.NewSize(640, 320)}
}

func TestAtThreeTimesTheSizeEverythingCanBeReachedAndRead(t *testing.T) {
	for name, size := range screensAtThreeTimes() {
		t.Run(name, func(t *testing.T) {
			s := adminScreen(t, setup{size: size})
			s.agent.Set(withProblems(s))
			look := func(what string) {
				t.Helper()
				s.settle()
				s.allInSight(what)
				s.nothingCut(what)
			}
			for _, page := range []Page{Status, Credentials, Setup, Problems, Compare, History, Choices, Diagnostics, Administration} {
				s.app.Show(page)
				look(string(page))
			}
			for i, p := range []string{"users", "employees", "parameters", "log"} {
				s.tab(i)
				look(p)
			}
			s.app.admin.users.list.Select(1)
			s.tab(0)
			look("a user")
		})
	}
}

// settle lays everything out, as a driver does before it paints, and does what pages
// put off until then.
func (s *screen) settle() {
	layOut := func() {
		size := s.window.Canvas().Size()
		s.window.Resize(size.AddWidthHeight(1, 1))
		s.window.Resize(size)
	}
	layOut()
	for {
		select {
		case f := <-s.todo:
			f()
			continue
		default:
		}
		break
	}
	layOut()
}

// allInSight goes round with the Tab key: what has the keyboard must be seen.
func (s *screen) allInSight(what string) {
	s.t.Helper()
	c, d := s.window.Canvas(), fyne.CurrentApp().Driver()
	c.Unfocus()
	seen := map[fyne.Focusable]bool{}
	for {
		c.FocusNext()
		f := c.Focused()
		if f == nil || seen[f] {
			break
		}
		seen[f] = true
		o := f.(fyne.CanvasObject)
		if l, ok := f.(*listing); ok {
			o = l.frame
		}
		at, size, room := d.AbsolutePositionForObject(o), o.Size(), c.Size()
		if at.X < -0.5 || at.Y < -0.5 || at.X+min(size.Width, 60) > room.Width+0.5 || at.Y+min(size.Height, 30) > room.Height+0.5 {
			s.t.Errorf("%s: %T at %v of size %v has the keyboard outside of %v", what, f, at, size, room)
		}
	}
	if len(seen) < 8 {
		s.t.Errorf("%s: only %d things can be reached", what, len(seen))
	}
	c.Unfocus()
}

// nothingCut looks whether each line that is neither wrapped nor shortened on purpose
// has the room it needs.
func (s *screen) nothingCut(what string) {
	s.t.Helper()
	s.walk(s.window.Content(), func(o fyne.CanvasObject) {
		if l, ok := o.(*text); ok && l.rich.Wrapping == fyne.TextWrapOff && l.rich.Truncation == fyne.TextTruncateOff &&
			l.MinSize().Width > l.Size().Width+1 {
			s.t.Errorf("%s: %q needs %v and has %v", what, l.segment.Text, l.MinSize().Width, l.Size().Width)
		}
		if b, ok := o.(*widget.Button); ok && b.MinSize().Width > b.Size().Width+1 {
			s.t.Errorf("%s: the button %q needs %v and has %v", what, b.Text, b.MinSize().Width, b.Size().Width)
		}
	})
}

func TestSmallWindowsLookAsTheyShould(t *testing.T) {
	s := open(t, setup{lang: assets.German, page: Status, size: fyne.NewSize(640, 320)})
	s.agent.Set(func(sc *agentdouble.Script) { sc.User = agentdouble.FirstSync(0.6) })
	s.sees("6.000")
	s.settle()
	golden(t, "small-de-light", s.capture())
	s.window.Canvas().(test.WindowlessCanvas).SetScale(3)
	if got := s.capture().Bounds().Size(); got.X != 1920 || got.Y != 960 {
		t.Errorf("at 300 %% it is painted in %v", got)
	}
}
