package pipe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start serves h at a fresh address until the test ends.
func start(t *testing.T, h http.Handler, lim limits) (address string, stop func() error) {
	t.Helper()
	address = filepath.Join(t.TempDir(), "run", "agent.sock")
	l, err := Listen(address, ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- serve(ctx, l, h, lim) }()
	stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { stop() })
	return address, stop
}

var relaxed = limits{header: time.Minute, write: time.Minute, ping: time.Minute, grace: time.Second}

func client(t *testing.T, address string) *http.Client {
	t.Helper()
	c := NewHTTPClient(address, Trust{})
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func get(ctx context.Context, c *http.Client, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, BaseURL+path, nil)
	if err != nil {
		return "", err
	}
	res, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return string(b), err
}

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

func TestARequestThatCameNoOtherWayHasNoPeer(t *testing.T) {
	if _, err := PeerFrom(t.Context()); err == nil {
		t.Error("a peer out of nowhere")
	}
	if p, err := PeerFrom(WithPeer(t.Context(), Peer{ID: "uid:7"})); err != nil || p.ID != "uid:7" {
		t.Errorf("got %+v, %v", p, err)
	}
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	if _, err := PeerFrom(ConnContext(t.Context(), a)); err == nil {
		t.Error("a connection without identity has a peer")
	}
}

func TestManyClientsAtOnce(t *testing.T) {
	address, _ := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.URL.Path)
	}), relaxed)
	var g errgroup.Group
	for i := range 60 {
		c := client(t, address)
		for j := range 10 {
			g.Go(func() error {
				want := fmt.Sprintf("/%d/%d", i, j)
				got, err := get(t.Context(), c, want)
				if err == nil && got != want {
					err = fmt.Errorf("got %q, want %q", got, want)
				}
				return err
			})
		}
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

func TestAClientThatSendsNothingIsClosedAndHoldsNobodyUp(t *testing.T) {
	lim := relaxed
	lim.header = 50 * time.Millisecond
	address, _ := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }), lim)
	for name, begin := range map[string]string{
		"silent":           "",
		"half a request":   "GET / HTTP/1.1\r\nHost: x\r\n",
		"half the preface": "PRI * HTTP/2.0\r\n",
		"no HTTP at all":   "\x00\x01\x02",
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Dial(t.Context(), address, Trust{})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := io.WriteString(c, begin); err != nil {
				t.Fatal(err)
			}
			if got, err := get(t.Context(), client(t, address), "/"); got != "ok" || err != nil {
				t.Errorf("another client got %q, %v", got, err)
			}
			c.SetReadDeadline(time.Now().Add(10 * time.Second))
			if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the server keeps the connection")
			}
		})
	}
}

func TestAClientThatReadsNothingIsClosed(t *testing.T) {
	lim := relaxed
	lim.write = 100 * time.Millisecond
	failed := make(chan error, 1)
	address, _ := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				failed <- err
				return
			}
		}
	}), lim)
	// A raw HTTP/2 client with an endless window that never reads.
	c, err := Dial(t.Context(), address, Trust{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	frames := "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" +
		"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x04\x7f\xff\xff\xff" + // SETTINGS: window 2^31-1
		"\x00\x00\x04\x08\x00\x00\x00\x00\x00\x7f\x00\x00\x00" + // WINDOW_UPDATE of the connection
		"\x00\x00\x0f\x01\x05\x00\x00\x00\x01\x82\x86\x84\x41\x0aagent.test" // GET /
	if _, err := io.WriteString(c, frames); err != nil {
		t.Fatal(err)
	}
	<-failed // the test's own time limit is the alarm
}

func TestStoppingEndsStreamsAtOnceAndLetsCallsFinish(t *testing.T) {
	streaming, calling, release := make(chan struct{}), make(chan struct{}), make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		close(streaming)
		<-Stopping(r.Context())
		io.WriteString(w, "bye")
		close(release)
	})
	mux.HandleFunc("/call", func(w http.ResponseWriter, r *http.Request) {
		close(calling)
		<-release
		if r.Context().Err() == nil {
			io.WriteString(w, "done")
		}
	})
	address, stop := start(t, mux, limits{time.Minute, time.Minute, time.Minute, 10 * time.Second})
	c := client(t, address)
	var g errgroup.Group
	for path, want := range map[string]string{"/stream": "bye", "/call": "done"} {
		g.Go(func() error {
			got, err := get(t.Context(), c, path)
			if err == nil && got != want {
				err = fmt.Errorf("%s: got %q", path, got)
			}
			return err
		})
	}
	<-streaming
	<-calling
	if err := stop(); err != nil {
		t.Error(err)
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(address); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
	if _, err := get(t.Context(), client(t, address), "/call"); !errors.Is(err, ErrUnreachable) {
		t.Errorf("after the end: %v", err)
	}
}

func TestStoppingEndsAHandlerThatWontListen(t *testing.T) {
	entered := make(chan struct{})
	lim := relaxed
	lim.grace = 20 * time.Millisecond
	address, stop := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
	}), lim)
	failed := make(chan error, 1)
	c := client(t, address)
	go func() { _, err := get(context.Background(), c, "/"); failed <- err }()
	<-entered
	if err := stop(); err != nil {
		t.Error(err)
	}
	<-failed
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
	if got := userAddress(); got != "/run/user/1000/abgleich/agent.sock" {
		t.Error(got)
	}
	t.Setenv("XDG_RUNTIME_DIR", "")
	if got := userAddress(); !strings.Contains(got, strconv.Itoa(os.Geteuid())) {
		t.Errorf("%s is shared between users", got)
	}
	if os.Geteuid() == 0 && DefaultAddress() != SystemAddress {
		t.Error(DefaultAddress())
	}
}
