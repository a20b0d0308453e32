package verify

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
	"abgleich/agent/side/exchange"
)

func TestTheMailboxMustBeTheEmployees(t *testing.T) {
	for name, mail := range map[string]string{"a colleague's": "ben@lab.test", "nobody's": "nobody@lab.test"} {
		t.Run(name, func(t *testing.T) {
			r := simulated(t, exchangesim.Options{})
			r.employees.employee.Mail = mail
			got, result := r.check(t)
			want(t, got, LoggedIn, OK, "")
			want(t, got, Mailbox, Failed, fault.MailboxOfOther)
			want(t, got, FoldersTasks, Skipped, fault.MailboxOfOther)
			want(t, got, Claim, Skipped, fault.MailboxOfOther)
			if result.OK || result.User != "" || got[Mailbox].Args["expected"] != mail {
				t.Errorf("%+v %+v", result, got[Mailbox])
			}
		})
	}
}

func TestAMailboxAnotherInstallationKeepsIsNamed(t *testing.T) {
	r := simulated(t, exchangesim.Options{})
	name := exchangesim.SetString("b3c1a0de-6a5e-4f0b-9d57-2f6c41a7e8d0", "AbgleichInstallation")
	for owner, state := range map[string]State{"elsewhere": Failed, "here": OK} {
		if err := r.sim.Mailbox("anna@lab.test").SetFolderProperty(exchangesim.Calendar, name, owner); err != nil {
			t.Fatal(err)
		}
		got, _ := r.check(t)
		if s := got[Claim]; s.State != state {
			t.Errorf("owner %s: %+v", owner, s)
		}
	}
}

func TestTheEventServerIsProvedByACall(t *testing.T) {
	r := simulated(t, exchangesim.Options{})
	web := httptest.NewUnstartedServer(nil)
	events := exchange.NewEventServer("http://" + web.Listener.Addr().String())
	web.Config.Handler = events
	web.Start()
	defer web.Close()
	r.options.Events, r.settings.EventServer, r.settings.EventPort = events, "127.0.0.1", 9090
	r.options.EventWait = 20 * time.Second
	got, result := r.check(t)
	want(t, got, EventServer, OK, "")
	if !result.OK {
		t.Error("not ok")
	}
	// The address the server is told leads nowhere: a firewall.
	r.options.Events = exchange.NewEventServer("http://127.0.0.1:1")
	r.options.EventWait = 300 * time.Millisecond
	got, result = r.check(t)
	want(t, got, EventServer, Warning, fault.EventServerUnproven)
	if a := got[EventServer].Args; a["server"] != "127.0.0.1" || a["port"] != "9090" || !result.OK {
		t.Errorf("args %v, result %+v", a, result)
	}
}

func TestClocksThatDisagreeAreAWarning(t *testing.T) {
	r := simulated(t, exchangesim.Options{})
	r.options.Now = func() time.Time { return time.Now().Add(-10 * time.Minute) }
	got, result := r.check(t)
	want(t, got, Clock, Warning, fault.ClocksDisagree)
	if got[Clock].Args["skew"] != "10m0s" || !result.OK {
		t.Errorf("%+v %+v", got[Clock], result)
	}
}

func TestACheckThatIsCancelledEndsAtOnce(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	stall := make(chan struct{})
	web := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stall }))
	defer web.Close()
	defer close(stall)
	r := against(t, web.URL)
	ctx, cancel := context.WithCancel(t.Context())
	var last Stage
	_, err := New(r.options).Check(ctx, r.request, func(s Stage) {
		if last = s; s.Name == TLS && s.State == Running {
			time.AfterFunc(20*time.Millisecond, cancel)
		}
	})
	if !fault.Has(err, fault.Cancelled) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if last.Name != TLS || last.State != Skipped || last.Code != fault.Cancelled {
		t.Errorf("the last stage told was %+v", last)
	}
}
