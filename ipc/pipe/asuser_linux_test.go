package pipe

import (
	"net"
	"runtime"

	"golang.org/x/sys/unix"
)

// asUser runs f on a thread of its own that has another user's rights. The
// thread isn't unlocked, so it ends with its goroutine.
func asUser(uid int, f func() (net.Listener, error)) (net.Listener, error) {
	type result struct {
		l   net.Listener
		err error
	}
	done := make(chan result)
	go func() {
		runtime.LockOSThread()
		_, _, no := unix.RawSyscall(unix.SYS_SETRESUID, ^uintptr(0), uintptr(uid), ^uintptr(0))
		if no != 0 {
			done <- result{nil, no}
			return
		}
		l, err := f()
		done <- result{l, err}
	}()
	r := <-done
	return r.l, r.err
}
