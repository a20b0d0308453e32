package icon

import (
	"context"
	"unsafe"

	"golang.org/x/sys/windows"
)

// notifyIconData is NOTIFYICONDATAW of Vista and newer
// (learn.microsoft.com/windows/win32/api/shellapi/ns-shellapi-notifyicondataw).
type notifyIconData struct {
	size                uint32
	window              windows.HWND
	id, flags, callback uint32
	icon                windows.Handle
	tip                 [128]uint16
	state, stateMask    uint32
	info                [256]uint16
	version             uint32
	infoTitle           [64]uint16
	infoFlags           uint32
	guid                windows.GUID
	balloonIcon         windows.Handle
}

const (
	// libraryClass and libraryIcon are how the library's window and icon are found.
	libraryClass, libraryIcon = "SystrayClass", 100

	nimModify      = 1
	nifInfo        = 0x10
	niifWarning    = 2
	niifQuiet      = 0x80        // not while a film runs or a lecture is held
	libraryMessage = 0x0400 + 1  // what the icon's events come as: WM_USER+1
	balloonClicked = 0x0400 + 5  // NIN_BALLOONUSERCLICK
	endSession     = 0x0016      // WM_ENDSESSION; wParam tells whether it really ends
	gwlpWndProc    = ^uintptr(3) // -4
)

// userProcs are the system's functions that golang.org/x/sys lacks.
type userProcs struct{ findWindow, getWindowLong, setWindowLong, callWindow, notifyIcon *windows.LazyProc }

func newUserProcs() userProcs {
	user, shell := windows.NewLazySystemDLL("user32.dll"), windows.NewLazySystemDLL("shell32.dll")
	return userProcs{user.NewProc("FindWindowExW"), user.NewProc("GetWindowLongPtrW"), user.NewProc("SetWindowLongPtrW"), user.NewProc("CallWindowProcW"), shell.NewProc("Shell_NotifyIconW")}
}

// serveNotes shows the notes beside the icon until ctx ends; nil takes the last one
// away. answer gets the page of each that is clicked. Windows shows them as
// banners of the notification centre, older ones as balloons.
//
// The library has no notes. Its window gets the icon's messages; a procedure in
// front of its own takes the click on a note out of them, and the end of the session.
func serveNotes(ctx context.Context, notes <-chan *Note, answer func(page string)) {
	p := newUserProcs()
	window := p.libraryWindow()
	if window == 0 {
		return
	}
	clicked := make(chan struct{}, 1)
	library, _, _ := p.getWindowLong.Call(uintptr(window), gwlpWndProc)
	if library == 0 {
		return
	}
	was, _, _ := p.setWindowLong.Call(uintptr(window), gwlpWndProc, windows.NewCallback(func(hwnd windows.HWND, message uint32, w, l uintptr) uintptr {
		switch {
		case message == libraryMessage && l == balloonClicked:
			select {
			case clicked <- struct{}{}:
			default:
			}
			return 0
		case message == endSession:
			// The library takes the icon away and stays: also when somebody called the
			// logoff off, and when an installer waits for this program's file.
			if w != 0 {
				quitTray()
			}
			return 0
		}
		r, _, _ := p.callWindow.Call(library, uintptr(hwnd), uintptr(message), w, l)
		return r
	}))
	if was == 0 {
		return
	}
	page := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-clicked:
			if page != "" {
				answer(page)
			}
		case n := <-notes:
			if n == nil {
				n = &Note{} // an empty one takes the last one away
			}
			page = n.Page
			p.show(window, *n)
		}
	}
}

// libraryWindow finds the library's window of this process: other programs use the
// same library.
func (p userProcs) libraryWindow() windows.HWND {
	class, err := windows.UTF16PtrFromString(libraryClass)
	if err != nil {
		return 0
	}
	for window := windows.HWND(0); ; {
		next, _, _ := p.findWindow.Call(0, uintptr(window), uintptr(unsafe.Pointer(class)), 0)
		if next == 0 {
			return 0
		}
		window = windows.HWND(next)
		var process uint32
		if _, err := windows.GetWindowThreadProcessId(window, &process); err == nil && process == windows.GetCurrentProcessId() {
			return window
		}
	}
}

func (p userProcs) show(window windows.HWND, n Note) {
	d := notifyIconData{window: window, id: libraryIcon, flags: nifInfo, infoFlags: niifWarning | niifQuiet}
	d.size = uint32(unsafe.Sizeof(d))
	put(d.infoTitle[:], n.Title)
	put(d.info[:], n.Text)
	p.notifyIcon.Call(nimModify, uintptr(unsafe.Pointer(&d))) //nolint:errcheck // icon and menu say the same
}

// put writes a text with its closing zero, cut to the room there is.
func put(room []uint16, text string) {
	units, err := windows.UTF16FromString(cut(text, len(room)-1))
	if err != nil {
		return // a zero in the text: none of ours has one
	}
	copy(room, units)
}
