package exchangesim_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"abgleich/agent/exchangesim"
)

type sim struct {
	*exchangesim.Server
	url string
}

// start runs a simulated server with the users anna and bob for one test.
func start(t testing.TB, opt exchangesim.Options) *sim {
	t.Helper()
	if opt.Users == nil {
		opt.Users = []exchangesim.User{
			{Name: "anna", Password: "secret1", Mail: "anna@lab.test", DisplayName: "Anna Muster"},
			{Name: "bob", Password: "secret2", Mail: "bob@lab.test", DisplayName: "Bob Beispiel"},
		}
	}
	// Requests here are written by hand and often wrong on purpose. Where they are
	// right, their test has them judged itself, through Record.
	opt.HostileClients = true
	s, err := exchangesim.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	scheme := "http://"
	if opt.TLS {
		scheme = "https://"
	}
	return &sim{s, scheme + ln.Addr().String() + exchangesim.Endpoint}
}

// recordDir is where a test's exchanges are kept for the schema's judgement.
func recordDir(t *testing.T) string {
	if keep := os.Getenv("EXCHANGESIM_KEEP"); keep != "" {
		return filepath.Join(keep, strings.ReplaceAll(t.Name(), "/", "_"))
	}
	return t.TempDir()
}
