//go:build !windows

package icon

import (
	"context"
	"fmt"
	"html"
	"os"
	"slices"

	"github.com/godbus/dbus/v5"
)

// The desktop's notifications, see
// specifications.freedesktop.org/notification-spec/latest/
const (
	notesName = "org.freedesktop.Notifications"
	notesPath = dbus.ObjectPath("/org/freedesktop/Notifications")
)

// serveNotes shows the notes on the desktop until ctx ends; nil takes the last one
// away. answer gets the page of each that is clicked. A desktop without
// notifications is left alone: icon and menu say the same.
func serveNotes(ctx context.Context, notes <-chan *Note, answer func(page string)) {
	bus, err := dbus.ConnectSessionBus()
	if err != nil {
		return
	}
	defer bus.Close()
	signals := make(chan *dbus.Signal, 8)
	bus.Signal(signals)
	err = bus.AddMatchSignalContext(ctx, dbus.WithMatchObjectPath(notesPath), dbus.WithMatchInterface(notesName),
		dbus.WithMatchMember("ActionInvoked"))
	if err != nil {
		return
	}
	board := bus.Object(notesName, notesPath)
	var shown uint32 // the desktop's number of the last one
	var page string
	for {
		select {
		case <-ctx.Done():
			return
		case n := <-notes:
			if n == nil {
				if shown != 0 {
					board.Go(notesName+".CloseNotification", dbus.FlagNoReplyExpected, nil, shown)
				}
				shown = 0
				continue
			}
			shown, err = post(ctx, board, shown, *n)
			if err != nil {
				fmt.Fprintln(os.Stderr, "notification:", err)
			}
			page = n.Page
		case s, ok := <-signals:
			if !ok {
				return
			}
			// The note counts as clicked on its area and on its button.
			if len(s.Body) == 2 && s.Body[0] == shown && shown != 0 {
				answer(page)
			}
		}
	}
}

// post shows a note in place of an earlier one and gives its number.
func post(ctx context.Context, board dbus.BusObject, before uint32, n Note) (id uint32, err error) {
	var can []string
	if err := board.CallWithContext(ctx, notesName+".GetCapabilities", 0).Store(&can); err != nil {
		return 0, err
	}
	text := n.Text
	if slices.Contains(can, "body-markup") {
		text = html.EscapeString(text)
	}
	actions := []string{}
	if slices.Contains(can, "actions") {
		actions = []string{"default", n.Button, "open", n.Button}
	}
	hints := map[string]dbus.Variant{
		"urgency":       dbus.MakeVariant(byte(1)),
		"desktop-entry": dbus.MakeVariant("abgleich"),
	}
	err = board.CallWithContext(ctx, notesName+".Notify", 0,
		"Abgleich", before, "", n.Title, text, actions, hints, int32(-1)).Store(&id)
	return id, err
}
