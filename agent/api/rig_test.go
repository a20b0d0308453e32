package api_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	"abgleich/agent/api"
	"abgleich/agent/credentials"
	"abgleich/agent/engine"
	"abgleich/agent/executor"
	"abgleich/agent/fault"
	"abgleich/agent/logbook"
	"abgleich/agent/params"
	"abgleich/agent/pim"
	"abgleich/agent/side/business"
	"abgleich/agent/status"
	"abgleich/agent/store"
	"abgleich/agent/vault"
	"abgleich/agent/verify"
	"abgleich/ipc/contract"
	"abgleich/ipc/contract/contractconnect"
	"abgleich/ipc/pipe"
	"abgleich/ipc/seal"
)

const anna, ben pim.UserID = "ANNA", "BEN"

// planted is the password no answer may hold; secretTitle the subject of Anna's
// appointment, which is hers alone.
const planted, secretTitle = "Planted-Pass-4711", "Anna's doctor"

// Who calls. The stranger is nobody's identity yet.
var (
	stranger = pipe.Peer{ID: "uid:1", Name: "stranger"}
	annaPeer = pipe.Peer{ID: "uid:2", Name: "anna"}
	benPeer  = pipe.Peer{ID: "uid:3", Name: "ben"}
	admin    = pipe.Peer{ID: "uid:0", Name: "root", Admin: true}
)

// rig is the API on a real store, book, board and business database; what syncs is
// played.
type rig struct {
	*testing.T
	config   api.Config
	store    *store.Store
	db       *business.Database
	book     *credentials.Book
	vault    *vault.Vault
	board    *status.Board
	control  *control
	checker  *checker
	planner  *planner
	chooser  *chooser
	records  *records
	settings *settings
	logs     *logs
	url      string
	stopping chan struct{}
	sent     int // test notices
}

type client = contractconnect.AgentServiceClient

func newRig(t *testing.T) *rig {
	t.Helper()
	dir := t.TempDir()
	r := &rig{T: t, control: &control{}, checker: &checker{}, planner: &planner{}, chooser: &chooser{own: map[pim.Kind]*engine.Options{}}, logs: &logs{}, stopping: make(chan struct{})}
	var err error
	r.vault, err = vault.NewInMemory()
	r.must(err)
	r.store, err = store.Open(t.Context(), filepath.Join(dir, "agent.db"), store.Options{Volatile: true})
	r.must(err)
	t.Cleanup(func() { r.must(r.store.Close()) })
	r.db, err = business.Open(t.Context(), business.Config{DSN: filepath.Join(dir, "business.db")})
	r.must(err)
	t.Cleanup(func() { r.must(r.db.Close()) })
	for _, u := range []pim.UserID{anna, ben} {
		r.must(r.db.SaveEmployee(t.Context(), business.Employee{User: u, Name: string(u), Mail: string(u) + "@lab.test", Zone: "Europe/Vienna", Active: true}))
	}
	r.grant(business.FunctionSyncCRM, business.FunctionSyncCredentials)
	r.book = credentials.New(credentials.Options{Store: r.store, Vault: r.vault, Now: time.Now})
	r.must(r.book.Tie(t.Context(), annaPeer.ID, annaPeer.Name, anna))
	r.must(r.book.Tie(t.Context(), benPeer.ID, benPeer.Name, ben))
	_, err = r.book.Save(t.Context(), credentials.Settings{User: anna, Sync: true, Appointments: true, Login: `LAB\anna`}, secretOf(planted))
	r.must(err)
	r.board = status.New(time.Now, time.Millisecond)
	r.board.Known(anna, "Anna", status.Fine, "")
	r.board.Known(ben, "Ben", status.Fine, "")
	r.records = &records{Store: r.store, holds: []store.Hold{{ID: 7, User: anna, Kind: pim.KindAppointment, Code: fault.DeletionsHeld, Items: 1}}}
	file := params.NewFile(filepath.Join(dir, "agent.toml"), params.Limits{})
	r.must(file.Create(params.Default()))
	r.settings = &settings{File: file, secrets: map[string]vault.Secret{}}
	r.config = api.Config{
		Version: "1.2.3", Now: time.Now, Records: r.records, Book: r.book, Vault: r.vault, Employees: r.db, Control: r.control,
		Status: r.board, Checker: r.checker, Planner: r.planner, Comparer: r.planner, Undoer: undoer{}, Chooser: r.chooser, Logs: r.logs, Settings: r.settings,
		TestNotice: func(context.Context) error { r.sent++; return nil },
		Stopping:   func(context.Context) <-chan struct{} { return r.stopping }, ParameterFile: file.Path(),
	}
	h := api.Handler(r.config)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		for _, p := range []pipe.Peer{stranger, annaPeer, benPeer, admin, chief} {
			if p.ID == req.Header.Get("Test-Peer") {
				req = req.WithContext(pipe.WithPeer(req.Context(), p))
			}
		}
		h.ServeHTTP(w, req)
	}))
	t.Cleanup(web.Close)
	r.url = web.URL
	return r
}

