//go:build !windows

package icon

import (
	"fmt"
	"time"

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

// panelSize is the picture's size in pixels; panels scale it down. 64 are enough for
// one of 22 points at 300 %.
const panelSize = 64

// settle waits until the library has put its properties on the bus: what is set
// between their making and that moment is lost without a word. It gives up after a
// while; the icon is then as right as it gets.
func settle() {
	bus, err := dbus.SessionBus() // shared with the library
	if err != nil {
		return
	}
	const probe = "Abgleich"
	setTrayIcon(assets.StateOffline)
	item := bus.Object(bus.Names()[0], "/StatusNotifierItem")
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		tooltip, err := item.GetProperty("org.kde.StatusNotifierItem.ToolTip")
		if err == nil {
			// The properties were made with an empty tooltip: once ours is seen in
			// them, everything that is set reaches them.
			if parts, ok := tooltip.Value().([]any); ok && len(parts) > 2 && parts[2] == probe {
				return
			}
			setTrayTooltip(probe)
		}
		<-tick.C
	}
}

// available tells whether there is a desktop bus; without one the library would
// fail later, and badly.
func available() error {
	if _, err := dbus.SessionBus(); err != nil {
		return fmt.Errorf("no desktop to show an icon on: %w", err)
	}
	return nil
}
