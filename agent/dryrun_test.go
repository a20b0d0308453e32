package agent_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"abgleich/agent/exchangesim"
	"abgleich/ipc/contract"
)

// contents are all rows of a SQLite file, but for those of the tables named.
func contents(t *testing.T, file string, without ...string) map[string]string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?mode=ro&_pragma=busy_timeout(5000)")
	must(t, err)
	defer db.Close() //nolint:errcheck // read only
	tables, err := db.Query(`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`)
	must(t, err)
	var names []string
	for tables.Next() {
		var name string
		must(t, tables.Scan(&name))
		if !slices.Contains(without, name) {
			names = append(names, name)
		}
	}
	must(t, tables.Err())
	out := map[string]string{}
	for _, name := range names {
		rows, err := db.Query(`SELECT * FROM ` + name)
		must(t, err)
		columns, err := rows.Columns()
		must(t, err)
		var list []string
		for rows.Next() {
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			must(t, rows.Scan(into...))
			list = append(list, fmt.Sprintf("%v", values))
		}
		must(t, rows.Err())
		slices.Sort(list)
		out[name] = strings.Join(list, "\n")
	}
	return out
}

// writesOf counts the calls at the mail server that change something.
func writesOf(s exchangesim.Stats) (n int64) {
	for name, items := range s.Items {
		switch name {
		case "CreateItem", "UpdateItem", "DeleteItem", "MoveItem", "CopyItem", "UpdateFolder", "CreateFolder", "DeleteFolder", "SendItem":
			n += items
		}
	}
	return n
}

// TestDryRunsComparisonsAndPreviewsWriteNothing watches the mailbox, the business
// database and the agent's store.
func TestDryRunsComparisonsAndPreviewsWriteNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 5 {
		w.put(annaMail, exchangesim.Calendar, fmt.Sprintf("there %d", i), i)
	}
	w.start()
	w.login(annaPassword)
	w.await("the first sync", paired(5))
	_, err := w.client.Pause(t.Context(), connect.NewRequest(&contract.PauseRequest{User: anna}))
	must(t, err)
	w.await("the pause", func(u *contract.UserStatus) bool { return u.GetState() == contract.UserState_USER_STATE_PAUSED })
	w.put(annaMail, exchangesim.Calendar, "new", 9)
	box := w.sim.Mailbox(annaMail)
	for _, it := range box.List(exchangesim.Calendar) {
		switch it.Subject {
		case "there 0":
			must(t, box.Delete(it.ID))
		case "there 1":
			_, err := box.Update(it.ID, func(it *exchangesim.Item) { it.Location = "elsewhere" })
			must(t, err)
		}
	}
	p, _, err := w.file.Load()
	must(t, err)
	store := filepath.Join(p.Data.Folder, "agent.db")
	database, kept, writes := contents(t, w.database), contents(t, store, "audit"), writesOf(w.sim.Stats())

	plan, err := w.client.PlanRun(t.Context(), connect.NewRequest(&contract.PlanRunRequest{User: anna}))
	must(t, err)
	if c := plan.Msg.GetCounts(); c.GetCreatedBusiness() != 1 || c.GetUpdatedBusiness() != 1 || c.GetDeletedBusiness() != 1 {
		t.Errorf("foretold %v", c)
	}
	seen, err := w.client.SetOptions(t.Context(), connect.NewRequest(&contract.SetOptionsRequest{User: anna, Preview: true, Options: &contract.Options{
		Appointments: &contract.KindOptions{Direction: contract.Direction_DIRECTION_TO_EXCHANGE}, Tasks: &contract.KindOptions{OpenOnly: true}}}))
	must(t, err)
	if e := seen.Msg.GetAppointments(); e.GetJoinExchange() != 0 || e.GetOutsideExchange() != 1 || e.GetUpdateBusiness() != 0 {
		t.Errorf("the options would %v", e)
	}
	s, err := w.client.Compare(t.Context(), connect.NewRequest(&contract.CompareRequest{User: anna}))
	must(t, err)
	defer s.Close() //nolint:errcheck // read only
	differing := uint64(0)
	for s.Receive() {
		differing = s.Msg().GetDiffering()
	}
	must(t, s.Err())
	if differing != 3 {
		t.Errorf("%d differ", differing)
	}
	runs, err := w.client.ListRuns(t.Context(), connect.NewRequest(&contract.ListRunsRequest{User: anna, Limit: 1}))
	must(t, err)
	if _, err := w.client.UndoRun(t.Context(), connect.NewRequest(&contract.UndoRunRequest{User: anna, Run: runs.Msg.GetRuns()[0].GetId(), Preview: true})); err != nil {
		t.Error(err)
	}

	if n := writesOf(w.sim.Stats()) - writes; n != 0 {
		t.Errorf("%d writes to the mailbox", n)
	}
	same := func(what string, before, after map[string]string) {
		t.Helper()
		for table, rows := range after {
			if rows != before[table] {
				t.Errorf("%s, table %s:\n%s\nwas\n%s", what, table, rows, before[table])
			}
		}
	}
	same("the business database", database, contents(t, w.database))
	same("the store", kept, contents(t, store, "audit"))
	if left, err := filepath.Glob(store + ".*"); err != nil || len(left) != 0 {
		t.Errorf("left beside the store: %q %v", left, err)
	}

	_, err = w.client.Resume(context.Background(), connect.NewRequest(&contract.ResumeRequest{User: anna}))
	must(t, err)
	w.await("what was foretold", func(*contract.UserStatus) bool {
		return slices.Equal(w.businessSubjects(), []string{"new", "there 1", "there 2", "there 3", "there 4"})
	})
}
