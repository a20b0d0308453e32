package logon

import (
	"os"
	"os/user"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// userInfo1 is USER_INFO_1 (lmaccess.h).
type userInfo1 struct {
	name, password   *uint16
	passwordAge      uint32 // seconds
	priv             uint32
	homeDir, comment *uint16
	flags            uint32
	scriptPath       *uint16
}

// Current asks Windows; for an account of a domain, the controller that logged it on.
// It may take as long as the network does.
func Current(now time.Time) (Logon, error) {
	u, err := user.Current()
	if err != nil {
		return Logon{}, err
	}
	l := Logon{User: u.Username}
	domain, name, ok := strings.Cut(u.Username, `\`)
	if !ok {
		return l, nil
	}
	var server *uint16 // nil is this computer
	if !strings.EqualFold(domain, os.Getenv("COMPUTERNAME")) {
		controller := os.Getenv("LOGONSERVER") // \\DC1
		if controller == "" {
			return l, nil
		}
		if server, err = windows.UTF16PtrFromString(controller); err != nil {
			return l, err
		}
	}
	account, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return l, err
	}
	var buf *byte
	if err := windows.NetUserGetInfo(server, account, 1, &buf); err != nil {
		return l, err
	}
	defer windows.NetApiBufferFree(buf) //nolint:errcheck // nothing to be done about it
	age := time.Duration((*userInfo1)(unsafe.Pointer(buf)).passwordAge) * time.Second
	if age > 0 {
		l.PasswordSet = now.Add(-age).Truncate(time.Second)
	}
	return l, nil
}