func (r *rig) grant(fs ...business.Function) {
	r.Helper()
	r.must(r.db.SaveGroup(r.Context(), business.Group{Name: "all", Members: []pim.UserID{anna, ben}, Functions: fs}))
}

// as is a client that calls as somebody; the zero peer is a call without a pipe.
func (r *rig) as(p pipe.Peer) client {
	return contractconnect.NewAgentServiceClient(http.DefaultClient, r.url, connect.WithInterceptors(peerHeader(p.ID)))
}

// sealed is a password as a tray of that caller sends it.
func (r *rig) sealed(p pipe.Peer, password string) []byte {
	r.Helper()
	b, err := seal.Seal(r.vault.Recipient(), p.ID, password)
	r.must(err)
	return b
}

// problem makes a problem of Anna's with her title in it and gives its id.
func (r *rig) problem(notice bool) int64 {
	r.Helper()
	r.must(r.store.PutProblem(r.Context(), store.Problem{User: anna, Kind: pim.KindAppointment, Side: pim.Exchange, Item: "item",
		Code: fault.ItemRefused, Title: secretTitle, Notice: notice}))
	ps, err := r.store.Problems(r.Context(), store.ProblemQuery{User: anna, Notices: true})
	r.must(err)
	return int64(ps[0].ID)
}

// audited tells whether somebody did something that stands in the records.
func (r *rig) audited(who, what, subject string) bool {
	r.Helper()
	es, err := r.store.Audit(r.Context(), 100)
	r.must(err)
	return slices.ContainsFunc(es, func(e store.AuditEntry) bool { return e.Who == who && e.What == what && e.Subject == subject })
}

// raw is all that stands in the state file, and in the log beside it.
func (r *rig) raw() string {
	r.Helper()
	var all []byte
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(r.store.Path() + suffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			r.Fatal(err)
		}
		all = append(all, b...)
	}
	return string(all)
}

// must lets no error pass but those with the given codes.
func (r *rig) must(err error, but ...fault.Code) {
	r.Helper()
	if err != nil && !fault.Has(err, but...) {
		r.Fatal(err)
	}
}

func (r *rig) code(err error, want fault.Code) {
	r.Helper()
	if got := codeOf(err); got != string(want) {
		r.Fatalf("got %q (%v), want %q", got, err, want)
	}
}

// codeOf is the code an error carries over the wire.
func codeOf(err error) string {
	if err == nil {
		return ""
	}
	if i := contract.InfoOf(err); i != nil {
		return i.GetCode()
	}
	return "without a code: " + err.Error()
}

func secretOf(s string) *vault.Secret { v := vault.NewSecret(s); return &v }

type peerHeader string

func (p peerHeader) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
		r.Header().Set("Test-Peer", string(p))
		return next(ctx, r)
	}
}

func (p peerHeader) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, s connect.Spec) connect.StreamingClientConn {
		c := next(ctx, s)
		c.RequestHeader().Set("Test-Peer", string(p))
		return c
	}
}

func (p peerHeader) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

// control plays the scheduler and remembers whom it was asked to run.
type control struct {
	mu   sync.Mutex
	did  []string
	fail fault.Code
}

func (c *control) do(what string, u pim.UserID) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.did = append(c.did, what+" "+string(u))
	if c.fail != "" {
		return fault.New(c.fail, "test", "", nil)
	}
	return nil
}

func (c *control) asked(what string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.did, what)
}

func (c *control) SyncNow(_ context.Context, u pim.UserID, _ ...pim.Kind) error {
	return c.do("sync", u)
}
func (c *control) Pause(_ context.Context, u pim.UserID, _ time.Time) error { return c.do("pause", u) }
func (c *control) Resume(_ context.Context, u pim.UserID) error             { return c.do("resume", u) }
func (c *control) CredentialsChanged(_ context.Context, u pim.UserID) error {
	return c.do("changed", u)
}
func (c *control) Reload(context.Context) error { return c.do("reload", "") }

// checker plays the check: the mailbox that opens is the one the login names.
type checker struct {
	mu       sync.Mutex
	requests []verify.Request
	panics   bool
}

func (*checker) Stages() []string { return []string{"login"} }

func (c *checker) Check(_ context.Context, q verify.Request, report func(verify.Stage)) (verify.Result, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.panics {
		panic("a mistake")
	}
	c.requests = append(c.requests, q)
	report(verify.Stage{Name: "login", State: verify.OK})
	if q.Login == nil {
		return verify.Result{OK: true, User: q.User}, nil
	}
	owner := map[string]pim.UserID{`LAB\anna`: anna, `LAB\ben`: ben}[q.Login.Name]
	if owner != q.User || q.Login.Secret.Reveal() != planted {
		return verify.Result{}, nil
	}
	return verify.Result{OK: true, User: owner}, nil
}

