package verify

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"abgleich/agent/credentials"
	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
	"abgleich/agent/vault"
)

func TestAllIsWell(t *testing.T) {
	for name, o := range map[string]exchangesim.Options{
		"over TLS":         {TLS: true},
		"strict bindings":  {TLS: true, ExtendedProtection: exchangesim.ProtectionRequired},
		"Basic over TLS":   {TLS: true, NoNTLM: true},
		"NTLM without TLS": {},
	} {
		t.Run(name, func(t *testing.T) {
			r := simulated(t, o)
			got, result := r.check(t)
			for stage, s := range got {
				if s.State != OK && !(stage == EventServer || stage == TLS && !o.TLS) {
					t.Errorf("%s: %+v", stage, s)
				}
			}
			if !result.OK || result.User != "anna" {
				t.Errorf("result %+v", result)
			}
			if n := r.sim.Stats().Accepted["anna"]; n != 1 && !o.NoNTLM {
				t.Errorf("%d logins, want one", n)
			}
			if r.sim.Stats().Mailed != 0 || r.book.rejected != 0 {
				t.Error("the check left traces")
			}
		})
	}
}

func TestAStoredLoginIsNotedAsAccepted(t *testing.T) {
	r := simulated(t, exchangesim.Options{})
	r.book.stored, r.request.Login = r.request.Login, nil
	if _, result := r.check(t); !result.OK || r.book.accepted != 1 {
		t.Errorf("%+v, accepted %d times", result, r.book.accepted)
	}
	r.book.stored = nil
	got, _ := r.check(t)
	want(t, got, LoggedIn, Failed, fault.CredentialsMissing)
	want(t, got, Version, Skipped, fault.CredentialsMissing)
}

func TestALoginThatIsTypedInAndTakenIsRefusedNoMore(t *testing.T) {
	r := simulated(t, exchangesim.Options{})
	r.book.refused = password // it was wrong until it was changed at the server
	got, _ := r.check(t)
	want(t, got, LoggedIn, Failed, fault.LoginRejected)
	if n := r.sim.Stats().Accepted["anna"]; n != 0 || r.book.accepted != 0 {
		t.Fatalf("a refused login was shown %d times unasked", n)
	}
	r.request.Asked = true
	if _, result := r.check(t); !result.OK || r.book.took != *r.request.Login {
		t.Errorf("%+v, took %v", result, r.book.took)
	}
	r.request.Asked = false
	if _, result := r.check(t); !result.OK {
		t.Errorf("it still counts as refused: %+v", result)
	}
}

func TestMasterDataAndParameters(t *testing.T) {
	missing := fault.New(fault.FunctionMissing, "test", "", nil)
	for name, c := range map[string]struct {
		spoil   func(*rig)
		stage   string
		code    fault.Code
		skipped []string
		fine    []string
	}{
		"nobody knows who asks": {func(r *rig) { r.request.User = "" }, InMasterData, fault.EmployeeUnknown,
			[]string{Email, Permissions, LoggedIn, Mailbox, EventServer}, []string{ServiceUser, DNS, Port, Clock}},
		"not in the master data": {func(r *rig) { r.employees.err = fault.New(fault.EmployeeUnknown, "test", "anna", nil) }, InMasterData,
			fault.EmployeeUnknown, []string{Email, LoggedIn}, []string{Port}},
		"inactive": {func(r *rig) { r.employees.employee.Active = false }, InMasterData, fault.EmployeeInactive, []string{LoggedIn}, nil},
		"database gone": {func(r *rig) { r.employees.err = fault.New(fault.DatabaseUnreachable, "test", "", nil) }, InMasterData,
			fault.DatabaseUnreachable, []string{Permissions}, []string{DNS}},
		"no address":        {func(r *rig) { r.employees.employee.Mail = " " }, Email, fault.EmployeeWithoutMail, []string{LoggedIn, Mailbox}, []string{Permissions}},
		"not granted":       {func(r *rig) { r.employees.maySync = missing }, Permissions, fault.FunctionMissing, nil, []string{LoggedIn, Mailbox}},
		"service user":      {func(r *rig) { r.employees.service = fault.New(fault.ServiceUserInvalid, "test", "", nil) }, ServiceUser, fault.ServiceUserInvalid, nil, []string{LoggedIn}},
		"no server":         {func(r *rig) { r.settings.Endpoint = "" }, Parameters, fault.ParametersIncomplete, []string{DNS, TLS, LoggedIn, Clock}, []string{Email}},
		"no address at all": {func(r *rig) { r.settings.Endpoint = "ftp://x" }, Parameters, fault.ParameterInvalid, []string{DNS}, nil},
		"switched off":      {func(r *rig) { r.settings.SyncEnabled = false }, Parameters, fault.SyncDisabled, nil, []string{LoggedIn, Mailbox, Claim}},
	} {
		t.Run(name, func(t *testing.T) {
			r := simulated(t, exchangesim.Options{})
			c.spoil(r)
			got, result := r.check(t)
			want(t, got, c.stage, Failed, c.code)
			for _, s := range c.skipped {
				want(t, got, s, Skipped, c.code)
			}
			for _, s := range c.fine {
				want(t, got, s, OK, "")
			}
			if result.OK {
				t.Error("the result is ok")
			}
			if got[LoggedIn].State == Skipped && len(r.sim.Stats().Accepted) > 0 {
				t.Error("logged in all the same")
			}
		})
	}
}

