package icon

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"abgleich/assets"
)

// The real tray of this desktop: a note is shown, and the message that Windows sends
// for a click on it comes back as the note's page. A logoff that was called off changes
// nothing; one that comes, or an installer that needs the file, ends the tray.
func TestMessagesOfWindowsComeThroughTheLibrarysWindow(t *testing.T) {
	pages, ended := make(chan string, 2), make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the window belongs to the thread that made it
		ended <- RunSystem(func(s *System) {
			s.SetIcon(assets.StateAttention)
			for e := range entries {
				s.Add(e, Item{Title: "entry"})
			}
			s.Notify(&Note{Title: "Ein Punkt braucht Sie", Text: "Sehen Sie nach.", Page: "problems"})
			proc := windows.NewLazySystemDLL("user32.dll").NewProc("PostMessageW")
			post := func(message, w, l uintptr) {
				if window := newUserProcs().libraryWindow(); window != 0 {
					proc.Call(uintptr(window), message, w, l)
				}
			}
			clicked := func() {
				for {
					// Posted again until the procedure stands in front of the library's.
					post(libraryMessage, libraryIcon, balloonClicked)
					select {
					case page := <-s.Answers():
						pages <- page
						return
					case <-s.Bars():
					case <-time.After(50 * time.Millisecond):
					}
				}
			}
			clicked()
			post(endSession, 0, 0)
			clicked()
			post(endSession, 1, 0)
			<-t.Context().Done() // what ends the tray is the message, not this
		})
	}()
	for range 2 {
		select {
		case page := <-pages:
			if page != "problems" {
				t.Errorf("opens %q", page)
			}
		case err := <-ended:
			if err == nil {
				t.Fatal("it ended too early")
			}
			t.Skip(err) // no task bar here
		case <-time.After(2 * time.Minute):
			t.Fatal("the click never came")
		}
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("it stays when the session ends")
	}
}
