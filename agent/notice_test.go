package agent_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
	"abgleich/agent/notice/smtptest"
	"abgleich/agent/params"
	"abgleich/ipc/contract"
)

// mailed waits for the next mail; the test's own time limit ends a wait in vain.
func mailed(t *testing.T, s *smtptest.Server) smtptest.Mail {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	select {
	case m := <-s.Mails():
		return m
	case <-ctx.Done():
		t.Fatal("no mail came")
		return smtptest.Mail{}
	}
}

func withMail(t *testing.T) (*world, *smtptest.Server) {
	t.Helper()
	s := smtptest.Start(t, smtptest.Options{})
	w := newWorld(t, params.Change{Key: "notice.recipient", Value: "admin@lab.test"},
		params.Change{Key: "notice.smtp_server", Value: s.Host()}, params.Change{Key: "notice.smtp_port", Value: s.Port()},
		params.Change{Key: "notice.smtp_security", Value: "none"}, params.Change{Key: "language", Value: "en"})
	return w, s
}

func TestAWrongPasswordIsMailedOnceAndItsEndOnce(t *testing.T) {
	t.Parallel()
	w, mails := withMail(t)
	arrived := w.seedOne("secret appointment")
	w.start()
	w.login("wrong")
	first := mailed(t, mails)
	if !strings.Contains(first.Data, string(fault.LoginRejected)) || !strings.Contains(first.Data, "ANNA") || first.To != "admin@lab.test" {
		t.Errorf("the mail: %+v", first)
	}
	w.await("the refusal", blocked(fault.LoginRejected))
	w.stop()
	w.start() // and it still knows whom it told
	w.await("the refusal after the restart", func(u *contract.UserStatus) bool {
		return u.GetState() == contract.UserState_USER_STATE_CREDENTIALS_NEEDED
	})
	w.login(annaPassword)
	w.await("the sync with the right password", arrived)
	second := mailed(t, mails)
	if !strings.Contains(second.Data, "Recovered") {
		t.Errorf("the second mail: %+v", second)
	}
	w.stop()
	if n := mails.Count(); n != 2 {
		t.Errorf("%d mails, want 2", n)
	}
	for _, m := range []smtptest.Mail{first, second} {
		for _, secret := range []string{annaPassword, "secret appointment"} {
			if strings.Contains(m.Data, secret) {
				t.Errorf("the mail holds %q: %s", secret, m.Data)
			}
		}
	}
}

func TestAMailServerThatIsDownStopsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, params.Change{Key: "notice.recipient", Value: "admin@lab.test"},
		params.Change{Key: "notice.smtp_server", Value: "127.0.0.1"}, params.Change{Key: "notice.smtp_port", Value: "1"})
	arrived := w.seedOne("later")
	w.sim.Faults().Add(exchangesim.Fault{Effect: exchangesim.HTMLPage, Times: 1})
	w.start()
	w.login("wrong")
	w.await("the refusal", blocked(fault.LoginRejected))
	w.login(annaPassword)
	w.await("the sync", arrived)
}
