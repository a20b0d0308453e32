//go:build !windows

package capslock

import (
	"os"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// Key is the caps lock key. The zero value can be used, by one goroutine; it must be
// closed.
type Key struct {
	conn *xgb.Conn
	lost bool // there is no X server, or no longer
}

// On tells whether it is on.
func (k *Key) On() (on, known bool) {
	if k.lost || os.Getenv("DISPLAY") == "" {
		return false, false
	}
	if k.conn == nil {
		conn, err := xgb.NewConn()
		if err != nil {
			k.lost = true
			return false, false
		}
		k.conn = conn
	}
	// Lock is the modifier of the caps lock key, unless somebody made it a shift lock
	// (X11 protocol, "Keyboards"): for a password that is the same trouble.
	root := xproto.Setup(k.conn).DefaultScreen(k.conn).Root
	reply, err := xproto.QueryPointer(k.conn, root).Reply()
	if err != nil {
		k.Close()
		return false, false
	}
	return reply.Mask&xproto.KeyButMaskLock != 0, true
}

// Close gives the connection back.
func (k *Key) Close() {
	k.lost = true
	if k.conn != nil {
		k.conn.Close()
		k.conn = nil
	}
}
