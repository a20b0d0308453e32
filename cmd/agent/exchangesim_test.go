package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jcmturner/gokrb5/v8/keytab"

	"abgleich/agent/exchangesim"
	"abgleich/assets"
)

func TestTheSimulatorTellsThroughAutodiscoverWhereItIs(t *testing.T) {
	at := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8443}
	for name, c := range map[string]struct {
		tls   bool
		names []string
		want  string
	}{
		"without TLS":            {false, nil, "http://127.0.0.1:8443/EWS/Exchange.asmx"},
		"with TLS":               {true, nil, "https://127.0.0.1:8443/EWS/Exchange.asmx"},
		"with a name of its own": {true, []string{"mail.lab.test", "autodiscover.lab.test"}, "https://mail.lab.test:8443/EWS/Exchange.asmx"},
	} {
		for _, on := range []bool{true, false} {
			s := simFlags{users: []string{"anna:secret1:anna@lab.test"}, autodiscover: on}
			s.options.TLS, s.options.Hostnames = c.tls, c.names
			list, err := s.check()
			if err != nil {
				t.Fatal(name, err)
			}
			server, err := s.build(list, at)
			if err != nil {
				t.Fatal(name, err)
			}
			if err := server.Close(); err != nil {
				t.Error(name, err)
			}
			switch a := s.options.Autodiscover; {
			case !on && a != nil:
				t.Errorf("%s: answered without being asked to", name)
			case on && (a == nil || a.External != c.want || a.Internal != c.want):
				t.Errorf("%s: tells %+v, want %s", name, a, c.want)
			}
		}
	}
}

func TestTheSimulatorsFlagsReachIt(t *testing.T) {
	g := &global{out: io.Discard, err: io.Discard}
	g.lang, g.texts = assets.English, assets.Texts(assets.English)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for line, good := range map[string]bool{
		"--quirks grommunio": true, "--quirks klingon": false,
		"--extended-protection off": true, "--extended-protection allowed": true, "--extended-protection required": true, "--extended-protection perhaps": false,
	} {
		c := simCommand(g)
		c.SetContext(ctx)
		c.SetArgs(append(strings.Fields(line), "--tls", "--listen", "127.0.0.1:0", "--user", "anna:secret1:anna@lab.test"))
		c.SilenceErrors, c.SilenceUsage = true, true
		if err := c.ExecuteContext(ctx); (err == nil) != good {
			t.Errorf("%s: %v", line, err)
		}
	}
	for word, want := range map[string]exchangesim.ExtendedProtection{"required": exchangesim.ProtectionRequired, "allowed": exchangesim.ProtectionAllowed, "off": exchangesim.ProtectionOff} {
		s := simFlags{users: []string{"anna:secret1:anna@lab.test"}, protection: word}
		if _, err := s.check(); err != nil || s.options.ExtendedProtection != want {
			t.Errorf("%s: %v, %v", word, s.options.ExtendedProtection, err)
		}
	}
}

func TestTheSimulatorOffersKerberosWithAKeytab(t *testing.T) {
	s := simFlags{users: []string{"anna:secret1:anna@lab.test"}}
	list, err := s.check()
	if err != nil {
		t.Fatal(err)
	}
	s.options.Kerberos = filepath.Join(t.TempDir(), "none.keytab")
	if server, err := s.build(list, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}); err == nil {
		t.Error("a keytab that is not there was taken", server.Close())
	}
	table := keytab.New()
	if err := table.AddEntry("HTTP/mail.lab.test", "LAB.TEST", "secret", time.Now(), 1, 18); err != nil {
		t.Fatal(err)
	}
	b, err := table.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "http.keytab")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	var out syncBuffer
	g := &global{out: &out, err: io.Discard}
	g.lang, g.texts = assets.English, assets.Texts(assets.English)
	g.json = true
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	s = simFlags{users: s.users, listen: "127.0.0.1:0"}
	s.options.Kerberos, s.options.NoNTLM = file, true
	go func() { done <- g.simulate(ctx, s) }()
	var at struct{ URL string }
	if err := json.Unmarshal(out.line(t), &at); err != nil {
		t.Fatal(err)
	}
	r, err := http.Post(at.URL, "text/xml", strings.NewReader("<x/>"))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Body.Close(); err != nil {
		t.Error(err)
	}
	http.DefaultClient.CloseIdleConnections()
	if got := r.Header.Values("WWW-Authenticate"); r.StatusCode != http.StatusUnauthorized || len(got) != 1 || got[0] != "Negotiate" {
		t.Errorf("HTTP %d, %q", r.StatusCode, got)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// syncBuffer hands over what is written, line by line.
type syncBuffer struct {
	once  sync.Once
	lines chan []byte
}

func (b *syncBuffer) open() { b.once.Do(func() { b.lines = make(chan []byte, 16) }) }

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.open()
	b.lines <- bytes.Clone(p)
	return len(p), nil
}

func (b *syncBuffer) line(t *testing.T) []byte {
	t.Helper()
	b.open()
	select {
	case l := <-b.lines:
		return l
	case <-t.Context().Done():
		t.Fatal("no line")
		return nil
	}
}
