package business_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/business"
)

func appointment(subject string) pim.Item {
	start := time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)
	return &pim.Appointment{Common: pim.Common{Subject: subject}, When: pim.When{Start: start, End: start.Add(time.Hour), Zone: "Europe/Vienna"}}
}

func create(t testing.TB, f side.Folder, key pim.Key, subject string) side.Outcome {
	t.Helper()
	out, err := f.Create(t.Context(), []side.Creation{{Key: key, Item: appointment(subject)}})
	if err != nil || out[0].Err != nil {
		t.Fatalf("Create: %+v, %v", out, err)
	}
	return out[0]
}

func cursor(t testing.TB, f side.Folder) side.Cursor {
	t.Helper()
	for c := side.Cursor(""); ; {
		p, err := f.Changes(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if c = p.Next; !p.More {
			return c
		}
	}
}

func TestARestoredDatabaseLosesTheCursor(t *testing.T) {
	for name, later := range map[string]int{"behind the cursor": 0, "written on past the cursor": 5} {
		t.Run(name, func(t *testing.T) {
			l := embedded(t)
			f := l.folder(t, 0, pim.KindAppointment)
			create(t, f, "k1", "vor der Sicherung")
			old := cursor(t, f)
			backup := filepath.Join(t.TempDir(), "backup.db")
			l.exec(t, `VACUUM INTO ?`, backup)
			create(t, f, "k2", "nach der Sicherung")
			lost := cursor(t, f)
			if err := errors.Join(l.Close(), l.erp.Close()); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(backup)
			if err != nil {
				t.Fatal(err)
			}
			for _, end := range []string{"-wal", "-shm"} {
				_ = os.Remove(l.cfg.DSN + end)
			}
			if err := os.WriteFile(l.cfg.DSN, data, 0o600); err != nil {
				t.Fatal(err)
			}
			l.Database = open(t, l.cfg)
			f = l.folder(t, 0, pim.KindAppointment)
			for range later {
				create(t, f, "k", "nach der Wiederherstellung")
			}
			if _, err := f.Changes(t.Context(), lost); !fault.Has(err, fault.CursorLost) {
				t.Errorf("the cursor behind the backup: %v", err)
			}
			if p, err := f.Changes(t.Context(), old); err != nil || len(p.Changes) != later {
				t.Errorf("the cursor before the backup: %d changes, %v", len(p.Changes), err)
			}
		})
	}
}

func TestAForeignSchemaStaysAsItIs(t *testing.T) {
	for _, schema := range []string{"tables.sql", "views.sql"} {
		l := foreign(t, schema)
		dump := func() (all []string) {
			rows, err := l.erp.Query(`SELECT type || name || tbl_name || COALESCE(sql, '') FROM sqlite_schema ORDER BY rowid
				UNION ALL SELECT journal_mode FROM pragma_journal_mode UNION ALL SELECT user_version FROM pragma_user_version`)
			if err != nil {
				rows, err = l.erp.Query(`SELECT type || name || tbl_name || COALESCE(sql, '') FROM sqlite_schema ORDER BY rowid`)
			}
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			for rows.Next() {
				var s string
				if err := rows.Scan(&s); err != nil {
					t.Fatal(err)
				}
				all = append(all, s)
			}
			return all
		}
		before := dump()
		f := l.folder(t, 0, pim.KindAppointment)
		o := create(t, f, "k1", "neu")
		cursor(t, f)
		if _, err := f.Delete(t.Context(), []side.Deletion{{ID: o.ID, Version: o.Version}}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, dump()); diff != "" || len(before) < 8 {
			t.Errorf("%s: %d objects, %s", schema, len(before), diff)
		}
		for what, err := range map[string]error{
			"SaveEmployee":   l.SaveEmployee(t.Context(), business.Employee{User: "x", Zone: "UTC"}),
			"DeleteEmployee": l.DeleteEmployee(t.Context(), "anna"),
			"SaveGroup":      l.SaveGroup(t.Context(), business.Group{Name: "x"}),
			"DeleteGroup":    l.DeleteGroup(t.Context(), "BMD"),
		} {
			if !fault.Has(err, fault.ReadOnly) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
}

func TestWhatIsMissingIsListedAndNothingIsChanged(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "erp.db")
	erp := program(t, path)
	if _, err := erp.Exec(`CREATE TABLE employees (user_id TEXT, name TEXT, active INTEGER); CREATE VIEW tasks AS SELECT 1 AS id`); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cfg := business.Config{DSN: path, Foreign: true, KeyStore: filepath.Join(dir, "keys.db")}
	_, err = business.Open(t.Context(), cfg)
	var missing business.Missing
	if !fault.Has(err, fault.SchemaIncomplete) || !errors.As(err, &missing) {
		t.Fatalf("got %v", err)
	}
	want := business.Missing{"employees.email", "employees.time_zone", "permission_groups", "group_members", "group_functions",
		"appointments", "appointment_participants", "appointment_exceptions", "tasks.user_id", "tasks.subject", "tasks.body", "tasks.private",
		"tasks.importance", "tasks.categories", "tasks.recurrence_rule", "tasks.uid", "tasks.start_date", "tasks.due_date", "tasks.status",
		"tasks.percent", "tasks.completed_on", "tasks.reminder_at", "tasks.recurrence_start"}
	if diff := cmp.Diff(want, missing); diff != "" {
		t.Error(diff)
	}
	after, err := os.ReadFile(path)
	if err != nil || string(after) != string(before) {
		t.Errorf("the file changed: %v", err)
	}
	if _, err := os.Stat(cfg.KeyStore); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a key store was made: %v", err)
	}
	cfg.Foreign = false
	if _, err := business.Open(t.Context(), cfg); !fault.Has(err, fault.SchemaIncomplete) {
		t.Errorf("another program's file opened as our own: %v", err)
	}
}

func TestEmployees(t *testing.T) {
	l := embedded(t)
	ctx := context.Background()
	for name, c := range map[string]struct {
		e    business.Employee
		want fault.Code
	}{
		"a good one":                 {business.Employee{User: "dora", Mail: "dora@lab.test", Zone: "UTC", Active: true}, ""},
		"no User-ID":                 {business.Employee{Zone: "UTC"}, fault.BadRequest},
		"an e-mail that is none":     {business.Employee{User: "x", Mail: "x at lab", Zone: "UTC"}, fault.BadRequest},
		"a zone that is none":        {business.Employee{User: "x", Zone: "Wien"}, fault.BadRequest},
		"a control character":        {business.Employee{User: "x\n", Zone: "UTC"}, fault.BadRequest},
		"another's e-mail, in caps":  {business.Employee{User: "x", Mail: "ANNA@lab.test", Zone: "UTC"}, fault.EmployeeTaken},
		"one's own e-mail once more": {business.Employee{User: "anna", Mail: "anna@lab.test", Zone: "UTC", Active: true}, ""},
	} {
		if got := fault.CodeOf(l.SaveEmployee(ctx, c.e)); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if err := l.AddEmployee(ctx, business.Employee{User: "ANNA", Zone: "UTC"}); !fault.Has(err, fault.EmployeeTaken) {
		t.Errorf("a User-ID twice: %v", err)
	}
	g := business.Group{Name: "BMD", Members: []pim.UserID{"anna"}, Functions: []business.Function{business.FunctionSyncCRM}}
	if err := l.SaveGroup(ctx, g); err != nil {
		t.Fatal(err)
	}
	if got, err := l.Groups(ctx); err != nil || cmp.Diff([]business.Group{g}, got) != "" {
		t.Errorf("%+v, %v", got, err)
	}
	if err := l.CheckServiceUser(ctx, "Anna", ""); err != nil {
		t.Error(err)
	}
	if err := l.CheckServiceUser(ctx, "Bernd", ""); !fault.Has(err, fault.ServiceUserInvalid) {
		t.Errorf("not in the group: %v", err)
	}
	if err := l.CheckFunction(ctx, "anna", business.FunctionSyncCredentials); !fault.Has(err, fault.FunctionMissing) {
		t.Errorf("function not granted: %v", err)
	}
	if err := l.DeleteEmployee(ctx, "anna"); err != nil {
		t.Fatal(err)
	}
	if err := l.CheckServiceUser(ctx, "anna", ""); !fault.Has(err, fault.ServiceUserInvalid) {
		t.Errorf("inactive: %v", err)
	}
	if _, err := l.Open(ctx, l.account(0), pim.KindTask); !fault.Has(err, fault.EmployeeInactive) {
		t.Errorf("inactive: %v", err)
	}
	if _, err := l.Open(ctx, side.Account{User: "nobody"}, pim.KindTask); !fault.Has(err, fault.EmployeeUnknown) {
		t.Errorf("unknown: %v", err)
	}
}

func TestAKeyWhoseRowWasNeverCommittedIsDropped(t *testing.T) {
	l := foreign(t, "tables.sql")
	f := l.folder(t, 0, pim.KindAppointment)
	o := create(t, f, "real", "geschrieben")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	keys := program(t, l.cfg.KeyStore)
	for _, text := range []string{ // as two processes left it that died before and after the commit
		`INSERT INTO item_keys (item_id, kind, user_id, item_key) VALUES (999, 1, 'anna', 'ghost')`,
		`INSERT INTO pending_keys (item_id, kind, user_id, hash) VALUES (999, 1, 'anna', x'00')`,
		`INSERT INTO pending_keys (item_id, kind, user_id, hash) VALUES (` + string(o.ID) + `, 1, 'anna', x'` + string(o.Version) + `')`,
	} {
		if _, err := keys.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	l.Database = open(t, l.cfg)
	l.exec(t, `INSERT INTO appointments (id, user_id, subject) VALUES (999, 'anna', 'eines anderen')`)
	found, err := l.folder(t, 0, pim.KindAppointment).FindByKey(t.Context(), []pim.Key{"real", "ghost"})
	if err != nil || len(found[0].Items) != 1 || len(found[1].Items) != 0 {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestADeletedItemOfWhichOnlyTheKeyIsKnownIsKnownToBeDeleted(t *testing.T) {
	l := embedded(t)
	f := l.folder(t, 0, pim.KindAppointment)
	create(t, f, "kept", "a")
	gone, own := create(t, f, "gone", "b"), create(t, f, "own", "c")
	l.exec(t, `DELETE FROM appointments WHERE id = ?`, string(gone.ID))
	if _, err := f.Delete(t.Context(), []side.Deletion{{ID: own.ID, Version: own.Version}}); err != nil {
		t.Fatal(err)
	}
	moved := create(t, f, "moved", "d")
	l.exec(t, `UPDATE appointments SET user_id = 'Bernd' WHERE id = ?`, string(moved.ID))
	want := map[pim.Key]side.Place{"kept": side.PlaceHere, "gone": side.PlaceDeleted, "own": side.PlaceDeleted,
		"moved": side.PlaceDeleted, "never": side.PlaceNowhere}
	for k, place := range want {
		// Nobody has heard of the id: the process that made the item did not live to record it.
		got, err := f.Whereabouts(t.Context(), []side.Lost{{ID: pim.ItemID(k), Key: k}})
		if err != nil || len(got) != 1 || got[0].Place != place {
			t.Errorf("%s: %+v, %v; want place %d", k, got, err, place)
		}
	}
	// A copy that is still there counts more than one that was deleted.
	second := create(t, f, "own", "copy")
	got, err := f.Whereabouts(t.Context(), []side.Lost{{ID: "own", Key: "own"}, {ID: own.ID, Key: "own"}})
	if err != nil || got[0].Place != side.PlaceHere || got[1].Place != side.PlaceDeleted {
		t.Errorf("with the copy %s there: %+v, %v", second.ID, got, err)
	}
}

func TestAnEmployeeWithoutAUserIDHidesNobodyElse(t *testing.T) {
	l := foreign(t, "views.sql")
	l.exec(t, `DROP VIEW employees; CREATE VIEW employees AS SELECT KUERZEL AS user_id, NAME AS name, MAIL AS email, 'Europe/Vienna' AS time_zone,
		NOT AUSGETRETEN AS active FROM MITARBEITER UNION ALL SELECT NULL, 'Dora', 'dora@lab.test', NULL, 1`)
	all, err := l.Employees(t.Context())
	if err != nil || len(all) != 4 || all[0].User != "" || all[0].Name != "Dora" {
		t.Errorf("%+v, %v", all, err)
	}
	if e, err := l.Employee(t.Context(), "anna"); err != nil || e.User != "anna" {
		t.Errorf("%+v, %v", e, err)
	}
	if e, err := l.Employee(t.Context(), ""); !fault.Has(err, fault.EmployeeUnknown) {
		t.Errorf("%+v, %v", e, err)
	}
}