func TestTheNetwork(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	encrypted := simulated(t, exchangesim.Options{TLS: true})
	plain := simulated(t, exchangesim.Options{})
	stranger := httptest.NewTLSServer(http.NotFoundHandler())
	defer stranger.Close()
	swap := func(r *rig, from, to string) string { return strings.Replace(r.settings.Endpoint, from, to, 1) }
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	go func() {
		for {
			c, err := silent.Accept()
			if err != nil {
				return
			}
			c.Close() // takes the connection and hangs up
		}
	}()
	for name, c := range map[string]struct {
		endpoint string
		stage    string
		code     fault.Code
		args     map[string]string
	}{
		"unknown name":         {"https://mail.nowhere.test/EWS/Exchange.asmx", DNS, fault.NameNotResolved, map[string]string{"server": "mail.nowhere.test"}},
		"closed port":          {"https://" + closed.Addr().String(), Port, fault.ConnectionRefused, map[string]string{"server": "127.0.0.1"}},
		"TLS to a plain port":  {swap(plain, "http:", "https:"), TLS, fault.TLSMismatch, nil},
		"plain to a TLS port":  {swap(encrypted, "https:", "http:"), TLS, fault.TLSMismatch, nil},
		"another name":         {swap(encrypted, "127.0.0.1", "mail.alias.test"), TLS, fault.TLSCertificateName, map[string]string{"names": "localhost, 127.0.0.1, ::1"}},
		"nobody trusts it":     {stranger.URL, TLS, fault.TLSUntrusted, nil},
		"hangs up on TLS":      {"https://" + silent.Addr().String(), TLS, fault.ReplyTruncated, nil},
		"hangs up without TLS": {"http://" + silent.Addr().String(), TLS, fault.ReplyTruncated, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := against(t, c.endpoint)
			r.settings.TLS = encrypted.settings.TLS
			r.options.Resolve = func(_ context.Context, host string) ([]string, error) {
				if host == "mail.alias.test" {
					return []string{"127.0.0.1"}, nil
				}
				return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
			}
			r.options.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, strings.Replace(address, "mail.alias.test", "127.0.0.1", 1))
			}
			got, _ := r.check(t)
			want(t, got, c.stage, Failed, c.code)
			want(t, got, LoggedIn, Skipped, c.code)
			want(t, got, Clock, Skipped, c.code)
			for k, v := range c.args {
				if got[c.stage].Args[k] != v {
					t.Errorf("%s is %q, want %q", k, got[c.stage].Args[k], v)
				}
			}
		})
	}
	if len(encrypted.sim.Stats().Accepted)+len(plain.sim.Stats().Accepted) != 0 {
		t.Error("a login was shown before the connection was right")
	}
}

func TestWhatAnswersIsNoExchange(t *testing.T) {
	header := func(k, v string, status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set(k, v)
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		code    fault.Code
	}{
		"a web page":          {header("X-A", "b", 200, "<html>Welcome"), fault.NotSOAP},
		"nothing there":       {header("X-A", "b", 404, "<html>Not found"), fault.NotSOAP},
		"a redirect":          {header("Location", "https://other.test/", 302, ""), fault.NotSOAP},
		"wants a token":       {header("Www-Authenticate", "Bearer client_id=x", 401, ""), fault.NeedsGraph},
		"wants something odd": {header("Www-Authenticate", "Digest realm=x", 401, ""), fault.NotSOAP},
		"being serviced":      {header("X-A", "b", 503, "<html>Service unavailable"), fault.ServerBusy},
		"a broken proxy":      {header("X-A", "b", 502, "<html>Bad gateway"), fault.ServerFailed},
	} {
		t.Run(name, func(t *testing.T) {
			r := against(t, serve(t, c.handler).URL+"/EWS/Exchange.asmx")
			got, _ := r.check(t)
			want(t, got, Version, Failed, c.code)
			want(t, got, LoggedIn, Skipped, c.code)
			if r.book.rejected != 0 {
				t.Error("counted as a refused login")
			}
		})
	}
	t.Run("Microsoft 365 is told by its name", func(t *testing.T) {
		web := serve(t, header("X-A", "b", 200, "<html>"))
		r := against(t, "http://outlook.office365.com/EWS/Exchange.asmx")
		r.options.Resolve = func(context.Context, string) ([]string, error) { return []string{"127.0.0.1"}, nil }
		r.options.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, web.Listener.Addr().String())
		}
		got, _ := r.check(t)
		want(t, got, Version, Failed, fault.NeedsGraph)
	})
	t.Run("a redirect demands SSL", func(t *testing.T) {
		r := against(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://127.0.0.1/EWS/Exchange.asmx")
			w.WriteHeader(http.StatusMovedPermanently)
		}).URL+"/EWS/Exchange.asmx")
		got, _ := r.check(t)
		want(t, got, Version, Skipped, fault.SSLRequired)
		want(t, got, SSLRequired, Failed, fault.SSLRequired)
	})
	t.Run("IIS demands SSL", func(t *testing.T) {
		r := simulated(t, exchangesim.Options{RequireSSL: true})
		got, _ := r.check(t)
		want(t, got, Version, Skipped, fault.SSLRequired)
		want(t, got, LoggedIn, Skipped, fault.SSLRequired)
		want(t, got, SSLRequired, Failed, fault.SSLRequired)
	})
}

