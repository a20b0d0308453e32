package schedule

import (
	"slices"
	"time"
)

// keepTime puts every slot that is due into River's queue, whenever something
// changed or a time has come. It is the only place that does, so that no path
// through the code can forget a slot: it starts from the counters each time.
func (s *Scheduler) keepTime() {
	failures := int64(0)
	for {
		wait, err := s.round()
		if s.life.Err() != nil {
			return
		}
		if err != nil {
			failures++
			wait = pauseAfter(failures)
			s.cfg.Logger.Error("reading the queue failed", "err", err)
		} else {
			failures = 0
		}
		t := time.NewTimer(wait)
		select {
		case <-s.life.Done():
			t.Stop()
			return
		case <-s.poke:
			t.Stop()
		case <-t.C:
		}
	}
}

// netEvery is how often jobs are asserted anew even if they were put before.
const netEvery = time.Minute

// round looks once at all slots. It returns how long nothing will be due.
func (s *Scheduler) round() (time.Duration, error) {
	ctx, now := s.life, s.cfg.Now()
	nextAgain, err := s.ripe(now)
	if err != nil {
		return 0, err
	}
	list, err := s.queue.all(ctx)
	if err != nil {
		return 0, err
	}
	if slices.ContainsFunc(list, func(c counters) bool { return c.ticks(now) }) {
		resumed, err := s.queue.tick(ctx, now)
		if err != nil {
			return 0, err
		}
		for _, u := range resumed {
			s.cfg.Observer.Paused(u, false, time.Time{})
		}
		if list, err = s.queue.all(ctx); err != nil {
			return 0, err
		}
	}
	wait := netEvery
	until := func(t time.Time) { wait = min(wait, max(t.Sub(now), time.Millisecond)) }
	if !nextAgain.IsZero() {
		until(nextAgain)
	}
	for _, c := range list {
		at, due := c.dueAt()
		switch {
		case !due:
		case at.After(now):
			until(at)
		default:
			if err := s.put(c, now); err != nil {
				return 0, err
			}
		}
	}
	return wait, nil
}

// ticks tells that the clock alone changed something: a pause or an interval is
// over.
func (c counters) ticks(now time.Time) bool {
	over := func(t time.Time) bool { return !t.IsZero() && !t.After(now) }
	return c.paused && over(c.pausedUntil) || over(c.nextRun)
}

// put queues a job for a slot that is due, if it may run and none is queued.
func (s *Scheduler) put(c counters, now time.Time) error {
	s.mu.Lock()
	at, queued := s.queued[c.slot]
	skip := !s.mayEnter(c.slot) || queued && now.Sub(at) < netEvery
	if !skip {
		s.queued[c.slot] = now
	}
	s.mu.Unlock()
	if skip {
		return nil
	}
	if !queued {
		// Before the job is there: nobody may hear of its end first.
		s.cfg.Observer.Queued(c.user, c.kind)
	}
	if err := s.queue.put(s.life, c.slot, c.long(), c.reason); err != nil {
		s.mu.Lock()
		delete(s.queued, c.slot)
		s.mu.Unlock()
		return err
	}
	return nil
}

// ripe counts the second triggers whose time has come, and returns when the next
// one's will.
func (s *Scheduler) ripe(now time.Time) (next time.Time, err error) {
	var due []slot
	s.mu.Lock()
	for k, at := range s.again {
		if !at.After(now) {
			due = append(due, k)
		} else if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	s.mu.Unlock()
	if len(due) == 0 {
		return next, nil
	}
	if err := s.queue.want(s.life, ByHint, due...); err != nil {
		return next, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range due {
		if at, ok := s.again[k]; ok && !at.After(now) {
			delete(s.again, k)
		}
	}
	return next, nil
}
