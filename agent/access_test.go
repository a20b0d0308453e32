package agent_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"abgleich/agent/exchangesim"
	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/agent/vault"
	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ipc/seal"

	"abgleich/agent"
)

// withServiceAccount starts an agent that opens all mailboxes with one account,
// and switches Anna's sync on without a login of hers.
func withServiceAccount(t *testing.T, password string) *world {
	t.Helper()
	w := newWorld(t, params.Change{Key: "communication.access", Value: "impersonation"},
		params.Change{Key: "communication.account", Value: `LAB\service`})
	start := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	w.sim.Mailbox(annaMail).Seed([]exchangesim.Item{{Kind: exchangesim.Appointment, Subject: "Exchange",
		Start: start, End: start.Add(time.Hour), Zone: "Europe/Vienna"}})
	p, _, err := w.file.Load()
	must(t, err)
	if password != "" {
		must(t, agent.StoreSecret(p, params.AccountPassword, vault.NewSecret(password)))
	}
	w.start()
	_, err = w.client.SaveCredentials(context.Background(), connect.NewRequest(&contract.SaveCredentialsRequest{
		User: anna, Sync: true, Appointments: true, Tasks: true,
	}))
	must(t, err)
	return w
}

func (w *world) setAccountPassword(password string) {
	w.t.Helper()
	sealed, err := seal.Seal(w.hello.GetRecipient(), w.hello.GetCallerId(), password)
	must(w.t, err)
	_, err = w.client.SetParameters(context.Background(), connect.NewRequest(&contract.SetParametersRequest{
		SealedValues: map[string][]byte{params.AccountPassword: sealed}}))
	must(w.t, err)
}

func TestAServiceAccountSyncsMailboxesWithoutTheirPasswords(t *testing.T) {
	w := withServiceAccount(t, "secret9")
	u := w.await("the first sync", func(u *contract.UserStatus) bool { return synced(u) && u.GetKinds()[0].GetPairs() == 1 })
	if u.GetProblems() != 0 {
		t.Errorf("%d problems", u.GetProblems())
	}
	if n := w.sim.Stats().Accepted["anna"]; n != 0 {
		t.Errorf("%d logins as Anna, who has none", n)
	}
	// Status and check say so, and the check needs no login either.
	w.agentStatus("the way mailboxes are opened", func(a *contract.AgentStatus) bool { return a.GetAccess() == "impersonation" })
	check, err := w.client.VerifyCredentials(t.Context(), connect.NewRequest(&contract.VerifyCredentialsRequest{User: anna}))
	must(t, err)
	defer check.Close()
	said := ""
	for check.Receive() {
		if st := check.Msg().GetStage(); st.GetName() == "login" && st.GetState() == contract.StageState_STAGE_STATE_OK {
			said = assets.Texts(assets.English).Stage(st.GetName(), st.GetArgs())
		}
	}
	must(t, check.Err())
	if !strings.Contains(said, `service account LAB\service`) {
		t.Errorf("the check says %q", said)
	}
	if n := w.sim.Stats().Accepted["anna"]; n != 0 {
		t.Errorf("%d logins as Anna by the check", n)
	}
}

func TestARefusedServiceAccountIsTriedOnceAndNamed(t *testing.T) {
	w := withServiceAccount(t, "wrong")
	w.await("the refusal", func(u *contract.UserStatus) bool {
		return u.GetCode() == string(fault.ServiceAccountRejected)
	})
	if n := w.sim.Stats().Refused["service"]; n != 1 {
		t.Errorf("%d attempts", n)
	}
	// Asking again within minutes must not lock the account.
	_, err := w.client.SyncNow(context.Background(), connect.NewRequest(&contract.SyncNowRequest{User: anna}))
	must(t, err)
	w.await("the refusal, still", func(u *contract.UserStatus) bool {
		return u.GetCode() == string(fault.ServiceAccountRejected)
	})
	// So does a restart.
	w.stop()
	w.start()
	w.await("the refusal, remembered", func(u *contract.UserStatus) bool {
		return u.GetCode() == string(fault.ServiceAccountRejected)
	})
	w.setAccountPassword("secret9")
	w.await("the first sync", synced)
	if n := w.sim.Stats().Refused["service"]; n != 1 {
		t.Errorf("%d attempts with the wrong password", n)
	}
}

func TestAServiceAccountWithoutPasswordIsNamed(t *testing.T) {
	w := withServiceAccount(t, "")
	w.await("the missing password", func(u *contract.UserStatus) bool {
		return u.GetCode() == string(fault.ServiceAccountMissing)
	})
	w.setAccountPassword("secret9")
	w.await("the first sync", synced)
}
