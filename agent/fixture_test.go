package agent_test

import (
	"cmp"
	"context"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	"abgleich/agent"
	"abgleich/agent/exchangesim"
	"abgleich/agent/params"
	"abgleich/agent/rival"
	"abgleich/agent/side/business"
	"abgleich/ipc/contract"
	"abgleich/ipc/contract/contractconnect"
	"abgleich/ipc/pipe"
	"abgleich/ipc/seal"
)

// world is a mail server, a business database and an agent between them.
type world struct {
	t        *testing.T
	sim      *exchangesim.Server
	database string
	// master is the test's own hold on the business database.
	master *business.Database
	file   *params.File
	agent  *agent.Agent
	// processes are what runs beside the agent; nil for what really does.
	processes rival.Processes
	// mailAddress is where the mail server listens; unplug ends that.
	mailAddress string
	unplug      func()
	client      contractconnect.AgentServiceClient
	hello       *contract.HelloResponse
	// firewall is the machine's; nil is none that can be read.
	firewall agent.Firewall
	// patience is how long is waited for something; a minute unless set.
	patience time.Duration
}

const anna, annaMail, annaLogin, annaPassword = "ANNA", "anna@lab.test", `LAB\anna`, "secret1"

// newWorld starts the mail server and fills the master data; start starts the agent.
func newWorld(t *testing.T, change ...params.Change) *world {
	t.Helper()
	return newWorldAt(t, "127.0.0.1", change...)
}

// newWorldAt has the mail server at another loopback address.
func newWorldAt(t *testing.T, host string, change ...params.Change) *world {
	t.Helper()
	w := &world{t: t, mailAddress: net.JoinHostPort(host, "0")}
	dir := t.TempDir()
	cert, err := exchangesim.SelfSigned(time.Now())
	must(t, err)
	w.sim, err = exchangesim.New(exchangesim.Options{
		Domain: "LAB", TLS: true, Certificate: cert, ExtendedProtection: exchangesim.ProtectionRequired, LockAfter: 3,
		Users: []exchangesim.User{{Name: "anna", Password: annaPassword, Mail: annaMail, Zone: "Europe/Vienna"},
			{Name: "service", Password: "secret9", Mail: "service@lab.test", Impersonator: true},
			{Name: "notices", Password: "secret7", Mail: "notices@lab.test", MaySend: true},
			{Name: "room1", Password: "secret8", Mail: roomMail, Zone: "Europe/Vienna"}},
	})
	must(t, err)
	ctx := context.Background()
	w.plug()
	t.Cleanup(func() { w.unplug() })

	pemFile := filepath.Join(dir, "ca.pem")
	must(t, os.WriteFile(pemFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}), 0o600))
	w.database = filepath.Join(dir, "business.db")
	p := params.Default()
	p.Communication = params.Communication{System: params.EWS, SyncEnabled: true, Server: host,
		Port: w.mailPort(), SSL: true, CertificateFile: pemFile}
	p.Database.Alias = "test"
	p.Databases = map[string]params.DatabaseAlias{"test": {Driver: params.SQLite, DSN: w.database}}
	p.Data.Folder = filepath.Join(dir, "data")
	p.Log.Folder = filepath.Join(dir, "log")
	p.IPC.Address = filepath.Join(dir, "a.sock")
	p.Events.Server = "127.0.0.1"
	p.Events.Port = freePort(t)
	p.Events.Listen = "127.0.0.1"
	w.file = params.NewFile(filepath.Join(dir, "agent.toml"), params.Limits{MinInterval: time.Second})
	must(t, w.file.Create(p))
	if len(change) > 0 {
		_, _, err = w.file.Change("", change...)
		must(t, err)
	}
	w.master = w.business()
	db := w.master
	must(t, db.SaveEmployee(ctx, business.Employee{User: anna, Name: "Anna", Mail: annaMail, Zone: "Europe/Vienna", Active: true}))
	must(t, db.SaveGroup(ctx, business.Group{Name: "alle", Members: []pimUser{anna},
		Functions: []business.Function{business.FunctionSyncCRM, business.FunctionSyncCredentials}}))
	return w
}

