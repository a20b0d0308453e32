package schedule

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"

	"abgleich/agent/fault"
)

// Why a slice's context ended.
var (
	errStopping = errors.New("the agent stops")
	errHalted   = errors.New("the user is paused, stopped or no longer synced")
	errOverdue  = errors.New("the slice did not end in time")
)

// worker runs one slice for one River job. Every job ends as completed, in the
// same transaction in which the counters say what comes next.
type worker struct {
	river.WorkerDefaults[sliceJob]
	s *Scheduler
}

// Work is called by River.
func (w *worker) Work(ctx context.Context, job *river.Job[sliceJob]) error {
	s := w.s
	k, ok := job.Args.slot()
	if !ok {
		return river.JobCancel(fmt.Errorf("unknown kind of item %q", job.Args.Item))
	}
	// The timekeeper looks again once the job is out of the way.
	defer s.wake()
	// The books are kept to the end, whatever ends the slice.
	books := context.WithoutCancel(ctx)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(s.life, func() { cancel(errStopping) })()

	user, entered := s.enter(k, cancel)
	if entered {
		defer s.leave(k)
	}
	before, mine, err := s.claim(books, job, k, entered)
	if err != nil {
		return err
	}
	if !mine {
		if entered {
			// It was put for what a run did meanwhile: nothing waits any more.
			s.cfg.Observer.RunCutOff(k.user, k.kind)
		}
		// While this job was still there, a new one could not be put.
		s.unqueue(k)
		return nil
	}
	slice := Slice{
		Account:     user.Account,
		Kind:        k.kind,
		Claim:       before.claim + 1,
		Why:         before.reason,
		Continues:   before.open != 0,
		TryRejected: before.tryRejected || before.stopCode != "",
		Budget:      s.cfg.Budget,
	}
	if !before.long() {
		slice.Budget = s.cfg.LiveBudget
	}
	s.cfg.Observer.SliceBegan(k.user, k.kind, s.cfg.Now())
	limited, done := context.WithTimeoutCause(ctx, slice.Budget+s.cfg.Grace, errOverdue)
	defer done()
	result, err := s.runSlice(limited, slice)
	return s.finish(books, job, slice, result, err, context.Cause(limited))
}

// runSlice calls the runner; its panic is an error like any other, so that one
// user's trouble stays his.
func (s *Scheduler) runSlice(ctx context.Context, slice Slice) (r Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Internal, "schedule.RunSlice", string(slice.Account.User), fmt.Errorf("panic: %v", p))
			s.cfg.Logger.Error("run panicked", "user", slice.Account.User, "kind", slice.Kind, "panic", p, "stack", string(debug.Stack()))
		}
	}()
	return s.cfg.Runner.RunSlice(ctx, slice)
}

// claim takes the slot for one slice. The counters are as before the claim; mine
// is false when nothing is to be done, and the job is then completed.
func (s *Scheduler) claim(ctx context.Context, job *river.Job[sliceJob], k slot, entered bool) (c counters, mine bool, err error) {
	err = s.queue.inTx(ctx, func(tx *sql.Tx) error {
		c, err = read(ctx, tx, k)
		if err != nil {
			return err
		}
		now := s.cfg.Now()
		at, due := c.dueAt()
		mine = entered && due && !at.After(now)
		if !mine {
			_, err := river.JobCompleteTx[inProcess](ctx, tx, job)
			return err
		}
		// open keeps the want the run began with across its slices and across
		// a crash: reading it again would swallow triggers in between.
		_, err = tx.ExecContext(ctx, `UPDATE slot SET claim = claim + 1, reason = 0, next_run = 0,
			want = max(want, done + 1), open = CASE open WHEN 0 THEN max(want, done + 1) ELSE open END
			WHERE user = ? AND kind = ?`, k.user, k.kind)
		if err != nil || c.stopCode == "" {
			return err
		}
		// A day has passed: one try, remembered until it has an outcome.
		_, err = tx.ExecContext(ctx, `UPDATE person SET stop_code = '', stop_until = 0, try_rejected = 1
			WHERE user = ?`, k.user)
		return err
	})
	return c, mine, err
}

