package agent

import (
	"context"
	"time"

	"github.com/sirupsen/logrus"

	"abgleich/agent/ews"
	"abgleich/agent/executor"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/schedule"
	"abgleich/agent/side/exchange"
	"abgleich/agent/status"
	"abgleich/agent/store"
)

// runner lets the executor do what the scheduler decided, and tells book, board
// and logs how it went.
type runner struct {
	executor *executor.Executor
	exchange *exchange.Side
	book     *opener
	board    *status.Board
	store    *store.Store
	failing  *failing
	// rivals finds other sync services on this machine; nil looks for none.
	rivals interface {
		Find(context.Context) (string, error)
	}
	log func(user pim.UserID) *logrus.Entry
	now func() time.Time
}

// RunSlice implements schedule.Runner.
func (r *runner) RunSlice(ctx context.Context, s schedule.Slice) (schedule.Result, error) {
	user := s.Account.User
	if err := r.book.MayTry(ctx, user, s.TryRejected); err != nil {
		r.settle(ctx, s, err)
		return schedule.Result{}, err
	}
	if err := r.alone(ctx, s); err != nil {
		r.settle(ctx, s, err)
		return schedule.Result{}, err
	}
	login, err := r.book.Login(ctx, user)
	if err != nil {
		r.settle(ctx, s, err)
		return schedule.Result{}, err
	}
	if s.TryRejected {
		r.exchange.Retry(user)
	}
	res, err := r.executor.Slice(ctx, executor.Task{
		Account: s.Account, Kind: s.Kind, Cause: s.Why.String(), Until: r.now().Add(s.Budget),
		Asked: s.Why == schedule.ByPerson,
	})
	books := context.WithoutCancel(ctx) // kept even while the slice's own time is up
	if fault.Has(err, fault.LoginRejected) {
		if e := r.book.Rejected(books, user, login); e != nil {
			r.log(user).WithError(e).Error("the rejected login could not be noted")
		}
	} else if err == nil {
		if e := r.book.Took(books, user, login); e != nil {
			r.log(user).WithError(e).Error("the accepted login could not be noted")
		}
	}
	err = r.book.judge(err)
	r.settle(ctx, s, err)
	// Counting pairs reads an index: not after a run that met nothing.
	r.count(ctx, s, err != nil || res.More || res.Run.Counts != store.Counts{})
	if err == nil && !res.More {
		r.logRun(s, res)
	}
	return schedule.Result{More: res.More, NextTry: res.NextTry, RetryAfter: ews.BackOff(err)}, err
}

// alone refuses a first sync while another sync service is at work on this machine:
// what that one brings to a side meanwhile would be doubled. Who is synced already is
// not stopped: his items are paired. Where nobody can tell, nothing is refused.
func (r *runner) alone(ctx context.Context, s schedule.Slice) error {
	if r.rivals == nil {
		return nil
	}
	o, err := r.store.Overview(ctx, s.Account.User, s.Kind)
	if err != nil || !o.FirstDone.IsZero() {
		return err
	}
	name, err := r.rivals.Find(ctx)
	if err != nil && ctx.Err() == nil {
		r.log(s.Account.User).WithError(err).Warn("whether another sync service runs could not be found out")
		return nil
	}
	if name != "" {
		return fault.New(fault.OtherServiceRunning, "agent.RunSlice", name, nil)
	}
	return err
}

// settle keeps the account's own problems: one code at a time for a kind, gone with
// its first slice that works. What passes by itself is a notice; what stops the
// user needs a person.
func (r *runner) settle(ctx context.Context, s schedule.Slice, err error) {
	user := s.Account.User
	code := fault.CodeOf(err)
	if code == fault.Cancelled {
		return // asked for, and nobody's problem
	}
	ctx = context.WithoutCancel(ctx)
	entry := r.log(user).WithField("code", code).WithField("kind", s.Kind).WithError(err)
	if code == fault.AlreadyRunning {
		entry.Info("an older slice made way")
		return
	}
	if over, all := r.failing.set(user, s.Kind, code); all || len(over) > 0 {
		if e := r.store.ClearAccountProblems(ctx, user, over...); e != nil {
			r.log(user).WithError(e).Error("problems could not be cleared")
		}
	}
	if err == nil {
		return
	}
	entry.Warn("a run was interrupted")
	e := r.store.PutProblem(ctx, store.Problem{
		User: user, Code: code, Detail: err.Error(), Notice: !schedule.Stops(code) && code != fault.DatabaseCopy && code != fault.OtherServiceRunning,
	})
	if e != nil {
		r.log(user).WithError(e).Error("the problem could not be kept")
	}
}

