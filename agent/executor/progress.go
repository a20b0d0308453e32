package executor

import (
	"sync"

	"abgleich/agent/pim"
	"abgleich/agent/store"
)

// reporter keeps the picture of the run and tells it on, one call at a time.
type reporter struct {
	to func(Progress)

	mu sync.Mutex
	p  Progress
	r  store.Run
}

// start continues a run's counts.
func (r *reporter) start(run store.Run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.r = run
	r.p.Run, r.p.Counts = run.ID, run.Counts
	r.p.Done = done(&run.Counts)
	r.p.Expected = r.p.Done
}

// run is the run with the counts so far.
func (r *reporter) run() store.Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.r.Counts = r.p.Counts
	return r.r
}

// change changes the picture and tells it.
func (r *reporter) change(f func(*Progress)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(&r.p)
	if r.to != nil {
		r.to(r.p)
	}
}

func (r *reporter) stage(st Stage) { r.change(func(p *Progress) { p.Stage, p.Waiting = st, 0 }) }

func (r *reporter) waiting(s pim.SideID) { r.change(func(p *Progress) { p.Waiting = s }) }

// done counts the items a run has dealt with.
func done(c *store.Counts) int {
	n := c.Failed
	for i := range c.Created {
		n += c.Created[i] + c.Updated[i] + c.Deleted[i]
	}
	return n
}
