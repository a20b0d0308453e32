package agent_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"abgleich/agent"
	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
	"abgleich/agent/notice/smtptest"
	"abgleich/agent/params"
	"abgleich/agent/vault"
)

// sentMail waits for the n-th mail that left through Exchange.
func (w *world) sentMail(n int) exchangesim.SentMail {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	for {
		if all := w.sim.Sent(); len(all) >= n {
			return all[n-1]
		}
		select {
		case <-ctx.Done():
			w.t.Fatalf("mail %d did not come", n)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func throughExchange(account string) []params.Change {
	return []params.Change{{Key: "notice.recipient", Value: "admin@lab.test"}, {Key: "notice.by", Value: "exchange"},
		{Key: "notice.account", Value: account}, {Key: "notice.summary", Value: ""}, {Key: "language", Value: "en"}}
}

// secret stores a secret parameter while no agent runs.
func (w *world) secret(key, value string) {
	w.t.Helper()
	p, _, err := w.file.Load()
	must(w.t, err)
	must(w.t, os.MkdirAll(p.Data.Folder, 0o700))
	must(w.t, agent.StoreSecret(p, key, vault.NewSecret(value)))
}

func TestNoticesLeaveThroughExchangeWithAChosenAccountAndNothingElseMails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, throughExchange(`LAB\notices`)...)
	w.secret(params.NoticePassword, "secret7")
	arrived := w.seedOne("secret appointment")
	w.start()
	w.login("wrong")
	first := w.sentMail(1)
	if first.From != "notices@lab.test" || len(first.To) != 1 || first.To[0] != "admin@lab.test" || !first.Automatic ||
		!strings.Contains(first.Body, string(fault.LoginRejected)) || !strings.Contains(first.Body, "ANNA") {
		t.Errorf("the mail: %+v", first)
	}
	w.login(annaPassword)
	w.await("the sync", arrived)
	second := w.sentMail(2)
	if !strings.HasPrefix(second.Subject, "Recovered") {
		t.Errorf("the second mail: %+v", second)
	}
	w.stop()
	if n := len(w.sim.Sent()); n != 2 {
		t.Errorf("%d mails, want 2", n)
	}
	if n := w.sim.Stats().Mailed; n != 0 {
		t.Errorf("%d requests of others asked for mail", n)
	}
	for _, m := range w.sim.Sent() {
		for _, secret := range []string{annaPassword, "secret7", "secret appointment"} {
			if strings.Contains(m.Subject+m.Body, secret) {
				t.Errorf("a mail holds %q: %+v", secret, m)
			}
		}
	}
}

func TestATestNoticeTriesARefusedAccountOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, throughExchange(`LAB\notices`)...)
	w.secret(params.NoticePassword, "wrong")
	p, _, err := w.file.Load()
	must(t, err)
	for range 5 {
		if err := agent.SendTestNotice(t.Context(), p, "test", time.Now); !fault.Has(err, fault.LoginRejected, fault.ServiceAccountRejected) {
			t.Fatalf("got %v", err)
		}
	}
	refused := func() (n int64) { return w.sim.Stats().Refused["notices"] }
	if n := refused(); n != 1 {
		t.Errorf("%d attempts with one wrong password", n)
	}
	w.secret(params.NoticePassword, "secret7")
	must(t, agent.SendTestNotice(t.Context(), p, "test", time.Now))
	if m := w.sentMail(1); m.Subject != "Abgleich: test notice" {
		t.Errorf("the mail: %+v", m)
	}
}

func TestNoticesLeaveInTheNameOfAMailboxTheServiceAccountImpersonates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, append(throughExchange(""), params.Change{Key: "communication.access", Value: "impersonation"},
		params.Change{Key: "communication.account", Value: `LAB\service`}, params.Change{Key: "notice.from", Value: "notices@lab.test"})...)
	w.secret(params.AccountPassword, "secret9")
	p, _, err := w.file.Load()
	must(t, err)
	must(t, agent.SendTestNotice(t.Context(), p, "test", time.Now))
	if m := w.sentMail(1); m.From != "notices@lab.test" {
		t.Errorf("the mail: %+v", m)
	}
}

func TestWithoutAnAccountATestNoticeSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, throughExchange("")...)
	p, _, err := w.file.Load()
	must(t, err)
	must(t, os.MkdirAll(p.Data.Folder, 0o700))
	if err := agent.SendTestNotice(t.Context(), p, "test", time.Now); !fault.Has(err, fault.ParametersIncomplete) {
		t.Errorf("got %v", err)
	}
}

func TestAnAgentThatCannotStartSaysSoOnceAndThatItRunsAgain(t *testing.T) {
	t.Parallel()
	s := smtptest.Start(t, smtptest.Options{})
	w := newWorld(t, params.Change{Key: "notice.recipient", Value: "admin@lab.test"},
		params.Change{Key: "notice.smtp_server", Value: s.Host()}, params.Change{Key: "notice.smtp_port", Value: s.Port()},
		params.Change{Key: "notice.smtp_security", Value: "none"}, params.Change{Key: "language", Value: "en"})
	w.start()
	w.stop()
	p, _, err := w.file.Load()
	must(t, err)
	store := filepath.Join(p.Data.Folder, "agent.db")
	must(t, os.WriteFile(store, []byte("this is no database at all, only some text that is long enough"), 0o600))
	for range 3 {
		if a, err := agent.Start(t.Context(), agent.Options{Parameters: w.file}); err == nil {
			_ = a.Stop(t.Context())
			t.Fatal("it started")
		}
	}
	m := mailed(t, s)
	if n := s.Count(); n != 1 || !strings.Contains(m.Data, string(fault.ServiceNotStarted)) || !strings.Contains(m.Data, string(fault.StoreCorrupt)) {
		t.Errorf("%d mails, the first: %s", n, m.Data)
	}
}