// plug lets the mail server answer.
func (w *world) plug() {
	w.t.Helper()
	ln, err := net.Listen("tcp", w.mailAddress)
	must(w.t, err)
	w.mailAddress = ln.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.sim.Serve(ctx, ln) }()
	w.unplug = sync.OnceFunc(func() { cancel(); <-done })
}

func (w *world) mailPort() int {
	_, port, err := net.SplitHostPort(w.mailAddress)
	must(w.t, err)
	n, err := strconv.Atoi(port)
	must(w.t, err)
	return n
}

// business opens the business database beside the agent, as the ERP would.
func (w *world) business() *business.Database {
	w.t.Helper()
	db, err := business.Open(context.Background(), business.Config{DSN: w.database})
	must(w.t, err)
	w.t.Cleanup(func() { _ = db.Close() })
	return db
}

func (w *world) start() {
	w.t.Helper()
	a, err := agent.Start(context.Background(), agent.Options{Parameters: w.file, Version: "test", Echo: testWriter{w.t}, Processes: w.processes, Firewall: w.firewall})
	must(w.t, err)
	w.agent = a
	w.t.Cleanup(w.stop)
	h := pipe.NewHTTPClient(a.Address(), pipe.Trust{})
	w.t.Cleanup(h.CloseIdleConnections)
	w.client = contractconnect.NewAgentServiceClient(h, pipe.BaseURL)
	r, err := w.client.Hello(context.Background(), connect.NewRequest(&contract.HelloRequest{ContractVersion: contract.Version}))
	must(w.t, err)
	w.hello = r.Msg
}

func (w *world) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	must(w.t, w.agent.Stop(ctx))
}

// login saves Anna's login unverified.
func (w *world) login(password string) {
	w.t.Helper()
	sealed, err := seal.Seal(w.hello.GetRecipient(), w.hello.GetCallerId(), password)
	must(w.t, err)
	_, err = w.client.SaveCredentials(context.Background(), connect.NewRequest(&contract.SaveCredentialsRequest{
		User: anna, Sync: true, Appointments: true, Tasks: true, Login: annaLogin, SealedPassword: sealed, Unverified: true,
	}))
	must(w.t, err)
}

// await watches the status until ok says so.
func (w *world) await(what string, ok func(*contract.UserStatus) bool) *contract.UserStatus {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), cmp.Or(w.patience, time.Minute))
	defer cancel()
	s, err := w.client.WatchStatus(ctx, connect.NewRequest(&contract.WatchStatusRequest{AllUsers: true}))
	must(w.t, err)
	defer s.Close() //nolint:errcheck // read only
	var last *contract.UserStatus
	for s.Receive() {
		for _, u := range s.Msg().GetUsers() {
			if u.GetUser() != anna {
				continue
			}
			if last = u; ok(u) {
				return u
			}
		}
	}
	w.t.Fatalf("waited in vain for %s; last: %v (%v)", what, last, s.Err())
	return nil
}

// confirmAll lets everything pass that a guard keeps back.
func (w *world) confirmAll() {
	w.t.Helper()
	ctx := context.Background()
	r, err := w.client.ListHolds(ctx, connect.NewRequest(&contract.ListHoldsRequest{AllUsers: true}))
	must(w.t, err)
	for _, h := range r.Msg.GetHolds() {
		_, err := w.client.ResolveHold(ctx, connect.NewRequest(&contract.ResolveHoldRequest{Id: h.GetId(), Confirm: true}))
		must(w.t, err)
	}
}

// synced tells that both kinds had a complete run and rest.
func synced(u *contract.UserStatus) bool {
	for _, k := range u.GetKinds() {
		if k.GetLastSuccess() == nil || k.GetFirstSync() || k.GetPhase() != contract.RunPhase_RUN_PHASE_IDLE {
			return false
		}
	}
	return len(u.GetKinds()) == 2
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close() //nolint:errcheck // only its number is wanted
	_, port, err := net.SplitHostPort(l.Addr().String())
	must(t, err)
	n, err := strconv.Atoi(port)
	must(t, err)
	return n
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Log(string(b[:len(b)-1]))
	return len(b), nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
