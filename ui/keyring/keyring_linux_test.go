package keyring

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
)

// privateBus starts a session bus for one test.
func privateBus(t *testing.T) string {
	t.Helper()
	daemon, err := exec.LookPath("dbus-daemon")
	if err != nil {
		t.Skip("dbus-daemon is not installed (Debian package dbus)")
	}
	cmd := exec.CommandContext(t.Context(), daemon, "--session", "--nofork", "--print-address=1",
		"--address=unix:path="+filepath.Join(t.TempDir(), "bus"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address = strings.TrimSpace(address)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
	return address
}

func open(t *testing.T) Store {
	t.Helper()
	s, err := Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestAgainstGnomeKeyring(t *testing.T) {
	keyringd, err := exec.LookPath("gnome-keyring-daemon")
	if err != nil {
		t.Skip("gnome-keyring-daemon is not installed (Debian package gnome-keyring)")
	}
	privateBus(t)
	home := t.TempDir()
	for k, v := range map[string]string{"HOME": home, "XDG_DATA_HOME": home, "XDG_RUNTIME_DIR": home, "XDG_CACHE_HOME": home} {
		t.Setenv(k, v)
	}
	start := func() (end func()) {
		cmd := exec.CommandContext(t.Context(), keyringd, "--foreground", "--unlock", "--components=secrets", "--control-directory="+home)
		cmd.Stdin = strings.NewReader("test\n")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		end = func() { cmd.Process.Kill(); cmd.Wait() }
		t.Cleanup(end)
		awaitName(t)
		return end
	}
	logoff := start()

	s := open(t)
	ctx := t.Context()
	if _, err := s.Load(ctx, "server1"); !errors.Is(err, ErrNone) {
		t.Fatalf("empty store: %v", err)
	}
	for _, want := range []Login{NewLogin(`LAB\anna`, "first"), NewLogin(`LAB\anna`, `zweites "Ü" 🔑`)} {
		if err := s.Save(ctx, "server1", want); err != nil {
			t.Fatal(err)
		}
		// Another process, another connection.
		got, err := open(t).Load(ctx, "server1")
		if err != nil || got.User != want.User || got.Password() != want.Password() {
			t.Fatalf("got %v %q, %v", got, got.Password(), err)
		}
	}
	if err := s.Save(ctx, "server2", NewLogin("other", "other")); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing to delete
		if err := s.Delete(ctx, "server1"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Load(ctx, "server1"); !errors.Is(err, ErrNone) {
		t.Errorf("after delete: %v", err)
	}
	if got, err := s.Load(ctx, "server2"); err != nil || got.User != "other" {
		t.Errorf("the other agent's login: %v, %v", got, err)
	}
	// Who logs off and on again still has his login.
	logoff()
	awaitNobody(t)
	start()
	if got, err := open(t).Peek(ctx, "server2"); err != nil || got.User != "other" || got.Password() != "other" {
		t.Errorf("after the next logon: %v, %v", got, err)
	}
}

// awaitName waits until somebody owns the Secret Service's name, awaitNobody until
// nobody does.
func awaitName(t *testing.T)   { t.Helper(); awaitOwned(t, true) }
func awaitNobody(t *testing.T) { t.Helper(); awaitOwned(t, false) }

func awaitOwned(t *testing.T, owned bool) {
	t.Helper()
	bus, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	if err := bus.AddMatchSignal(dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, busName)); err != nil {
		t.Fatal(err)
	}
	signals := make(chan *dbus.Signal, 8)
	bus.Signal(signals)
	var has bool
	if err := bus.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, busName).Store(&has); err != nil {
		t.Fatal(err)
	}
	for has != owned {
		select {
		case sig := <-signals:
			if sig.Name == "org.freedesktop.DBus.NameOwnerChanged" && len(sig.Body) == 3 {
				has = sig.Body[2] != ""
			}
		case <-t.Context().Done():
			t.Fatal("no Secret Service appeared")
		}
	}
}

func TestWithoutASessionBusThereIsNoStore(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "nobody"))
	if _, err := Open(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	os.Unsetenv("DBUS_SESSION_BUS_ADDRESS")
	t.Setenv("XDG_RUNTIME_DIR", "")
	if _, err := Open(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Errorf("without any address: %v", err)
	}
}

func TestABusWithoutSecretServiceHasNoStore(t *testing.T) {
	privateBus(t)
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	t.Setenv("XDG_DATA_DIRS", t.TempDir())
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var names []string
	if err := conn.BusObject().Call("org.freedesktop.DBus.ListActivatableNames", 0).Store(&names); err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if n == busName {
			t.Skip("this machine starts a Secret Service on demand")
		}
	}
	if _, err := Open(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

// lockedService is a Secret Service with one locked item, whose prompt ends the
// way the test says.
type lockedService struct {
	bus       *dbus.Conn
	answer    func(s *lockedService) // called for Prompt
	dismissed chan struct{}
}

const (
	itemAt   = dbus.ObjectPath("/org/freedesktop/secrets/collection/login/1")
	promptAt = dbus.ObjectPath("/org/freedesktop/secrets/prompt/1")
)

func (s *lockedService) OpenSession(string, dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	return dbus.MakeVariant(""), "/org/freedesktop/secrets/session/1", nil
}

func (s *lockedService) SearchItems(map[string]string) ([]dbus.ObjectPath, []dbus.ObjectPath, *dbus.Error) {
	return nil, []dbus.ObjectPath{itemAt}, nil
}

func (s *lockedService) Unlock([]dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	return nil, promptAt, nil
}

func (s *lockedService) Prompt(string) *dbus.Error {
	go s.answer(s)
	return nil
}

func (s *lockedService) Dismiss() *dbus.Error {
	close(s.dismissed)
	return nil
}

func (s *lockedService) completed(dismissed bool, unlocked ...dbus.ObjectPath) {
	s.bus.Emit(promptAt, promptIf+".Completed", dismissed, dbus.MakeVariant(unlocked))
}

func startLocked(t *testing.T, answer func(*lockedService)) *lockedService {
	t.Helper()
	privateBus(t)
	bus, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bus.Close() })
	s := &lockedService{bus: bus, answer: answer, dismissed: make(chan struct{})}
	for _, e := range []struct {
		at dbus.ObjectPath
		in string
	}{{root, strings.TrimSuffix(serviceIf, ".")}, {promptAt, promptIf}} {
		if err := bus.Export(s, e.at, e.in); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := bus.RequestName(busName, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAClosedPromptIsACancellation(t *testing.T) {
	startLocked(t, func(s *lockedService) { s.completed(true) })
	if _, err := open(t).Load(t.Context(), "server1"); !errors.Is(err, ErrCancelled) {
		t.Errorf("got %v", err)
	}
}

func TestAPromptThatUnlocksNothingLeavesTheStoreLocked(t *testing.T) {
	startLocked(t, func(s *lockedService) { s.completed(false) })
	if _, err := open(t).Load(t.Context(), "server1"); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v", err)
	}
}

func TestPeekingAsksNobody(t *testing.T) {
	startLocked(t, func(*lockedService) { t.Error("a prompt was shown") })
	if _, err := open(t).Peek(t.Context(), "server1"); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v", err)
	}
}

func TestTheCallersEndDismissesThePrompt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := startLocked(t, func(*lockedService) { cancel() })
	if _, err := open(t).Load(ctx, "server1"); !errors.Is(err, ErrCancelled) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	<-s.dismissed
}
