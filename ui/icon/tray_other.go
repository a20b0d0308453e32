//go:build !windows

package icon

import (
	"fmt"

	"fyne.io/systray"
	"github.com/godbus/dbus/v5"

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
func setTrayIcon(icon assets.Icon)       { systray.SetIcon(assets.PNG(icon, panelSize)) }

// panelSize is the picture's size in pixels; panels scale it down.
const panelSize = 48

// available tells whether there is a desktop bus; without one the library would
// fail later, and badly.
func available() error {
	if _, err := dbus.SessionBus(); err != nil {
		return fmt.Errorf("no desktop to show an icon on: %w", err)
	}
	return nil
}
