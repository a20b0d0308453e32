package autodiscover

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"abgleich/agent/ews"
	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
func TestTheMailDomainItselfIsAskedFirst(t *testing.T) {
	n := newInternet(t)
	n.exchange(&exchangesim.Autodiscover{External: ewsURL, Internal: "https://exch01.firma.local/EWS/Exchange.asmx"}, "firma.test")
	r := n.find(annaMail)
	wantProposal(t, r, ewsURL)
	want := []Proposal{
		{Server: "mail.firma.test", Port: 443, SSL: true, Address: ewsURL, Usual: true},
		{Server: "exch01.firma.local", Port: 443, SSL: true, Address: "https://exch01.firma.local/EWS/Exchange.asmx", Usual: true, Internal: true},
	}
	for i := range r.Proposals {
		if r.Proposals[i].Schemas == "" {
			t.Error("no schemas told")
		}
		r.Proposals[i].Schemas = ""
	}
	if !slices.Equal(r.Proposals, want) {
		t.Errorf("got %+v", r.Proposals)
	}
	if len(r.Steps) != 1 || r.Steps[0].Protocol != SOAP || r.Steps[0].Status != 200 {
		t.Errorf("steps: %+v", r.Steps)
	}
}

func TestAServerWithoutSOAPIsAskedByPOX(t *testing.T) {
	for _, basic := range []bool{false, true} {
		n := newInternet(t)
		n.basic = basic
		n.exchange(&exchangesim.Autodiscover{External: ewsURL, NoSOAP: true}, "autodiscover.firma.test")
		r := n.find(annaMail)
		wantProposal(t, r, ewsURL)
		want := []string{
			"soap https://firma.test/autodiscover/autodiscover.svc: name-not-resolved",
			"soap https://autodiscover.firma.test/autodiscover/autodiscover.svc: autodiscover-nothing",
			"pox https://autodiscover.firma.test/autodiscover/autodiscover.xml: ",
		}
		if !slices.Equal(codes(r), want) {
			t.Errorf("got %q", codes(r))
		}
	}
}

func TestTheHTTPRedirectIsFollowedOnlyToTLSAndWithConsent(t *testing.T) {
	for _, c := range []struct {
		name, location string
		agree          bool
		asked          int
		code           fault.Code
	}{
		{"within the mail domain nobody is asked", "https://mail.firma.test/autodiscover/autodiscover.xml", false, 0, ""},
		{"elsewhere, agreed", "https://mail.hoster.test/autodiscover/autodiscover.xml", true, 1, ""},
		{"elsewhere, not agreed", "https://mail.hoster.test/autodiscover/autodiscover.xml", false, 1, fault.AutodiscoverConsent},
		{"a name that only ends like the domain", "https://evilfirma.test/autodiscover/autodiscover.xml", false, 1, fault.AutodiscoverConsent},
		{"without TLS", "http://mail.firma.test/autodiscover/autodiscover.xml", true, 0, fault.AutodiscoverUnsafe},
		{"with a login inside", "https://a:b@mail.firma.test/autodiscover/autodiscover.xml", true, 0, fault.AutodiscoverUnsafe},
		{"to another scheme", "file:///etc/passwd", true, 0, fault.AutodiscoverNothing},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newInternet(t)
			n.agree = c.agree
			sim := n.exchange(&exchangesim.Autodiscover{External: ewsURL}, "mail.firma.test", "mail.hoster.test", "evilfirma.test")
			secrets := n.web("autodiscover.firma.test", "80", http.RedirectHandler(c.location, http.StatusFound))
			r := n.find(annaMail)
			if c.code == "" {
				wantProposal(t, r, ewsURL)
			} else if r.Code != c.code || len(r.Proposals) != 0 {
				t.Errorf("code %q, steps %q", r.Code, codes(r))
			}
			if len(n.asked) != c.asked {
				t.Errorf("asked %+v", n.asked)
			}
			if secrets.Load() != 0 {
				t.Error("the plain server was shown a login")
			}
			if got := sim.Stats().Accepted["anna"]; (got > 0) != (c.code == "") {
				t.Errorf("%d logins", got)
			}
			if c.code == fault.AutodiscoverConsent && len(r.Questions) != 1 {
				t.Errorf("questions: %+v", r.Questions)
			}
		})
	}
}

func TestTheServiceRecordComesLast(t *testing.T) {
	n := newInternet(t)
	n.agree = true
	n.exchange(&exchangesim.Autodiscover{External: ewsURL}, "hoster.test")
	n.hosts["hoster.test:8443"] = n.hosts["hoster.test:443"]
	n.records["_autodiscover._tcp.firma.test"] = &net.SRV{Target: "hoster.test.", Port: 8443}
	r := n.find(annaMail)
	wantProposal(t, r, ewsURL)
	want := []string{
		"soap https://firma.test/autodiscover/autodiscover.svc: name-not-resolved",
		"soap https://autodiscover.firma.test/autodiscover/autodiscover.svc: name-not-resolved",
		"redirect http://autodiscover.firma.test/autodiscover/autodiscover.xml: server-unreachable",
		"srv _autodiscover._tcp.firma.test: ",
		"soap https://hoster.test:8443/autodiscover/autodiscover.svc: ",
	}
	if !slices.Equal(codes(r), want) {
		t.Errorf("got %q", codes(r))
	}
	if len(n.asked) != 1 || n.asked[0].Host != "hoster.test" {
		t.Errorf("asked %+v", n.asked)
	}
}

