package executor

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"

	"abgleich/agent/pim"
)

// slow keeps back the jobs whose creation takes a side several requests, one after
// the other: series with exceptions, made in Exchange. In batches of their own they
// cost one round of requests for as many as a batch holds, and the others do not wait
// for them. Nothing is written of a job here: it stays ready in the store.
type slow struct {
	mu   sync.Mutex
	jobs []*job
}

// add takes the slow ones out of jobs. full are enough for a batch.
func (k *slow) add(jobs []*job) (quick, full []*job) {
	quick = jobs[:0:0]
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, j := range jobs {
		if j.manyRequests() {
			k.jobs = append(k.jobs, j)
		} else {
			quick = append(quick, j)
		}
	}
	if len(k.jobs) >= batchSize {
		full, k.jobs = k.jobs, nil
	}
	return quick, full
}

// manyRequests tells a series with exceptions that Exchange has not.
func (j *job) manyRequests() bool {
	a, ok := j.half(pim.Business).Item.(*pim.Appointment)
	return ok && j.pair == nil && a.Recurrence != nil && len(a.Recurrence.Changed)+len(a.Recurrence.Deleted) > 0
}

// carrySlow carries out what was kept back, the parts side by side: each waits for
// the server most of the time.
func (s *slice) carrySlow(ctx context.Context, jobs []*job) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(batches)
	size := max((len(jobs)+batches-1)/batches, 1)
	for from := 0; from < len(jobs); from += size {
		part := jobs[from:min(from+size, len(jobs))]
		g.Go(func() error { return s.through(ctx, part) })
	}
	return g.Wait()
}
