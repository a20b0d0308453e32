package executor

import (
	"context"
	"sync/atomic"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// turn lets one slice after the other work for a user and kind. A lease alone keeps
// an older slice from writing to the store, but not from writing to the sides what it
// has begun: the newer one would look for it too early, and make it a second time.
type turn struct {
	// slot is held by who works.
	slot chan struct{}
	// waiting are those who want it next; who works then comes to an end soon.
	waiting atomic.Int32
}

// mine names a turn.
type mine struct {
	user pim.UserID
	kind pim.Kind
}

// take waits for a task's turn. It must be given back.
func (x *Executor) take(ctx context.Context, t Task) (*turn, error) {
	x.mu.Lock()
	key := mine{t.Account.User, t.Kind}
	w := x.turns[key]
	if w == nil {
		w = &turn{slot: make(chan struct{}, 1)}
		x.turns[key] = w
	}
	x.mu.Unlock()
	w.waiting.Add(1)
	defer w.waiting.Add(-1)
	select {
	case w.slot <- struct{}{}:
		return w, nil
	case <-ctx.Done():
		return nil, fault.New(fault.Cancelled, "executor.take", string(t.Account.User), ctx.Err())
	}
}

func (w *turn) giveBack() { <-w.slot }

// wanted tells that somebody waits for the turn.
func (w *turn) wanted() bool { return w.waiting.Load() > 0 }
