package schedule

import (
	"context"
	"slices"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// person is a user of the present list.
type person struct {
	user User
	// proven tells that a slice went well with the present credentials.
	proven bool
	// unwatch ends the user's watchers; nil while none runs.
	unwatch context.CancelFunc
}

// active is a slice at work.
type active struct {
	cancel context.CancelCauseFunc
	// left is closed once its books are kept.
	left chan struct{}
	// halted tells that the user was paused or stopped since it began: how it ends
	// proves nothing about his login.
	halted bool
}

func (p *person) slots() []slot {
	var list []slot
	for _, kind := range p.user.Kinds {
		list = append(list, slot{p.user.Account.User, kind})
	}
	return list
}

// mayEnter tells whether a slice of the slot may run now, as far as this process
// knows. Until the login has worked once it may run only alone, so that a wrong
// password is tried once and not once a kind. The caller holds mu.
func (s *Scheduler) mayEnter(k slot) bool {
	p := s.people[k.user]
	if p == nil || !slices.Contains(p.user.Kinds, k.kind) || s.isRunning(k) {
		return false
	}
	if !p.proven {
		for other := range s.running {
			if other.user == k.user {
				return false
			}
		}
	}
	return true
}

func (s *Scheduler) isRunning(k slot) bool {
	_, ok := s.running[k]
	return ok
}

// enter takes the slot in this process.
func (s *Scheduler) enter(k slot, cancel context.CancelCauseFunc) (User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.queued, k)
	if s.life.Err() != nil || !s.mayEnter(k) {
		return User{}, false
	}
	s.running[k] = active{cancel: cancel, left: make(chan struct{})}
	return s.people[k.user].user, true
}

func (s *Scheduler) leave(k slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.running[k].left)
	delete(s.running, k)
}

// unqueue lets the timekeeper put a job for the slot again.
func (s *Scheduler) unqueue(k slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.queued, k)
}

// drain waits until nothing runs for the user, so that no outcome of the past is
// written over what comes next. Call it after halt.
func (s *Scheduler) drain(ctx context.Context, user pim.UserID) error {
	s.mu.Lock()
	var left []chan struct{}
	for k, a := range s.running {
		if k.user == user {
			left = append(left, a.left)
		}
	}
	s.mu.Unlock()
	for _, c := range left {
		select {
		case <-c:
		case <-ctx.Done():
			return s.failed("drain", user, ctx.Err())
		}
	}
	return nil
}

// halt ends what runs for the user, because he is paused or stopped.
func (s *Scheduler) halt(user pim.UserID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.haltLocked(user)
}

func (s *Scheduler) haltLocked(user pim.UserID) {
	for k, a := range s.running {
		if k.user == user {
			a.cancel(errHalted)
			a.halted = true
			s.running[k] = a
		}
	}
	if p := s.people[user]; p != nil {
		p.proven = false
		if p.unwatch != nil {
			p.unwatch()
			p.unwatch = nil
		}
	}
}

func (s *Scheduler) currentInterval() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.interval
}

// keepList reads who is to be synced, again and again.
func (s *Scheduler) keepList() {
	failures := int64(0)
	for {
		wait := s.cfg.ListEvery
		if err := s.Reload(s.life); err != nil && s.life.Err() == nil {
			failures++
			wait = min(wait, pauseAfter(failures))
			s.cfg.Logger.Warn("reading who is to be synced failed", "err", err)
		} else {
			failures = 0
		}
		if !s.sleep(s.life, wait) {
			return
		}
	}
}

// sleep waits; false when the context ended before.
func (s *Scheduler) sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// Reload reads who is to be synced: called when credentials, permissions, master
// data or the master switch changed. Who is new is run at once; who is gone is
// stopped. When the users can't be read the old list stands.
func (s *Scheduler) Reload(ctx context.Context) error {
	s.listing.Lock()
	defer s.listing.Unlock()
	users, err := s.cfg.Users.Users(ctx)
	if err != nil {
		return err
	}
	now := map[pim.UserID]User{}
	for _, u := range users {
		if len(u.Kinds) > 0 {
			u.Kinds = slices.Clone(u.Kinds)
			now[u.Account.User] = u
		}
	}
	s.unlist(now)
	for id, u := range now {
		if err := s.list(ctx, id, u); err != nil {
			return err
		}
	}
	s.wake()
	return nil
}

// unlist lets go of everybody who isn't in the list any more.
func (s *Scheduler) unlist(now map[pim.UserID]User) {
	s.mu.Lock()
	var gone []pim.UserID
	for id := range s.people {
		if _, ok := now[id]; !ok {
			s.haltLocked(id)
			delete(s.people, id)
			gone = append(gone, id)
		}
	}
	s.mu.Unlock()
	for _, id := range gone {
		s.cfg.Observer.Unlisted(id)
	}
}

// list takes in one user who is new or has changed.
func (s *Scheduler) list(ctx context.Context, id pim.UserID, u User) error {
	s.mu.Lock()
	old := s.people[id]
	s.mu.Unlock()
	if old != nil && sameUser(old.user, u) {
		return nil
	}
	moved := old != nil && !sameAccount(old.user, u)
	next := &person{user: u}
	if moved {
		// Another mailbox or address: what stopped him may be over.
		if err := s.queue.release(ctx, id, false, next.slots()...); err != nil {
			return s.failed("Reload", id, err)
		}
	} else if err := s.queue.want(ctx, ByInterval, next.slots()...); err != nil {
		return s.failed("Reload", id, err)
	}
	c, err := s.queue.of(ctx, id)
	if err != nil {
		return s.failed("Reload", id, err)
	}
	s.cfg.Observer.Listed(id, slices.Clone(u.Kinds))
	s.cfg.Observer.Paused(id, c.paused, c.pausedUntil)
	s.cfg.Observer.Stopped(id, c.stopCode, c.stopUntil)

	s.mu.Lock()
	defer s.mu.Unlock()
	if old != nil {
		next.proven = old.proven && !moved
		s.haltLocked(id)
	}
	s.people[id] = next
	if next.proven {
		s.watchLocked(next)
	}
	return nil
}

func sameAccount(a, b User) bool {
	return a.Account.User == b.Account.User && a.Account.Mail == b.Account.Mail && a.Account.Shared == b.Account.Shared &&
		a.Account.Folders == b.Account.Folders && a.Account.Zone.String() == b.Account.Zone.String()
}

func sameUser(a, b User) bool { return sameAccount(a, b) && slices.Equal(a.Kinds, b.Kinds) }

func (s *Scheduler) failed(op string, user pim.UserID, err error) error {
	code := fault.CodeOf(err)
	if code == fault.Internal {
		code = fault.StoreCorrupt
	}
	return fault.New(code, "schedule."+op, string(user), err)
}
