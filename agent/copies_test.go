package agent_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"connectrpc.com/connect"

	"abgleich/agent/fault"
	"abgleich/agent/notice/smtptest"
	"abgleich/agent/params"
	"abgleich/ipc/contract"
)

// useCopy points the agent at another file with what the database held last.
func (w *world) useCopy() {
	w.t.Helper()
	must(w.t, w.master.Close())
	b, err := os.ReadFile(w.database)
	must(w.t, err)
	w.database = filepath.Join(filepath.Dir(w.database), "test copy.db")
	must(w.t, os.WriteFile(w.database, b, 0o600))
	_, _, err = w.file.Change("", params.Change{Key: "databases.test.dsn", Value: w.database})
	must(w.t, err)
	w.master = w.business()
}

// databaseCode is what the status says of the business database.
func (w *world) databaseCode() string {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	s, err := w.client.WatchStatus(ctx, connect.NewRequest(&contract.WatchStatusRequest{}))
	must(w.t, err)
	defer s.Close() //nolint:errcheck // read only
	if !s.Receive() {
		w.t.Fatal(s.Err())
	}
	return s.Msg().GetAgent().GetBusinessCode()
}

func TestAnAgentPointedAtATestCopyWritesNowhereUntilAnAdministratorConfirms(t *testing.T) {
	t.Parallel()
	s := smtptest.Start(t, smtptest.Options{})
	w := newWorld(t, params.Change{Key: "notice.recipient", Value: "admin@lab.test"},
		params.Change{Key: "notice.smtp_server", Value: s.Host()}, params.Change{Key: "notice.smtp_port", Value: s.Port()},
		params.Change{Key: "notice.smtp_security", Value: "none"}, params.Change{Key: "notice.summary", Value: ""}, params.Change{Key: "language", Value: "en"})
	arrived := w.seedOne("before")
	w.start()
	w.login(annaPassword)
	w.await("the first sync", arrived)
	w.await("rest", synced)
	if _, err := w.client.ConfirmDatabase(context.Background(), connect.NewRequest(&contract.ConfirmDatabaseRequest{})); err == nil {
		t.Error("there was something to confirm")
	}
	w.stop()
	w.useCopy()
	later := w.seedOne("in the copy")
	writes := func() int64 {
		st := w.sim.Stats()
		return st.Items["CreateItem"] + st.Items["UpdateItem"] + st.Items["DeleteItem"]
	}
	before := writes()
	w.start()
	w.await("the hold", blocked(fault.DatabaseCopy))
	if m := mailed(t, s); m.To != "admin@lab.test" {
		t.Errorf("the mail: %+v", m)
	}
	if code := w.databaseCode(); code != string(fault.DatabaseCopy) {
		t.Errorf("the status tells of the database: %q", code)
	}
	if n := writes() - before; n != 0 {
		t.Errorf("%d writes on a held database", n)
	}
	_, err := w.client.ConfirmDatabase(context.Background(), connect.NewRequest(&contract.ConfirmDatabaseRequest{}))
	must(t, err)
	w.await("the sync after the confirmation", later)
}