func TestRedirectsInsideRepliesAreFollowed(t *testing.T) {
	for _, noSOAP := range []bool{false, true} {
		n := newInternet(t)
		n.agree = true
		to := "https://other.test/autodiscover/autodiscover.svc"
		if noSOAP {
			to = "https://other.test/autodiscover/autodiscover.xml"
		}
		n.exchange(&exchangesim.Autodiscover{NoSOAP: noSOAP, RedirectURL: map[string]string{annaMail: to}}, "firma.test")
		n.exchange(&exchangesim.Autodiscover{External: ewsURL}, "other.test")
		wantProposal(t, n.find(annaMail), ewsURL)
		if len(n.asked) != 1 {
			t.Errorf("asked %+v", n.asked)
		}

		n = newInternet(t)
		n.agree = true
		n.exchange(&exchangesim.Autodiscover{NoSOAP: noSOAP, RedirectMail: map[string]string{"alias@firma.test": annaMail,
			"anna@old.test": annaMail}, External: ewsURL}, "firma.test", "old.test")
		wantProposal(t, n.find("alias@firma.test"), ewsURL)
		wantProposal(t, n.find("anna@old.test"), ewsURL)
		if len(n.asked) != 1 || n.asked[0].Host != "firma.test" {
			t.Errorf("a redirect to another mail domain asks before its hosts get the login: %+v", n.asked)
		}
	}
}

func TestEndlessRedirectsEnd(t *testing.T) {
	for name, h := range map[string]func(n *internet) http.Handler{
		"in a circle": func(*internet) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) })
		},
		"ever on": func(*internet) http.Handler {
			var i atomic.Int64
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, fmt.Sprintf("/autodiscover/%d.xml", i.Add(1)), http.StatusFound)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := newInternet(t)
			n.web("firma.test", "443", h(n))
			r := n.find(annaMail)
			if r.Code != fault.AutodiscoverLoop || len(r.Steps) > 2*mostRedirects+8 {
				t.Errorf("%q after %d steps", r.Code, len(r.Steps))
			}
		})
	}
	n := newInternet(t)
	n.exchange(&exchangesim.Autodiscover{RedirectMail: map[string]string{annaMail: "b@firma.test", "b@firma.test": annaMail}}, "firma.test")
	if r := n.find(annaMail); r.Code != fault.AutodiscoverLoop {
		t.Errorf("addresses in a circle: %q %q", r.Code, codes(r))
	}
}

func TestARefusedLoginIsTriedAtOneMoreHostAtMost(t *testing.T) {
	n := newInternet(t)
	n.wrong = true
	sim := n.exchange(&exchangesim.Autodiscover{External: ewsURL}, "firma.test", "autodiscover.firma.test", "mail.firma.test")
	n.web("autodiscover.firma.test", "80", http.RedirectHandler("https://mail.firma.test"+poxPath, http.StatusFound))
	r := n.find(annaMail)
	if r.Code != fault.LoginRejected {
		t.Errorf("%q %q", r.Code, codes(r))
	}
	if got := sim.Stats().Refused["anna"]; got != mostRefusals {
		t.Errorf("%d attempts", got)
	}
}

func TestAMailboxNobodyKnowsIsNamed(t *testing.T) {
	for _, noSOAP := range []bool{false, true} {
		n := newInternet(t)
		n.exchange(&exchangesim.Autodiscover{External: ewsURL, NoSOAP: noSOAP}, "firma.test")
		if r := n.find("nobody@firma.test"); r.Code != fault.AutodiscoverUser {
			t.Errorf("%q %q", r.Code, codes(r))
		}
	}
}

func TestAWebSiteInThePlaceGetsNoLogin(t *testing.T) {
	n := newInternet(t)
	secrets := n.web("firma.test", "443", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<html><body>Willkommen<br></body></html>")
	}))
	n.exchange(&exchangesim.Autodiscover{External: ewsURL}, "autodiscover.firma.test")
	wantProposal(t, n.find(annaMail), ewsURL)
	if secrets.Load() != 0 {
		t.Error("the web site was shown a login")
	}
}

func TestAnUntrustedCertificateGetsNoLogin(t *testing.T) {
	n := newInternet(t)
	secrets := n.web("firma.test", "443", http.NotFoundHandler())
	n.trusted = x509.NewCertPool()
	r := n.find(annaMail)
	if r.Code != fault.TLSUntrusted || secrets.Load() != 0 {
		t.Errorf("%q, %d secrets", r.Code, secrets.Load())
	}
}

