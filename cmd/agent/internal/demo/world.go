package demo

import (
	"context"
	"database/sql"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"abgleich/agent"
	"abgleich/agent/exchangesim"
	"abgleich/agent/params"
	"abgleich/agent/pim"
	"abgleich/agent/side/business"
	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

const (
	domain = "LAB"
	zone   = "Europe/Vienna"
	group  = "Vertrieb"
	// serviceUser is the business-system user the agent works as.
	serviceUser = "dienst"
	// grace is how long parts may take to end.
	grace = 20 * time.Second
)

// user is one employee.
type user struct {
	id             pim.UserID
	name, mail     string
	login, secret  string
	onBoth         counts // items on both sides from the start
	business, exch counts // items on one side only
}

// counts is a number of items of each kind.
type counts struct{ appointments, tasks int }

func (c counts) total() int { return c.appointments + c.tasks }

// names are the first employees; further ones are numbered.
var names = [...][2]string{
	{"anna", "Anna Berger"}, {"bernd", "Bernd Huber"}, {"clara", "Clara Schönthaler"}, {"dietmar", "Dietmar Grüner"},
	{"eva", "Eva Maier"}, {"florian", "Florian Weiß"}, {"greta", "Greta Köck"}, {"hannes", "Hannes Übleis"},
	{"ines", "Ines Pichler"}, {"jakob", "Jakob Strauß"},
}

func employees(n int) []*user {
	us := make([]*user, n)
	for i := range us {
		id, name := fmt.Sprintf("user%02d", i+1), fmt.Sprintf("Mitarbeiter %d", i+1)
		if i < len(names) {
			id, name = names[i][0], names[i][1]
		}
		us[i] = &user{id: pim.UserID(id), name: name, mail: id + "@lab.test", login: domain + `\` + id, secret: "geheim-" + id}
	}
	return us
}

// world is everything the demo runs on.
type world struct {
	o      Options
	screen Screen
	folder string
	temp   []string // folders to be removed
	users  []*user
	sim    *exchangesim.Server
	simURL string
	erp    *sql.DB // a connection of the business program's own
	agent  *agent.Agent
	client *client.Client
	status *follower

	ends []func(context.Context) error // what is to be ended, in the opposite order
}

// newWorld brings everything up, or leaves nothing behind.
func newWorld(ctx context.Context, o Options, screen Screen) (w *world, err error) {
	w = &world{o: o, screen: screen, users: employees(o.Users)}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close(ctx, true))
		}
	}()
	if err := w.folders(); err != nil {
		return w, err
	}
	port, err := w.startExchange(ctx)
	if err != nil {
		return w, err
	}
	if err := w.fill(ctx); err != nil {
		return w, err
	}
	if err := w.startAgent(ctx, port); err != nil {
		return w, err
	}
	screen.Chapter(ChapterWorld, w.simURL, w.databaseFile(), w.client.Address)
	var b, e, both int
	for _, u := range w.users {
		b, e, both = b+u.business.total(), e+u.exch.total(), both+u.onBoth.total()
	}
	screen.Chapter(ChapterSeed, b, e, both)
	return w, nil
}

func (w *world) folders() (err error) {
	if w.folder = w.o.Folder; w.folder == "" {
		w.folder, err = os.MkdirTemp("", "abgleich-demo-")
		w.temp = append(w.temp, w.folder)
		return err
	}
	if err := os.MkdirAll(w.folder, 0o700); err != nil {
		return err
	}
	if w.folder, err = filepath.Abs(w.folder); err != nil {
		return err
	}
	old, err := os.ReadDir(w.folder)
	if err == nil && len(old) > 0 {
		err = fmt.Errorf("%w: folder %s is not empty", ErrUnready, w.folder)
	}
	return err
}

func (w *world) databaseFile() string { return filepath.Join(w.folder, "business.db") }

// onEnd remembers how to end a part.
func (w *world) onEnd(f func(context.Context) error) { w.ends = append(w.ends, f) }

// close ends everything. Files of our own making go when clean is set.
func (w *world) close(ctx context.Context, clean bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	var errs []error
	for i := len(w.ends) - 1; i >= 0; i-- {
		errs = append(errs, w.ends[i](ctx))
	}
	w.ends = nil
	if !clean {
		w.screen.Finding(filepath.Join(w.folder, "log"))
		return errors.Join(errs...)
	}
	for _, f := range w.temp {
		errs = append(errs, os.RemoveAll(f))
	}
	return errors.Join(errs...)
}

// startExchange serves the simulated server on loopback and gives its port.
func (w *world) startExchange(ctx context.Context) (int, error) {
	cert, err := exchangesim.SelfSigned(time.Now())
	if err != nil {
		return 0, err
	}
	opt := exchangesim.Options{Domain: domain, TLS: true, Certificate: cert, Latency: w.o.Latency,
		ExtendedProtection: exchangesim.ProtectionRequired, LockAfter: 5}
	for _, u := range w.users {
		opt.Users = append(opt.Users, exchangesim.User{Name: string(u.id), Password: u.secret, Mail: u.mail, DisplayName: u.name, Zone: zone})
	}
	if w.sim, err = exchangesim.New(opt); err != nil {
		return 0, err
	}
	w.onEnd(func(context.Context) error { return w.sim.Close() })
	pemFile := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})
	if err := os.WriteFile(w.certificateFile(), pemFile, 0o600); err != nil {
		return 0, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	served := make(chan error, 1)
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	go func() { served <- w.sim.Serve(serving, l) }()
	w.onEnd(func(context.Context) error { stop(); return <-served })
	w.simURL = "https://" + l.Addr().String() + exchangesim.Endpoint
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (w *world) certificateFile() string { return filepath.Join(w.folder, "exchange.pem") }

// fill makes the business database with its employees, and the items.
func (w *world) fill(ctx context.Context) error {
	db, err := business.Open(ctx, business.Config{DSN: w.databaseFile()})
	if err != nil {
		return err
	}
	err = errors.Join(w.masterData(ctx, db), w.seed(ctx, db), db.Close())
	if err != nil {
		return err
	}
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(w.databaseFile())}).EscapedPath(),
		RawQuery: "mode=rw&_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)"}
	if w.erp, err = sql.Open("sqlite", u.String()); err != nil {
		return err
	}
	w.erp.SetMaxOpenConns(4)
	w.onEnd(func(context.Context) error { return w.erp.Close() })
	return nil
}

func (w *world) masterData(ctx context.Context, db *business.Database) error {
	g := business.Group{Name: group, Functions: []business.Function{business.FunctionSyncCRM, business.FunctionSyncCredentials}}
	for _, u := range w.users {
		if err := db.SaveEmployee(ctx, business.Employee{User: u.id, Name: u.name, Mail: u.mail, Zone: zone, Active: true}); err != nil {
			return err
		}
		g.Members = append(g.Members, u.id)
	}
	service := business.Employee{User: serviceUser, Name: "Abgleich", Zone: zone, Active: true}
	if err := db.SaveEmployee(ctx, service); err != nil {
		return err
	}
	if err := db.SaveGroup(ctx, g); err != nil {
		return err
	}
	return db.SaveGroup(ctx, business.Group{Name: business.ServiceGroup, Members: []pim.UserID{serviceUser}})
}

func (w *world) startAgent(ctx context.Context, port int) error {
	p := params.Default()
	if w.o.English {
		p.Language = params.English
	}
	p.Communication = params.Communication{System: params.EWS, SyncEnabled: true, Server: "127.0.0.1", Port: port, SSL: true,
		Domain: domain, CertificateFile: w.certificateFile()}
	p.Database.Alias = "BMD"
	p.Databases = map[string]params.DatabaseAlias{"BMD": {Driver: params.SQLite, DSN: w.databaseFile()}}
	p.Service.User = serviceUser
	// The demo compares both sides whole: nothing is left out by age, or private.
	for _, o := range []*params.Options{&p.Appointments, &p.Tasks} {
		o.PastDays, o.FutureDays, o.Private = params.EverythingDays, params.EverythingDays, params.PrivateWhole
	}
	p.Data.Folder, p.Log.Folder = filepath.Join(w.folder, "data"), filepath.Join(w.folder, "log")
	eventPort, err := freePort()
	if err != nil {
		return err
	}
	p.Events = params.Events{Server: "127.0.0.1", Port: eventPort, Listen: "127.0.0.1"}
	if p.IPC.Address, err = w.address(); err != nil {
		return err
	}
	file := params.NewFile(filepath.Join(w.folder, "abgleich.toml"), params.Limits{})
	if err := file.Create(p); err != nil {
		return err
	}
	if w.agent, err = agent.Start(ctx, agent.Options{Parameters: file, Version: w.o.Version}); err != nil {
		return err
	}
	w.onEnd(w.agent.Stop)
	w.client = client.New(w.agent.Address(), w.o.Version)
	w.onEnd(func(context.Context) error { w.client.Close(); return nil })
	sealed, err := w.client.Seal(ctx, "geheim-"+serviceUser)
	if err != nil {
		return err
	}
	_, err = client.Ask(ctx, w.client.SetParameters, &contract.SetParametersRequest{
		SealedValues: map[string][]byte{agent.ServicePassword: sealed}})
	if err != nil {
		return err
	}
	w.status = follow(ctx, w.client)
	w.onEnd(w.status.end)
	return nil
}

// address is the agent's: a socket's path must be short, which a folder of the
// person's choice may not be.
func (w *world) address() (string, error) {
	if w.o.Address != "" {
		return w.o.Address, nil
	}
	if runtime.GOOS == "windows" {
		return fmt.Sprintf(`\\.\pipe\abgleich-demo-%d`, os.Getpid()), nil
	}
	dir, err := os.MkdirTemp("", "abg-")
	if err != nil {
		return "", err
	}
	w.temp = append(w.temp, dir)
	return filepath.Join(dir, "agent.sock"), nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

func (w *world) kept() Kept {
	k := Kept{Address: w.client.Address, Exchange: w.simURL, Folder: w.folder}
	for _, u := range w.users {
		k.Logins, k.Passwords = append(k.Logins, u.login), append(k.Passwords, u.secret)
	}
	return k
}

// peakMemory is the largest resident memory so far, in megabytes.
func peakMemory() float64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		var kb float64
		if n, _ := fmt.Sscanf(line, "VmHWM: %g kB", &kb); n == 1 {
			return kb / 1024
		}
	}
	return 0
}
