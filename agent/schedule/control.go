package schedule

import (
	"context"
	"database/sql"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// SyncNow runs the user now, because a person asked: both kinds or those named.
// Our own pauses end, and a rejected login may be tried once more; what the
// server asked to wait is still waited for. A user who isn't to be synced is
// [fault.SyncDisabled]; a paused one stays paused and runs when resumed.
func (s *Scheduler) SyncNow(ctx context.Context, user pim.UserID, kinds ...pim.Kind) error {
	return s.release(ctx, "SyncNow", user, true, kinds)
}

// CredentialsChanged runs the user anew with his new credentials. Call it after
// they are stored.
func (s *Scheduler) CredentialsChanged(ctx context.Context, user pim.UserID) error {
	s.halt(user)
	if err := s.drain(ctx, user); err != nil {
		return err
	}
	if err := s.Reload(ctx); err != nil {
		return err
	}
	if !s.listed(user) {
		return nil
	}
	return s.release(ctx, "CredentialsChanged", user, false, nil)
}

func (s *Scheduler) release(ctx context.Context, op string, user pim.UserID, tryRejected bool, kinds []pim.Kind) error {
	slots := s.slotsOf(user, kinds)
	if len(slots) == 0 {
		return fault.New(fault.SyncDisabled, "schedule."+op, string(user), nil)
	}
	if err := s.queue.release(ctx, user, tryRejected, slots...); err != nil {
		return s.failed(op, user, err)
	}
	s.cfg.Observer.Stopped(user, "", time.Time{})
	s.wake()
	return nil
}

// Trigger asks for a run. It does not end any pause.
func (s *Scheduler) Trigger(ctx context.Context, user pim.UserID, why Reason, kinds ...pim.Kind) error {
	slots := s.slotsOf(user, kinds)
	if len(slots) == 0 {
		return fault.New(fault.SyncDisabled, "schedule.Trigger", string(user), nil)
	}
	if err := s.queue.want(ctx, why, slots...); err != nil {
		return s.failed("Trigger", user, err)
	}
	s.wake()
	return nil
}

// Pause ends what runs for the user and lets nothing begin until then; the zero
// time means until resumed. Triggers are kept. It survives a restart.
func (s *Scheduler) Pause(ctx context.Context, user pim.UserID, until time.Time) error {
	if err := s.queue.pause(ctx, user, true, until); err != nil {
		return s.failed("Pause", user, err)
	}
	s.halt(user)
	s.cfg.Observer.Paused(user, true, until)
	s.wake()
	return nil
}

// Resume ends a pause and runs the user.
func (s *Scheduler) Resume(ctx context.Context, user pim.UserID) error {
	if err := s.queue.pause(ctx, user, false, time.Time{}); err != nil {
		return s.failed("Resume", user, err)
	}
	s.cfg.Observer.Paused(user, false, time.Time{})
	if slots := s.slotsOf(user, nil); len(slots) > 0 {
		if err := s.queue.want(ctx, ByPerson, slots...); err != nil {
			return s.failed("Resume", user, err)
		}
	}
	s.wake()
	return nil
}

// ParametersChanged takes a new interval, reads the list of users again and runs
// everybody: server, port or mapping may be others now, so watchers begin anew.
func (s *Scheduler) ParametersChanged(ctx context.Context, interval time.Duration) error {
	s.mu.Lock()
	if interval > 0 {
		s.interval = interval
	}
	latest := s.cfg.Now().Add(s.interval)
	var users []pim.UserID
	for id := range s.people {
		users = append(users, id)
		s.haltLocked(id)
	}
	s.mu.Unlock()
	if err := s.queue.reschedule(ctx, latest); err != nil {
		return s.failed("ParametersChanged", "", err)
	}
	if err := s.Reload(ctx); err != nil {
		return err
	}
	for _, id := range users {
		if !s.listed(id) {
			continue
		}
		if err := s.release(ctx, "ParametersChanged", id, false, nil); err != nil {
			return err
		}
	}
	return nil
}

// stopUser stops everything of a user for a day because of code. The context is
// that of the user's watching.
func (s *Scheduler) stopUser(ctx context.Context, user pim.UserID, code fault.Code) error {
	until := s.cfg.Now().Add(stoppedPause)
	if err := s.queue.inTx(ctx, func(tx *sql.Tx) error { return stopUser(ctx, tx, user, code, until) }); err != nil {
		return s.failed("Watch", user, err)
	}
	s.cfg.Observer.Stopped(user, code, until)
	s.mu.Lock()
	defer s.mu.Unlock()
	// Halted since by something else: what runs now was begun after that.
	if ctx.Err() == nil {
		s.haltLocked(user)
	}
	return nil
}

func (s *Scheduler) listed(user pim.UserID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.people[user] != nil
}

// slotsOf gives the user's slots of these kinds, all of them for none named.
func (s *Scheduler) slotsOf(user pim.UserID, kinds []pim.Kind) []slot {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.people[user]
	if p == nil {
		return nil
	}
	if len(kinds) == 0 {
		return p.slots()
	}
	var list []slot
	for _, k := range p.slots() {
		for _, want := range kinds {
			if k.kind == want {
				list = append(list, k)
			}
		}
	}
	return list
}
