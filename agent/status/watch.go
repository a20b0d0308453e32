package status

import (
	"context"
	"iter"
	"time"

	"abgleich/agent/pim"
)

// Watch gives first everything, then what changed, until the context ends or the
// reader breaks off. only limits it to one user; "" is for all of them. While the
// reader is busy changes gather, the newest of each user counting.
func (b *Board) Watch(ctx context.Context, only pim.UserID) iter.Seq[Change] {
	return func(yield func(Change) bool) {
		c, seen := b.since(0, only)
		c.Full = true
		for {
			if ctx.Err() != nil || !yield(c) {
				return
			}
			// The gap begins when the reader is ready again: a slow one is not
			// met by a burst.
			if !pause(ctx, b.gap) {
				return
			}
			for {
				changed := b.after(seen)
				if changed != nil {
					select {
					case <-ctx.Done():
						return
					case <-changed:
					}
				}
				c, seen = b.since(seen, only)
				if c.Agent != nil || len(c.Users) > 0 || c.WithoutID != nil {
					break
				}
			}
		}
	}
}

// after gives a channel that is closed at the next change, nil if there was one
// after the version already.
func (b *Board) after(seen uint64) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.version > seen {
		return nil
	}
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	return b.changed
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
