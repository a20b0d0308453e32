//go:build !windows

package screen

import (
	"context"
	"os"
	"os/exec"
	"time"

	"github.com/godbus/dbus/v5"
)

// look is whether the desktop is dark, as its portal tells (XDG Desktop Portal,
// org.freedesktop.portal.Settings).
type look struct {
	dark bool
	bus  *dbus.Conn
	done chan struct{}
}

const (
	portal     = "org.freedesktop.portal.Desktop"
	settingsIf = "org.freedesktop.portal.Settings"
	appearance = "org.freedesktop.appearance"
	scheme     = "color-scheme"
	preferDark = uint32(1)
)

// watchLook asks, and tells every change later. Without a portal it is light.
func watchLook(changed func(dark bool)) *look {
	l := &look{done: make(chan struct{})}
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") == "" { // the library would start a bus
		close(l.done)
		return l
	}
	bus, err := dbus.ConnectSessionBus()
	if err != nil {
		close(l.done)
		return l
	}
	l.bus = bus
	// Some desktops take their time; the window doesn't wait for them.
	ctx, cancel := context.WithTimeout(context.Background(), 150*time.Millisecond)
	defer cancel()
	var v dbus.Variant
	o := bus.Object(portal, "/org/freedesktop/portal/desktop")
	if o.CallWithContext(ctx, settingsIf+".Read", 0, appearance, scheme).Store(&v) == nil {
		l.dark = isDark(v)
	}
	signals := make(chan *dbus.Signal, 8)
	bus.Signal(signals)
	err = bus.AddMatchSignalContext(ctx, dbus.WithMatchInterface(settingsIf), dbus.WithMatchMember("SettingChanged"), dbus.WithMatchArg(0, appearance))
	if err != nil {
		bus.RemoveSignal(signals)
		close(l.done)
		return l
	}
	go func() {
		defer close(l.done)
		for s := range signals { // closed with the bus
			var space, key string
			var v dbus.Variant
			if dbus.Store(s.Body, &space, &key, &v) == nil && space == appearance && key == scheme {
				changed(isDark(v))
			}
		}
	}()
	return l
}

// isDark reads the answer, which some portals wrap twice.
func isDark(v dbus.Variant) bool {
	if inner, ok := v.Value().(dbus.Variant); ok {
		v = inner
	}
	n, ok := v.Value().(uint32)
	return ok && n == preferDark
}

func (l *look) close() {
	if l.bus != nil {
		l.bus.Close()
	}
	<-l.done
}

// Browse opens a page in the person's browser.
func Browse(url string) error {
	cmd := exec.Command("xdg-open", url)
	if err := cmd.Start(); err != nil {
		return err
	}
	go cmd.Wait() // takes its exit status from the system
	return nil
}