func TestVersions(t *testing.T) {
	for version, code := range map[string]fault.Code{
		"15.2.2562.17 V2017_07_11": "", "15.2.1544.4 V2017_07_11": "", "15.2.1258.12 V2017_07_11": fault.VersionUnsupported,
		"15.1.2507.6 V2017_07_11": "", "15.1.2375.7 V2017_07_11": fault.VersionUnsupported,
		"15.0.1497.2 V2_23": fault.VersionUnsupported, "15.0.847.4040 V2017_07_11": "",
		"14.3.123.4 Exchange2010_SP2": fault.VersionUnsupported, "8.3.0.0": fault.VersionUnsupported,
		"15.20.9000.1 V2018_01_08": fault.NeedsGraph, "": "", "something else": "", "16.0.1.1 V2030": "",
	} {
		if got := judge(version); got != code {
			t.Errorf("%q: %q, want %q", version, got, code)
		}
	}
}

func TestLogins(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*rig)
		code    fault.Code
		refused int64
	}{
		"a wrong password": {func(r *rig) { r.request.Login.Secret = vault.NewSecret("wrong") }, fault.LoginRejected, 1},
		"an unknown user":  {func(r *rig) { r.request.Login.Name = `LAB\nobody` }, fault.LoginRejected, 1},
		"a busy server": {func(r *rig) {
			r.sim.Faults().Add(exchangesim.Fault{Effect: exchangesim.Busy503, Times: -1, BackOff: time.Hour})
		}, fault.ServerBusy, 0},
		"a stalling server": {func(r *rig) {
			r.sim.Faults().Add(exchangesim.Fault{Effect: exchangesim.Stall, Times: -1, For: time.Minute})
		}, fault.ServerStalled, 0},
		"half an answer": {func(r *rig) { r.sim.Faults().Add(exchangesim.Fault{Effect: exchangesim.TruncatedReply, Times: -1}) }, fault.ReplyTruncated, 0},
	} {
		for _, basic := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				r := simulated(t, exchangesim.Options{TLS: true, NoNTLM: basic})
				c.prepare(r)
				got, result := r.check(t)
				want(t, got, LoggedIn, Failed, c.code)
				want(t, got, Version, Skipped, c.code)
				want(t, got, Mailbox, Skipped, c.code)
				want(t, got, Clock, OK, "")
				if result.OK || result.User != "" {
					t.Errorf("%+v", result)
				}
				var refused int64
				for _, n := range r.sim.Stats().Refused {
					refused += n
				}
				if refused != c.refused || r.book.rejected != int(c.refused) {
					t.Errorf("%d logins refused, %d noted, want %d", refused, r.book.rejected, c.refused)
				}
				if c.refused == 0 {
					return
				}
				// The same again: not shown to the server, unless a person asks.
				got, _ = r.check(t)
				want(t, got, LoggedIn, Failed, fault.LoginRejected)
				var again int64
				for _, n := range r.sim.Stats().Refused {
					again += n
				}
				if again != refused {
					t.Error("a refused login was shown again")
				}
			})
		}
	}
}

func TestALoginWithoutItsDomainIsNamed(t *testing.T) {
	r := simulated(t, exchangesim.Options{})
	r.request.Login = &credentials.Login{Name: "anna", Secret: vault.NewSecret("wrong")}
	got, _ := r.check(t)
	if got[LoggedIn].Args["prefix"] != "missing" || got[LoggedIn].Args["login"] != "anna" {
		t.Errorf("args %v", got[LoggedIn].Args)
	}
}

func TestARefusedLoginIsTriedOnceMoreWhenAPersonAsks(t *testing.T) {
	r := simulated(t, exchangesim.Options{})
	r.book.refused, r.request.Asked = password, true
	if _, result := r.check(t); !result.OK {
		t.Error("the login was not tried")
	}
}

func TestAClosedMailboxIsNoWrongPassword(t *testing.T) {
	// The front end logs in, the back end refuses, and says why in a header.
	web := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, _, ok := r.BasicAuth(); ok {
			w.Header().Set("X-Ms-Diagnostics", `4000000;reason="EWS is blocked for the user"`)
		}
		w.Header().Set("Www-Authenticate", `Basic realm="lab"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer web.Close()
	r := against(t, web.URL+"/EWS/Exchange.asmx")
	r.trust(t, web.Certificate())
	got, _ := r.check(t)
	want(t, got, LoggedIn, Failed, fault.MailboxDisabled)
	if r.book.rejected != 0 {
		t.Error("noted as a refused login")
	}
}
