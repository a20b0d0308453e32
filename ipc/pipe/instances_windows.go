package pipe

import (
	"io"
	"net"
	"runtime"
	"sync"
	"time"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"
)

// waiting is how many instances of the pipe wait for clients at any time. A client
// that finds none tries again for as long as it has time.
const waiting = 4

// retryPause is the time between tries to make an instance, in milliseconds, where
// the system has no memory for one.
const retryPause = 1000

// pipeListener waits for clients with several instances of one pipe. It exists
// because go-winio's own refuses clients of other machines, and because its first
// instance, which never takes a client, keeps one hanging under Wine.
type pipeListener struct {
	address    string
	security   *windows.SecurityAttributes
	remote     bool
	adminGroup string

	conns chan net.Conn
	// closed and closing say the same: to Go, and to waits inside Windows.
	closed  chan struct{}
	closing windows.Handle
	once    sync.Once
	waiters sync.WaitGroup
}

func listenPipe(address string, sd *windows.SECURITY_DESCRIPTOR, opts ListenOptions) (*pipeListener, error) {
	l := &pipeListener{
		address: address, security: attributes(sd), remote: opts.Remote, adminGroup: opts.AdminGroup,
		conns: make(chan net.Conn), closed: make(chan struct{}),
	}
	first, err := l.instance(windows.FILE_FLAG_FIRST_PIPE_INSTANCE)
	if err != nil {
		return nil, err
	}
	if l.closing, err = windows.CreateEvent(nil, 1, 0, nil); err != nil {
		windows.CloseHandle(first)
		return nil, err
	}
	l.waiters.Go(func() { l.wait(first) })
	for range waiting - 1 {
		l.waiters.Go(func() {
			if h, ok := l.next(); ok {
				l.wait(h)
			}
		})
	}
	return l, nil
}

// instance makes one more instance of the pipe.
func (l *pipeListener) instance(flags uint32) (windows.Handle, error) {
	name, err := windows.UTF16PtrFromString(l.address)
	if err != nil {
		return 0, err
	}
	mode := uint32(windows.PIPE_TYPE_BYTE | windows.PIPE_READMODE_BYTE | windows.PIPE_WAIT)
	if !l.remote {
		mode |= windows.PIPE_REJECT_REMOTE_CLIENTS
	}
	return windows.CreateNamedPipe(name, windows.PIPE_ACCESS_DUPLEX|windows.FILE_FLAG_OVERLAPPED|flags, mode,
		windows.PIPE_UNLIMITED_INSTANCES, 64<<10, 64<<10, 0, l.security)
}

// next makes an instance, sooner or later; false when the listener closes.
func (l *pipeListener) next() (windows.Handle, bool) {
	for {
		h, err := l.instance(0)
		if err == nil {
			return h, true
		}
		if ev, _ := windows.WaitForSingleObject(l.closing, retryPause); ev == windows.WAIT_OBJECT_0 {
			return 0, false
		}
	}
}

// wait takes one client after another. The next instance is there before the last
// one's client is handed on, so that the name is never free.
func (l *pipeListener) wait(h windows.Handle) {
	for {
		switch connected, open := l.connect(h); {
		case !open:
			windows.CloseHandle(h)
			return
		case !connected: // came and went; the instance is of no more use
			windows.CloseHandle(h)
			next, ok := l.next()
			if !ok {
				return
			}
			h = next
			continue
		}
		next, ok := l.next()
		c, err := l.connection(h)
		if err != nil {
			windows.CloseHandle(h)
		} else {
			select {
			case l.conns <- c:
			case <-l.closed:
				c.Close()
			}
		}
		if !ok {
			return
		}
		h = next
	}
}

// connect waits for a client of the instance. open is false when the listener
// closes.
func (l *pipeListener) connect(h windows.Handle) (connected, open bool) {
	event, err := windows.CreateEvent(nil, 1, 0, nil)
	if err != nil {
		return false, l.pause()
	}
	defer windows.CloseHandle(event)
	o := &windows.Overlapped{HEvent: event}
	defer runtime.KeepAlive(o) // Windows writes into it until the wait is over
	switch err := windows.ConnectNamedPipe(h, o); err {
	case nil, windows.ERROR_PIPE_CONNECTED:
		return true, true
	case windows.ERROR_IO_PENDING:
	case windows.ERROR_NO_DATA: // the client has gone again
		return false, true
	default:
		return false, l.pause()
	}
	ev, err := windows.WaitForMultipleObjects([]windows.Handle{event, l.closing}, false, windows.INFINITE)
	stop := err != nil || ev != windows.WAIT_OBJECT_0
	if stop {
		_ = windows.CancelIoEx(h, o)
	}
	var n uint32
	err = windows.GetOverlappedResult(h, o, &n, true)
	return err == nil && !stop, !stop
}

// pause waits a little after a failure; false when the listener closes meanwhile.
func (l *pipeListener) pause() bool {
	ev, _ := windows.WaitForSingleObject(l.closing, retryPause)
	return ev != windows.WAIT_OBJECT_0
}

func (l *pipeListener) connection(h windows.Handle) (net.Conn, error) {
	f, err := winio.NewOpenFile(h)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: &instanceConn{f.(pipeFile), addr(l.address)}, adminGroup: l.adminGroup}, nil
}

// Accept waits for the next connection.
func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends all waiting and gives the name back. It may be called twice.
func (l *pipeListener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		windows.SetEvent(l.closing)
		l.waiters.Wait()
		windows.CloseHandle(l.closing)
	})
	return nil
}

// Addr is the pipe's name.
func (l *pipeListener) Addr() net.Addr { return addr(l.address) }

type addr string

func (addr) Network() string  { return "pipe" }
func (a addr) String() string { return string(a) }

// pipeFile is what go-winio makes of a handle.
type pipeFile interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	Fd() uintptr
}

// instanceConn is the server's end of one connection.
type instanceConn struct {
	pipeFile
	addr addr
}

func (c *instanceConn) LocalAddr() net.Addr  { return c.addr }
func (c *instanceConn) RemoteAddr() net.Addr { return c.addr }

func (c *instanceConn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}
