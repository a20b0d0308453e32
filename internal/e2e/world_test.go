package e2e

import (
	"context"
	"database/sql"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite", for the ERP's own connection

	"abgleich/agent/exchangesim"
	"abgleich/agent/exchangesim/schemacheck"
	"abgleich/agent/params"
	"abgleich/agent/pim"
	"abgleich/agent/side/business"
)

const zone = "Europe/Vienna"

// person is an employee with a mailbox.
type person struct {
	user pim.UserID
	name string
}

func (p person) mail() string     { return p.name + "@lab.test" }
func (p person) password() string { return "secret-" + p.name }

func people(n int) []person {
	ps := make([]person, n)
	for i, name := range []string{"anna", "bernd", "clara", "doris", "emil", "franz"}[:n] {
		ps[i] = person{pim.UserID(name), name}
	}
	return ps
}

// world is everything around the agent: it outlives every process of it.
type world struct {
	t      testing.TB
	people []person
	sim    *exchangesim.Server
	// slow delays everything the mail server says.
	slow   *slowListener
	record string
	file   *params.File
	data   string
	erp    *sql.DB // as another program would open it
	agent  *process
}

// options are what worlds differ in.
type options struct {
	people  int
	change  []params.Change
	latency time.Duration
	// unjudged keeps the requests unrecorded, where speed is measured.
	unjudged bool
}

func newWorld(t testing.TB, o options) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{t: t, people: people(o.people), data: filepath.Join(dir, "data")}
	cert, err := exchangesim.SelfSigned(time.Now())
	must(t, err)
	so := exchangesim.Options{Domain: "LAB", TLS: true, Certificate: cert, ExtendedProtection: exchangesim.ProtectionRequired,
		LockAfter: 3, Latency: o.latency}
	if !o.unjudged {
		w.record = filepath.Join(dir, "soap")
		so.Record = w.record
	}
	for _, p := range w.people {
		so.Users = append(so.Users, exchangesim.User{Name: p.name, Password: p.password(), Mail: p.mail(), Zone: zone})
	}
	w.sim, err = exchangesim.New(so)
	must(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	w.slow = &slowListener{Listener: ln}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- w.sim.Serve(ctx, w.slow) }()
	t.Cleanup(func() { cancel(); <-served })

	pemFile := filepath.Join(dir, "ca.pem")
	must(t, os.WriteFile(pemFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}), 0o600))
	p := params.Default()
	p.Communication = params.Communication{System: params.EWS, SyncEnabled: true, Server: "127.0.0.1",
		Port: portOf(t, ln.Addr()), SSL: true, CertificateFile: pemFile, Domain: "LAB"}
	// Both sides are compared with one list of things. What the default hides has a
	// test of its own.
	p.Appointments.Private, p.Tasks.Private = params.PrivateWhole, params.PrivateWhole
	p.Database.Alias = "test"
	database := filepath.Join(dir, "business.db")
	p.Databases = map[string]params.DatabaseAlias{"test": {Driver: params.SQLite, DSN: database}}
	p.Data.Folder, p.Log.Folder = w.data, filepath.Join(dir, "log")
	p.IPC.Address = filepath.Join(dir, "a.sock")
	p.Events = params.Events{Server: "127.0.0.1", Port: freePort(t), Listen: "127.0.0.1"}
	w.file = params.NewFile(filepath.Join(dir, "agent.toml"), params.Limits{MinInterval: time.Second})
	must(t, w.file.Create(p))
	if len(o.change) > 0 {
		_, _, err = w.file.Change("", o.change...)
		must(t, err)
	}
	w.employ(database)
	w.erp, err = sql.Open("sqlite", "file:"+database+"?_pragma=busy_timeout(20000)&_pragma=foreign_keys(1)&_txlock=immediate")
	must(t, err)
	t.Cleanup(func() { must(t, w.erp.Close()) })
	t.Cleanup(func() { w.stop() })
	return w
}

// employ makes the database with its master data.
func (w *world) employ(database string) {
	w.t.Helper()
	ctx := context.Background()
	db, err := business.Open(ctx, business.Config{DSN: database})
	must(w.t, err)
	g := business.Group{Name: "alle", Functions: []business.Function{business.FunctionSyncCRM, business.FunctionSyncCredentials}}
	for _, p := range w.people {
		must(w.t, db.SaveEmployee(ctx, business.Employee{User: p.user, Name: p.name, Mail: p.mail(), Zone: zone, Active: true}))
		g.Members = append(g.Members, p.user)
	}
	must(w.t, db.SaveGroup(ctx, g))
	must(w.t, db.Close())
}

func (w *world) box(p person) *exchangesim.Mailbox { return w.sim.Mailbox(p.mail()) }

// exec writes into the business database and gives the new row's id.
func (w *world) exec(text string, args ...any) int64 {
	w.t.Helper()
	r, err := w.erp.Exec(text, args...)
	must(w.t, err)
	id, err := r.LastInsertId()
	must(w.t, err)
	return id
}

// number asks the business database a question with a number for an answer.
func (w *world) number(text string, args ...any) int64 {
	w.t.Helper()
	var n int64
	must(w.t, w.erp.QueryRow(text, args...).Scan(&n))
	return n
}

// judge has every request and reply judged by the official schema, and makes sure
// that nothing was ever sent to anybody. It ends the agent.
func (w *world) judge(t *testing.T) {
	t.Helper()
	w.stop()
	if n := w.sim.Stats().Mailed; n != 0 {
		t.Errorf("%d requests would have mailed somebody", n)
	}
	t.Run("the schema approves of every request and reply", func(t *testing.T) { schemacheck.Check(t, w.record) })
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close() //nolint:errcheck // only its number is wanted
	return portOf(t, l.Addr())
}

func portOf(t testing.TB, a net.Addr) int {
	t.Helper()
	_, port, err := net.SplitHostPort(a.String())
	must(t, err)
	n, err := strconv.Atoi(port)
	must(t, err)
	return n
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually looks again and again until there is nothing left to complain about.
func eventually(t testing.TB, what string, complaint func() string) {
	t.Helper()
	const patience = 30 * time.Second
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	late := time.After(patience)
	for {
		why := complaint()
		if why == "" {
			return
		}
		select {
		case <-look.C:
		case <-late:
			t.Fatalf("%s: waited in vain: %s", what, why)
		}
	}
}

// until is eventually for a yes or no.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	eventually(t, what, func() string {
		if ok() {
			return ""
		}
		return "not yet"
	})
}
