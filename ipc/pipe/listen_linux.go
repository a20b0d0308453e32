package pipe

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sys/unix"

	"abgleich/ipc/policy"
)

// systemAddress is the socket of the machine's own agent of that name.
func systemAddress(i Instance) string { return "/run/" + i.After("abgleich") + "/agent.sock" }

// maxPath is what fits into sockaddr_un, without the closing zero.
const maxPath = 107

// DefaultAddress is where an agent of this user listens: below /run for root, else in
// the user's runtime folder.
func DefaultAddress(i Instance) string {
	if os.Geteuid() == 0 {
		return systemAddress(i)
	}
	return userAddress(i)
}

// AddressOf is the socket a person means: a path, localhost or localhost/INSTANCE for
// this machine's agents, or, by "", the one a policy names, else that without a name. Of the machine's agents and
// those the user runs himself the machine's come first. [ErrAddress] where a name is none.
func AddressOf(address string) (string, error) {
	if address == "" {
		address = policy.Read().Agent
	}
	if server, _, _ := split(address); address != "" && server != "localhost" {
		return address, nil
	}
	_, i, err := split(address)
	if err != nil {
		return "", &Error{ErrAddress, address, err}
	}
	if _, err := os.Lstat(systemAddress(i)); err == nil {
		return systemAddress(i), nil
	}
	return DefaultAddress(i), nil
}

func userAddress(i Instance) string {
	dir := os.Getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		dir = filepath.Join(os.TempDir(), i.After(fmt.Sprintf("abgleich-%d", os.Geteuid())))
		return filepath.Join(dir, "agent.sock")
	}
	return filepath.Join(dir, i.After("abgleich"), "agent.sock")
}

// Listen takes the address for this process. A socket left behind by an agent
// that is gone is replaced; one that is alive makes it fail with [ErrInUse]. A
// lock file beside the socket keeps two starting agents apart. Run as root or
// as the service account, everybody may connect (each call is checked by who
// makes it); run by another user, only he may.
//
// Closing the listener removes the socket.
func Listen(address string, opts ListenOptions) (net.Listener, error) {
	if len(address) > maxPath {
		return nil, &Error{ErrAddress, address, fmt.Errorf("longer than %d bytes", maxPath)}
	}
	path, err := filepath.Abs(address)
	if err != nil {
		return nil, &Error{ErrAddress, address, err}
	}
	system := forEverybody()
	if err := prepareFolder(filepath.Dir(path), system); err != nil {
		return nil, &Error{ErrAddress, address, err}
	}
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	if ok, err := lock.TryLock(); err != nil {
		return nil, &Error{ErrAddress, address, err}
	} else if !ok {
		return nil, &Error{ErrInUse, address, nil}
	}
	l, err := listenLocked(path, system)
	if err != nil {
		lock.Unlock()
		return nil, err
	}
	return &listener{UnixListener: l, lock: lock, opts: opts}, nil
}

// listenLocked binds the socket; the lock is held.
func listenLocked(path string, system bool) (*net.UnixListener, error) {
	if err := removeStale(path); err != nil {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, &Error{ErrAddress, path, err}
	}
	mode := fs.FileMode(0o600)
	if system {
		mode = 0o666
	}
	if err := os.Chmod(path, mode); err != nil {
		l.Close()
		return nil, &Error{ErrAddress, path, err}
	}
	return l, nil
}

// removeStale takes away a socket nobody answers on. Anything else at the path
// is left alone.
func removeStale(path string) error {
	st, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &Error{ErrAddress, path, err}
	}
	if st.Mode().Type() != fs.ModeSocket {
		return &Error{ErrAddress, path, errors.New("not a socket")}
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		c.Close()
		return &Error{ErrInUse, path, nil}
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return &Error{ErrInUse, path, err} // alive but overloaded, or not ours
	}
	if err := os.Remove(path); err != nil {
		return &Error{ErrAddress, path, err}
	}
	return nil
}

// prepareFolder makes the socket's folder or checks the one that is there: a
// folder others may write to lets them put their own socket in our place.
func prepareFolder(dir string, system bool) error {
	mode := fs.FileMode(0o700)
	if system {
		mode = 0o755
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	err := os.Mkdir(dir, mode)
	if err == nil {
		return os.Chmod(dir, mode) // whatever the umask says
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return err
	}
	if owner := int(st.Uid); owner != 0 && owner != os.Geteuid() {
		return fmt.Errorf("folder belongs to user %d", owner)
	}
	if st.Mode&0o022 != 0 && st.Mode&unix.S_ISVTX == 0 {
		return fmt.Errorf("folder may be changed by others (mode %o)", st.Mode&0o777)
	}
	return nil
}

// listener gives connections that know their peer, and holds the lock.
type listener struct {
	*net.UnixListener
	opts ListenOptions
	lock *flock.Flock
	once sync.Once
	err  error
}

// Accept waits for the next connection.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.AcceptUnix()
	if err != nil {
		return nil, err
	}
	return &conn{UnixConn: c, adminGroup: l.opts.AdminGroup}, nil
}

// Close removes the socket and then gives the address back. It may be called
// twice.
func (l *listener) Close() error {
	l.once.Do(func() {
		l.err = errors.Join(l.UnixListener.Close(), l.lock.Unlock())
	})
	return l.err
}

// Dial connects to the agent at the address, after checking who listens there.
func Dial(ctx context.Context, address string, trust Trust) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", address)
	if err != nil {
		return nil, &Error{ErrUnreachable, address, err}
	}
	cred, err := peerCred(c.(*net.UnixConn))
	if err != nil {
		c.Close()
		return nil, &Error{ErrUntrusted, address, err}
	}
	if !trust.allows(cred.Uid) {
		c.Close()
		return nil, &Error{ErrUntrusted, address, fmt.Errorf("listener runs as %s", idOf(cred.Uid))}
	}
	return c, nil
}
