package ews_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jcmturner/gokrb5/v8/asn1tools"
	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"abgleich/agent/ews"
	"abgleich/agent/exchangesim"
	"abgleich/agent/exchangesim/kdctest"
	"abgleich/agent/fault"
)

// domain is what TestWindowsLogsInWithItsOwnKerberos prepared on the Linux side.
type domain struct{ folder string }

// loggedOn makes the process one that has the tickets of a cache: "good" or "over";
// "" are none.
func loggedOn(t *testing.T, tickets string) domain {
	t.Helper()
	d := domain{os.Getenv(sspiFolder)}
	if d.folder == "" {
		t.Skip("scripts/wine-tests runs it, beside a real KDC")
	}
	cache := d.file("cache") // KRB5CCNAME
	if err := os.Remove(cache); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if tickets != "" {
		b, err := os.ReadFile(d.file(tickets))
		noError(t, err)
		noError(t, os.WriteFile(cache, b, 0o600))
	}
	return d
}

func (d domain) file(name string) string { return filepath.Join(d.folder, name) }

func TestSSPILogsInAsTheAccountTheProcessRunsAs(t *testing.T) {
	d := loggedOn(t, "good")
	sim, url := startSim(t, exchangesim.Options{Kerberos: d.file("http.keytab")})
	c := clientFor(t, sim, url, ews.SSPI("", ""), ews.NTLM(`LAB\bert`, "secret2"))
	for range 5 {
		noError(t, ask(t, c))
	}
	if passed := usedWay(t, c, "kerberos"); passed != nil {
		t.Errorf("passed over: %v", passed)
	}
	if st := sim.Stats(); st.Accepted["anna"] != 1 || len(st.Refused) != 0 {
		t.Errorf("accepted %v, refused %v: want one login for all", st.Accepted, st.Refused)
	}
}

func TestSSPILogsInWithNameAndPassword(t *testing.T) {
	d := loggedOn(t, "")
	sim, url := startSim(t, exchangesim.Options{TLS: true, Kerberos: d.file("http.keytab"), ExtendedProtection: exchangesim.ProtectionAllowed})
	c := clientFor(t, sim, url, ews.SSPI(`FIRMA.TEST\anna`, "secret1"))
	noError(t, ask(t, c))
	usedWay(t, c, "kerberos")
	if st := sim.Stats(); st.Accepted["anna"] != 1 {
		t.Errorf("accepted %v", st.Accepted)
	}
	// Wine says of a wrong password only that it went wrong; Windows is clearer.
	loggedOn(t, "")
	wrong := clientFor(t, sim, url, ews.SSPI(`FIRMA.TEST\anna`, "wrong"))
	if err := ask(t, wrong); !fault.Has(err, fault.KerberosFailed) || strings.Contains(err.Error(), "wrong") {
		t.Errorf("a wrong password: %v", err)
	}
}

func TestSSPIsFailuresAreToldApartAndLeadOn(t *testing.T) {
	for _, c := range []struct {
		name, tickets string
		keytab        string
		host          string
		want          fault.Code
	}{
		{"nobody is logged on", "", "http.keytab", "127.0.0.1", fault.KerberosNoTicket},
		{"the ticket is for another key", "good", "other.keytab", "127.0.0.1", fault.KerberosRefused},
		// Windows has numbers for these two, Wine says SEC_E_INTERNAL_ERROR.
		{"the ticket is over", "over", "http.keytab", "127.0.0.1", fault.KerberosFailed},
		{"the domain does not know the server", "good", "http.keytab", "localhost", fault.KerberosFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := loggedOn(t, c.tickets)
			sim, url := startSim(t, exchangesim.Options{Kerberos: d.file(c.keytab)})
			url = strings.Replace(url, "127.0.0.1", c.host, 1)
			alone := clientFor(t, sim, url, ews.SSPI("", ""))
			if err := ask(t, alone); !fault.Has(err, c.want) || alone.Refused() {
				t.Errorf("got %v; counts as a refused password: %v", err, alone.Refused())
			}
			led := clientFor(t, sim, url, ews.SSPI("", ""), ews.NTLM(`LAB\anna`, "secret1"))
			noError(t, ask(t, led))
			if e, _ := errors.AsType[*ews.Error](usedWay(t, led, "ntlm")); e == nil || e.Code != c.want {
				t.Errorf("passed over because of %v", e)
			}
		})
	}
}

// Wine drops channel bindings on the way to MIT's library, so that a server that
// demands them refuses the ticket. Their bytes: TestSSPIsChannelBindingsAreThoseOfTheOtherLogins.
func TestSSPIWithoutItsChannelBindingsIsRefusedWhereTheyAreRequired(t *testing.T) {
	d := loggedOn(t, "good")
	sim, url := startSim(t, exchangesim.Options{TLS: true, Kerberos: d.file("http.keytab"), ExtendedProtection: exchangesim.ProtectionRequired})
	c := clientFor(t, sim, url, ews.SSPI("", ""))
	if err := ask(t, c); !fault.Has(err, fault.KerberosRefused) || c.Refused() {
		t.Errorf("got %v", err)
	}
}

