package exchange

import (
	"context"
	"sync"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

const (
	// chunk is how many items one request carries: enough to make the way there and
	// back cheap, few enough for an answer within a second.
	chunk = 100
	// parallel is how many requests of one batch are under way: a batch of
	// chunk*parallel takes one round trip.
	parallel = 4
	// mostText is how many bytes of text are written with one request. Exchange takes
	// 64 MB (maxAllowedContentLength of its web.config), older ones and others less.
	mostText = 8 << 20
)

// batch runs call over chunks of in, side by side, and gives one result for each
// input. A request the server refuses as a whole, or one that is too large for
// either, is halved until the one bad item is found. failed makes the result of an
// item whose request failed; when nothing succeeded, the first error is the whole
// batch's.
func batch[In, Out any](ctx context.Context, in []In, call func(context.Context, []In) ([]Out, error), failed func(In, error) Out) ([]Out, error) {
	return batchBy(ctx, chunk, in, call, failed)
}

// batchBy is batch with size inputs in a request.
func batchBy[In, Out any](ctx context.Context, size int, in []In, call func(context.Context, []In) ([]Out, error), failed func(In, error) Out) ([]Out, error) {
	var parts []int
	for n := len(in); n > 0; n -= size {
		parts = append(parts, min(n, size))
	}
	return batchIn(ctx, parts, in, call, failed)
}

// batchIn is batch with so many inputs in each request.
func batchIn[In, Out any](ctx context.Context, parts []int, in []In, call func(context.Context, []In) ([]Out, error), failed func(In, error) Out) ([]Out, error) {
	if err := ctx.Err(); err != nil {
		return nil, fault.New(fault.Cancelled, "exchange.batch", "", err)
	}
	r := &runner[In, Out]{call: call, failed: failed}
	out := make([]Out, len(in))
	var wg sync.WaitGroup
	places := make(chan struct{}, parallel)
	next := 0
	for _, n := range parts {
		from, to := next, next+n
		next = to
		places <- struct{}{}
		if err := r.stopped(); err != nil {
			r.fail(in[from:to], out[from:to], fault.New(fault.CodeOf(err), "exchange.batch", "not tried", nil))
			<-places
			continue
		}
		wg.Go(func() {
			defer func() { <-places }()
			r.run(ctx, in[from:to], out[from:to])
		})
	}
	wg.Wait()
	if r.err != nil && (r.answered == 0 || ctx.Err() != nil) {
		return nil, r.err
	}
	return out, nil
}

// runner is one batch under way.
type runner[In, Out any] struct {
	call   func(context.Context, []In) ([]Out, error)
	failed func(In, error) Out

	mu       sync.Mutex
	err      error // of the first request that failed for another reason than its content
	answered int   // items whose request was answered
}

func (r *runner[In, Out]) stopped() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

func (r *runner[In, Out]) fail(in []In, out []Out, err error) {
	for i := range in {
		out[i] = r.failed(in[i], err)
	}
}

func (r *runner[In, Out]) run(ctx context.Context, in []In, out []Out) {
	got, err := r.call(ctx, in)
	switch {
	case err == nil:
		copy(out, got)
	case !divisible(err):
		r.fail(in, out, err)
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.err == nil {
			r.err = err
		}
		return
	case len(in) > 1:
		half := len(in) / 2
		r.run(ctx, in[:half], out[:half])
		r.run(ctx, in[half:], out[half:])
		return
	default:
		r.fail(in, out, fault.New(fault.ItemRefused, "exchange.batch", "", err))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answered += len(in)
}

// divisible tells that fewer items, or only the others, may well get through.
func divisible(err error) bool {
	return fault.Has(err, fault.BadRequest) || ews.TooLarge(err) && !ews.OutcomeUnknown(err)
}

// byText parts items into requests of at most [chunk] items and about [mostText].
func byText[In any](in []In, item func(In) pim.Item) (parts []int) {
	n, size := 0, 0
	for _, x := range in {
		t := textOf(item(x))
		if n == chunk || n > 0 && size+t > mostText {
			parts = append(parts, n)
			n, size = 0, 0
		}
		n, size = n+1, size+t
	}
	if n > 0 {
		parts = append(parts, n)
	}
	return parts
}

// textOf is how many bytes of text an item has that may be long.
func textOf(i pim.Item) int {
	if i == nil {
		return 0
	}
	c := i.Shared()
	n := len(c.Body)
	if c.Recurrence != nil {
		for _, e := range c.Recurrence.Changed {
			if e.Item != nil {
				n += len(e.Item.Body)
			}
		}
	}
	return n
}

// writeError gives a failed write the code ReplyLost when it may have been done.
func writeError(err error) error {
	if err == nil || !ews.OutcomeUnknown(err) {
		return err
	}
	return fault.New(fault.ReplyLost, "exchange.write", "", err)
}
