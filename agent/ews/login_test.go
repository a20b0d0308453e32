package ews

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"abgleich/agent/ews/ntlm"
	"abgleich/agent/fault"
)

func reply(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		io.WriteString(w, text)
	}
}

func TestNTLMLogsAConnectionInOnceAndReusesIt(t *testing.T) {
	s := newNTLMServer(t, map[string]string{"ANNA": "secret1"}, reply(folderReply()))
	s.Start()
	c := newTestClient(t, setup{url: s.URL, logins: []Login{NTLM(`LAB\anna`, "secret1")}})
	for range 20 {
		if err := getCalendar(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.logins.Load(); n != 1 {
		t.Errorf("%d logins for 20 requests in a row, want 1", n)
	}
	if s.bodies.Load() != 0 {
		t.Error("a body was sent before the login")
	}
	if v := c.Version(); v != "15.2.1118.7 V2017_07_11" {
		t.Errorf("version %q", v)
	}
}

func TestEveryWayToWriteALoginIsAccepted(t *testing.T) {
	s := newNTLMServer(t, map[string]string{"ANNA": "secret1", "ANNA@LAB.TEST": "secret1"}, reply(folderReply()))
	s.Start()
	for _, login := range []string{`LAB\anna`, `lab.test/Anna`, "anna@lab.test", "anna"} {
		c := newTestClient(t, setup{url: s.URL, logins: []Login{NTLM(login, "secret1")}})
		if err := getCalendar(t.Context(), c); err != nil {
			t.Errorf("%s: %v", login, err)
		}
	}
}

func TestARejectedSecretIsSentOnceHoweverManyAsk(t *testing.T) {
	s := newNTLMServer(t, map[string]string{"ANNA": "other"}, reply(folderReply()))
	s.Start()
	c := newTestClient(t, setup{url: s.URL, logins: []Login{NTLM(`LAB\anna`, "wrong-secret")}})
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			err := getCalendar(t.Context(), c)
			if !fault.Has(err, fault.LoginRejected) {
				t.Errorf("got %v", err)
			}
			if strings.Contains(fmt.Sprintf("%v %+v", err, c.opts.Logins), "wrong-secret") {
				t.Error("the secret shows")
			}
		})
	}
	wg.Wait()
	if n := s.logins.Load(); n != 1 {
		t.Errorf("the secret was tried %d times, want once", n)
	}
}