// krbError says that a clock is wrong, in the frame of RFC 2743 3.1: no proof of anything,
// though Windows begins anew after it.
func krbError(t *testing.T) string {
	t.Helper()
	service := types.NewPrincipalName(nametype.KRB_NT_SRV_INST, onLoopback)
	said := messages.NewKRBError(service, kdctest.Realm, errorcode.KRB_AP_ERR_SKEW, "")
	msg, err := said.Marshal()
	noError(t, err)
	mechanism := []byte{6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2}
	b := asn1tools.AddASNAppTag(append(append(mechanism, 3, 0), msg...), 0)
	return "Negotiate " + base64.StdEncoding.EncodeToString(b)
}

// between is somebody between us and the server, who changes the answer to the ticket.
func between(t *testing.T, server string, change func(*http.Response)) string {
	t.Helper()
	to, err := url.Parse(server)
	noError(t, err)
	p := httputil.NewSingleHostReverseProxy(to)
	own := &http.Transport{MaxConnsPerHost: 1, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(own.CloseIdleConnections)
	p.Transport, p.ModifyResponse = own, func(r *http.Response) error { change(r); return nil }
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	return s.URL
}

const proof = "Www-Authenticate"

func TestSSPIRefusesAServerWithoutItsProof(t *testing.T) {
	d := loggedOn(t, "good")
	sim, server := startSim(t, exchangesim.Options{Kerberos: d.file("http.keytab"), NoNTLM: true})
	var earlier string
	untouched := clientFor(t, sim, between(t, server, func(r *http.Response) {
		if r.StatusCode == http.StatusOK {
			earlier = r.Header.Get(proof)
		}
	}), ews.SSPI("", ""))
	noError(t, ask(t, untouched))
	if earlier == "" {
		t.Fatal("no proof came along")
	}
	for name, forged := range map[string]func(string) string{
		"none":                   func(string) string { return "Negotiate" },
		"that of another login":  func(string) string { return earlier },
		"one with a changed bit": func(s string) string { return changedBit(t, s) },
		"an error":               func(string) string { return krbError(t) },
		"nonsense":               func(string) string { return "Negotiate !" },
		"a completed negotiation": func(string) string { // NegTokenResp: accept-completed, and nothing else
			return "Negotiate " + base64.StdEncoding.EncodeToString([]byte{0xa1, 7, 0x30, 5, 0xa0, 3, 0x0a, 1, 0})
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := clientFor(t, sim, between(t, server, func(r *http.Response) {
				if r.StatusCode == http.StatusOK {
					r.Header.Set(proof, forged(r.Header.Get(proof)))
				}
			}), ews.SSPI("", ""))
			if err := ask(t, c); !fault.Has(err, fault.ServerUnproven) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func changedBit(t *testing.T, header string) string {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(header, "Negotiate "))
	noError(t, err)
	b[len(b)-1] ^= 1 // the last byte of AP-REP is its checksum
	return "Negotiate " + base64.StdEncoding.EncodeToString(b)
}

func TestSSPITellsWhatAServerSaysWithItsRefusal(t *testing.T) {
	d := loggedOn(t, "good")
	sim, server := startSim(t, exchangesim.Options{Kerberos: d.file("other.keytab"), NoNTLM: true})
	c := clientFor(t, sim, between(t, server, func(r *http.Response) {
		if r.StatusCode == http.StatusUnauthorized && r.Request.Header.Get("Authorization") != "" {
			r.Header.Set(proof, krbError(t))
		}
	}), ews.SSPI("", ""))
	if err := ask(t, c); !fault.Has(err, fault.ClocksDisagree) {
		t.Errorf("got %v", err)
	}
}

func TestSSPIIsNotWaitedForLongerThanWanted(t *testing.T) {
	loggedOn(t, "")
	kdc, err := net.Listen("tcp", os.Getenv(silentKDC)) // that of SILENT.TEST
	noError(t, err)
	defer kdc.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	asked := make(chan net.Conn, 1)
	go func() {
		conn, err := kdc.Accept()
		if err == nil {
			asked <- conn
		}
		cancel(enough)
	}()
	h, err := ews.SSPI(`SILENT.TEST\anna`, "secret1").Begin(ctx, ews.Binding{Host: "127.0.0.1"})
	noError(t, err)
	if _, _, err := h.Next(ctx, ews.Offer{}); !errors.Is(err, enough) {
		t.Errorf("got %v", err)
	}
	select {
	case conn := <-asked:
		conn.Close() // Windows gives up
	default:
		t.Error("nobody asked the KDC")
	}
}
