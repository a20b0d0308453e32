// Package agent wires the agent's rooms into a running whole, and does nothing
// else: parameters, logs, vault, store, both sides, executor, scheduler, live
// status, and the pipe on which trays and the command line call.
//
// [Start] either brings everything up or leaves nothing behind; [Agent.Stop] ends
// everything in the opposite order and may be called twice.
package agent

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"abgleich/agent/api"
	"abgleich/agent/credentials"
	"abgleich/agent/engine"
	"abgleich/agent/executor"
	"abgleich/agent/fault"
	"abgleich/agent/logbook"
	"abgleich/agent/params"
	"abgleich/agent/pim"
	"abgleich/agent/rival"
	"abgleich/agent/schedule"
	"abgleich/agent/side"
	"abgleich/agent/side/business"
	"abgleich/agent/status"
	"abgleich/agent/store"
	"abgleich/agent/vault"
	"abgleich/ipc/pipe"
)

// Options are what a start needs.
type Options struct {
	// Parameters is the parameter file.
	Parameters *params.File
	// Version is told to trays and written into the log.
	Version string
	// Echo takes every log line as well, for an agent in a terminal; nil for none.
	Echo io.Writer
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Processes are what runs on this machine; nil means the operating system's list.
	Processes rival.Processes
	// Machine is a mark of this machine, "" for none; nil means the operating system's.
	Machine func() string
}

// Agent is a running agent.
type Agent struct {
	address string
	failed  chan error

	// mu guards the fields below.
	mu sync.Mutex
	// closers end what was started, in the opposite order.
	closers []func(context.Context) error
	stopped chan struct{}
	err     error
	// broke is why a part ended that should not.
	broke error
	// last tells the message recipient of an end with an error; nil for nobody.
	last func(context.Context, error)
}

// Start brings an agent up. The context is for starting only. A business database
// that can't be opened is no reason to fail: the status tells, users wait, and it
// is tried again until it can. Codes: those of the parameters,
// [fault.StoreCorrupt], [fault.StoreNewer], [fault.KeyMissing] and
// [fault.AlreadyRunning].
func Start(ctx context.Context, o Options) (_ *Agent, err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Processes == nil {
		o.Processes = rival.System{}
	}
	if o.Machine == nil {
		o.Machine = machineMark
	}
	a := &Agent{failed: make(chan error, 1)}
	var p params.Params
	defer func() {
		if err != nil {
			a.last = nil // what is told is why it did not start
			failed := err
			err = errors.Join(err, a.Stop(context.WithoutCancel(ctx)))
			if p.Data.Folder != "" {
				lastWord(ctx, p, o.Version, lastLog(), o.Now, fault.ServiceNotStarted, failed)
			}
		}
	}()
	p, _, err = o.Parameters.Load()
	if err != nil {
		return nil, err
	}
	logs := logbook.Open(logbook.Options{
		Folder: p.Log.Folder, Level: level(p.Log.Level), MaxSizeMB: p.Log.MaxSizeMB, MaxAgeDays: p.Log.MaxAgeDays,
		Fallback: os.Stderr, Echo: o.Echo,
	})
	a.onStop(func(context.Context) error { return logs.Close() })
	var started bool
	a.onStop(func(context.Context) error {
		if started {
			logs.Service().Info("agent stopped")
		}
		return nil
	})
	if err := os.MkdirAll(p.Data.Folder, 0o700); err != nil {
		return nil, fault.New(fault.StoreCorrupt, "agent.Start", p.Data.Folder, err)
	}
	rooms, err := a.open(ctx, o, p, logs)
	if err != nil {
		logs.Service().WithError(err).WithField("code", fault.CodeOf(err)).Error("the agent could not start")
		return nil, err
	}
	if err := a.run(ctx, o, p, logs, rooms); err != nil {
		logs.Service().WithError(err).WithField("code", fault.CodeOf(err)).Error("the agent could not start")
		return nil, err
	}
	started = true
	a.last = func(ctx context.Context, err error) {
		lastWord(ctx, rooms.settings.now(), o.Version, lastLog(), o.Now, fault.ServiceEnded, err)
	}
	logs.Service().WithField("version", o.Version).WithField("address", a.address).Info("agent started")
	return a, nil
}

// rooms are the parts that only hold state.
type rooms struct {
	vault    *vault.Vault
	store    *store.Store
	book     *credentials.Book
	opener   *opener
	board    *status.Board
	business *business.Database
	opening  *opening
	settings *settings
}

