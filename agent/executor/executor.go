package executor

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"abgleich/agent/engine"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/store"
)

// Executor carries out runs. It is safe for use by several goroutines. Of two slices
// of one user and kind the newer one waits, and the older one ends as if its time
// were over. A slice of another executor over the same store, which must not be,
// makes the older one fail with [fault.AlreadyRunning].
type Executor struct {
	cfg Config
	// foretell, in a rehearsal, is told what is written, from several goroutines;
	// else nil.
	foretell func(PlanItem)

	mu      sync.Mutex // guards claimed and turns
	claimed map[mark]bool
	turns   map[mine]*turn
	// choosing keeps one change of options at a time: they are read and written back
	// whole.
	choosing sync.Mutex
}

// New makes an executor.
func New(cfg Config) *Executor {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Policy == "" {
		cfg.Policy = engine.Newer
	}
	if cfg.Guard == (engine.Guard{}) {
		cfg.Guard = engine.Standard
	}
	if cfg.CreationGuard == (engine.Guard{}) {
		cfg.CreationGuard = cfg.Guard
	}
	if cfg.NewKey == nil {
		inst := cfg.Store.Installation()
		cfg.NewKey = func(u pim.UserID) pim.Key { return newKey(inst, u) }
	}
	return &Executor{cfg: cfg, claimed: make(map[mark]bool), turns: make(map[mine]*turn)}
}

// newKey is installation, user and item, each in small letters and digits.
func newKey(installation string, u pim.UserID) pim.Key {
	var item [10]byte
	rand.Read(item[:]) //nolint:errcheck // documented never to fail
	user := sha256.Sum256([]byte(u))
	text := func(b []byte) string { return strings.ToLower(base32.StdEncoding.EncodeToString(b)) }
	return pim.Key(installation + "-" + text(user[:5]) + "-" + text(item[:]))
}

// slice is one slice at work.
type slice struct {
	x       *Executor
	turn    *turn
	task    Task
	lease   *store.Lease
	folders store.PerSide[side.Folder]
	rules   engine.Rules
	state   store.SyncState
	begun   time.Time
	report  *reporter
	// again asks for another slice though nothing is left that is ready now.
	again bool
	// failedSide is where a whole call failed.
	mu         sync.Mutex // guards failedSide, again
	failedSide pim.SideID
}

// Slice does a stretch of a run: all of it, if the time allows. An error is the
// failure of a whole call or of the store; nothing is lost by it.
func (x *Executor) Slice(ctx context.Context, t Task) (Result, error) {
	w, err := x.take(ctx, t)
	if err != nil {
		return Result{}, err
	}
	defer w.giveBack()
	s, err := x.begin(ctx, t, w)
	if s == nil {
		return Result{}, err
	}
	run := store.Run{}
	if err == nil {
		run, err = s.lease.OpenRun(ctx, t.Cause)
	}
	s.report.start(run)
	var more bool
	if err == nil {
		more, err = s.work(ctx)
	}
	res, err := s.finish(ctx, more, err)
	return res, errors.Join(err, s.close())
}

// begin takes the lease and opens both folders. A nil slice means there is not
// even a lease.
func (x *Executor) begin(ctx context.Context, t Task, w *turn) (*slice, error) {
	lease, err := x.cfg.Store.Begin(ctx, t.Account.User, t.Kind)
	if err != nil {
		return nil, err
	}
	s := &slice{x: x, turn: w, task: t, lease: lease, begun: x.cfg.Now()}
	s.report = &reporter{to: x.cfg.Progress, p: Progress{User: t.Account.User, Kind: t.Kind}}
	if s.rules, err = x.rulesFor(ctx, t); err != nil {
		return s, err
	}
	if s.state, err = lease.State(ctx); err != nil {
		return s, err
	}
	s.report.p.First = !s.state.FirstDone
	s.report.stage(StageOpening)
	for _, sd := range []side.Side{x.cfg.Business, x.cfg.Exchange} {
		s.report.waiting(sd.ID())
		f, err := sd.Open(ctx, t.Account, t.Kind)
		if err != nil {
			return s, s.blame(sd.ID(), err)
		}
		*s.folders.At(sd.ID()) = f
		if err := s.claim(ctx, f, sd.ID()); err != nil {
			return s, err
		}
		if err := s.settle(ctx, f); err != nil {
			return s, err
		}
	}
	return s, nil
}

// claim leaves our mark on the mailbox, once for a place while this process lives.
func (s *slice) claim(ctx context.Context, f side.Folder, id pim.SideID) error {
	c, ok := f.(side.Claimer)
	if !ok {
		return nil
	}
	place := s.mark()
	s.x.mu.Lock()
	done := s.x.claimed[place]
	s.x.mu.Unlock()
	if done && !s.task.TakeOver {
		return nil
	}
	if err := c.Claim(ctx, s.x.cfg.Store.Installation(), s.task.TakeOver); err != nil {
		return s.blame(id, err)
	}
	s.x.mu.Lock()
	s.x.claimed[place] = true
	s.x.mu.Unlock()
	return nil
}

