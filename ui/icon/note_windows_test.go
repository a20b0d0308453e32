package icon

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"abgleich/assets"
)

// The real tray of this desktop: a note is shown, and the message that Windows sends
// for a click on it comes back as the note's page; a theme that changes is told.
func TestAClickOnANoteComesBackThroughTheLibrarysWindow(t *testing.T) {
	pages, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the window belongs to the thread that made it
		ended <- RunSystem(func(s *System) {
			s.SetIcon(assets.StateAttention)
			for e := range entries {
				s.Add(e, Item{Title: "entry"})
			}
			s.Notify(&Note{Title: "Ein Punkt braucht Sie", Text: "Sehen Sie nach.", Page: "problems"})
			post := windows.NewLazySystemDLL("user32.dll").NewProc("PostMessageW")
			for {
				// Posted again until the procedure stands in front of the library's.
				if w := newUserProcs().libraryWindow(); w != 0 {
					post.Call(uintptr(w), libraryMessage, libraryIcon, balloonClicked)
				}
				select {
				case page := <-s.Answers():
					pages <- page
					return
				case <-s.Bars():
				case <-time.After(50 * time.Millisecond):
				}
			}
		})
	}()
	select {
	case page := <-pages:
		if page != "problems" {
			t.Errorf("opens %q", page)
		}
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	case err := <-ended:
		t.Skip(err) // no task bar here
	case <-time.After(2 * time.Minute):
		t.Fatal("the click never came")
	}
}
