package agent_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"connectrpc.com/connect"

	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/ipc/contract"
	"abgleich/ipc/seal"
)

// awaitAgent watches the agent's own state until ok says so.
func (w *world) awaitAgent(what string, ok func(*contract.AgentStatus) bool) *contract.AgentStatus {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := w.client.WatchStatus(ctx, connect.NewRequest(&contract.WatchStatusRequest{AllUsers: true}))
	must(w.t, err)
	defer s.Close() //nolint:errcheck // read only
	var last *contract.AgentStatus
	for s.Receive() {
		if a := s.Msg().GetAgent(); a != nil {
			if last = a; ok(a) {
				return a
			}
		}
	}
	w.t.Fatalf("waited in vain for %s; last: %v (%v)", what, last, s.Err())
	return nil
}

func TestADatabaseThatCannotBeOpenedAtTheStartIsWaitedFor(t *testing.T) {
	type breakage struct {
		code fault.Code
		mend func()
	}
	for name, spoil := range map[string]func(*testing.T, *world) breakage{
		"the folder is missing": func(t *testing.T, w *world) breakage {
			dir := filepath.Dir(w.database)
			must(t, os.Rename(dir, dir+".away"))
			return breakage{fault.DatabaseUnreachable, func() { must(t, os.Rename(dir+".away", dir)) }}
		},
		"the file is damaged": func(t *testing.T, w *world) breakage {
			must(t, os.Rename(w.database, w.database+".good"))
			must(t, os.WriteFile(w.database, []byte("this is no database, whatever its name may say"), 0o600))
			return breakage{fault.DatabaseUnreachable, func() { must(t, os.Rename(w.database+".good", w.database)) }}
		},
		"another program holds it locked": func(t *testing.T, w *world) breakage {
			db, err := sql.Open("sqlite", w.database)
			must(t, err)
			db.SetMaxOpenConns(1)
			t.Cleanup(func() { _ = db.Close() })
			for _, text := range []string{"PRAGMA journal_mode = DELETE", "BEGIN EXCLUSIVE"} {
				_, err = db.Exec(text)
				must(t, err)
			}
			return breakage{fault.DatabaseBusy, func() { must(t, db.Close()) }}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			// Its folder is its own: the agent's is beside it.
			w.moveDatabase(filepath.Join(t.TempDir(), "erp"))
			arrived := w.seedOne("waiting")
			w.start()
			w.login(annaPassword)
			w.await("the first sync", arrived)
			w.stop()
			arrived = w.seedOne("came while it was down")

			b := spoil(t, w)
			w.start()
			a := w.awaitAgent("the state", func(a *contract.AgentStatus) bool { return !a.GetBusinessReachable() })
			if a.GetBusinessCode() != string(b.code) {
				t.Errorf("code %q, want %q", a.GetBusinessCode(), b.code)
			}
			u := w.await("the user's state", func(u *contract.UserStatus) bool {
				return u.GetState() == contract.UserState_USER_STATE_OFFLINE
			})
			if u.GetCode() != string(b.code) {
				t.Errorf("the user's code is %q", u.GetCode())
			}
			w.refusesRights(b.code)
			b.mend()
			w.awaitAgent("the database", func(a *contract.AgentStatus) bool { return a.GetBusinessReachable() })
			w.await("going on by itself", arrived)
		})
	}
}

// moveDatabase puts the business database into a folder of its own.
func (w *world) moveDatabase(dir string) {
	w.t.Helper()
	must(w.t, os.Mkdir(dir, 0o700))
	must(w.t, w.master.Close())
	to := filepath.Join(dir, "business.db")
	must(w.t, os.Rename(w.database, to))
	w.database = to
	_, _, err := w.file.Change("", params.Change{Key: "databases.test.dsn", Value: to})
	must(w.t, err)
}

// refusesRights asks for what needs a permission out of the database.
func (w *world) refusesRights(code fault.Code) {
	w.t.Helper()
	sealed, err := seal.Seal(w.hello.GetRecipient(), w.hello.GetCallerId(), annaPassword)
	must(w.t, err)
	ctx := context.Background()
	_, err = w.client.SaveCredentials(ctx, connect.NewRequest(&contract.SaveCredentialsRequest{
		User: anna, Sync: true, Appointments: true, Tasks: true, Login: annaLogin, SealedPassword: sealed, Unverified: true}))
	if info := contract.InfoOf(err); info.GetCode() != string(code) {
		w.t.Errorf("saving credentials without knowing the permissions: %v", err)
	}
	_, err = w.client.SyncNow(ctx, connect.NewRequest(&contract.SyncNowRequest{User: anna}))
	if err == nil {
		w.t.Error("a sync was accepted for somebody whose permissions nobody knows")
	}
}

func TestWhatAForeignDatabaseLacksIsShownUntilItIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t, w.master.Close())
	db, err := sql.Open("sqlite", w.database)
	must(t, err)
	defer db.Close() //nolint:errcheck // a test's
	for _, text := range []string{"ALTER TABLE tasks RENAME TO todo", "ALTER TABLE employees RENAME COLUMN email TO mail"} {
		_, err = db.Exec(text)
		must(t, err)
	}
	_, _, err = w.file.Change("", params.Change{Key: "databases.test.foreign", Value: "true"})
	must(t, err)
	arrived := w.seedOne("waiting")
	w.start()
	a := w.awaitAgent("the state", func(a *contract.AgentStatus) bool { return !a.GetBusinessReachable() })
	if want := []string{"employees.email", "tasks"}; a.GetBusinessCode() != string(fault.SchemaIncomplete) || !slices.Equal(a.GetBusinessMissing(), want) {
		t.Errorf("code %q, missing %q, want %q", a.GetBusinessCode(), a.GetBusinessMissing(), want)
	}
	for _, text := range []string{"ALTER TABLE todo RENAME TO tasks", "ALTER TABLE employees RENAME COLUMN mail TO email"} {
		_, err = db.Exec(text)
		must(t, err)
	}
	a = w.awaitAgent("the database", func(a *contract.AgentStatus) bool { return a.GetBusinessReachable() })
	if len(a.GetBusinessMissing()) != 0 {
		t.Errorf("still missing: %q", a.GetBusinessMissing())
	}
	w.login(annaPassword)
	w.await("the first sync", arrived)
}
