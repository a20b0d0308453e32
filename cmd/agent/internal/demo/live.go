package demo

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"
)

// How long to look for an edit on the other side, and how often.
const (
	arrivalTime = 30 * time.Second
	lookPause   = 5 * time.Millisecond
)

// fewDeletions is how many items a direction deletes of one user: more would be
// what the deletion guard is there for.
const fewDeletions = 5

// edit is one change a person or program makes on one side.
type edit struct {
	what, title string
	// do makes it; after it returns it is committed.
	do func(context.Context) error
	// seen tells whether it is there on the other side.
	seen func(context.Context) (bool, error)
}

// editor makes edits on one side, one after the other.
type editor interface {
	next(ctx context.Context, n int, u *user) (edit, error)
}

// liveEdits makes edits in both directions at once and measures how long each
// takes to arrive.
func (w *world) liveEdits(ctx context.Context, r *Result) error {
	if w.o.Edits == 0 {
		return nil
	}
	w.screen.Chapter(ChapterLive, w.o.Edits)
	var (
		mu   sync.Mutex
		took []time.Duration
		errs [2]error
		wg   sync.WaitGroup
	)
	arrived := func(d Direction, e edit, t time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		r.Live.Edits++
		if t >= 0 {
			took = append(took, t)
		}
		w.screen.Edit(d, e.what, e.title, t)
	}
	n := w.o.Edits
	run := func(slot int, d Direction, ed editor, count, firstUser int) {
		wg.Go(func() {
			errs[slot] = w.edits(ctx, d, ed, count, firstUser, arrived)
		})
	}
	run(0, Business, newBusinessEditor(w), n-n/2, 0)
	run(1, Exchange, newExchangeEditor(w), n/2, 1)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	slices.Sort(took)
	r.Live.Delivered = len(took)
	r.Live.P50, r.Live.P99 = percentile(took, 50), percentile(took, 99)
	return nil
}

func (w *world) edits(ctx context.Context, d Direction, ed editor, count, firstUser int, arrived func(Direction, edit, time.Duration)) error {
	for i := range count {
		// Each user gets a whole round, since later edits change what earlier made.
		u := w.users[(i/round+firstUser)%len(w.users)]
		e, err := ed.next(ctx, i, u)
		if err != nil {
			return err
		}
		if err := e.do(ctx); err != nil {
			return fmt.Errorf("%s edit %q: %w", d, e.what, err)
		}
		t, err := arrival(ctx, e)
		if err != nil {
			return err
		}
		arrived(d, e, t)
	}
	return nil
}

// arrival looks until the edit is seen; negative when it never was.
func arrival(ctx context.Context, e edit) (time.Duration, error) {
	committed := time.Now()
	look := time.NewTicker(lookPause)
	defer look.Stop()
	for {
		ok, err := e.seen(ctx)
		t := time.Since(committed)
		switch {
		case err != nil:
			return 0, err
		case ok:
			return t, nil
		case t > arrivalTime:
			return -1, nil
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-look.C:
		}
	}
}

// percentile is the nearest-rank percentile in milliseconds of what is sorted.
func percentile(sorted []time.Duration, p int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	i := (len(sorted)*p + 99) / 100
	return math.Round(float64(sorted[max(i, 1)-1].Microseconds())/100) / 10
}
