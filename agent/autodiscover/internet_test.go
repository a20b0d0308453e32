package autodiscover

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"abgleich/agent/ews"
	"abgleich/agent/exchangesim"
)

const (
	annaMail = "anna@firma.test"
	ewsURL   = "https://mail.firma.test/EWS/Exchange.asmx"
)

// internet is a little world of hosts: what answers on which name and port.
type internet struct {
	t       *testing.T
	mu      sync.Mutex
	hosts   map[string]string // "name:port" -> address
	dialed  []string
	records map[string]*net.SRV
	trusted *x509.CertPool
	asked   []Question
	agree   bool
	wrong   bool // a wrong password
	basic   bool
}

func newInternet(t *testing.T) *internet {
	return &internet{t: t, hosts: map[string]string{}, records: map[string]*net.SRV{}, trusted: x509.NewCertPool()}
}

func (n *internet) dial(ctx context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	n.dialed = append(n.dialed, address)
	at, ok := n.hosts[address]
	n.mu.Unlock()
	if !ok {
		return nil, &net.DNSError{Err: "no such host", Name: address, IsNotFound: true}
	}
	return (&net.Dialer{}).DialContext(ctx, network, at)
}

func (n *internet) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	r, ok := n.records["_"+service+"._"+proto+"."+name]
	if !ok {
		return "", nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return "", []*net.SRV{r}, nil
}

// exchange puts a simulated Exchange onto the https port of these names.
func (n *internet) exchange(a *exchangesim.Autodiscover, names ...string) *exchangesim.Server {
	n.t.Helper()
	cert, err := exchangesim.SelfSigned(time.Now(), names...)
	if err != nil {
		n.t.Fatal(err)
	}
	sim, err := exchangesim.New(exchangesim.Options{Domain: "LAB", TLS: true, Certificate: cert, NoNTLM: n.basic,
		ExtendedProtection: exchangesim.ProtectionRequired, Autodiscover: a,
		Users: []exchangesim.User{{Name: "anna", Password: "secret1", Mail: annaMail}}})
	if err != nil {
		n.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		n.t.Fatal(err)
	}
	n.trusted.AddCert(leaf)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		n.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- sim.Serve(ctx, ln) }()
	n.t.Cleanup(func() { cancel(); <-done; _ = sim.Close() })
	for _, name := range names {
		n.hosts[name+":443"] = ln.Addr().String()
	}
	return sim
}

// web puts a handler onto a name and port; with TLS on anything but port 80.
func (n *internet) web(name, port string, h http.Handler) *atomic.Int64 {
	n.t.Helper()
	secrets := new(atomic.Int64)
	counted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a := r.Header.Get("Authorization"); a != "" && !strings.HasPrefix(a, noSecret) {
			secrets.Add(1)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		h.ServeHTTP(w, r)
	})
	srv := httptest.NewUnstartedServer(counted)
	if port != "80" {
		cert, err := exchangesim.SelfSigned(time.Now(), name)
		if err != nil {
			n.t.Fatal(err)
		}
		leaf, _ := x509.ParseCertificate(cert.Certificate[0])
		n.trusted.AddCert(leaf)
		srv.TLS = &tls.Config{Certificates: []tls.Certificate{*cert}}
		srv.StartTLS()
	} else {
		srv.Start()
	}
	n.t.Cleanup(srv.Close)
	n.hosts[name+":"+port] = srv.Listener.Addr().String()
	return secrets
}

// noSecret begins the first message of NTLM (MS-NLMP 2.2.1.1), which holds nothing
// of the login: the signature and type 1, in base64.
const noSecret = "NTLM TlRMTVNTUAAB"

func (n *internet) find(mail string) Result {
	n.t.Helper()
	password := "secret1"
	if n.wrong {
		password = "no"
	}
	var ids atomic.Int64
	f := New(Options{TLS: &tls.Config{RootCAs: n.trusted}, UserAgent: "test", Resolver: n, Dial: n.dial,
		NewID: func() string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", ids.Add(1)) }})
	r, err := f.Find(n.t.Context(), Request{Mail: mail, Logins: []ews.Login{ews.NTLM(`LAB\anna`, password), ews.Basic(`LAB\anna`, password)},
		Consent: func(_ context.Context, q Question) bool { n.asked = append(n.asked, q); return n.agree }})
	if err != nil {
		n.t.Fatal(err)
	}
	return r
}

func codes(r Result) []string {
	var out []string
	for _, s := range r.Steps {
		out = append(out, fmt.Sprintf("%s %s: %s", s.Protocol, s.Asked, s.Code))
	}
	return out
}

func wantProposal(t *testing.T, r Result, address string) {
	t.Helper()
	if len(r.Proposals) == 0 || r.Proposals[0].Address != address || r.Code != "" {
		t.Fatalf("%q, proposals %+v, steps:\n%s", r.Code, r.Proposals, strings.Join(codes(r), "\n"))
	}
}
