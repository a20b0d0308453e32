package pipe

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sys/windows"
)

// conn looks its peer up once, when first asked: Windows lets a server take a
// client's identity only after it has read something from the pipe.
type conn struct {
	net.Conn
	adminGroup string
	once       sync.Once
	peer       Peer
	err        error
}

// Peer is the user whose token opened the pipe.
func (c *conn) Peer() (Peer, error) {
	c.once.Do(func() {
		h, err := handleOf(c.Conn)
		if err != nil {
			c.err = err
			return
		}
		c.peer, c.err = clientOf(h, c.adminGroup)
	})
	return c.peer, c.err
}

// handleOf gives the pipe's handle; go-winio's connections have one.
func handleOf(c net.Conn) (windows.Handle, error) {
	f, ok := c.(interface{ Fd() uintptr })
	if !ok {
		return 0, errors.New("connection is not a pipe")
	}
	return windows.Handle(f.Fd()), nil
}

var procImpersonateNamedPipeClient = windows.NewLazySystemDLL("advapi32.dll").
	NewProc("ImpersonateNamedPipeClient")

// clientOf borrows the client's token on a locked thread and reads it.
func clientOf(h windows.Handle, adminGroup string) (Peer, error) {
	runtime.LockOSThread()
	if r, _, err := procImpersonateNamedPipeClient.Call(uintptr(h)); r == 0 {
		runtime.UnlockOSThread()
		return Peer{}, fmt.Errorf("impersonate pipe client: %w", err)
	}
	var token windows.Token
	openErr := windows.OpenThreadToken(windows.CurrentThread(), windows.TOKEN_QUERY|windows.TOKEN_DUPLICATE, true, &token)
	if err := windows.RevertToSelf(); err != nil {
		// The thread still is the client: it stays locked and dies with this
		// goroutine, so that nothing of ours ever runs on it.
		return Peer{}, fmt.Errorf("revert to self: %w", err)
	}
	runtime.UnlockOSThread()
	if openErr != nil {
		return Peer{}, fmt.Errorf("open client token: %w", openErr)
	}
	defer token.Close()

	tu, err := token.GetTokenUser()
	if err != nil {
		return Peer{}, fmt.Errorf("read client token: %w", err)
	}
	p := Peer{ID: tu.User.Sid.String()}
	p.Name = nameOf(tu.User.Sid)
	var pid uint32
	if windows.GetNamedPipeClientProcessId(h, &pid) == nil {
		p.PID = int(pid)
	}
	p.Admin = isAdmin(token, tu.User.Sid, adminGroup)
	return p, nil
}

// isAdmin asks the token, in which a not elevated administrator's group is
// switched off.
func isAdmin(token windows.Token, user *windows.SID, group string) bool {
	if user.IsWellKnown(windows.WinLocalSystemSid) {
		return true
	}
	if self, err := ownSID(); err == nil && self.Equals(user) {
		return true
	}
	if admins, err := windows.CreateWellKnownSid(windows.WinBuiltinAdministratorsSid); err == nil {
		if ok, err := token.IsMember(admins); err == nil && ok {
			return true
		}
	}
	if group == "" {
		return false
	}
	sid, _, _, err := windows.LookupSID("", group)
	if err != nil {
		return false
	}
	ok, err := token.IsMember(sid)
	return err == nil && ok
}

func nameOf(sid *windows.SID) string {
	account, domain, _, err := sid.LookupAccount("")
	if err != nil {
		return sid.String()
	}
	if domain == "" {
		return account
	}
	return domain + `\` + account
}

func ownSID() (*windows.SID, error) {
	tu, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, err
	}
	return tu.User.Sid, nil
}

// ownerOf reads who owns the pipe a client is connected to. Only an elevated
// process can make a pipe that belongs to Administrators, only LocalSystem one
// that belongs to it.
func ownerOf(c net.Conn) (*windows.SID, error) {
	h, err := handleOf(c)
	if err != nil {
		return nil, err
	}
	sd, err := windows.GetSecurityInfo(h, windows.SE_KERNEL_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return nil, fmt.Errorf("owner of pipe: %w", err)
	}
	owner, _, err := sd.Owner()
	if err != nil {
		return nil, fmt.Errorf("owner of pipe: %w", err)
	}
	return owner, nil
}

func (t Trust) allows(owner *windows.SID, service string) (bool, error) {
	if owner.String() == ServiceSID(service) {
		return true, nil
	}
	if owner.IsWellKnown(windows.WinLocalSystemSid) || owner.IsWellKnown(windows.WinBuiltinAdministratorsSid) {
		return true, nil
	}
	if slices.Contains(t.IDs, owner.String()) {
		return true, nil
	}
	self, err := ownSID()
	return err == nil && self.Equals(owner), err
}
