package ews_test

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"abgleich/agent/ews"
	"abgleich/agent/exchangesim"
)

// lateConn writes at once, but comes back from it only when the connection is closed:
// a writing goroutine that gets no processor time. net/http drops such a connection
// after the answer.
type lateConn struct {
	net.Conn
	closed chan struct{}
	once   sync.Once
}

func (c *lateConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	<-c.closed
	return n, err
}

func (c *lateConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

func TestConnectionsDroppedForWantOfProcessorTimeCostNoRequest(t *testing.T) {
	sim, url := startSim(t, exchangesim.Options{})
	var dials atomic.Int64
	s, err := ews.NewServer(ews.ServerOptions{URL: url, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err != nil || dials.Add(1) > 3 {
			return c, err
		}
		return &lateConn{Conn: c, closed: make(chan struct{})}, nil
	}})
	noError(t, err)
	c := ews.NewClient(s, ews.ClientOptions{Logins: []ews.Login{ews.NTLM("LAB\\anna", "secret1")}, NewRequestID: newID})
	defer c.Close()
	if _, err := c.GetFolder(t.Context(), []ews.FolderID{ews.Folder(ews.Calendar)}, nil); err != nil {
		t.Errorf("after %d connections: %v", dials.Load(), err)
	}
	if n := sim.Stats().Requests["GetFolder"]; n != 1 {
		t.Errorf("the request was made %d times", n)
	}
}