// count brings problems, holds and, where it is worth it, pairs on the board up to
// date.
func (r *runner) count(ctx context.Context, s schedule.Slice, pairs bool) {
	ctx = context.WithoutCancel(ctx)
	problems, err := r.store.ProblemCount(ctx, s.Account.User)
	if err == nil {
		var holds []store.Hold
		if holds, err = r.store.Holds(ctx, s.Account.User); err == nil {
			r.board.Counted(s.Account.User, uint32(problems), uint32(len(holds)))
		}
	}
	var o store.Overview
	if err == nil && pairs {
		if o, err = r.store.Overview(ctx, s.Account.User, s.Kind); err == nil {
			r.board.Paired(s.Account.User, s.Kind, uint64(o.Pairs))
		}
	}
	if err != nil {
		r.log(s.Account.User).WithError(err).Error("the state could not be counted")
	}
}

func (r *runner) logRun(s schedule.Slice, res executor.Result) {
	c := res.Run.Counts
	if c.Writes() == 0 && c.Failed == 0 && c.Conflicts == 0 && c.Paired == 0 {
		return
	}
	r.log(s.Account.User).WithFields(logrus.Fields{
		"kind": s.Kind, "created_business": *c.Created.At(pim.Business), "created_exchange": *c.Created.At(pim.Exchange),
		"updated_business": *c.Updated.At(pim.Business), "updated_exchange": *c.Updated.At(pim.Exchange),
		"deleted_business": *c.Deleted.At(pim.Business), "deleted_exchange": *c.Deleted.At(pim.Exchange),
		"paired": c.Paired, "failed": c.Failed, "conflicts": c.Conflicts, "took": res.Run.Busy.Round(time.Millisecond),
	}).Info("run complete")
}

// progress translates the executor's picture for the board.
func (r *runner) progress(p executor.Progress) {
	c := p.Counts
	n := func(v int) uint64 { return uint64(max(v, 0)) }
	r.board.Progress(status.Progress{
		User: p.User, Kind: p.Kind, Run: int64(p.Run), Phase: phaseOf(p.Stage), First: p.First,
		Done: n(p.Done), Expected: n(p.Expected), Code: p.Code,
		Counts: statusCounts(c),
	})
}

func phaseOf(s executor.Stage) status.Phase {
	switch s {
	case executor.StageMatching:
		return status.Matching
	case executor.StageWriting:
		return status.Writing
	case executor.StageDeleting:
		return status.Deleting
	}
	return status.Reading
}

func statusCounts(c store.Counts) status.Counts {
	n := func(v int) uint64 { return uint64(max(v, 0)) }
	b, e := pim.Business, pim.Exchange
	return status.Counts{
		CreatedBusiness: n(*c.Created.At(b)), CreatedExchange: n(*c.Created.At(e)),
		UpdatedBusiness: n(*c.Updated.At(b)), UpdatedExchange: n(*c.Updated.At(e)),
		DeletedBusiness: n(*c.Deleted.At(b)), DeletedExchange: n(*c.Deleted.At(e)),
		Paired: n(c.Paired), Problems: n(c.Failed), Conflicts: n(c.Conflicts), Held: n(c.Held),
	}
}

// Remembered implements status.Loader on the store.
func (r *runner) Remembered(ctx context.Context) ([]status.Remembered, error) {
	overviews, err := r.store.Overviews(ctx)
	if err != nil {
		return nil, err
	}
	var out []status.Remembered
	for _, o := range overviews {
		m := status.Remembered{User: o.User, Kind: o.Kind, FirstSync: o.FirstDone.IsZero(), Pairs: uint64(o.Pairs)}
		problems, err := r.store.ProblemCount(ctx, o.User)
		if err != nil {
			return nil, err
		}
		holds, err := r.store.Holds(ctx, o.User)
		if err != nil {
			return nil, err
		}
		m.Problems, m.Holds = uint32(problems), uint32(len(holds))
		runs, err := r.store.Runs(ctx, o.User, 0, 20)
		if err != nil {
			return nil, err
		}
		for _, run := range runs {
			if run.Kind != o.Kind {
				continue
			}
			if m.LastTry.IsZero() {
				m.LastTry, m.Counts = run.Started, statusCounts(run.Counts)
			}
			if !run.Ended.IsZero() && run.Code == "" {
				m.LastSuccess = run.Ended
				break
			}
		}
		out = append(out, m)
	}
	return out, nil
}
