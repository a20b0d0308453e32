package window

import (
	"context"
	"time"

	"connectrpc.com/connect"

	"abgleich/ui/client"
)

// ask calls the agent beside the screen and hands the result back to it. Results
// that come after Close are dropped.
func (a *App) ask(call func(context.Context) error, done func(*client.Failure)) {
	a.askFor(client.CallTimeout, call, done)
}

// askFor is ask for calls that may take longer.
func (a *App) askFor(longest time.Duration, call func(context.Context) error, done func(*client.Failure)) {
	a.work.Add(1)
	go func() {
		defer a.work.Done()
		ctx, cancel := context.WithTimeout(a.ctx, longest)
		defer cancel()
		failure := client.FailureOf(call(ctx))
		if a.ctx.Err() == nil {
			a.opt.Do(func() {
				if a.ctx.Err() == nil {
					done(failure)
				}
			})
		}
	}()
}

// fetch asks the agent for something beside the screen, and hands over there what it
// answered, nil where it didn't.
func fetch[Q, A any](a *App, longest time.Duration, call func(context.Context, *connect.Request[Q]) (*connect.Response[A], error), q *Q, done func(*A, *client.Failure)) {
	var got *A
	a.askFor(longest, func(ctx context.Context) error {
		r, err := call(ctx, connect.NewRequest(q))
		if err == nil {
			got = r.Msg
		}
		return err
	}, func(f *client.Failure) { done(got, f) })
}

// stream runs a call that answers for as long as it likes beside the screen, and
// tells there how it ended, unless ctx ended first.
func (a *App) stream(ctx context.Context, call func() error, done func(*client.Failure)) {
	a.work.Add(1)
	go func() {
		defer a.work.Done()
		failure := client.FailureOf(call())
		a.onScreen(ctx, func() { done(failure) })
	}()
}

// onScreen runs f on the screen's goroutine unless ctx has ended by then.
func (a *App) onScreen(ctx context.Context, f func()) {
	if ctx.Err() != nil {
		return
	}
	a.opt.Do(func() {
		if ctx.Err() == nil {
			f()
		}
	})
}

// ended is why a stream ended that should not have yet.
func ended(err error) error {
	if err != nil {
		return err
	}
	return connect.NewError(connect.CodeUnavailable, errEnded)
}
