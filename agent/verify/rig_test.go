package verify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"abgleich/agent/credentials"
	"abgleich/agent/ews"
	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side/exchange"
	"abgleich/agent/vault"
)

// fakeBook notes what it is told.
type fakeBook struct {
	stored             *credentials.Login
	refused            string // password known as refused
	accepted, rejected int
	took               credentials.Login
}

func (b *fakeBook) Login(context.Context, pim.UserID) (credentials.Login, error) {
	if b.stored == nil {
		return credentials.Login{}, fault.New(fault.CredentialsMissing, "book", "", nil)
	}
	return *b.stored, nil
}

func (b *fakeBook) MayTry(ctx context.Context, u pim.UserID, asked bool) error {
	l, err := b.Login(ctx, u)
	if err != nil {
		return err
	}
	return b.MayTryOther(ctx, u, l, asked)
}

func (b *fakeBook) MayTryOther(_ context.Context, _ pim.UserID, l credentials.Login, asked bool) error {
	if !asked && l.Secret.Reveal() == b.refused {
		return fault.New(fault.LoginRejected, "book", "", nil)
	}
	return nil
}

func (b *fakeBook) Took(_ context.Context, _ pim.UserID, l credentials.Login) error {
	b.accepted++
	b.took = l
	if b.refused == l.Secret.Reveal() {
		b.refused = ""
	}
	return nil
}

func (b *fakeBook) Rejected(_ context.Context, _ pim.UserID, l credentials.Login) error {
	b.rejected++
	b.refused = l.Secret.Reveal()
	return nil
}

// fakeEmployees is master data that a test can spoil.
type fakeEmployees struct {
	employee Employee
	err      error
	maySync  error
	service  error
}

func (f *fakeEmployees) Employee(context.Context, pim.UserID) (Employee, error) {
	return f.employee, f.err
}
func (f *fakeEmployees) MaySync(context.Context, pim.UserID) error { return f.maySync }
func (f *fakeEmployees) ServiceUser(context.Context) error         { return f.service }

// password is the right one of everybody.
const password = "S3cret!pass"

// rig is a simulated Exchange and a checker on it.
type rig struct {
	sim       *exchangesim.Server
	book      *fakeBook
	employees *fakeEmployees
	settings  Settings
	options   Options
	request   Request
}

func simulated(t *testing.T, o exchangesim.Options) *rig {
	t.Helper()
	o.Users = []exchangesim.User{
		{Name: "anna", Password: password, Mail: "anna@lab.test"},
		{Name: "ben", Password: password, Mail: "ben@lab.test"},
	}
	if o.LockAfter == 0 {
		o.LockAfter = 2 // a second wrong attempt shows
	}
	sim, err := exchangesim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = sim.Serve(ctx, l) }()
	t.Cleanup(func() { cancel(); <-done; sim.Close() })
	scheme := "http"
	if o.TLS {
		scheme = "https"
	}
	r := against(t, fmt.Sprintf("%s://%s%s", scheme, l.Addr(), exchangesim.Endpoint))
	r.sim = sim
	if o.TLS {
		r.trust(t, func() *x509.Certificate {
			c, err := x509.ParseCertificate(sim.Certificate().Certificate[0])
			if err != nil {
				t.Fatal(err)
			}
			return c
		}())
	}
	return r
}

// against makes a rig for any endpoint.
func against(t *testing.T, endpoint string) *rig {
	n := 0
	r := &rig{
		book:      &fakeBook{},
		employees: &fakeEmployees{employee: Employee{Mail: "anna@lab.test", Active: true}},
		settings:  Settings{SyncEnabled: true, Endpoint: endpoint},
		request:   Request{User: "anna", Login: &credentials.Login{Name: `LAB\anna`, Secret: vault.NewSecret(password)}},
	}
	r.options = Options{
		Version: "test", Installation: "here", Employees: r.employees, Book: r.book,
		Settings: func(context.Context) (Settings, error) { return r.settings, nil },
		Logins: func(l credentials.Login) []ews.Login {
			return []ews.Login{ews.NTLM(l.Name, l.Secret.Reveal()), ews.Basic(l.Name, l.Secret.Reveal())}
		},
		Claimed:   exchange.Claimed,
		NewID:     func() string { n++; return fmt.Sprintf("00000000-0000-0000-0000-%012d", n) },
		Now:       time.Now,
		EventWait: 300 * time.Millisecond,
		Timeouts:  ews.Timeouts{Stall: 500 * time.Millisecond, MaxBackOff: 10 * time.Millisecond},
	}
	return r
}

func (r *rig) trust(t *testing.T, c *x509.Certificate) {
	pool := x509.NewCertPool()
	pool.AddCert(c)
	r.settings.TLS = &tls.Config{RootCAs: pool}
}

// check runs a check and gives the ended stages by name. It fails the test when
// stages are not told in order, twice each.
func (r *rig) check(t *testing.T) (map[string]Stage, Result) {
	t.Helper()
	k := New(r.options)
	got := map[string]Stage{}
	names, at, running := k.Stages(), 0, false
	result, err := k.Check(t.Context(), r.request, func(s Stage) {
		if at >= len(names) || s.Name != names[at] || running == (s.State == Running) {
			t.Errorf("told %q (state %d) out of order", s.Name, s.State)
			return
		}
		if running = s.State == Running; !running {
			got[s.Name], at = s, at+1
		}
		if text := fmt.Sprintf("%+v", s); strings.Contains(text, password) || strings.Contains(text, "wrong") {
			t.Errorf("a stage tells the password: %s", text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if at != len(names) {
		t.Errorf("%d of %d stages told", at, len(names))
	}
	return got, result
}

// want compares one stage.
func want(t *testing.T, got map[string]Stage, name string, state State, code fault.Code) {
	t.Helper()
	if s := got[name]; s.State != state || s.Code != code {
		t.Errorf("%s: state %d code %q (%s), want %d %q", name, s.State, s.Code, s.Detail, state, code)
	}
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}