// planner foretells one deletion of Anna's appointment, which may be private.
type planner struct{ private bool }

func (p *planner) Plan(_ context.Context, _ pim.UserID, k pim.Kind, each func(executor.PlanItem) error) error {
	if k != pim.KindAppointment {
		return nil
	}
	return each(executor.PlanItem{Action: executor.PlanDelete, Side: pim.Business, Item: marked(appointment(), p.private)})
}

// Compare finds Anna's appointment pending, and one that is equal.
func (p *planner) Compare(_ context.Context, u pim.UserID, k pim.Kind, each func(executor.Compared) error) error {
	if k != pim.KindAppointment || u != anna {
		return nil
	}
	equal := marked(appointment(), p.private)
	if err := each(executor.Compared{State: executor.CompareEqual, Business: equal, Exchange: equal}); err != nil {
		return err
	}
	b, e := versions()
	return each(executor.Compared{State: executor.ComparePending, Business: marked(b, p.private), Exchange: marked(e, p.private), Differ: differing})
}

// Show has both versions of Anna's appointment, Exchange's as it was last known.
func (*planner) Show(context.Context, pim.UserID, pim.Kind, store.Ref) (executor.Shown, error) {
	b, e := versions()
	return executor.Shown{Business: b, Exchange: e, Differ: differing, Away: store.PerSide[bool]{false, true}}, nil
}

var differing = pim.Fields(pim.FieldBody, pim.FieldLocation, pim.FieldCategories, pim.FieldRecurrence, pim.FieldMeeting, pim.FieldWhen)

// versions are Anna's appointment with her secret in every place that can hold text.
func versions() (business, exchange pim.Item) {
	a := appointment().(*pim.Appointment)
	a.Body, a.Location, a.Categories = secretTitle+" body", secretTitle+" place", []string{secretTitle}
	a.Meeting = &pim.Meeting{Role: pim.RoleOrganizer, Organizer: secretTitle, Attendees: []pim.Attendee{{Address: secretTitle, Name: secretTitle}}}
	a.Recurrence = &pim.Recurrence{Pattern: pim.Daily, Interval: 1, First: pim.DateOf(a.When.Start), Count: 3}
	e := a.Clone().(*pim.Appointment)
	e.When.End = e.When.End.Add(time.Hour)
	e.Body, e.Location, e.Categories, e.Meeting = "", "", nil, nil
	x := a.Clone().(*pim.Appointment)
	x.Recurrence, x.Subject = nil, secretTitle+" moved"
	e.Recurrence.Changed = []pim.Exception{{Original: a.When.Start, Item: x}}
	return a, e
}

// marked is an item that is private, or as it is.
func marked(i pim.Item, private bool) pim.Item {
	if private {
		i = i.Clone()
		i.Shared().Sensitivity = pim.Private
	}
	return i
}

func appointment() pim.Item {
	start := time.Date(2027, 5, 3, 9, 0, 0, 0, time.UTC)
	return pim.Canonical(&pim.Appointment{Common: pim.Common{Subject: secretTitle}, When: pim.When{Start: start, End: start.Add(time.Hour), Zone: "Europe/Vienna"}})
}

// records are the store's, with a hold of Anna's.
type records struct {
	*store.Store
	mu    sync.Mutex
	holds []store.Hold
	by    string
	// private makes what is held private.
	private bool
}

func (r *records) Holds(_ context.Context, u pim.UserID) ([]store.Hold, error) {
	return slices.DeleteFunc(slices.Clone(r.holds), func(h store.Hold) bool { return u != "" && h.User != u }), nil
}

func (r *records) HeldItems(context.Context, store.HoldID, store.RowID, int) ([]store.HeldItem, error) {
	b, err := pim.Marshal(marked(appointment(), r.private))
	return []store.HeldItem{{Content: b}}, err
}

func (r *records) ResolveHold(_ context.Context, _ pim.UserID, _ store.HoldID, _ store.Decision, by string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.by = by
	return nil
}

type logs struct {
	forgotten []string
	slip      string // what somebody logged who must not
}

// Clean knows the planted password.
func (*logs) Clean(text string) string { return strings.ReplaceAll(text, planted, "•••") }

func (l *logs) Forget(_ context.Context, user string) error {
	l.forgotten = append(l.forgotten, user)
	return nil
}

func (l *logs) Tail(_ context.Context, q logbook.Query, n int) ([]logbook.Line, error) {
	if n > 10_000 {
		return nil, errors.New("too many")
	}
	return []logbook.Line{{User: q.User, Text: "line" + l.slip}}, nil
}

func (*logs) Follow(ctx context.Context, _ logbook.Query) <-chan logbook.Line {
	ch := make(chan logbook.Line)
	context.AfterFunc(ctx, func() { close(ch) })
	return ch
}
