package ews

import (
	"context"
	"io"
	"sync/atomic"
	"time"
)

// watchdog ends a request that makes no progress, with errStalled as the cause.
type watchdog struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	clock  Clock
	limit  time.Duration
	last   atomic.Int64
	// stopTimer is replaced by the timer's own goroutine.
	stopTimer atomic.Pointer[func() bool]
	stopTotal func() bool
}

func (c *Client) watch(parent context.Context, op operation) *watchdog {
	t := c.server.opts.Timeouts
	w := &watchdog{clock: c.server.opts.Clock, limit: t.Stall}
	w.ctx, w.cancel = context.WithCancelCause(parent)
	if op.stream {
		w.limit = t.StreamStall
	} else {
		w.stopTotal = w.clock.AfterFunc(t.Request, func() { w.cancel(errStalled) })
	}
	w.touch()
	w.arm(w.limit)
	return w
}

func (w *watchdog) arm(d time.Duration) {
	stop := w.clock.AfterFunc(d, w.check)
	w.stopTimer.Store(&stop)
	if w.ctx.Err() != nil {
		stop()
	}
}

func (w *watchdog) check() {
	if w.ctx.Err() != nil {
		return
	}
	idle := w.clock.Now().Sub(time.Unix(0, w.last.Load()))
	if idle >= w.limit {
		w.cancel(errStalled)
		return
	}
	w.arm(w.limit - idle)
}

// touch notes progress.
func (w *watchdog) touch() { w.last.Store(w.clock.Now().UnixNano()) }

func (w *watchdog) stop() {
	w.cancel(context.Canceled)
	if stop := w.stopTimer.Load(); stop != nil {
		(*stop)()
	}
	if w.stopTotal != nil {
		w.stopTotal()
	}
}

// body notes progress at every read.
func (w *watchdog) body(b io.ReadCloser) io.ReadCloser { return &watchedBody{b, w} }

type watchedBody struct {
	io.ReadCloser
	w *watchdog
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.w.touch()
	}
	return n, err
}
