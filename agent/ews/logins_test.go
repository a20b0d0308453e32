package ews_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"abgleich/agent/ews"
	"abgleich/agent/ews/kerberos"
	"abgleich/agent/exchangesim"
	"abgleich/agent/exchangesim/kdctest"
	"abgleich/agent/fault"
)

const onLoopback = "HTTP/127.0.0.1"

// What TestWindowsLogsInWithItsOwnKerberos tells the tests it runs: a folder with
// tickets and keytabs, and the address that krb5.conf has for the realm SILENT.TEST.
const (
	sspiFolder = "ABGLEICH_SSPI_FOLDER"
	silentKDC  = "ABGLEICH_SSPI_SILENT"
)

func ask(t *testing.T, c *ews.Client) error {
	t.Helper()
	r, err := c.GetFolder(t.Context(), []ews.FolderID{ews.Folder(ews.Calendar)}, nil)
	if err == nil {
		err = r[0].Err
	}
	return err
}

// clientFor logs in at a simulator in the ways given.
func clientFor(t *testing.T, sim *exchangesim.Server, url string, ways ...ews.Login) *ews.Client {
	t.Helper()
	o := ews.ServerOptions{URL: url}
	if cert := sim.Certificate(); cert != nil {
		leaf, err := x509.ParseCertificate(cert.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		pool := x509.NewCertPool()
		pool.AddCert(leaf)
		o.TLS = &tls.Config{RootCAs: pool}
	}
	s, err := ews.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	var n atomic.Int64
	c := ews.NewClient(s, ews.ClientOptions{Logins: ways, View: ews.View{Mailbox: "anna@lab.test"},
		NewRequestID: func() string { return fmt.Sprintf("00000000-0000-0000-0000-%012d", n.Add(1)) }})
	t.Cleanup(c.Close)
	return c
}

// tickets gives anna's way in by Kerberos.
func tickets(t *testing.T, kdc *kdctest.KDC, login, password string) ews.Login {
	t.Helper()
	k, err := kerberos.New(kerberos.Options{ConfigFile: kdc.Config, Mapping: kerberos.Mapping{"LAB": kdctest.Realm}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := k.Credential(login, password)
	if err != nil {
		t.Fatal(err)
	}
	return ews.Kerberos(c)
}

func usedWay(t *testing.T, c *ews.Client, want string) error {
	t.Helper()
	got, passed := c.LoginMethod()
	if got != want {
		t.Errorf("logged in by %q, want %q", got, want)
	}
	return passed
}

func TestKerberosLogsInWhereChannelBindingsAreRequired(t *testing.T) {
	kdc := kdctest.Start(t, onLoopback)
	sim, url := startSim(t, exchangesim.Options{TLS: true, Kerberos: kdc.Keytab, ExtendedProtection: exchangesim.ProtectionRequired})
	c := clientFor(t, sim, url, tickets(t, kdc, `LAB\anna`, "secret1"), ews.NTLM(`LAB\anna`, "secret1"))
	for range 5 {
		if err := ask(t, c); err != nil {
			t.Fatal(err)
		}
	}
	if passed := usedWay(t, c, "kerberos"); passed != nil {
		t.Errorf("passed over: %v", passed)
	}
	if st := sim.Stats(); st.Accepted["anna"] != 1 || len(st.Refused) != 0 {
		t.Errorf("accepted %v, refused %v: want one login for all", st.Accepted, st.Refused)
	}
}

func TestKerberosWithoutTLSWantsTheServersProof(t *testing.T) {
	kdc := kdctest.Start(t, onLoopback)
	sim, url := startSim(t, exchangesim.Options{Kerberos: kdc.Keytab, NoNTLM: true})
	c := clientFor(t, sim, url, tickets(t, kdc, `anna@lab`, "secret1"))
	if err := ask(t, c); err != nil {
		t.Fatal(err)
	}
	usedWay(t, c, "kerberos")
}

func TestAPasswordTheKDCRefusesIsNotShownToTheMailServer(t *testing.T) {
	kdc := kdctest.Start(t, onLoopback)
	for login, want := range map[string]fault.Code{`LAB\anna`: fault.LoginRejected, `LAB\locked`: fault.AccountLocked} {
		sim, url := startSim(t, exchangesim.Options{Kerberos: kdc.Keytab})
		c := clientFor(t, sim, url, tickets(t, kdc, login, "wrong"), ews.NTLM(login, "wrong"))
		for range 3 {
			if err := ask(t, c); !fault.Has(err, want) {
				t.Errorf("%s: got %v", login, err)
			}
		}
		if st := sim.Stats(); len(st.Refused) != 0 || !c.Refused() {
			t.Errorf("%s: the mail server refused %v; client refused: %v", login, st.Refused, c.Refused())
		}
	}
}

func TestWhereNoTicketCanBeHadNTLMIsTakenAndTheReasonKept(t *testing.T) {
	kdc := kdctest.Start(t, "HTTP/another")
	sim, url := startSim(t, exchangesim.Options{Kerberos: kdc.Keytab})
	for name, c := range map[string]struct {
		way  ews.Login
		want fault.Code
	}{
		"the server has no service name":   {tickets(t, kdc, `LAB\anna`, "secret1"), fault.KerberosServiceUnknown},
		"the realm does not know the name": {tickets(t, kdc, `LAB\bert`, "secret2"), fault.KerberosUserUnknown},
	} {
		client := clientFor(t, sim, url, c.way, ews.NTLM(`LAB\anna`, "secret1"))
		if err := ask(t, client); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		e, _ := errors.AsType[*ews.Error](usedWay(t, client, "ntlm"))
		if e == nil || e.Code != c.want {
			t.Errorf("%s: passed over because of %v", name, e)
		}
		alone := clientFor(t, sim, url, c.way)
		if err := ask(t, alone); !fault.Has(err, c.want) {
			t.Errorf("%s, Kerberos alone: %v", name, err)
		}
		if alone.Refused() {
			t.Errorf("%s: counts as a refused password", name)
		}
	}
}

func TestATicketMadeForAnOldKeyIsReplacedOnceAndThenPassedOver(t *testing.T) {
	kdc := kdctest.Start(t, onLoopback)
	way := tickets(t, kdc, `LAB\anna`, "secret1")
	sim, url := startSim(t, exchangesim.Options{Kerberos: kdc.Keytab})
	if err := ask(t, clientFor(t, sim, url, way)); err != nil {
		t.Fatal(err)
	}
	// The server gets a new key; the ticket at hand is for the old one.
	fresh := filepath.Join(kdc.Folder, "new.keytab")
	kdc.Admin(t, "ktadd -k "+fresh+" "+onLoopback)
	sim, url = startSim(t, exchangesim.Options{Kerberos: fresh})
	c := clientFor(t, sim, url, way)
	if err := ask(t, c); err != nil {
		t.Fatal(err)
	}
	usedWay(t, c, "kerberos")
	// A server that never takes it: another account's key.
	kdc.Admin(t, "addprinc -randkey other", "ktadd -k "+kdc.Folder+"/other.keytab other")
	sim, url = startSim(t, exchangesim.Options{Kerberos: filepath.Join(kdc.Folder, "other.keytab")})
	if c := clientFor(t, sim, url, way); !fault.Has(ask(t, c), fault.KerberosRefused) || c.Refused() {
		t.Errorf("a ticket nobody takes: %v, counts as a refused password: %v", ask(t, c), c.Refused())
	}
	c = clientFor(t, sim, url, way, ews.NTLM(`LAB\anna`, "secret1"))
	if err := ask(t, c); err != nil {
		t.Error(err)
	}
	if usedWay(t, c, "ntlm") == nil {
		t.Error("nothing was passed over")
	}
}

func TestNTLMGoesInsideNegotiateWhereNothingElseIsOffered(t *testing.T) {
	sim, url := startSim(t, exchangesim.Options{TLS: true, NegotiateOnly: true, ExtendedProtection: exchangesim.ProtectionRequired})
	ways := []ews.Login{ews.NTLM(`LAB\anna`, "secret1"), ews.NTLMInNegotiate(`LAB\anna`, "secret1")}
	c := clientFor(t, sim, url, ways...)
	if err := ask(t, c); err != nil {
		t.Fatal(err)
	}
	usedWay(t, c, "ntlm")
	c = clientFor(t, sim, url, ews.NTLM(`LAB\anna`, "wrong"), ews.NTLMInNegotiate(`LAB\anna`, "wrong"))
	if err := ask(t, c); !fault.Has(err, fault.LoginRejected) {
		t.Errorf("got %v", err)
	}
	if n := sim.Stats().Refused["anna"]; n != 1 {
		t.Errorf("a wrong password was tried %d times", n)
	}
}

// fakeSource gives the tokens it holds, one a call.
type fakeSource struct {
	give    func(refused ews.Token) (ews.Token, error)
	asked   int
	refused []string
}

func (f *fakeSource) Token(_ context.Context, refused ews.Token) (ews.Token, error) {
	f.asked++
	if refused.Value != "" {
		f.refused = append(f.refused, refused.Value)
	}
	return f.give(refused)
}

func TestATokenIsUsedUntilItEndsAndReplacedOnceWhenRefused(t *testing.T) {
	sim, url := startSim(t, exchangesim.Options{TLS: true, Tokens: true, NoNTLM: true})
	now := time.Now()
	src := &fakeSource{give: func(ews.Token) (ews.Token, error) {
		return ews.Token{Value: sim.IssueToken("anna", time.Hour), Expiry: now.Add(time.Hour)}, nil
	}}
	c := clientFor(t, sim, url, ews.Bearer(src, func() time.Time { return now }))
	step := func(name string, asked, refused int) {
		t.Helper()
		if err := ask(t, c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if src.asked != asked || len(src.refused) != refused {
			t.Errorf("%s: source asked %d times, for %d refused tokens; want %d, %d", name, src.asked, len(src.refused), asked, refused)
		}
	}
	step("the first request gets a token", 1, 0)
	step("the second uses it", 1, 0)
	sim.RevokeTokens()
	step("a revoked token is replaced", 2, 1)
	now = now.Add(59*time.Minute + time.Second)
	step("one that is about to end is replaced without asking the server", 3, 1)
	usedWay(t, c, "bearer")
	src.give = func(ews.Token) (ews.Token, error) { return ews.Token{Value: "nonsense"}, nil }
	sim.RevokeTokens()
	for range 3 {
		if err := ask(t, c); !fault.Has(err, fault.TokenRefused) || strings.Contains(err.Error(), "nonsense") {
			t.Errorf("got %v", err)
		}
	}
	if len(src.refused) != 2 {
		t.Errorf("%d replacements, want one more", len(src.refused))
	}
}

func TestATokenIsNeverShownAndNeverSentInClear(t *testing.T) {
	sim, url := startSim(t, exchangesim.Options{Tokens: true, BasicWithoutTLS: true})
	src := &fakeSource{give: func(ews.Token) (ews.Token, error) { return ews.Token{Value: "hunter2"}, nil }}
	c := clientFor(t, sim, url, ews.Bearer(src, nil))
	if err := ask(t, c); !fault.Has(err, fault.PlainTextLoginRefused) || src.asked != 0 {
		t.Errorf("got %v after %d questions", err, src.asked)
	}
	way := ews.BearerOverPlainHTTP(src, nil)
	err := ask(t, clientFor(t, sim, url, way))
	if !fault.Has(err, fault.TokenRefused) {
		t.Errorf("got %v", err)
	}
	var shown bytes.Buffer
	fmt.Fprintf(&shown, "%v %+v %#v %s %v", err, way, way, ews.Token{Value: "hunter2"}, ews.Token{Value: "hunter2"})
	if strings.Contains(shown.String(), "hunter2") {
		t.Errorf("the token shows: %s", &shown)
	}
	src.give = func(ews.Token) (ews.Token, error) { return ews.Token{}, errors.New("no network") }
	c = clientFor(t, sim, url, ews.BearerOverPlainHTTP(src, nil))
	if err := ask(t, c); !fault.Has(err, fault.TokenMissing) || c.Refused() {
		t.Errorf("got %v", err)
	}
}