// work is the stages in their order. It tells whether another slice is needed.
func (s *slice) work(ctx context.Context) (bool, error) {
	if done, err := s.prepare(ctx); err != nil || !done {
		return !done, err
	}
	if done, err := s.carry(ctx); err != nil || !done {
		return !done, err
	}
	if done, err := s.deletions(ctx); err != nil || !done {
		return !done, err
	}
	if err := s.stamp(ctx); err != nil {
		return false, err
	}
	if err := s.tidy(ctx); err != nil {
		return false, err
	}
	return s.again, nil
}

// awake is the time up to which what waits is due. What a person asks for tries
// everything at once, but not again and again within one run.
func (s *slice) awake() time.Time {
	if s.task.Asked && s.report.run().Slices == 0 {
		return s.x.cfg.Now().Add(longestPause)
	}
	return s.x.cfg.Now()
}

// prepare brings the inbox up to date and pairs what belongs together. It tells
// whether it got through.
func (s *slice) prepare(ctx context.Context) (bool, error) {
	if err := s.recover(ctx); err != nil {
		return false, err
	}
	if err := s.undo(ctx); err != nil {
		return false, err
	}
	if err := s.applyOptions(ctx); err != nil {
		return false, err
	}
	if err := s.lease.WakeRows(ctx, s.awake()); err != nil {
		return false, err
	}
	if err := s.lease.Recheck(ctx, s.x.cfg.Now().Add(-recheck)); err != nil {
		return false, err
	}
	if done, err := s.ingest(ctx); err != nil || !done {
		return done, err
	}
	var err error
	if s.state, err = s.lease.State(ctx); err != nil { // a feed that begins anew has changed it
		return false, err
	}
	s.report.stage(StageMatching)
	if err := s.filter(ctx); err != nil {
		return false, err
	}
	if _, err := s.comebacks(ctx); err != nil {
		return false, err
	}
	if err := s.matchKeys(ctx); err != nil {
		return false, err
	}
	if err := s.locate(ctx); err != nil {
		return false, err
	}
	if err := s.matchKeys(ctx); err != nil {
		return false, err
	}
	if err := s.matchRenewed(ctx); err != nil {
		return false, err
	}
	if err := s.matchReturned(ctx); err != nil {
		return false, err
	}
	if err := s.lease.DeclineUndone(ctx); err != nil {
		return false, err
	}
	return true, s.match(ctx)
}

// finish records how the slice ended.
func (s *slice) finish(ctx context.Context, more bool, failure error) (Result, error) {
	run := s.report.run()
	res := Result{More: more, Side: s.failedSide, FirstDone: s.state.FirstDone}
	if run.ID == 0 {
		return res, failure
	}
	now := s.x.cfg.Now()
	run.Slices++
	run.Busy += now.Sub(s.begun)
	s.spend(&run.Spent)
	run.Code = fault.CodeOf(failure)
	if !more && run.Code != fault.Cancelled {
		run.Ended = now
	}
	// What was done is recorded even if the slice was asked to end.
	ctx = context.WithoutCancel(ctx)
	var errs []error
	if failure == nil {
		var err error
		if res.NextTry, err = s.lease.NextTry(ctx); err != nil {
			errs = append(errs, err)
		}
		if !more && !s.state.FirstDone {
			if err := s.lease.MarkFirstDone(ctx); err != nil {
				errs = append(errs, err)
			}
			res.FirstDone = true
		}
	}
	if err := s.lease.SaveRun(ctx, &run); err != nil && failure == nil {
		errs = append(errs, err)
	}
	res.Run = run
	return res, errors.Join(append([]error{failure}, errs...)...)
}

// spend adds what the slice has cost.
func (s *slice) spend(to *store.Spent) {
	for _, f := range s.folders {
		m, ok := f.(side.Metered)
		if !ok {
			continue
		}
		c := m.Spent()
		to.Requests += c.Requests
		to.Sent += c.Sent
		to.Received += c.Received
		to.Throttled += c.Throttled
	}
}

func (s *slice) close() error {
	var errs []error
	for _, f := range s.folders {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// expired tells that the slice should end.
func (s *slice) expired() bool {
	return s.turn.wanted() || !s.task.Until.IsZero() && !s.x.cfg.Now().Before(s.task.Until)
}

// blame notes which side a call failed on, and gives the error on.
func (s *slice) blame(id pim.SideID, err error) error {
	if err == nil {
		return nil
	}
	s.mu.Lock()
	if s.failedSide == 0 {
		s.failedSide = id
	}
	s.mu.Unlock()
	return err
}

// broken is an answer of a side that breaks its contract.
func broken(op string, id pim.SideID, got, want int) error {
	return fault.New(fault.ReplyInvalid, "executor."+op, id.String(), fmt.Errorf("%d results for %d items", got, want))
}

func (s *slice) folder(id pim.SideID) side.Folder { return *s.folders.At(id) }

func (x *Executor) side(id pim.SideID) side.Side {
	if id == pim.Business {
		return x.cfg.Business
	}
	return x.cfg.Exchange
}