func (a *Agent) open(ctx context.Context, o Options, p params.Params, logs *logbook.Book) (rooms, error) {
	var r rooms
	file := filepath.Join(p.Data.Folder, "agent.db")
	_, err := os.Stat(file)
	r.vault, err = vault.Open(vault.Options{
		Folder: p.Data.Folder, CredentialsFolder: os.Getenv("CREDENTIALS_DIRECTORY"),
		// A key is made together with the store. Beside an old store a new key
		// would open nothing.
		Create: errors.Is(err, fs.ErrNotExist),
	})
	if err != nil {
		return r, err
	}
	if r.store, err = store.Open(ctx, file, store.Options{Now: o.Now}); err != nil {
		return r, err
	}
	a.onStop(func(context.Context) error { return r.store.Close() })
	r.board = status.New(o.Now, 0)
	r.board.SetAgent(func(s *status.Agent) {
		s.Started, s.Version, s.SyncEnabled, s.Interval = o.Now(), o.Version, p.Communication.SyncEnabled, p.Sync.Interval
	})
	r.settings = &settings{File: o.Parameters, vault: r.vault, log: logs.Service(), board: r.board}
	r.settings.inForce.Store(&p)
	r.book = credentials.New(credentials.Options{
		Store: r.store, Vault: r.vault, InMemory: p.Sync.KeepCredentials == params.KeepMemory,
		Guard: func(s vault.Secret) { logs.Guard(s) }, Now: o.Now,
	})
	r.opener = newOpener(p, r.book, r.settings, func(s vault.Secret) { logs.Guard(s) }, o.Now)
	if p.Sync.KeepCredentials == params.KeepMemory {
		if err := r.book.EraseStored(ctx); err != nil {
			return r, err
		}
	}
	alias, ok := p.Databases[p.Database.Alias]
	if !ok {
		return r, fault.New(fault.ParametersIncomplete, "agent.Start", "database.alias", nil)
	}
	r.business, err = business.New(business.Config{
		Driver: string(alias.Driver), DSN: beside(p.Data.Folder, alias.DSN), Foreign: alias.Foreign,
		KeyStore: filepath.Join(p.Data.Folder, "keys-"+p.Database.Alias+".db"), Now: o.Now,
		Keeper: homeKeeper{r.store}, Machine: o.Machine(),
	})
	if err != nil {
		return r, err
	}
	a.onStop(func(context.Context) error { return r.business.Close() })
	r.opening = &opening{database: r.business, board: r.board, log: logs.Service()}
	r.opening.try(ctx)
	return r, ctx.Err()
}

// beside resolves a file name relative to the data folder.
func beside(folder, dsn string) string {
	if dsn == "" || filepath.IsAbs(dsn) || len(dsn) > 5 && dsn[:5] == "file:" {
		return dsn
	}
	return filepath.Join(folder, dsn)
}

func (a *Agent) run(ctx context.Context, o Options, p params.Params, logs *logbook.Book, r rooms) error {
	ex, events, err := a.openExchange(o, p, logs, r)
	if err != nil {
		return err
	}
	run := &runner{exchange: ex, book: r.opener, board: r.board, store: r.store, now: o.Now, failing: newFailing(),
		log: func(u pim.UserID) *logrus.Entry { return logs.User(string(u)) }}
	if !p.Sync.IgnoreOtherServices {
		run.rivals = rival.New(o.Processes, rival.Known(), o.Now)
	}
	run.executor = executor.New(executor.Config{
		Store: r.store, Business: r.business, Exchange: ex, Policy: engine.Policy(p.Sync.Policy),
		Guard: engine.Guard{Items: p.Sync.GuardCount, Percent: p.Sync.GuardPercent}, Now: o.Now, Progress: run.progress,
		CreationGuard: engine.Guard{Items: p.Sync.CreationGuardCount, Percent: p.Sync.CreationGuardPercent},
		Options:       standardOptions(p),
	})
	if err := r.board.Restore(ctx, run); err != nil {
		return err
	}
	scheduler, err := schedule.Start(ctx, schedule.Config{
		Folder: p.Data.Folder, Runner: run, Observer: r.board, Logger: slog.New(quiet{logs.Slog().Handler()}), Now: o.Now, Interval: p.Sync.Interval,
		Users: &people{employees: r.business, book: r.book, board: r.board,
			settings: r.settings.now, ties: r.store.Ties},
		Watches: watches(p, r.business, judged{ex, r.opener.judge}),
	})
	if err != nil {
		return err
	}
	a.onStop(scheduler.Stop)
	r.settings.changed = func(ctx context.Context, p params.Params) error {
		return scheduler.ParametersChanged(ctx, p.Sync.Interval)
	}
	r.opening.opened = scheduler.Reload
	a.background(r.opening.run)
	a.background(r.settings.follow)
	a.background(r.opener.released(func(ctx context.Context) error { return scheduler.ParametersChanged(ctx, 0) }))
	mails := newNotices(p, r, func(s vault.Secret) { logs.Guard(s) }, o.Version, logs.Slog(), o.Now)
	a.background(mails.desk.Run)
	a.background(mails.watch)
	a.background((&keeper{store: r.store, trashDays: func() int { return r.settings.now().Sync.TrashDays }, now: o.Now, log: logs.Service()}).run)
	plan := &planner{run.executor, r.business, r.store, r.opener}
	return a.serve(o, p, api.Config{
		Version: o.Version, Now: o.Now, Records: r.store, Book: r.book, Vault: r.vault, Employees: r.business,
		Control: scheduler, Status: r.board, Checker: newChecker(o, p, r, events), Planner: plan, Comparer: plan, Undoer: plan, Chooser: plan,
		Logs: logs, Settings: r.settings, Stopping: pipe.Stopping,
		TestNotice: func(ctx context.Context) error { return SendTestNotice(ctx, r.settings.now(), o.Version, o.Now) },
	})
}

