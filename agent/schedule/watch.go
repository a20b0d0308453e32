package schedule

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// proved notes that the user's login works, because the slice that runs in the
// slot went well, and begins to watch. A slice that began before the user was
// halted proves nothing: the login may have been refused since.
func (s *Scheduler) proved(k slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.people[k.user]; p != nil && !s.running[k].halted {
		p.proven = true
		s.watchLocked(p)
	}
}

// watchLocked starts the user's watchers unless they run. The caller holds mu,
// and Stop takes mu before it waits for them.
func (s *Scheduler) watchLocked(p *person) {
	if p.unwatch != nil || s.life.Err() != nil || len(s.cfg.Watches) == 0 {
		return
	}
	ctx, cancel := context.WithCancel(s.life)
	p.unwatch = cancel
	user := p.user
	for _, w := range s.cfg.Watches {
		s.owned.Go(func() { s.watch(ctx, w, user) })
	}
}

// watch keeps one watcher going for one user.
func (s *Scheduler) watch(ctx context.Context, w Watch, user User) {
	id := user.Account.User
	log := s.cfg.Logger.With("watch", w.Name, "user", id)
	for failures := int64(1); ctx.Err() == nil; failures++ {
		var ready atomic.Pointer[time.Time] // a watcher may call from anywhere
		err := w.Watcher.Watch(ctx, user.Account, func() {
			now := s.cfg.Now()
			ready.Store(&now)
			// What changed while nobody watched is hinted at by nobody.
			s.hint(ctx, user, 0, 0)
		}, func(kind pim.Kind) { s.hint(ctx, user, kind, w.Again) })
		if ctx.Err() != nil {
			return
		}
		if code := fault.CodeOf(err); Stops(code) {
			log.Warn("watching stopped the user", "code", code, "err", err)
			if err := s.stopUser(ctx, id, code); err == nil {
				return
			}
		}
		if at := ready.Load(); at != nil && s.cfg.Now().Sub(*at) > time.Minute {
			failures = 1
		}
		pause := max(pauseAfter(failures), retryAfter(err))
		log.Info("watching ended and begins anew", "in", pause, "err", err)
		if !s.sleep(ctx, pause) {
			return
		}
	}
}

// hint counts a trigger for one kind (0: all of them), and another one after
// again.
func (s *Scheduler) hint(ctx context.Context, user User, kind pim.Kind, again time.Duration) {
	var slots []slot
	for _, k := range user.Kinds {
		if k == kind || !slices.Contains(pim.Kinds(), kind) {
			slots = append(slots, slot{user.Account.User, k})
		}
	}
	if len(slots) == 0 || ctx.Err() != nil {
		return
	}
	// The second trigger is noted first: should the first fail to be written, it
	// still comes.
	delay := again
	if err := s.queue.want(s.life, ByHint, slots...); err != nil {
		s.cfg.Logger.Error("a hint could not be written and is tried again", "user", user.Account.User, "err", err)
		delay = max(delay, firstPause)
	}
	if delay > 0 {
		at := s.cfg.Now().Add(delay)
		s.mu.Lock()
		for _, k := range slots {
			s.again[k] = at
		}
		s.mu.Unlock()
	}
	s.wake()
}
