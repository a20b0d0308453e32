//go:build !windows

package icon

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// The desktop portal's settings, see
// flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.Settings.html
const (
	portalName = "org.freedesktop.portal.Desktop"
	portalPath = dbus.ObjectPath("/org/freedesktop/portal/desktop")
	settingsIf = "org.freedesktop.portal.Settings"
	lookSpace  = "org.freedesktop.appearance"
	schemeKey  = "color-scheme"
)

// watchBar tells how bright the desktop is, as the portal says it, until ctx ends.
// A desktop without a portal says nothing.
func watchBar(ctx context.Context, tell func(Bar)) {
	bus, err := dbus.ConnectSessionBus()
	if err != nil {
		return
	}
	defer bus.Close()
	signals := make(chan *dbus.Signal, 8)
	bus.Signal(signals)
	err = bus.AddMatchSignalContext(ctx, dbus.WithMatchObjectPath(portalPath), dbus.WithMatchInterface(settingsIf),
		dbus.WithMatchMember("SettingChanged"), dbus.WithMatchArg(0, lookSpace))
	if err != nil {
		return
	}
	var scheme dbus.Variant
	err = bus.Object(portalName, portalPath).CallWithContext(ctx, settingsIf+".Read", 0, lookSpace, schemeKey).Store(&scheme)
	if err == nil {
		tell(barOf(scheme))
	}
	for {
		select {
		case <-ctx.Done():
			return
		case s, ok := <-signals:
			if !ok {
				return // the bus has gone, and the desktop with it
			}
			if len(s.Body) == 3 && s.Name == settingsIf+".SettingChanged" && s.Body[1] == schemeKey {
				if v, ok := s.Body[2].(dbus.Variant); ok {
					tell(barOf(v))
				}
			}
		}
	}
}

// barOf reads a color-scheme: 1 prefers dark, 2 light. Read wraps the value in a
// variant of its own, the signal doesn't.
func barOf(v dbus.Variant) Bar {
	for {
		inner, ok := v.Value().(dbus.Variant)
		if !ok {
			break
		}
		v = inner
	}
	switch v.Value() {
	case uint32(1):
		return BarDark
	case uint32(2):
		return BarLight
	}
	return BarUnknown
}
