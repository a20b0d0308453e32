package screen

import "sync"

// queue keeps functions for the goroutine that runs the window, in order.
type queue struct {
	mu     sync.Mutex
	funcs  []func()
	closed bool
	wake   func() // called after a function was added; any goroutine
}

// add puts f at the end; false: the window is gone and f never runs.
func (q *queue) add(f func()) bool {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return false
	}
	q.funcs = append(q.funcs, f)
	wake := q.wake
	q.mu.Unlock()
	wake()
	return true
}

// run runs what was added before it was called. What these functions add comes
// the next time, so that events are not kept waiting.
func (q *queue) run() (ran bool) {
	q.mu.Lock()
	funcs := q.funcs
	q.funcs = nil
	q.mu.Unlock()
	for _, f := range funcs {
		f()
	}
	return len(funcs) > 0
}

// waiting tells whether there is something to run.
func (q *queue) waiting() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.funcs) > 0
}

// close lets nothing in any more.
func (q *queue) close() {
	q.mu.Lock()
	q.closed, q.funcs = true, nil
	q.mu.Unlock()
}
