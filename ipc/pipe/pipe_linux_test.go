package pipe

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestTheServerKnowsItsPeerFromTheKernel(t *testing.T) {
	type answer struct {
		peer  Peer
		proto string
	}
	answers := make(chan answer, 1)
	address, _ := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := PeerFrom(r.Context())
		if err != nil {
			t.Error(err)
		}
		answers <- answer{p, r.Proto}
	}), relaxed)
	if _, err := get(t.Context(), client(t, address), "/"); err != nil {
		t.Fatal(err)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	got := <-answers
	want := Peer{ID: "uid:" + me.Uid, Name: me.Username, Admin: true, PID: os.Getpid()}
	if got.peer != want || got.proto != "HTTP/2.0" {
		t.Errorf("got %+v, want %+v over HTTP/2.0", got, want)
	}
}

func TestAnotherUserIsNotAnAdministrator(t *testing.T) {
	p := peerOf(&unix.Ucred{Uid: uint32(os.Geteuid()) + 54321, Pid: 7}, "")
	id := "uid:" + strconv.Itoa(os.Geteuid()+54321)
	if p != (Peer{ID: id, Name: id, PID: 7}) {
		t.Errorf("got %+v", p)
	}
	if p := peerOf(&unix.Ucred{Uid: 0}, ""); !p.Admin {
		t.Error("root is no administrator")
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Skip("no user nobody here")
	}
	uid, _ := strconv.Atoi(nobody.Uid)
	for group, want := range map[string]bool{"": false, "nogroup": true, "root": false, "no-such-group-here": false} {
		if p := peerOf(&unix.Ucred{Uid: uint32(uid)}, group); p.Admin != want && uid != os.Geteuid() {
			t.Errorf("nobody with administrators %q: admin %v", group, p.Admin)
		}
	}
}

func TestASecondAgentIsRefusedAndTheFirstGoesOn(t *testing.T) {
	address, _ := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "first") }), relaxed)
	if _, err := Listen(address, ListenOptions{}); !errors.Is(err, ErrInUse) {
		t.Errorf("got %v", err)
	}
	// Even without the lock file, which somebody may have tidied away.
	if err := os.Remove(address + ".lock"); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(address, ListenOptions{}); !errors.Is(err, ErrInUse) {
		t.Errorf("without lock file: %v", err)
	}
	if got, err := get(t.Context(), client(t, address), "/"); got != "first" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestASocketLeftBehindIsReplaced(t *testing.T) {
	address := filepath.Join(t.TempDir(), "agent.sock")
	old, err := net.ListenUnix("unix", &net.UnixAddr{Name: address, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	old.SetUnlinkOnClose(false)
	old.Close()
	if _, err := Dial(t.Context(), address, Trust{}); !errors.Is(err, ErrUnreachable) {
		t.Errorf("a dead socket: %v", err)
	}
	l, err := Listen(address, ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := l.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	l, err = Listen(address, ListenOptions{})
	if err != nil {
		t.Fatalf("after close: %v", err)
	}
	l.Close()
}

func TestWhatIsNoSocketIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	file, link, folder := filepath.Join(dir, "file"), filepath.Join(dir, "link"), filepath.Join(dir, "folder")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Symlink(file, link), os.Mkdir(folder, 0o700)); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{file, link, folder, filepath.Join(dir, strings.Repeat("x", 120)), filepath.Join(file, "below")} {
		if _, err := Listen(address, ListenOptions{}); !errors.Is(err, ErrAddress) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if b, err := os.ReadFile(file); string(b) != "precious" || err != nil {
		t.Errorf("the file is now %q, %v", b, err)
	}
}

func TestAFolderOthersMayChangeIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "open")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, 0o777)); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(filepath.Join(dir, "agent.sock"), ListenOptions{}); !errors.Is(err, ErrAddress) {
		t.Errorf("got %v", err)
	}
}

func TestSocketAndFolderHaveTheRightsOfTheirKind(t *testing.T) {
	address := filepath.Join(t.TempDir(), "new", "agent.sock")
	l, err := Listen(address, ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	wantDir, wantSocket := os.FileMode(0o700), os.FileMode(0o600)
	if os.Geteuid() == 0 {
		wantDir, wantSocket = 0o755, 0o666
	}
	for path, want := range map[string]os.FileMode{filepath.Dir(address): wantDir, address: wantSocket} {
		if st, err := os.Stat(path); err != nil || st.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, st.Mode().Perm(), err)
		}
	}
}

func TestTheDefaultAddressFollowsTheUser(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", "/run/user/1000")
	if got := userAddress(""); got != "/run/user/1000/abgleich/agent.sock" {
		t.Error(got)
	}
	if got := userAddress("steyr"); got != "/run/user/1000/abgleich-steyr/agent.sock" {
		t.Error(got)
	}
	t.Setenv("XDG_RUNTIME_DIR", "")
	if got := userAddress(""); !strings.Contains(got, strconv.Itoa(os.Geteuid())) {
		t.Errorf("%s is shared between users", got)
	}
	if os.Geteuid() == 0 && (DefaultAddress("") != "/run/abgleich/agent.sock" || DefaultAddress("steyr") != "/run/abgleich-steyr/agent.sock") {
		t.Error(DefaultAddress(""), DefaultAddress("steyr"))
	}
}

func TestAnAgentIsNamedByItsInstanceOrItsSocket(t *testing.T) {
	for address, want := range map[string]string{
		"": DefaultAddress(""), "localhost": DefaultAddress(""), "localhost/steyr": DefaultAddress("steyr"),
		"/tmp/a.sock": "/tmp/a.sock", "./a.sock": "./a.sock", "run/a.sock": "run/a.sock",
	} {
		if got, err := AddressOf(address); got != want || err != nil {
			t.Errorf("%q: %s, %v", address, got, err)
		}
	}
	if got, err := AddressOf("localhost/a b"); !errors.Is(err, ErrAddress) {
		t.Errorf("%s, %v", got, err)
	}
}

// newAddress is one nobody listens at.
func newAddress(t *testing.T) string { return filepath.Join(t.TempDir(), "run", "agent.sock") }

func TestAfterTheEndTheSocketIsGone(t *testing.T) {
	address, stop := start(t, http.NotFoundHandler(), relaxed)
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(address); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}
