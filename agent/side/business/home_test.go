package business_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/business"
)

// memory is an installation that remembers.
type memory struct {
	id   string
	home business.Home
}

func (m *memory) Installation() string                             { return m.id }
func (m *memory) Home(context.Context) (business.Home, error)      { return m.home, nil }
func (m *memory) SetHome(_ context.Context, h business.Home) error { m.home = h; return nil }
func (m *memory) clone() *memory                                   { c := *m; return &c }

// machines are databases and installations that are copied about.
type machines struct {
	*testing.T
	dir string
}

func (m machines) config(file string, k business.Keeper, machine string) business.Config {
	return business.Config{DSN: filepath.Join(m.dir, file), Keeper: k, Machine: machine}
}

// visit opens a database as the agent does, tries to write, and closes it.
func (m machines) visit(c business.Config) error {
	m.Helper()
	db, err := business.Open(m.Context(), c)
	if err != nil {
		m.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // a test's
	_, err = db.Open(m.Context(), side.Account{User: "ANNA"}, pim.KindAppointment)
	return err
}

func (m machines) confirm(c business.Config) bool {
	m.Helper()
	db, err := business.Open(m.Context(), c)
	if err != nil {
		m.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // a test's
	was, err := db.ConfirmCopy(m.Context())
	if err != nil {
		m.Fatal(err)
	}
	return was
}

func (m machines) copyFile(from, to string) {
	m.Helper()
	b, err := os.ReadFile(filepath.Join(m.dir, from))
	if err == nil {
		err = os.MkdirAll(filepath.Dir(filepath.Join(m.dir, to)), 0o700)
	}
	if err == nil {
		_ = os.Remove(filepath.Join(m.dir, to)) // a restored file is a new one
		err = os.WriteFile(filepath.Join(m.dir, to), b, 0o600)
	}
	if err != nil {
		m.Fatal(err)
	}
}

func (m machines) fine(what string, err error) {
	m.Helper()
	if err != nil {
		m.Errorf("%s: %v", what, err)
	}
}

func (m machines) held(what string, err error) {
	m.Helper()
	if !fault.Has(err, fault.DatabaseCopy) {
		m.Errorf("%s: got %v, want database-copy", what, err)
	}
}

func inMachines(t *testing.T) (machines, *memory) {
	t.Helper()
	m, k := machines{t, t.TempDir()}, &memory{id: "first"}
	db := open(t, m.config("erp.db", nil, ""))
	err := db.SaveEmployee(t.Context(), business.Employee{User: "ANNA", Name: "Anna", Mail: "anna@lab.test", Zone: "Europe/Vienna", Active: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	m.fine("the first time", m.visit(m.config("erp.db", k, "m1")))
	m.fine("the second time", m.visit(m.config("erp.db", k, "m1")))
	return m, k
}

func TestADatabaseCopiedToAnotherInstallationIsHeldUntilConfirmed(t *testing.T) {
	m, k := inMachines(t)
	m.copyFile("erp.db", "test/erp.db")
	other := &memory{id: "second"}
	there := m.config("test/erp.db", other, "m2")
	m.held("the copy", m.visit(there))
	m.held("the copy again", m.visit(there))
	if other.home != (business.Home{}) {
		t.Error("what is held was remembered")
	}
	if !m.confirm(there) || m.confirm(there) {
		t.Error("a confirmation is told wrongly")
	}
	m.fine("confirmed", m.visit(there))
	m.fine("the original", m.visit(m.config("erp.db", k, "m1")))
}

func TestAnInstallationPointedAtACopyIsHeldUntilConfirmed(t *testing.T) {
	m, k := inMachines(t)
	m.copyFile("erp.db", "copy.db")
	m.held("the copy", m.visit(m.config("copy.db", k, "m1")))
	m.fine("back at the original", m.visit(m.config("erp.db", k, "m1")))
	m.confirm(m.config("copy.db", k, "m1"))
	m.fine("confirmed", m.visit(m.config("copy.db", k, "m1")))
	m.held("the one that is no longer it", m.visit(m.config("erp.db", k, "m1")))
}

func TestABackupThatIsPutBackIsNoCopy(t *testing.T) {
	m, k := inMachines(t)
	m.copyFile("erp.db", "backup.db")
	m.fine("a day's work", m.visit(m.config("erp.db", k, "m1")))
	m.copyFile("backup.db", "erp.db")
	m.fine("restored", m.visit(m.config("erp.db", k, "m1")))
	db := open(t, m.config("erp.db", nil, ""))
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	m.fine("after another program opened it", m.visit(m.config("erp.db", k, "m1")))
}

func TestABackupFromBeforeTheMarkIsNoCopy(t *testing.T) {
	m, k := inMachines(t)
	p := program(t, filepath.Join(m.dir, "erp.db"))
	if _, err := p.ExecContext(t.Context(), `DELETE FROM home`); err != nil {
		t.Fatal(err)
	}
	m.fine("restored", m.visit(m.config("erp.db", k, "m1")))
	other := &memory{id: "second"}
	m.held("and it is marked again", m.visit(m.config("erp.db", other, "m1")))
}

func TestAServerCopiedAsAWholeIsHeldWhereTheMachineShows(t *testing.T) {
	m, k := inMachines(t)
	m.held("another machine, the same paths", m.visit(m.config("erp.db", k.clone(), "m2")))
	m.fine("a machine that isn't known", m.visit(m.config("erp.db", k.clone(), "")))
}

func TestADatabaseUnderAnotherNameOfTheSameFileIsNoCopy(t *testing.T) {
	m, k := inMachines(t)
	if err := os.Symlink(filepath.Join(m.dir, "erp.db"), filepath.Join(m.dir, "link.db")); err != nil {
		t.Skip("no links here:", err)
	}
	m.fine("through a link", m.visit(m.config("link.db", k, "m1")))
}

func TestAForeignDatabaseIsMarkedBesideIt(t *testing.T) {
	l := foreign(t, "tables.sql")
	k := &memory{id: "first"}
	c := business.Config{DSN: l.Path(), Foreign: true, KeyStore: filepath.Join(t.TempDir(), "keys.db"), Keeper: k, Machine: "m1"}
	m := machines{t, ""}
	visit := func(c business.Config) error {
		db := open(t, c)
		_, err := db.Open(t.Context(), l.account(0), pim.KindTask)
		return errors.Join(err, db.Close())
	}
	m.fine("the first time", visit(c))
	c.Keeper = k.clone()
	c.Machine = "m2"
	m.held("data folder and database on another machine", visit(c))
	var n int
	p := program(t, l.Path())
	if err := p.QueryRowContext(t.Context(), `SELECT count(*) FROM sqlite_schema WHERE name = 'home'`).Scan(&n); err != nil || n != 0 {
		t.Errorf("the foreign database was altered: %d, %v", n, err)
	}
}
