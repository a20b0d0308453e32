package pipe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"unsafe"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"
)

// clientAccess is reading and writing without the right to create another
// instance of the pipe, which is what squatting needs. Server and client must
// name the same mask: GENERIC_WRITE would ask for that right as well.
const clientAccess = 0x0012019b

// DefaultAddress is where an agent listens: the pipe called as its service is. Seen
// from another machine it is `\\SERVER\pipe\abgleich-agent`.
func DefaultAddress(i Instance) string { return windowsPipe(".", i, nil) }

// Listen takes the pipe name for this process; that it is the first instance is
// checked by the system ([ErrInUse]). LocalSystem, Administrators and this
// process's user may do everything, authenticated users may connect: from this
// machine, and with [ListenOptions].Remote from others. The pipe belongs to the
// service of its name where this process is that service, else to its user.
func Listen(address string, opts ListenOptions) (net.Listener, error) {
	if !strings.HasPrefix(address, `\\.\pipe\`) {
		return nil, &Error{ErrAddress, address, errors.New(`must start with \\.\pipe\`)}
	}
	sd, err := descriptor(address)
	if err != nil {
		return nil, &Error{ErrAddress, address, err}
	}
	l, err := listenPipe(address, sd, opts)
	switch {
	case errors.Is(err, windows.ERROR_ACCESS_DENIED), errors.Is(err, windows.ERROR_PIPE_BUSY):
		return nil, &Error{ErrInUse, address, err}
	case err != nil:
		return nil, &Error{ErrAddress, address, err}
	}
	return l, nil
}

// descriptor says who owns the pipe and who may do what with it.
func descriptor(address string) (*windows.SECURITY_DESCRIPTOR, error) {
	self, err := ownSID()
	if err != nil {
		return nil, err
	}
	owner := self.String()
	if service := ServiceSID(serviceOf(address)); mayOwn(service) {
		owner = service
	}
	return windows.SecurityDescriptorFromString(fmt.Sprintf(
		"O:%sD:P(A;;GA;;;SY)(A;;GA;;;BA)(A;;GA;;;%s)(A;;0x%08x;;;AU)", owner, self, clientAccess))
}

// seGroupOwner marks a group that may own what its member makes (SE_GROUP_OWNER).
const seGroupOwner = 0x8

// mayOwn tells whether this process may make things that belong to the group.
func mayOwn(sid string) bool {
	groups, err := windows.GetCurrentProcessToken().GetTokenGroups()
	if err != nil {
		return false
	}
	for _, g := range groups.AllGroups() {
		if g.Attributes&seGroupOwner != 0 && g.Sid.String() == sid {
			return true
		}
	}
	return false
}

// Dial connects to the agent at the address, after checking who owns the pipe: the
// service of its name, LocalSystem, Administrators, this user, or one of trust's.
// The server may learn who we are but not act in our name.
func Dial(ctx context.Context, address string, trust Trust) (net.Conn, error) {
	if !strings.HasPrefix(address, `\\`) {
		return nil, &Error{ErrAddress, address, errors.New("neither SERVER nor SERVER/INSTANCE nor a pipe's name")}
	}
	c, err := winio.DialPipeAccessImpLevel(ctx, address, clientAccess, winio.PipeImpLevelIdentification)
	if err != nil {
		return nil, &Error{ErrUnreachable, address, err}
	}
	owner, err := ownerOf(c)
	if err != nil {
		c.Close()
		return nil, &Error{ErrUntrusted, address, err}
	}
	if ok, err := trust.allows(owner, serviceOf(address)); !ok {
		c.Close()
		return nil, &Error{ErrUntrusted, address, errors.Join(fmt.Errorf("pipe belongs to %s", owner), err)}
	}
	return c, nil
}

// attributes are a descriptor in the form CreateNamedPipe takes it.
func attributes(sd *windows.SECURITY_DESCRIPTOR) *windows.SecurityAttributes {
	a := &windows.SecurityAttributes{SecurityDescriptor: sd}
	a.Length = uint32(unsafe.Sizeof(*a))
	return a
}
