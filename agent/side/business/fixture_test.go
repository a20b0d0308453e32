package business_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/business"
)

// lab is a database with three employees, and a second program at the same file.
type lab struct {
	*business.Database
	cfg     business.Config
	erp     *sql.DB // the other program: plain SQL, its own connections
	foreign bool
}

var labUsers = []pim.UserID{"anna", "Bernd", "clara"}

func (l *lab) account(i int) side.Account {
	return side.Account{User: labUsers[i], Mail: strings.ToLower(string(labUsers[i])) + "@lab.test", Zone: time.UTC}
}

func (l *lab) folder(t testing.TB, i int, k pim.Kind) side.Folder {
	t.Helper()
	f, err := l.Open(t.Context(), l.account(i), k)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// exec runs SQL as the other program.
func (l *lab) exec(t testing.TB, text string, args ...any) sql.Result {
	t.Helper()
	r, err := l.erp.ExecContext(context.Background(), text, args...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return r
}

func open(t testing.TB, cfg business.Config) *business.Database {
	t.Helper()
	if cfg.PollInterval == 0 {
		cfg.PollInterval = 5 * time.Millisecond
	}
	d, err := business.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return d
}

// program opens a file as another program does.
func program(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=busy_timeout(10000)&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// embedded is our own database with employees.
func embedded(t testing.TB) *lab {
	t.Helper()
	l := &lab{cfg: business.Config{Driver: "sqlite", DSN: filepath.Join(t.TempDir(), "Geschäft 1.db")}}
	l.Database = open(t, l.cfg)
	for _, u := range labUsers {
		err := l.SaveEmployee(t.Context(), business.Employee{
			User: u, Name: string(u), Mail: strings.ToLower(string(u)) + "@lab.test", Zone: "Europe/Vienna", Active: true,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	l.erp = program(t, l.cfg.DSN)
	return l
}

// foreign is another program's database that offers the contract by the schema in
// testdata.
func foreign(t testing.TB, schema string) *lab {
	t.Helper()
	dir := t.TempDir()
	l := &lab{foreign: true, cfg: business.Config{
		Driver: "sqlite", DSN: filepath.Join(dir, "erp.db"), Foreign: true, KeyStore: filepath.Join(dir, "keys.db"),
	}}
	l.erp = program(t, l.cfg.DSN)
	ddl, err := os.ReadFile(filepath.Join("testdata", schema))
	if err != nil {
		t.Fatal(err)
	}
	l.exec(t, string(ddl))
	l.Database = open(t, l.cfg)
	return l
}

func (l *lab) table(k pim.Kind) string {
	if k == pim.KindTask {
		return "tasks"
	}
	return "appointments"
}

// put inserts a plain item as the other program does.
func (l *lab) put(t testing.TB, user pim.UserID, i pim.Item) pim.ItemID {
	t.Helper()
	c := i.Shared()
	cats := strings.Join(c.Categories, "\n")
	switch x := i.(type) {
	case *pim.Appointment:
		l.exec(t, `INSERT INTO appointments (user_id, subject, body, location, start_at, end_at, time_zone, categories, busy, importance) VALUES (?,?,?,?,?,?,?,?,'busy','normal')`,
			string(user), c.Subject, c.Body, x.Location, x.When.Start.Format(time.RFC3339), x.When.End.Format("2006-01-02 15:04:05"), x.When.Zone, cats)
	case *pim.Task:
		l.exec(t, `INSERT INTO tasks (user_id, subject, body, due_date, categories, status, importance) VALUES (?,?,?,?,?,'not-started','normal')`,
			string(user), c.Subject, c.Body, x.Due.String(), cats)
	}
	var id int64
	if err := l.erp.QueryRow(`SELECT max(id) FROM ` + l.table(i.Kind())).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return pim.ItemID(fmt.Sprint(id))
}

func (l *lab) join(t testing.TB, id pim.ItemID, who pim.UserID) {
	t.Helper()
	l.exec(t, `INSERT INTO appointment_participants (appointment_id, user_id) VALUES (?,?)`, string(id), string(who))
}
