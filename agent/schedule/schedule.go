package schedule

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// FileName is the queue's file in the data folder.
const FileName = "queue.db"

// Config is what a scheduler needs. Zero durations and counts take the defaults
// named with them.
type Config struct {
	// Folder is the data folder; it must exist.
	Folder   string
	Runner   Runner
	Users    Users
	Watches  []Watch
	Observer Observer
	Logger   *slog.Logger
	// Now is the clock.
	Now func() time.Time
	// Interval is the time between two runs nobody asked for (60 s).
	Interval time.Duration
	// LiveBudget is the budget of the first slice of a run that should be short,
	// as after a single edit (2 s).
	LiveBudget time.Duration
	// Budget is the budget of every other slice (10 s).
	Budget time.Duration
	// Grace is how long after its budget a slice is cut off (50 s).
	Grace time.Duration
	// LiveWorkers and LongWorkers bound the slices running at once (8 and 4).
	LiveWorkers, LongWorkers int
	// ListEvery is how often Users is asked (1 min).
	ListEvery time.Duration

	// pollEvery is how often River looks for jobs nobody woke it for (5 s).
	pollEvery time.Duration
	// bare leaves out River's cleaning of finished jobs and its other housekeeping,
	// for tests that live through hours of fake time: each minute of it is a
	// hundred transactions, dear under the race detector.
	bare bool
}

func (c Config) withDefaults() Config {
	or := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	or(&c.Interval, time.Minute)
	or(&c.LiveBudget, 2*time.Second)
	or(&c.Budget, 10*time.Second)
	or(&c.Grace, 50*time.Second)
	or(&c.ListEvery, time.Minute)
	or(&c.pollEvery, 5*time.Second)
	if c.LiveWorkers <= 0 {
		c.LiveWorkers = 8
	}
	if c.LongWorkers <= 0 {
		c.LongWorkers = 4
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// slot is one user and one kind.
type slot struct {
	user pim.UserID
	kind pim.Kind
}

// Scheduler decides who runs when. Its methods may be called from any goroutine.
type Scheduler struct {
	cfg   Config
	queue *queue

	// life ends when Stop begins; owned counts our goroutines.
	life  context.Context
	end   context.CancelCauseFunc
	owned sync.WaitGroup
	// poke asks the timekeeper to look at the counters again.
	poke chan struct{}

	stopOnce sync.Once
	stopped  chan struct{}

	// mu guards the fields below. Never held during a database call.
	mu       sync.Mutex
	interval time.Duration
	people   map[pim.UserID]*person
	running  map[slot]active
	// queued is when a job was put for a slot that no worker has taken yet.
	queued map[slot]time.Time
	// again is when a slot is to be triggered a second time.
	again map[slot]time.Time

	// listing keeps one reading of the users at a time. Lock order: listing, mu.
	listing sync.Mutex
}

// Start opens the queue file and begins to run. It fails with
// [fault.AlreadyRunning] when another process has the file, and leaves nothing
// behind when it fails. The context is for starting only.
func Start(ctx context.Context, cfg Config) (*Scheduler, error) {
	cfg = cfg.withDefaults()
	s := &Scheduler{
		cfg:      cfg,
		poke:     make(chan struct{}, 1),
		stopped:  make(chan struct{}),
		interval: cfg.Interval,
		people:   map[pim.UserID]*person{},
		running:  map[slot]active{},
		queued:   map[slot]time.Time{},
		again:    map[slot]time.Time{},
	}
	s.life, s.end = context.WithCancelCause(context.WithoutCancel(ctx))
	q, err := openQueue(ctx, filepath.Join(cfg.Folder, FileName), s)
	if err != nil {
		s.end(errStopping)
		return nil, err
	}
	s.queue = q
	if err := q.start(s.life, ctx); err != nil {
		s.end(errStopping)
		q.close()
		return nil, err
	}
	s.owned.Go(s.keepTime)
	s.owned.Go(s.keepList)
	return s, nil
}

// Stop ends everything: running slices are cancelled and waited for until the
// context ends. What was wanted is kept for the next start. Stop may be called
// again and then waits for the same end.
func (s *Scheduler) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() {
		s.mu.Lock() // no watcher starts from here on
		s.end(errStopping)
		s.mu.Unlock()
		go func() {
			defer close(s.stopped)
			s.owned.Wait()
			s.queue.stop()
			s.queue.close()
		}()
	})
	select {
	case <-s.stopped:
		return nil
	case <-ctx.Done():
		return fault.New(fault.Cancelled, "schedule.Stop", "", ctx.Err())
	}
}

func (s *Scheduler) wake() {
	select {
	case s.poke <- struct{}{}:
	default:
	}
}
