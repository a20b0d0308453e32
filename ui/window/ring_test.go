package window

import (
	"testing"

	"fyne.io/fyne/v2/test"
)

func TestTheKeyboardIsSeenOnEveryButton(t *testing.T) {
	s := problemScreen(t)
	for _, label := range []string{"Wiederherstellen", "Durchführen", "Details kopieren"} {
		b := s.button(label)
		ring := func() bool {
			objects := test.WidgetRenderer(b).Objects()
			return objects[len(objects)-1].Visible()
		}
		s.window.Canvas().Focus(b)
		if !ring() {
			t.Errorf("%s: no ring", label)
		}
		s.window.Canvas().Unfocus()
		if ring() {
			t.Errorf("%s: the ring stays", label)
		}
	}
}
