package e2e

import (
	"net"
	"sync/atomic"
	"time"
)

// slowListener is a slow line: what the server says arrives late. A request has
// had its effect long before its reply is known, so that a process can be killed
// in between.
type slowListener struct {
	net.Listener
	delay atomic.Int64 // nanoseconds
}

func (l *slowListener) set(d time.Duration) { l.delay.Store(int64(d)) }

// Accept implements net.Listener.
func (l *slowListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &slowConn{c, l}, nil
}

type slowConn struct {
	net.Conn
	line *slowListener
}

// Write implements net.Conn.
func (c *slowConn) Write(b []byte) (int, error) {
	if d := time.Duration(c.line.delay.Load()); d > 0 {
		<-time.After(d)
	}
	return c.Conn.Write(b)
}
