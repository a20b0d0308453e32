// Package api answers the calls of tray, window and command line. It owns who may
// do what: a user sees and changes what is his, administrators settings and
// everybody's states, and others' items only with their titles hidden.
//
// Who calls comes from the operating system (ipc/pipe), never from a request;
// which employee that is, from a proof (agent/credentials). Every error carries a
// stable code. A password comes in sealed and is opened here at the last moment;
// none ever goes out.
//
// It must not know how the sync works, nor the pipe under the calls.
package api

import (
	"context"
	"net/http"
	"sync"
	"time"

	"connectrpc.com/connect"

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
	"abgleich/ipc/contract/contractconnect"
)

// Employees is the employee master data.
type Employees interface {
	Employees(context.Context) ([]business.Employee, error)
	// Employee fails with [fault.EmployeeUnknown].
	Employee(context.Context, pim.UserID) (business.Employee, error)
	// CheckFunction fails with [fault.FunctionMissing] unless it is granted.
	CheckFunction(context.Context, pim.UserID, business.Function) error
	SaveEmployee(context.Context, business.Employee) error
	Groups(context.Context) ([]business.Group, error)
	SaveGroup(context.Context, business.Group) error
	Functions(context.Context, pim.UserID) ([]business.Function, error)
	// Foreign tells that master data cannot be changed here.
	Foreign() bool
}

// Control is what a person may ask of the scheduler.
type Control interface {
	SyncNow(context.Context, pim.UserID, ...pim.Kind) error
	Pause(context.Context, pim.UserID, time.Time) error
	Resume(context.Context, pim.UserID) error
	CredentialsChanged(context.Context, pim.UserID) error
	Reload(context.Context) error
}

// Records are the lists the agent keeps.
type Records interface {
	Installation() string
	Problems(context.Context, store.ProblemQuery) ([]store.Problem, error)
	RetryProblem(context.Context, pim.UserID, store.ProblemID) error
	IgnoreProblem(context.Context, pim.UserID, store.ProblemID) error
	ProblemCount(context.Context, pim.UserID) (int, error)
	ReadNotice(context.Context, pim.UserID, store.ProblemID) error
	ClearAccountProblems(context.Context, pim.UserID, ...fault.Code) error
	Holds(context.Context, pim.UserID) ([]store.Hold, error)
	HeldItems(ctx context.Context, id store.HoldID, after store.RowID, limit int) ([]store.HeldItem, error)
	ResolveHold(ctx context.Context, user pim.UserID, id store.HoldID, d store.Decision, by string) error
	Runs(ctx context.Context, user pim.UserID, before store.RunID, limit int) ([]store.Run, error)
	RunOf(context.Context, pim.UserID, store.RunID) (store.Run, error)
	ListTrash(context.Context, store.TrashQuery) ([]store.Trash, error)
	Overview(context.Context, pim.UserID, pim.Kind) (store.Overview, error)
	PutAudit(context.Context, store.AuditEntry) error
	Audit(ctx context.Context, limit int) ([]store.AuditEntry, error)
	ForgetUser(context.Context, pim.UserID) (store.Forgotten, error)
	Ties(context.Context) ([]store.Tie, error)
	Tie(context.Context, pim.UserID) (store.Tie, error)
	SetTie(context.Context, store.Tie) error
}

// Checker runs the staged check of a login.
type Checker interface {
	Check(context.Context, verify.Request, func(verify.Stage)) (verify.Result, error)
	// Stages are the names of all stages, in order.
	Stages() []string
}

// Planner foretells a run, without doing it.
type Planner interface {
	// Plan calls each for every action, in no order, until it returns an error.
	Plan(ctx context.Context, user pim.UserID, kind pim.Kind, each func(executor.PlanItem) error) error
}

// Comparer reads both sides as they are, and writes nothing.
type Comparer interface {
	// Compare calls each for every item of the user, in no order, until it returns an
	// error.
	Compare(ctx context.Context, user pim.UserID, kind pim.Kind, each func(executor.Compared) error) error
	// Show reads one item. Sides that can't be asked are told, and no failure.
	Show(ctx context.Context, user pim.UserID, kind pim.Kind, r store.Ref) (executor.Shown, error)
}

// Chooser keeps which of a user's items travel.
type Chooser interface {
	// Options are those in force, and whether they are the user's own.
	Options(ctx context.Context, user pim.UserID, kind pim.Kind) (o engine.Options, own bool, err error)
	// SetOptions changes those of the kinds named; nil ones are the parameters' again.
	SetOptions(ctx context.Context, user pim.UserID, by map[pim.Kind]*engine.Options) error
	// Preview counts what the next run would do by options. It writes nothing.
	Preview(ctx context.Context, user pim.UserID, kind pim.Kind, o *engine.Options) (executor.Effect, error)
}

// Logs are the log files.
type Logs interface {
	// Forget removes a user's error log.
	Forget(ctx context.Context, user string) error
	Tail(ctx context.Context, q logbook.Query, n int) ([]logbook.Line, error)
	Follow(ctx context.Context, q logbook.Query) <-chan logbook.Line
	// Clean takes every known secret out of a text.
	Clean(text string) string
}

// Settings are the communication-system parameters.
type Settings interface {
	Load() (params.Params, params.Etag, error)
	// Default is what holds where the file says nothing.
	Default() params.Params
	Change(based params.Etag, changes ...params.Change) (params.Params, params.Etag, error)
	// Check tells what would be wrong with changes, and changes nothing.
	Check(changes ...params.Change) (params.Mistakes, error)
	// SecretKeys are the parameters that are no text in the file.
	SecretKeys() []string
	SetSecret(ctx context.Context, key string, s vault.Secret) error
	HasSecret(ctx context.Context, key string) (bool, error)
	// Apply makes the stored parameters take effect: at once, or (anew) by everything
	// but the pipe beginning anew, for which nobody waits.
	Apply(context.Context) (anew bool, err error)
}

// Config is everything the handlers stand on.
type Config struct {
	Version   string
	Now       func() time.Time
	Records   Records
	Book      *credentials.Book
	Vault     *vault.Vault
	Employees Employees
	Control   Control
	Status    *status.Board
	Checker   Checker
	Planner   Planner
	Comparer  Comparer
	Undoer    Undoer
	Chooser   Chooser
	Logs      Logs
	Settings  Settings
	// ParameterFile is the whole path of the file that Settings keep.
	ParameterFile string
	// TestNotice sends a mail to the message recipient.
	TestNotice func(context.Context) error
	// Stopping tells streams that the agent ends; see pipe.Stopping.
	Stopping func(context.Context) <-chan struct{}
}

// mostBytes is how long a request may be, packed or not: none of the contract
// comes near it, and nobody shall fill the agent's memory.
const mostBytes = 1 << 20

// Handler makes the HTTP handler of the contract.
func Handler(c Config) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(contractconnect.NewAgentServiceHandler(&server{Config: c},
		connect.WithInterceptors(errorInterceptor{}), connect.WithCompressMinBytes(1024), connect.WithReadMaxBytes(mostBytes)))
	return http.MaxBytesHandler(mux, mostBytes)
}

type server struct {
	// Calls a later contract has.
	contractconnect.UnimplementedAgentServiceHandler
	Config
	// groups keeps one change of permission groups at a time: they are read and
	// written back whole.
	groups sync.Mutex
}

var _ contractconnect.AgentServiceHandler = (*server)(nil)