// quiet lets a library's warnings into the log and keeps its chatter out.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && q.Handler.Enabled(ctx, l)
}

func (q quiet) WithAttrs(as []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(as)} }
func (q quiet) WithGroup(name string) slog.Handler    { return quiet{q.Handler.WithGroup(name)} }

// watches are the sources of hints the parameters want.
func watches(p params.Params, b *business.Database, ex side.Watcher) []schedule.Watch {
	ws := []schedule.Watch{{Name: "business", Watcher: b}}
	if p.Sync.Notifications != params.NotifyInterval {
		// Exchange tells of items before they can be read.
		ws = append(ws, schedule.Watch{Name: "exchange", Watcher: ex, Again: 2 * time.Second})
	}
	return ws
}

// serve opens the pipe last: whoever gets an answer finds everything running.
func (a *Agent) serve(o Options, p params.Params, c api.Config) error {
	a.address = p.IPC.Address
	l, err := pipe.Listen(p.IPC.Address, pipe.ListenOptions{AdminGroup: p.IPC.AdminGroup})
	if errors.Is(err, pipe.ErrInUse) {
		return fault.New(fault.AlreadyRunning, "agent.Start", p.IPC.Address, err)
	}
	if err != nil {
		return fault.New(fault.AgentUnreachable, "agent.Start", p.IPC.Address, err)
	}
	a.background(func(ctx context.Context) error { return pipe.Serve(ctx, l, api.Handler(c)) })
	return nil
}

// background runs a part until Stop; its early end is told on Failed.
func (a *Agent) background(part func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		err := part(ctx)
		if ctx.Err() == nil {
			if err == nil {
				err = fault.New(fault.Internal, "agent.background", "", errors.New("a part ended by itself"))
			}
			a.mu.Lock()
			a.broke = cmp.Or(a.broke, err)
			a.mu.Unlock()
			select {
			case a.failed <- err:
			default: // one reason is enough
			}
		}
		done <- err
	}()
	a.onStop(func(stop context.Context) error {
		cancel()
		select {
		case err := <-done:
			if errors.Is(err, context.Canceled) || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		case <-stop.Done():
			return stop.Err()
		}
	})
}

// Address is the socket or pipe on which the agent answers.
func (a *Agent) Address() string { return a.address }

// Failed gives the reason when a part ends that should not: the agent is then to
// be stopped and started again.
func (a *Agent) Failed() <-chan error { return a.failed }

func (a *Agent) onStop(f func(context.Context) error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closers = append(a.closers, f)
}

// Stop ends the agent: no more calls are taken, running slices are cancelled and
// waited for until the context ends. What was wanted is kept for the next start.
// Called again it waits for the same end.
func (a *Agent) Stop(ctx context.Context) error {
	a.mu.Lock()
	closers := a.closers
	a.closers = nil
	if a.stopped != nil {
		stopped := a.stopped
		a.mu.Unlock()
		select {
		case <-stopped:
			return a.err
		case <-ctx.Done():
			return fault.New(fault.Cancelled, "agent.Stop", "", ctx.Err())
		}
	}
	a.stopped = make(chan struct{})
	a.mu.Unlock()
	var errs []error
	for i := len(closers) - 1; i >= 0; i-- {
		errs = append(errs, closers[i](ctx))
	}
	a.err = errors.Join(errs...)
	if err := errors.Join(a.broke, a.err); err != nil && a.last != nil {
		a.last(ctx, err)
	}
	close(a.stopped)
	return a.err
}

func level(l params.Level) logrus.Level {
	v, err := logrus.ParseLevel(string(l))
	if err != nil {
		return logrus.InfoLevel
	}
	return v
}
