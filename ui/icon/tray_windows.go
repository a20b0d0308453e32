package icon

import (
	"fmt"
	"os"
	"strings"
	"time"
	"unsafe"

	"github.com/getlantern/systray"
	"golang.org/x/sys/windows"

	"abgleich/assets"
)

// trayItem is the library's menu entry.
type trayItem = systray.MenuItem

// runTray runs the library's loop. Without saying that we know of scaling, Windows
// would give us the pictures of 100 % and blow them up.
func runTray(ready, exit func()) {
	user := windows.NewLazySystemDLL("user32.dll")
	perMonitor := ^uintptr(3) // DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2 is -4
	if aware := user.NewProc("SetProcessDpiAwarenessContext"); aware.Find() == nil {
		aware.Call(perMonitor) //nolint:errcheck // a manifest may have said so already
	} else {
		user.NewProc("SetProcessDPIAware").Call() //nolint:errcheck // before Windows 10 1703
	}
	comeBack(os.Args[1:])
	systray.Run(ready, exit)
}

// comeBack asks Windows to start this program again, with the same arguments, when an
// installer had to end it to replace its file; not after a crash, and not after a
// restart, where the autostart does it.
func comeBack(args []string) {
	const noCrash, noHang, noReboot = 1, 2, 8
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = windows.EscapeArg(a)
	}
	line, err := windows.UTF16PtrFromString(strings.Join(words, " "))
	register := windows.NewLazySystemDLL("kernel32.dll").NewProc("RegisterApplicationRestart")
	if err == nil && register.Find() == nil {
		register.Call(uintptr(unsafe.Pointer(line)), noCrash|noHang|noReboot) //nolint:errcheck // the next logon starts it
	}
}

func quitTray()                          { systray.Quit() }
func nameTray(name string)               { systray.SetTitle(name) }
func setTrayTooltip(text string)         { systray.SetTooltip(text) }
func addSeparator()                      { systray.AddSeparator() }
func addTrayItem(title string) *trayItem { return systray.AddMenuItem(title, "") }
func setTrayIcon(icon assets.Icon)       { systray.SetIcon(assets.ICO(icon)) }

// shellPatience is how long is waited for the task bar after the logon. A shell of
// another make may have none of that name and take icons all the same.
const shellPatience = 20 * time.Second

// available waits for the task bar: programs of the Run key may start before it, and
// the library doesn't try a second time.
func available() error {
	user := windows.NewLazySystemDLL("user32.dll")
	static, err := windows.UTF16PtrFromString("STATIC")
	if err != nil {
		return err
	}
	bar, err := windows.UTF16PtrFromString("Shell_TrayWnd")
	if err != nil {
		return err
	}
	// A window nobody sees: without any, Wine has no desktop yet.
	window, _, err := user.NewProc("CreateWindowExW").Call(0, uintptr(unsafe.Pointer(static)), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	if window == 0 {
		return fmt.Errorf("no desktop to show an icon on: %w", err)
	}
	defer user.NewProc("DestroyWindow").Call(window) //nolint:errcheck // nothing to be done about it
	find := user.NewProc("FindWindowW")
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(shellPatience); time.Now().Before(end); <-tick.C {
		if w, _, _ := find.Call(uintptr(unsafe.Pointer(bar)), 0); w != 0 {
			break
		}
	}
	return nil
}

// settle has nothing to wait for: the library is ready when it says so.
func settle() {}
