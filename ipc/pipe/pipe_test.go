package pipe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"
)

func TestMain(m *testing.M) {
	// go-winio waits for Windows' completions as long as the process lives.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/Microsoft/go-winio.ioCompletionProcessor"))
}

// start serves h at a fresh address until the test ends.
func start(t *testing.T, h http.Handler, lim limits) (address string, stop func() error) {
	t.Helper()
	address = newAddress(t)
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
