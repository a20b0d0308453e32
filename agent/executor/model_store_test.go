package executor_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"abgleich/agent/pim"
	"abgleich/agent/side/fake"
	"abgleich/agent/store"
)

// stores lends stores to trials, one after the other, each of which has users of its
// own: opening one and preparing its statements takes longer than many trials.
type stores struct {
	mu   sync.Mutex
	free []*lent
	n    int
}

// lent is a store that one trial uses now.
type lent struct {
	dir, path string
	store     *store.Store
	now       *world
	uses      int
}

func (l *lent) clock() time.Time { return l.now.clock() }

func (l *lent) commit(after bool) error { return l.now.commit(after) }

// mostUses is after how many trials a store is given up: it grows.
const mostUses = 40

// world makes a world with a store, for the length of a trial. Users' names begin with
// what it gives.
func (s *stores) world(t *trial, b, e fake.Options) (*world, string) {
	w := emptyWorld(t, b, e)
	s.mu.Lock()
	s.n++
	name := fmt.Sprintf("%d", s.n)
	var l *lent
	if n := len(s.free); n > 0 {
		l, s.free = s.free[n-1], s.free[:n-1]
	}
	s.mu.Unlock()
	if l == nil {
		l = &lent{}
		var err error
		if l.dir, err = os.MkdirTemp("", "model"); err != nil {
			t.Fatal(err)
		}
		l.path = filepath.Join(l.dir, "agent.db")
	}
	l.now, l.uses = w, l.uses+1
	w.path, w.opened, w.store = l.path, store.Options{Now: l.clock, Volatile: true, Commit: l.commit}, l.store
	if w.store == nil {
		empty, err := emptyStore()
		if err != nil {
			t.Fatal(err)
		}
		w.load(empty)
	}
	t.rt.Cleanup(func() {
		l.store = w.store
		s.giveBack(t, l)
	})
	w.user = pim.UserID("anna" + name)
	w.restart()
	return w, name
}

func (s *stores) giveBack(t *trial, l *lent) {
	if l.uses < mostUses && !t.rt.Failed() {
		s.mu.Lock()
		s.free = append(s.free, l)
		s.mu.Unlock()
		return
	}
	l.end(t)
}

func (l *lent) end(t interface{ Error(...any) }) {
	if err := l.store.Close(); err != nil {
		t.Error(err)
	}
	if err := os.RemoveAll(l.dir); err != nil {
		t.Error(err)
	}
}

// close gives all stores up.
func (s *stores) close(t interface{ Error(...any) }) {
	for _, l := range s.free {
		l.end(t)
	}
}
