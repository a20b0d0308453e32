package schedule

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
	_ "modernc.org/sqlite" // the driver named "sqlite"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// River's queues. Jobs of long runs have one of their own and so can't take the
// workers that live edits wait for.
const (
	liveQueue = "live"
	longQueue = "long"
)

// sliceJob is the argument of a River job: one slot.
type sliceJob struct {
	User string `json:"user"`
	Item string `json:"item"`
}

// Kind is River's name for the job.
func (sliceJob) Kind() string { return "slice" }

func jobOf(k slot) sliceJob { return sliceJob{User: string(k.user), Item: k.kind.String()} }

func (j sliceJob) slot() (slot, bool) {
	kind, ok := pim.ParseKind(j.Item)
	return slot{pim.UserID(j.User), kind}, ok
}

// inProcess is River's SQLite driver without its notification table: the one
// process that inserts is the one that works, and River then wakes its workers
// directly after an insert instead of polling a table.
type inProcess struct{ *riversqlite.Driver }

// SupportsListener is false: see the type.
func (inProcess) SupportsListener() bool { return false }

// SupportsListenNotify is false: see the type.
func (inProcess) SupportsListenNotify() bool { return false }

// GetExecutor leaves out what River looks up every two seconds for each queue.
func (p inProcess) GetExecutor() riverdriver.Executor { return executor{p.Driver.GetExecutor()} }

// executor answers for queues that nobody pauses or changes: only this process
// has the file.
type executor struct{ riverdriver.Executor }

// QueueGet is called to see whether the queue was paused or changed.
func (executor) QueueGet(_ context.Context, p *riverdriver.QueueGetParams) (*rivertype.Queue, error) {
	return &rivertype.Queue{Name: p.Name, Metadata: []byte("{}")}, nil
}

// queue is the file with River's tables and ours.
type queue struct {
	db     *sql.DB
	client *river.Client[*sql.Tx]
}

// ourTables: want counts triggers, done is the want that complete runs cover,
// open the want with which the present run began (0: none runs). Times are Unix
// milliseconds, 0 for none.
const ourTables = `
CREATE TABLE IF NOT EXISTS slot (
	user TEXT NOT NULL,
	kind INTEGER NOT NULL,
	want INTEGER NOT NULL DEFAULT 0,
	done INTEGER NOT NULL DEFAULT 0,
	open INTEGER NOT NULL DEFAULT 0,
	claim INTEGER NOT NULL DEFAULT 0,
	reason INTEGER NOT NULL DEFAULT 0,
	failures INTEGER NOT NULL DEFAULT 0,
	code TEXT NOT NULL DEFAULT '',
	pause_until INTEGER NOT NULL DEFAULT 0,
	server_until INTEGER NOT NULL DEFAULT 0,
	next_run INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (user, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS person (
	user TEXT NOT NULL PRIMARY KEY,
	paused INTEGER NOT NULL DEFAULT 0,
	paused_until INTEGER NOT NULL DEFAULT 0,
	stop_code TEXT NOT NULL DEFAULT '',
	stop_until INTEGER NOT NULL DEFAULT 0,
	try_rejected INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;`

// openQueue opens or makes the file. The exclusive lock keeps a second process
// out; with one connection, everything is in one order.
func openQueue(ctx context.Context, path string, s *Scheduler) (_ *queue, err error) {
	dsn := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: url.Values{"_pragma": {
		"busy_timeout(500)", "locking_mode(EXCLUSIVE)", "journal_mode(WAL)", "synchronous(NORMAL)",
	}, "_txlock": {"immediate"}}.Encode()}).String()
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fault.New(fault.StoreCorrupt, "schedule.Start", FileName, err)
	}
	db.SetMaxOpenConns(1)
	db.SetConnMaxIdleTime(0)
	q := &queue{db: db}
	defer func() {
		if err != nil {
			q.close()
		}
	}()
	if err := q.prepare(ctx, s); err != nil {
		code := fault.StoreCorrupt
		if strings.Contains(err.Error(), "SQLITE_BUSY") {
			code = fault.AlreadyRunning
		} else if c := fault.CodeOf(err); c == fault.Cancelled {
			code = c
		}
		return nil, fault.New(code, "schedule.Start", FileName, err)
	}
	return q, nil
}

func (q *queue) prepare(ctx context.Context, s *Scheduler) error {
	// Writing takes the exclusive lock now rather than at the first trigger.
	if _, err := q.db.ExecContext(ctx, ourTables); err != nil {
		return err
	}
	migrator, err := rivermigrate.New(riversqlite.New(q.db), &rivermigrate.Config{Logger: s.cfg.Logger})
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("preparing River's tables: %w", err)
	}
	// We hold the file alone: whatever is marked as running died with its process.
	// The counters know what is still wanted, and the timekeeper queues it anew.
	if _, err := q.db.ExecContext(ctx,
		`DELETE FROM river_job WHERE state NOT IN ('completed', 'cancelled', 'discarded')`); err != nil {
		return err
	}
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &worker{s: s}); err != nil {
		return err
	}
	q.client, err = river.NewClient(inProcess{riversqlite.New(q.db)}, &river.Config{
		Queues: map[string]river.QueueConfig{
			liveQueue: {MaxWorkers: s.cfg.LiveWorkers},
			longQueue: {MaxWorkers: s.cfg.LongWorkers},
		},
		Workers:       workers,
		Logger:        s.cfg.Logger,
		FetchCooldown: 10 * time.Millisecond,
		// Inserts wake the workers directly; polling is only a net below that.
		FetchPollInterval:      s.cfg.pollEvery,
		LeaderElectionDisabled: s.cfg.bare,
		// A slice has its own end; a slice that ignores it must not be doubled.
		JobTimeout:                  -1,
		MaxAttempts:                 1000,
		RetryPolicy:                 shortRetry{},
		CompletedJobRetentionPeriod: time.Minute,
		ReindexerIndexNames:         []string{},
	})
	return err
}

// start begins to work jobs: until life ends. ctx bounds the start itself.
func (q *queue) start(life, ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fault.New(fault.Cancelled, "schedule.Start", FileName, err)
	}
	if err := q.client.Start(context.WithoutCancel(life)); err != nil {
		return fault.New(fault.StoreCorrupt, "schedule.Start", FileName, err)
	}
	return nil
}

func (q *queue) stop() {
	// Slices were already cancelled; whoever waits for us has a limit of his own.
	_ = q.client.StopAndCancel(context.Background())
}

func (q *queue) close() { _ = q.db.Close() }

// shortRetry is for the rare failure of the bookkeeping itself, such as a full
// disk; failures of runs are kept in our own table.
type shortRetry struct{}

// NextRetry is two seconds on.
func (shortRetry) NextRetry(*rivertype.JobRow) time.Time { return time.Now().Add(2 * time.Second) }

// put queues a job for the slot, unless there is one, and wakes the workers. It
// must not be called within a transaction.
func (q *queue) put(ctx context.Context, k slot, long bool, why Reason) error {
	opts := &river.InsertOpts{
		Queue:    liveQueue,
		Priority: 3 - int(why),
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
			rivertype.JobStateRetryable, rivertype.JobStateScheduled,
		}},
	}
	if long {
		opts.Queue, opts.Priority = longQueue, 1
	}
	_, err := q.client.Insert(ctx, jobOf(k), opts)
	return err
}

// inTx runs f in a transaction.
func (q *queue) inTx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := q.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
