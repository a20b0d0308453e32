package exchange

import (
	"errors"
	"sync"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// watched are the watchers at work. A folder that was deleted and made anew, or
// renamed while another one took its name, is found by the next run under another id;
// its watcher would go on listening to the one before, from which nothing comes.
type watched struct {
	mu     sync.Mutex
	byUser map[pim.UserID]map[*watcher]bool
}

// add keeps a watcher until done is called.
func (s *watched) add(user pim.UserID, w *watcher) (done func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byUser == nil {
		s.byUser = map[pim.UserID]map[*watcher]bool{}
	}
	if s.byUser[user] == nil {
		s.byUser[user] = map[*watcher]bool{}
	}
	s.byUser[user][w] = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if delete(s.byUser[user], w); len(s.byUser[user]) == 0 {
			delete(s.byUser, user)
		}
	}
}

// opened ends the watchers that listen to another folder than the one just opened.
func (s *watched) opened(user pim.UserID, k pim.Kind, id ews.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := range s.byUser[user] {
		if w.kinds[id] == k {
			continue
		}
		select {
		case w.elsewhere <- struct{}{}:
		default:
		}
	}
}

func errElsewhere() error {
	return fault.New(fault.FolderUnavailable, "exchange.Watch", "", errors.New("the folder that was watched is another one now"))
}
