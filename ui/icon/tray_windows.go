package icon

import (
	"github.com/getlantern/systray"

	"abgleich/assets"
)

// trayItem is the library's menu entry.
type trayItem = systray.MenuItem

func runTray(ready, exit func())         { systray.Run(ready, exit) }
func quitTray()                          { systray.Quit() }
func nameTray(name string)               { systray.SetTitle(name) }
func setTrayTooltip(text string)         { systray.SetTooltip(text) }
func addSeparator()                      { systray.AddSeparator() }
func addTrayItem(title string) *trayItem { return systray.AddMenuItem(title, "") }
func setTrayIcon(icon assets.Icon)       { systray.SetIcon(assets.ICO(icon)) }

// available always is: Windows has a tray in every session that has a desktop.
func available() error { return nil }

// settle has nothing to wait for: the library is ready when it says so.
func settle() {}
