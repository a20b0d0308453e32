package demo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect"

	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

// patience is how long nothing may move while something is waited for.
const patience = 90 * time.Second

// follower keeps the newest picture of every user from one status stream.
type follower struct {
	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex // guards the rest
	users   map[string]*contract.UserStatus
	changed chan struct{} // closed and replaced at every change
	err     error         // why the stream ended
}

func follow(ctx context.Context, c *client.Client) *follower {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &follower{cancel: cancel, done: make(chan struct{}), users: map[string]*contract.UserStatus{}, changed: make(chan struct{})}
	go func() {
		defer close(f.done)
		err := errors.Join(errors.New("the status stream ended"), f.read(ctx, c))
		f.update(func() { f.err = err })
	}()
	return f
}

func (f *follower) end(context.Context) error {
	f.cancel()
	<-f.done
	return nil
}

func (f *follower) update(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *follower) read(ctx context.Context, c *client.Client) error {
	s, err := c.WatchStatus(ctx, connect.NewRequest(&contract.WatchStatusRequest{AllUsers: true}))
	if err != nil {
		return err
	}
	defer s.Close()
	for s.Receive() {
		m := s.Msg()
		f.update(func() {
			if m.GetFull() {
				clear(f.users)
			}
			for _, u := range m.GetUsers() {
				f.users[u.GetUser()] = u
			}
		})
	}
	return s.Err()
}

// look gives the newest picture, and a channel that closes when there is a newer.
func (f *follower) look() (map[string]*contract.UserStatus, <-chan struct{}, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.users), f.changed, f.err
}

// wait looks at every new picture until enough says so. It gives up when the
// picture stands still for long.
func (f *follower) wait(ctx context.Context, what string, enough func(map[string]*contract.UserStatus) (bool, error)) error {
	still := time.NewTimer(patience)
	defer still.Stop()
	for {
		users, changed, err := f.look()
		if ok, err := enough(users); ok || err != nil {
			return err
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
			still.Reset(patience)
		case <-still.C:
			return fmt.Errorf("%s: nothing moved for %s: %s", what, patience, describe(users))
		}
	}
}

func describe(users map[string]*contract.UserStatus) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(users)) {
		u := users[name]
		fmt.Fprintf(&b, "%s %s %s", name, u.GetState(), u.GetCode())
		for _, k := range u.GetKinds() {
			fmt.Fprintf(&b, " [%s %s %d/%d %s]", k.GetKind(), k.GetPhase(), k.GetDone(), k.GetExpected(), k.GetBlockedCode())
		}
		b.WriteString("; ")
	}
	return b.String()
}

// synced tells whether every kind of a user was completely run since, and rests;
// ended is when the last of them was complete.
func (u *user) synced(s *contract.UserStatus, since time.Time) (all bool, ended time.Time) {
	if len(s.GetKinds()) == 0 {
		return false, ended
	}
	for _, k := range s.GetKinds() {
		last := k.GetLastSuccess()
		if k.GetFirstSync() || last == nil || last.AsTime().Before(since) || k.GetPhase() != contract.RunPhase_RUN_PHASE_IDLE {
			return false, ended
		}
		if t := last.AsTime(); t.After(ended) {
			ended = t
		}
	}
	return true, ended
}

// allSynced asks it of everybody.
func (w *world) allSynced(since time.Time) func(map[string]*contract.UserStatus) (bool, error) {
	return func(users map[string]*contract.UserStatus) (bool, error) {
		for _, u := range w.users {
			if all, _ := u.synced(users[string(u.id)], since); !all {
				return false, nil
			}
		}
		return true, nil
	}
}