// finish keeps the books after a slice, and completes the job.
func (s *Scheduler) finish(ctx context.Context, job *river.Job[sliceJob], slice Slice, r Result, runErr, cause error) error {
	k := slot{slice.Account.User, slice.Kind}
	o := s.judge(r, runErr, cause)
	tell := func() {}
	err := s.queue.inTx(ctx, func(tx *sql.Tx) error {
		c, err := read(ctx, tx, k)
		if err != nil {
			return err
		}
		if c.claim == slice.Claim {
			if tell, err = s.settle(ctx, tx, c, slice, o); err != nil {
				return err
			}
		}
		if _, err := river.JobCompleteTx[inProcess](ctx, tx, job); err != nil && !errors.Is(err, river.ErrNotFound) {
			return err
		}
		return nil
	})
	if err != nil {
		// The run itself is over; its slot is open and wanted, so River's retry
		// of this job goes on with it.
		s.cfg.Logger.Error("keeping the books failed", "user", k.user, "kind", k.kind, "err", err)
		return err
	}
	tell()
	switch {
	case o.code == "" && !o.cut:
		s.proved(k)
	case Stops(o.code):
		s.halt(k.user)
	}
	return nil
}

// outcome is how a slice ended, as the books see it.
type outcome struct {
	more  bool
	again time.Time
	cut   bool
	code  fault.Code
	pause time.Duration
}

func (s *Scheduler) judge(r Result, err, cause error) outcome {
	if err == nil {
		return outcome{more: r.More, again: r.NextTry}
	}
	code := fault.CodeOf(err)
	switch {
	case errors.Is(cause, errOverdue):
		code = fault.ServerStalled
	case cause != nil:
		return outcome{cut: true}
	case code == fault.Cancelled:
		// Nobody of ours cancelled it.
		code = fault.Internal
	}
	s.cfg.Logger.Debug("slice failed", "code", code, "err", err)
	return outcome{code: code, pause: max(r.RetryAfter, retryAfter(err))}
}

// settle writes the outcome. The returned function tells the observer, once the
// transaction is through.
func (s *Scheduler) settle(ctx context.Context, tx *sql.Tx, c counters, slice Slice, o outcome) (func(), error) {
	now, obs, k := s.cfg.Now(), s.cfg.Observer, c.slot
	set := func(assignments string, args ...any) error {
		_, err := tx.ExecContext(ctx, `UPDATE slot SET `+assignments+` WHERE user = ? AND kind = ?`, append(args, k.user, k.kind)...)
		return err
	}
	switch {
	case o.cut:
		return func() { obs.RunCutOff(k.user, k.kind) }, nil

	case o.code != "" && Stops(o.code):
		until := now.Add(stoppedPause)
		if err := set(`code = ?, failures = failures + 1`, o.code); err != nil {
			return nil, err
		}
		return func() {
			obs.RunFailed(k.user, k.kind, now, o.code, until)
			obs.Stopped(k.user, o.code, until)
		}, stopUser(ctx, tx, k.user, o.code, until)

	case o.code != "":
		pause, server := now.Add(pauseAfter(c.failures+1)), time.Time{}
		if o.pause > 0 {
			server = now.Add(o.pause)
		}
		return func() { obs.RunFailed(k.user, k.kind, now, o.code, later(pause, server)) },
			set(`code = ?, failures = failures + 1, pause_until = ?, server_until = ?`, o.code, stored(pause), stored(server))
	}

	if err := s.recovered(ctx, tx, c, slice); err != nil {
		return nil, err
	}
	if o.more {
		return func() { obs.Queued(k.user, k.kind) },
			set(`code = '', failures = 0, pause_until = 0, server_until = 0`)
	}
	next := now.Add(jittered(s.currentInterval()))
	if !o.again.IsZero() && o.again.Before(next) {
		// Not at once: an item tried in vain must not keep its user running.
		next = later(o.again, now.Add(firstPause))
	}
	return func() { obs.RunEnded(k.user, k.kind, now, next) },
		set(`done = open, open = 0, code = '', failures = 0, pause_until = 0, server_until = 0, next_run = ?`, stored(next))
}

// recovered keeps the books of a slice that went well: a rejected login has been
// tried, and a disturbance of the server that all users share is over for all.
func (s *Scheduler) recovered(ctx context.Context, tx *sql.Tx, c counters, slice Slice) error {
	// What a person asked for while the slice ran is still to be tried.
	if slice.TryRejected {
		if _, err := tx.ExecContext(ctx, `UPDATE person SET try_rejected = 0 WHERE user = ?`, c.user); err != nil {
			return err
		}
	}
	if c.code == "" || !shared(c.code) {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE slot SET pause_until = 0 WHERE code = ?`, c.code)
	return err
}

// shared tells whether a failure is the server's or the network's, not one user's.
func shared(code fault.Code) bool {
	switch code {
	case fault.ServerUnreachable, fault.ConnectionRefused, fault.NameNotResolved,
		fault.TLSCertificateName, fault.TLSUntrusted, fault.TLSMismatch, fault.NotSOAP,
		fault.ServerStalled, fault.ServerFailed, fault.SSLRequired,
		fault.DatabaseUnreachable, fault.SchemaIncomplete:
		return true
	}
	return false
}
