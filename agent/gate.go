package agent

import (
	"context"
	"net/http"
	"sync"

	"abgleich/ipc/pipe"
)

// gate lets calls through to the present life. While one life ends and the next
// begins, calls wait: nobody meets an agent that is not there.
type gate struct {
	mu      sync.Mutex
	handler http.Handler // nil while the gate is shut
	opened  chan struct{}
	inside  sync.WaitGroup
}

func newGate() *gate { return &gate{opened: make(chan struct{})} }

// open lets calls through to h.
func (g *gate) open(h http.Handler) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.handler == nil {
		close(g.opened)
	}
	g.handler = h
}

// shut lets nobody in any more.
func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.handler != nil {
		g.handler, g.opened = nil, make(chan struct{})
	}
}

// empty waits for those inside a shut gate, or for the context.
func (g *gate) empty(ctx context.Context) {
	left := make(chan struct{})
	go func() { // ends when the last one leaves: their life is over
		g.inside.Wait()
		close(left)
	}()
	select {
	case <-left:
	case <-ctx.Done():
	}
}

// ServeHTTP implements http.Handler.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for {
		g.mu.Lock()
		h, opened := g.handler, g.opened
		if h != nil {
			g.inside.Add(1)
		}
		g.mu.Unlock()
		if h != nil {
			defer g.inside.Done()
			h.ServeHTTP(w, r)
			return
		}
		select {
		case <-opened:
		case <-r.Context().Done():
			return
		case <-pipe.Stopping(r.Context()):
			http.Error(w, "the agent ends", http.StatusServiceUnavailable)
			return
		}
	}
}
