package fake

import (
	"context"
	"slices"

	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// watcher collects hints that nobody has taken yet.
type watcher struct {
	user  pim.UserID
	kinds map[pim.Kind]chan struct{} // each with room for one hint
}

func (w *watcher) wake(k pim.Kind) {
	select {
	case w.kinds[k] <- struct{}{}:
	default: // a hint for this kind is already waiting
	}
}

// Watch hints at every change, whoever made it.
func (s *Side) Watch(ctx context.Context, a side.Account, ready func(), hint func(pim.Kind)) error {
	if err := s.enter(ctx, Call{User: a.User, Op: OpWatch}); err != nil {
		return err
	}
	appointments, tasks := make(chan struct{}, 1), make(chan struct{}, 1)
	w := &watcher{user: a.User, kinds: map[pim.Kind]chan struct{}{
		pim.KindAppointment: appointments, pim.KindTask: tasks,
	}}
	s.mu.Lock()
	s.watchers = append(s.watchers, w)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.watchers = slices.DeleteFunc(s.watchers, func(x *watcher) bool { return x == w })
	}()
	ready()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-appointments:
			hint(pim.KindAppointment)
		case <-tasks:
			hint(pim.KindTask)
		}
	}
}
