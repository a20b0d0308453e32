package pipe

import (
	"fmt"
	"net"
	"os"
	"os/user"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// conn looks its peer up once.
type conn struct {
	*net.UnixConn
	adminGroup string
	once       sync.Once
	peer       Peer
	err        error
}

// Peer is the process that opened the connection, as the kernel noted it then.
func (c *conn) Peer() (Peer, error) {
	c.once.Do(func() {
		cred, err := peerCred(c.UnixConn)
		if err != nil {
			c.err = fmt.Errorf("peer of %s: %w", c.LocalAddr(), err)
			return
		}
		c.peer = peerOf(cred, c.adminGroup)
	})
	return c.peer, c.err
}

func peerOf(cred *unix.Ucred, adminGroup string) Peer {
	p := Peer{ID: idOf(cred.Uid), PID: int(cred.Pid)}
	p.Name = p.ID
	u, err := user.LookupId(strconv.FormatUint(uint64(cred.Uid), 10))
	if err == nil {
		p.Name = u.Username
	}
	p.Admin = cred.Uid == 0 || int(cred.Uid) == os.Geteuid() ||
		err == nil && inGroup(u, adminGroup)
	return p
}

func inGroup(u *user.User, group string) bool {
	if group == "" {
		return false
	}
	g, err := user.LookupGroup(group)
	if err != nil {
		return false
	}
	ids, err := u.GroupIds()
	return err == nil && slices.Contains(ids, g.Gid)
}

func peerCred(c *net.UnixConn) (*unix.Ucred, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	var cred *unix.Ucred
	var credErr error
	if err := raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return nil, err
	}
	return cred, credErr
}

func idOf(uid uint32) string { return "uid:" + strconv.FormatUint(uint64(uid), 10) }

// allows tells whether a listener that runs as uid may be spoken to.
func (t Trust) allows(uid uint32) bool {
	if uid == 0 || int(uid) == os.Geteuid() || slices.Contains(t.IDs, idOf(uid)) {
		return true
	}
	return isServiceAccount(uid)
}

func isServiceAccount(uid uint32) bool {
	u, err := user.Lookup(ServiceAccount)
	return err == nil && u.Uid == strconv.FormatUint(uint64(uid), 10)
}

// forEverybody tells whether this process is a system-wide agent.
func forEverybody() bool {
	euid := os.Geteuid()
	return euid == 0 || isServiceAccount(uint32(euid))
}
