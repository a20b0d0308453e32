package pipe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"
)

// SystemAddress is the pipe of the machine's own agent. Seen from another
// machine it is `\\SERVER\pipe\abgleich-agent`.
const SystemAddress = `\\.\pipe\abgleich-agent`

// clientAccess is reading and writing without the right to create another
// instance of the pipe, which is what squatting needs. Server and client must
// name the same mask: GENERIC_WRITE would ask for that right as well.
const clientAccess = 0x0012019b

// DefaultAddress is where an agent listens.
func DefaultAddress() string { return SystemAddress }

// FindAddress is where a client looks for an agent.
func FindAddress() string { return SystemAddress }

// Listen takes the pipe name for this process; that it is the first instance is
// checked by the system ([ErrInUse]). LocalSystem, Administrators and this
// process's user may do everything, authenticated users may connect.
func Listen(address string, opts ListenOptions) (net.Listener, error) {
	if !strings.HasPrefix(address, `\\.\pipe\`) {
		return nil, &Error{ErrAddress, address, errors.New(`must start with \\.\pipe\`)}
	}
	self, err := ownSID()
	if err != nil {
		return nil, &Error{ErrAddress, address, err}
	}
	sddl := fmt.Sprintf("O:%sD:P(A;;GA;;;SY)(A;;GA;;;BA)(A;;GA;;;%s)(A;;0x%08x;;;AU)", self, self, clientAccess)
	l, err := winio.ListenPipe(address, &winio.PipeConfig{
		SecurityDescriptor: sddl,
		InputBufferSize:    64 << 10,
		OutputBufferSize:   64 << 10,
	})
	if err != nil {
		if errors.Is(err, windows.ERROR_ACCESS_DENIED) {
			return nil, &Error{ErrInUse, address, err}
		}
		return nil, &Error{ErrAddress, address, err}
	}
	if underWine() {
		// Wine counts the first instance as listening, and its client hangs.
		limit := 2 * time.Second
		if c, err := winio.DialPipe(address, &limit); err == nil {
			c.Close()
		}
	}
	return &listener{Listener: l, adminGroup: opts.AdminGroup}, nil
}

type listener struct {
	net.Listener
	adminGroup string
}

// Accept waits for the next connection.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, adminGroup: l.adminGroup}, nil
}

// Dial connects to the agent at the address, after checking who owns the pipe.
// The server may learn who we are but not act in our name.
func Dial(ctx context.Context, address string, trust Trust) (net.Conn, error) {
	c, err := winio.DialPipeAccessImpLevel(ctx, address, clientAccess, winio.PipeImpLevelIdentification)
	if err != nil {
		return nil, &Error{ErrUnreachable, address, err}
	}
	owner, err := ownerOf(c)
	if err != nil {
		c.Close()
		return nil, &Error{ErrUntrusted, address, err}
	}
	if ok, err := trust.allows(owner); !ok {
		c.Close()
		return nil, &Error{ErrUntrusted, address, errors.Join(fmt.Errorf("pipe belongs to %s", owner), err)}
	}
	return c, nil
}

func underWine() bool {
	return windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
}
