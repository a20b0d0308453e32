// Package pipe carries what tray and agent say to each other: it listens and
// dials on a named pipe on Windows and on a Unix socket on Linux, and it knows
// who is at the other end.
//
// Identity comes from the operating system only. The server learns the caller
// from the peer's user id (SO_PEERCRED) or from the client's token, puts it
// into the request context ([ConnContext], [PeerFrom]), and handlers ask there.
// Nothing a request says about its sender is looked at. The client checks who
// owns the socket or pipe before it sends its first byte ([Trust]), so that a
// squatted address learns nothing.
//
// The transport on top is HTTP/2 without TLS ([Serve], [NewHTTPClient]); a pipe
// over the network may be readable by others, which is why a password is sealed
// (package seal) before it enters one.
//
// The package must not know what is said: no contract, no permissions, no
// texts for a person.
package pipe

import (
	"errors"
	"fmt"
	"net"
)

// Reasons a pipe can't be used; ask with errors.Is.
var (
	// ErrUnreachable means that nobody listens at the address, or that this
	// user may not connect to it.
	ErrUnreachable = errors.New("agent not reachable")
	// ErrUntrusted means that someone listens who is neither the system nor
	// this user nor a configured owner. Nothing was sent to him.
	ErrUntrusted = errors.New("address is owned by someone else")
	// ErrInUse means that another agent listens at the address.
	ErrInUse = errors.New("another agent listens here")
	// ErrAddress means that the address can't be listened at: it is too long,
	// is an ordinary file, or lies in a folder that others may change.
	ErrAddress = errors.New("address cannot be used")
)

// Error is what [Listen] and [Dial] return: one of the reasons above, the
// address, and the operating system's word.
type Error struct {
	// Reason is ErrUnreachable, ErrUntrusted, ErrInUse or ErrAddress.
	Reason error
	// Address is the socket path or pipe name.
	Address string
	// Err is the cause; may be nil.
	Err error
}

// Error gives address, reason and cause, for logs.
func (e *Error) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("%s: %v", e.Address, e.Reason)
	}
	return fmt.Sprintf("%s: %v: %v", e.Address, e.Reason, e.Err)
}

// Unwrap gives reason and cause to errors.Is and errors.As.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Reason}
	}
	return []error{e.Reason, e.Err}
}

// Peer is the person or service at the other end of a connection, as the
// kernel names it.
type Peer struct {
	// ID is stable and unambiguous on this machine: "uid:1000" on Linux, the
	// security identifier ("S-1-5-21-…") on Windows.
	ID string
	// Name is the user name for people: "anna" or `DOMAIN\anna`. It equals ID
	// when the system knows no name for it.
	Name string
	// Admin is true for root, for an elevated administrator, for members of
	// [ListenOptions].AdminGroup, and for the user the agent itself runs as.
	Admin bool
	// PID is the client's process, 0 when unknown (a pipe from another
	// machine). For logs only: a process id is not an identity.
	PID int
}

// ListenOptions widen who may do what on a listener. The zero value works.
type ListenOptions struct {
	// AdminGroup names an operating system group whose members count as
	// administrators; "" for none.
	AdminGroup string
	// Remote lets clients of other machines in (Windows: over SMB). Sockets have
	// none.
	Remote bool
}

// Trust is who may own the address a client connects to. The zero value trusts
// the system (root; LocalSystem and Administrators), the caller's own user, and
// the service: the account [ServiceAccount], on Windows the service that is called
// as the pipe is ([ServiceSID]).
type Trust struct {
	// IDs are further owners, in the form of [Peer].ID.
	IDs []string
}

// ServiceAccount is the user a system-wide agent runs as where it doesn't run
// as root. Only root can create it, so its sockets are trusted.
const ServiceAccount = "abgleich"

// peerConn is a connection that knows its peer. The lookup is done when it is
// first asked for, because Windows tells a client's identity only after it has
// sent something.
type peerConn interface {
	net.Conn
	// Peer looks the identity up once and keeps it.
	Peer() (Peer, error)
}
