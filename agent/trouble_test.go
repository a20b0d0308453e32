package agent_test

import (
	"context"
	"testing"
	"time"

	"connectrpc.com/connect"

	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/agent/side/business"
	"abgleich/ipc/contract"
	"abgleich/ipc/seal"
)

// seedOne puts an appointment into the calendar and tells when it has arrived.
func (w *world) seedOne(subject string) (arrived func(*contract.UserStatus) bool) {
	start := time.Date(2027, 5, 3, 9, 0, 0, 0, time.UTC)
	box := w.sim.Mailbox(annaMail)
	box.Seed([]exchangesim.Item{{Kind: exchangesim.Appointment, Subject: subject, Start: start, End: start.Add(time.Hour), Zone: "Europe/Vienna"}})
	want := uint64(len(box.List(exchangesim.Calendar)))
	return func(u *contract.UserStatus) bool {
		return synced(u) && u.GetState() == contract.UserState_USER_STATE_FINE && u.GetKinds()[0].GetPairs() == want
	}
}

func blocked(code fault.Code) func(*contract.UserStatus) bool {
	return func(u *contract.UserStatus) bool {
		for _, k := range u.GetKinds() {
			if k.GetBlockedCode() == string(code) {
				return true
			}
		}
		return false
	}
}

func (w *world) problemCodes() map[string]bool {
	w.t.Helper()
	r, err := w.client.ListProblems(context.Background(), connect.NewRequest(&contract.ListProblemsRequest{AllUsers: true}))
	must(w.t, err)
	codes := map[string]bool{}
	for _, p := range r.Msg.GetProblems() {
		codes[p.GetCode()] = true
	}
	return codes
}

func TestAWrongPasswordIsTriedOnceAndNeverLocksTheAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arrived := w.seedOne("waiting")
	w.start()
	w.login("wrong")
	u := w.await("the refusal", func(u *contract.UserStatus) bool {
		return u.GetState() == contract.UserState_USER_STATE_CREDENTIALS_NEEDED
	})
	if u.GetCode() != string(fault.LoginRejected) {
		t.Errorf("code %q", u.GetCode())
	}
	if n := w.sim.Stats().Refused["anna"]; n != 1 {
		t.Fatalf("%d logins were tried, want 1", n)
	}
	if !w.problemCodes()[string(fault.LoginRejected)] {
		t.Error("no problem tells of it")
	}
	// The same password from another tray is not tried either, nor after a restart.
	w.login("wrong")
	w.stop()
	w.start()
	w.await("the refusal after the restart", func(u *contract.UserStatus) bool {
		return u.GetState() == contract.UserState_USER_STATE_CREDENTIALS_NEEDED
	})
	if n := w.sim.Stats().Refused["anna"]; n != 1 {
		t.Fatalf("%d logins were tried, want 1", n)
	}
	w.login(annaPassword)
	w.await("the sync with the right password", arrived)
	if len(w.problemCodes()) != 0 {
		t.Errorf("problems stay: %v", w.problemCodes())
	}
}

func TestServerTroubleHasItsCodeAndEndsByItself(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault exchangesim.Fault
		code  fault.Code
	}{
		{"a page of HTML", exchangesim.Fault{Effect: exchangesim.HTMLPage}, fault.NotSOAP},
		{"half a reply", exchangesim.Fault{Effect: exchangesim.TruncatedReply}, fault.ReplyTruncated},
		{"a stall of twenty seconds", exchangesim.Fault{Effect: exchangesim.Stall, For: 20 * time.Second}, fault.ServerStalled},
		{"a busy server", exchangesim.Fault{Effect: exchangesim.BusyFault, BackOff: time.Minute}, fault.ServerBusy},
		{"service unavailable", exchangesim.Fault{Effect: exchangesim.Unavailable}, fault.ServerBusy},
		{"a cut line", exchangesim.Fault{Effect: exchangesim.CutBefore}, fault.ReplyTruncated},
		{"an error inside the server", exchangesim.Fault{Effect: exchangesim.InternalError}, fault.ServerFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			arrived := w.seedOne("later")
			c.fault.Times = -1
			w.sim.Faults().Add(c.fault)
			w.start()
			w.login(annaPassword)
			w.await(string(c.code), blocked(c.code))
			if !w.problemCodes()[string(c.code)] {
				t.Errorf("the problems are %v", w.problemCodes())
			}
			w.sim.Faults().Clear()
			if c.fault.BackOff > 0 {
				return // the server's wish is honoured; nobody waits a minute here
			}
			w.await("going on by itself", arrived)
			if codes := w.problemCodes(); len(codes) != 0 {
				t.Errorf("problems stay: %v", codes)
			}
		})
	}
}

func TestAServerThatIsDownIsFoundAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arrived := w.seedOne("later")
	w.unplug()
	w.start()
	w.login(annaPassword)
	u := w.await("the refusal", blocked(fault.ConnectionRefused))
	if u.GetState() != contract.UserState_USER_STATE_OFFLINE {
		t.Errorf("state %v", u.GetState())
	}
	w.plug()
	w.await("going on by itself", arrived)
}

func TestAWrongNameInTheCertificateIsTold(t *testing.T) {
	t.Parallel()
	w := newWorldAt(t, "127.0.0.2") // the certificate names 127.0.0.1
	w.start()
	w.login(annaPassword)
	w.await("the wrong name", blocked(fault.TLSCertificateName))
}

func TestANameThatDoesNotExistIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, params.Change{Key: "communication.server", Value: "nowhere.invalid"})
	w.start()
	w.login(annaPassword)
	w.await("the unknown name", blocked(fault.NameNotResolved))
}

func TestVerifyingProvesWhoSomebodyIsWithOneLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t, w.business().SaveGroup(context.Background(), business.Group{Name: "BMD", Members: []pimUser{anna}}))
	_, _, err := w.file.Set("service.user", anna)
	must(t, err)
	w.start()
	failed, done := w.verify("wrong")
	if done.GetOk() || failed["login"] != string(fault.LoginRejected) {
		t.Errorf("ok %v, failed %v", done.GetOk(), failed)
	}
	// The same password again is refused without asking the server.
	failed, _ = w.verify("wrong")
	if n := w.sim.Stats().Refused["anna"]; n != 1 || failed["login"] != string(fault.LoginRejected) {
		t.Errorf("%d logins tried, failed %v", n, failed)
	}
	failed, done = w.verify(annaPassword)
	if !done.GetOk() || done.GetUser() != anna {
		t.Errorf("ok %v, user %q, failed %v", done.GetOk(), done.GetUser(), failed)
	}
}

// verify checks a login of somebody who named no user; it gives the stages that
// failed with their codes, and the last message.
func (w *world) verify(password string) (map[string]string, *contract.VerifyCredentialsResponse) {
	w.t.Helper()
	sealed, err := seal.Seal(w.hello.GetRecipient(), w.hello.GetCallerId(), password)
	must(w.t, err)
	s, err := w.client.VerifyCredentials(context.Background(), connect.NewRequest(&contract.VerifyCredentialsRequest{
		Login: annaLogin, SealedPassword: sealed}))
	must(w.t, err)
	defer s.Close() //nolint:errcheck // read only
	failed := map[string]string{}
	for s.Receive() {
		if st := s.Msg().GetStage(); st.GetState() == contract.StageState_STAGE_STATE_FAILED {
			failed[st.GetName()] = st.GetCode()
			w.t.Log(st)
		}
		if s.Msg().GetDone() {
			return failed, s.Msg()
		}
	}
	w.t.Fatal(s.Err())
	return nil, nil
}
