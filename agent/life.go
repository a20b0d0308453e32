package agent

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
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
)

// life is the agent under one set of parameters: everything but the pipe. New
// parameters that can't be taken over in passing begin a new one.
type life struct {
	o       Options
	params  params.Params
	rooms   rooms
	logs    *logbook.Book
	handler http.Handler
	// ending tells streams that this life ends.
	ending chan struct{}
	// failed hears of a part that ended by itself, renew of parameters to begin anew with.
	failed func(error)
	renew  func()

	// mu guards closers, which end what was started, in the opposite order.
	mu      sync.Mutex
	closers []func(context.Context) error
}

// begin starts a life, or leaves nothing behind. before is the one that has just
// ended, nil for none.
func begin(ctx context.Context, o Options, p params.Params, before *life, failed func(error), renew func()) (_ *life, err error) {
	l := &life{o: o, params: p, ending: make(chan struct{}), failed: failed, renew: renew}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.stop(context.WithoutCancel(ctx)))
		}
	}()
	l.logs = logbook.Open(logbook.Options{
		Folder: p.Log.Folder, Level: level(p.Log.Level), MaxSizeMB: p.Log.MaxSizeMB, MaxAgeDays: p.Log.MaxAgeDays,
		Fallback: os.Stderr, Echo: o.Echo,
	})
	l.onStop(func(context.Context) error { return l.logs.Close() })
	if err = os.MkdirAll(p.Data.Folder, 0o700); err != nil {
		return nil, fault.New(fault.StoreCorrupt, "agent.Start", p.Data.Folder, err)
	}
	if l.rooms, err = l.open(ctx, o, p, l.logs); err == nil {
		if before != nil && before.params.Data.Folder == p.Data.Folder {
			l.rooms.book.Inherit(before.rooms.book)
		}
		err = l.run(ctx, o, p, l.logs, l.rooms)
	}
	if err != nil {
		l.logs.Service().WithError(err).WithField("code", fault.CodeOf(err)).Error("the agent could not start")
		return nil, err
	}
	return l, nil
}

// stop ends everything that was started.
func (l *life) stop(ctx context.Context) error {
	l.mu.Lock()
	closers := l.closers
	l.closers = nil
	l.mu.Unlock()
	var errs []error
	for i := len(closers) - 1; i >= 0; i-- {
		errs = append(errs, closers[i](ctx))
	}
	return errors.Join(errs...)
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

func (l *life) open(ctx context.Context, o Options, p params.Params, logs *logbook.Book) (rooms, error) {
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
	l.onStop(func(context.Context) error { return r.store.Close() })
	r.board = status.New(o.Now, 0)
	r.board.SetAgent(func(s *status.Agent) {
		s.Started, s.Version, s.SyncEnabled, s.Interval = o.started, o.Version, p.Communication.SyncEnabled, p.Sync.Interval
		s.Access = string(p.Communication.Access)
	})
	r.settings = &settings{File: o.Parameters, vault: r.vault, log: logs.Service(), board: r.board, report: o.Report, read: p, renew: l.renew}
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
	l.onStop(func(context.Context) error { return r.business.Close() })
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

func (l *life) run(ctx context.Context, o Options, p params.Params, logs *logbook.Book, r rooms) error {
	ex, events, err := l.openExchange(o, p, logs, r)
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
			settings: r.settings.now, ties: r.store.Ties, options: run.executor.Options},
		Watches: watches(p, r.business, judged{ex, r.opener.judge}),
	})
	if err != nil {
		return err
	}
	l.onStop(scheduler.Stop)
	r.settings.changed = func(ctx context.Context, p params.Params) error {
		return scheduler.ParametersChanged(ctx, p.Sync.Interval)
	}
	r.opening.opened = scheduler.Reload
	l.background(r.opening.run)
	l.background(r.settings.follow)
	l.background(r.opener.released(func(ctx context.Context) error { return scheduler.ParametersChanged(ctx, 0) }))
	mails := newNotices(p, r, func(s vault.Secret) { logs.Guard(s) }, o.Version, logs.Slog(), o.Now)
	l.background(mails.desk.Run)
	l.background(mails.watch)
	l.background((&keeper{store: r.store, trashDays: func() int { return r.settings.now().Sync.TrashDays }, now: o.Now, log: logs.Service()}).run)
	file, err := filepath.Abs(r.settings.Path())
	if err != nil {
		return fault.New(fault.Internal, "agent.parameter file", r.settings.Path(), err)
	}
	plan := &planner{run.executor, r.business, r.store, r.opener, r.board}
	l.handler = api.Handler(api.Config{
		Version: o.Version, Now: o.Now, Records: r.store, Book: r.book, Vault: r.vault, Employees: r.business,
		Control: scheduler, Status: r.board, Checker: newChecker(o, p, r, events), Planner: plan, Comparer: plan, Undoer: plan, Chooser: plan,
		Logs: logs, Settings: r.settings, ParameterFile: file, Stopping: func(context.Context) <-chan struct{} { return l.ending },
		TestNotice: func(ctx context.Context) error { return SendTestNotice(ctx, r.settings.now(), o.Version, o.Now) },
	})
	return nil
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

// background runs a part until the life's end; its early end is told.
func (l *life) background(part func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		err := part(ctx)
		if ctx.Err() == nil {
			if err == nil {
				err = fault.New(fault.Internal, "agent.background", "", errors.New("a part ended by itself"))
			}
			l.failed(err)
		}
		done <- err
	}()
	l.onStop(func(stop context.Context) error {
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

func (l *life) onStop(f func(context.Context) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closers = append(l.closers, f)
}

func level(l params.Level) logrus.Level {
	v, err := logrus.ParseLevel(string(l))
	if err != nil {
		return logrus.InfoLevel
	}
	return v
}