func TestHostileRepliesAreRefused(t *testing.T) {
	for name, body := range map[string]string{
		"a document type":  `<!DOCTYPE a [<!ENTITY b "x">]><Autodiscover><Response/></Autodiscover>`,
		"too deep":         strings.Repeat("<a>", 200) + strings.Repeat("</a>", 200),
		"too many":         "<a>" + strings.Repeat("<b/>", 30000) + "</a>",
		"too long":         "<a>" + strings.Repeat("x", 2<<20) + "</a>",
		"cut":              `<Autodiscover><Response><Account>`,
		"two documents":    `<a/><b/>`,
		"an empty reply":   ``,
		"a bad address":    `<Autodiscover><Response><Account><Action>settings</Action><Protocol><EwsUrl>javascript:alert(1)</EwsUrl></Protocol></Account></Response></Autodiscover>`,
		"a login in it":    `<Autodiscover><Response><Account><Action>settings</Action><Protocol><EwsUrl>https://a:b@x/</EwsUrl></Protocol></Account></Response></Autodiscover>`,
		"no http redirect": `<Autodiscover><Response><Account><Action>redirectUrl</Action><RedirectUrl>http://firma.test/</RedirectUrl></Account></Response></Autodiscover>`,
	} {
		t.Run(name, func(t *testing.T) {
			n := newInternet(t)
			n.web("firma.test", "443", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
			if r := n.find(annaMail); len(r.Proposals) != 0 || r.Code == "" {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestMicrosoft365AndPlainAddressesAreMarked(t *testing.T) {
	for address, want := range map[string]Proposal{
		"https://outlook.office365.com/EWS/Exchange.asmx": {Server: "outlook.office365.com", Port: 443, SSL: true, Usual: true, Code: fault.NeedsGraph},
		"http://mail.firma.test/ews/exchange.asmx":        {Server: "mail.firma.test", Port: 80, Usual: true, Code: fault.PlainTextLoginRefused},
		"https://mail.firma.test:8443/other.asmx":         {Server: "mail.firma.test", Port: 8443, SSL: true},
	} {
		want.Address = address
		if got, ok := proposal(address); !ok || got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	for _, bad := range []string{"", "mail.firma.test", "https://", "https://x:99999/", "ftp://x/", "https://u@x/"} {
		if p, ok := proposal(bad); ok {
			t.Errorf("%q became %+v", bad, p)
		}
	}
}

func TestWhatIsNoAddressIsRefusedBeforeAnythingIsAsked(t *testing.T) {
	for _, mail := range []string{"", "anna", "anna@", "@firma.test", "Anna <anna@firma.test>", "anna@fir ma.test", "anna@[127.0.0.1]", "anna@firma.test/x"} {
		n := newInternet(t)
		_, err := New(Options{Resolver: n, Dial: n.dial}).Find(t.Context(), Request{Mail: mail})
		if !fault.Has(err, fault.BadRequest) || len(n.dialed) != 0 {
			t.Errorf("%q: %v, %v", mail, err, n.dialed)
		}
	}
}

func TestAnEndedContextEndsTheSearch(t *testing.T) {
	n := newInternet(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := New(Options{Resolver: n, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) { return nil, ctx.Err() },
		NewID: func() string { return "" }}).Find(ctx, Request{Mail: annaMail, Logins: []ews.Login{ews.NTLM("a", "b")}})
	if !fault.Has(err, fault.Cancelled) {
		t.Error(err)
	}
}

func FuzzReplies(f *testing.F) {
	f.Add([]byte(`<Autodiscover><Response><Account><Action>settings</Action><Protocol><Type>EXPR</Type><EwsUrl>https://x/</EwsUrl></Protocol></Account></Response></Autodiscover>`))
	f.Add([]byte(`<Autodiscover><Response><Error><ErrorCode>500</ErrorCode></Error></Response></Autodiscover>`))
	f.Add([]byte(`<s:Envelope xmlns:s="x"><s:Body><GetUserSettingsResponseMessage><Response><UserResponses><UserResponse><UserSettings><UserSetting><Name>ExternalEwsUrl</Name><Value>https://x/</Value></UserSetting></UserSettings></UserResponse></UserResponses></Response></GetUserSettingsResponseMessage></s:Body></s:Envelope>`))
	f.Add([]byte(`<?xml version="1.0" encoding="iso-8859-1"?><a>`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		for _, read := range []func([]byte) (reply, error){parsePOX, parseSOAP} {
			r, err := read(doc)
			if err != nil {
				if !errors.Is(err, errShape) && r.code != "" {
					t.Error("both an answer and an error")
				}
				continue
			}
			for _, a := range append(r.external, r.internal...) {
				if p, ok := proposal(a); ok && (p.Server == "" || p.Port < 1 || p.Port > 65535 || strings.Contains(p.Server, "/")) {
					t.Errorf("%q became %+v", a, p)
				}
			}
			if strings.ContainsAny(r.detail, "\n\r\x00\x1b") || len(r.detail) > 310 {
				t.Errorf("detail %q", r.detail)
			}
		}
	})
}