func TestTheFirstLoginGoesAloneAndLaterOnesOneByOne(t *testing.T) {
	s := newNTLMServer(t, map[string]string{"ANNA": "secret1"}, reply(folderReply()))
	s.Start()
	c := newTestClient(t, setup{url: s.URL, logins: []Login{NTLM(`LAB\anna`, "secret1")}})
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			if err := getCalendar(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if s.most.Load() > 1 {
		t.Errorf("%d logins at once", s.most.Load())
	}
	if n := s.logins.Load(); n > 4 {
		t.Errorf("%d connections logged in, the client may have 4", n)
	}
}

func TestTwoUsersNeverShareAConnection(t *testing.T) {
	s := newNTLMServer(t, map[string]string{"ANNA": "a", "BERT": "b"}, func(w http.ResponseWriter, r *http.Request) {
		if want := r.Header.Get("X-Anchormailbox"); !strings.EqualFold(want, r.Header.Get("X-Test-User")) {
			t.Errorf("request of %s ran as %s", want, r.Header.Get("X-Test-User"))
		}
		reply(folderReply())(w, r)
	})
	s.Start()
	var wg sync.WaitGroup
	for name, password := range map[string]string{"anna": "a", "bert": "b"} {
		c := newTestClient(t, setup{url: s.URL, logins: []Login{NTLM(name, password)},
			options: func(_ *ServerOptions, o *ClientOptions) { o.Mailbox = name }})
		for range 100 {
			wg.Go(func() {
				if err := getCalendar(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
}

func TestExtendedProtectionIsSatisfied(t *testing.T) {
	s := newNTLMServer(t, map[string]string{"ANNA": "secret1"}, reply(folderReply()))
	s.StartTLS()
	s.bindings = ntlm.ChannelBindings(s.Certificate())
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	trust := func(o *ServerOptions, _ *ClientOptions) { o.TLS = &tls.Config{RootCAs: pool} }
	c := newTestClient(t, setup{url: s.URL, logins: []Login{NTLM("anna", "secret1")}, options: trust})
	if err := getCalendar(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	s.bindings = make([]byte, 16)
	c = newTestClient(t, setup{url: s.URL, logins: []Login{NTLM("anna", "secret1")}, options: trust})
	if err := getCalendar(t.Context(), c); !fault.Has(err, fault.LoginRejected) {
		t.Errorf("bindings of another channel were accepted: %v", err)
	}
}

func basicServer(t *testing.T, start func(*httptest.Server)) (*httptest.Server, *atomic.Int64) {
	var sent atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("Authorization"), "Basic ") {
			sent.Add(1)
		}
		if u, p, ok := r.BasicAuth(); !ok || u != `LAB\anna` || p != "secret1" {
			w.Header().Set("WWW-Authenticate", `Negotiate, Basic realm="x, y"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		reply(folderReply())(w, r)
	}))
	start(s)
	t.Cleanup(s.Close)
	return s, &sent
}

func TestBasicIsUsedOnlyOverTLSUnlessAsked(t *testing.T) {
	s, sent := basicServer(t, (*httptest.Server).Start)
	both := []Login{NTLM(`LAB\anna`, "secret1"), Basic(`LAB\anna`, "secret1")}
	c := newTestClient(t, setup{url: s.URL, logins: both})
	if err := getCalendar(t.Context(), c); !fault.Has(err, fault.PlainTextLoginRefused) {
		t.Errorf("got %v", err)
	}
	if sent.Load() != 0 {
		t.Error("the password went over the line in clear")
	}
	c = newTestClient(t, setup{url: s.URL, logins: []Login{NTLM(`LAB\anna`, "secret1"), BasicOverPlainHTTP(`LAB\anna`, "secret1")}})
	if err := getCalendar(t.Context(), c); err != nil {
		t.Errorf("asked for: %v", err)
	}
	s, _ = basicServer(t, (*httptest.Server).StartTLS)
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	c = newTestClient(t, setup{url: s.URL, logins: both, options: func(o *ServerOptions, _ *ClientOptions) { o.TLS = &tls.Config{RootCAs: pool} }})
	for range 3 {
		if err := getCalendar(t.Context(), c); err != nil {
			t.Errorf("over TLS: %v", err)
		}
	}
}

func TestAWrongBasicPasswordIsSentOnce(t *testing.T) {
	s, sent := basicServer(t, (*httptest.Server).Start)
	c := newTestClient(t, setup{url: s.URL, logins: []Login{NTLM("x", "y"), BasicOverPlainHTTP(`LAB\anna`, "nope")}})
	for range 5 {
		if err := getCalendar(t.Context(), c); !fault.Has(err, fault.LoginRejected) {
			t.Errorf("got %v", err)
		}
	}
	if sent.Load() != 1 {
		t.Errorf("sent %d times", sent.Load())
	}
}

func TestA401AfterTheLoginIsToldApartByWhatExchangeSays(t *testing.T) {
	for diagnostics, want := range map[string]fault.Code{
		"":                                    fault.LoginRejected,
		`4;reason="The account is locked."`:   fault.AccountLocked,
		`4;reason="The password has expired"`: fault.PasswordExpired,
		`4;reason="EWS is blocked for user"`:  fault.MailboxDisabled,
		"back end: ex2.lab.test":              fault.MailboxDisabled,
	} {
		var calls atomic.Int64
		s := newNTLMServer(t, map[string]string{"ANNA": "secret1"}, func(w http.ResponseWriter, r *http.Request) {
			if calls.Add(1) == 1 {
				reply(folderReply())(w, r)
				return
			}
			if target, ok := strings.CutPrefix(diagnostics, "back end: "); ok {
				w.Header().Set("X-CalculatedBETarget", target)
			} else if diagnostics != "" {
				w.Header().Set("X-Ms-Diagnostics", diagnostics)
			}
			w.Header().Set("WWW-Authenticate", "NTLM")
			w.WriteHeader(401)
		})
		s.Start()
		c := newTestClient(t, setup{url: s.URL, logins: []Login{NTLM("anna", "secret1")}})
		if err := getCalendar(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := getCalendar(t.Context(), c); !fault.Has(err, want) {
				t.Errorf("%q: got %v", diagnostics, err)
			}
		}
		if s.logins.Load() != 2 {
			t.Errorf("%d logins, want the first and one more", s.logins.Load())
		}
	}
}

func TestACancelledCallerDoesNotWaitForTheCanary(t *testing.T) {
	block, entered := make(chan struct{}), make(chan struct{}, 1)
	s := newNTLMServer(t, map[string]string{"ANNA": "secret1"}, func(w http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		<-block
		reply(folderReply())(w, r)
	})
	s.Start()
	c := newTestClient(t, setup{url: s.URL, logins: []Login{NTLM("anna", "secret1")}})
	done := make(chan error)
	go func() { done <- getCalendar(context.Background(), c) }()
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	second := make(chan error)
	go func() { second <- getCalendar(ctx, c) }()
	cancel()
	if err := <-second; !fault.Has(err, fault.Cancelled) {
		t.Errorf("got %v", err)
	}
	close(block)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestASilentStreamKeepsNobodyFromLoggingIn(t *testing.T) {
	streaming, end := make(chan struct{}), make(chan struct{})
	s := newNTLMServer(t, map[string]string{"ANNA": "secret1"}, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if !strings.Contains(string(b), "GetStreamingEvents") {
			reply(folderReply())(w, r)
			return
		}
		close(streaming)
		<-end // not even a header
		io.WriteString(w, streamed("Closed", ""))
	})
	s.Start()
	c := newTestClient(t, setup{url: s.URL, logins: []Login{NTLM("anna", "secret1")}})
	done := make(chan error)
	go func() {
		done <- c.Stream(context.Background(), []string{"s"}, time.Minute, func() {}, func(Notification) {})
	}()
	<-streaming
	if err := getCalendar(t.Context(), c); err != nil {
		t.Error(err)
	}
	close(end)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
