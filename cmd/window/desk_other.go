//go:build !windows

package main

import (
	"os"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// desk is the size of X11's screen in pixels, of all its monitors; 0 when it isn't
// known.
func desk() (width, height int) {
	if os.Getenv("DISPLAY") == "" {
		return 0, 0
	}
	conn, err := xgb.NewConn()
	if err != nil {
		return 0, 0
	}
	defer conn.Close()
	s := xproto.Setup(conn).DefaultScreen(conn)
	const title = 40 // and a task bar, about
	return int(s.WidthInPixels), int(s.HeightInPixels) - title
}
