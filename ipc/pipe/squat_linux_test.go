package pipe

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// squat makes another user listen at the address, which needs root.
func squat(t *testing.T) (address string, received func() string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to act as another user")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for d := filepath.Dir(dir); d != os.TempDir() && len(d) > 1; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	address = filepath.Join(dir, "agent.sock")
	// SO_PEERCRED tells the user at the time of listen(2), on that thread.
	l, err := asUser(65534, func() (net.Listener, error) { return net.Listen("unix", address) })
	if err != nil {
		t.Fatal(err)
	}
	var g sync.WaitGroup
	got := make(chan string, 1)
	g.Go(func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		b, _ := io.ReadAll(bufio.NewReader(c))
		got <- string(b)
	})
	t.Cleanup(func() { l.Close(); g.Wait() })
	return address, func() string { return <-got }
}

func TestASquattedAddressLearnsNothing(t *testing.T) {
	address, received := squat(t)
	_, err := get(t.Context(), client(t, address), "/secret")
	if !errors.Is(err, ErrUntrusted) {
		t.Errorf("got %v", err)
	}
	if got := received(); got != "" {
		t.Errorf("the squatter received %q", got)
	}
}

func TestAConfiguredOwnerIsTrusted(t *testing.T) {
	address, received := squat(t)
	c, err := Dial(t.Context(), address, Trust{IDs: []string{"uid:65534"}})
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "hello")
	c.Close()
	if got := received(); got != "hello" {
		t.Errorf("received %q", got)
	}
}
