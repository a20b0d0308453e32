package exchange

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
)

// streamLife is how long one stream is asked for: the most a server allows.
const streamLife = 30 * time.Minute

var errNoPush = errors.New("the mail server does not reach the event server")

// Watch hints at changes of a user's calendar and tasks, by push where the server
// reaches the event server, else by stream.
func (s *Side) Watch(ctx context.Context, a side.Account, ready func(), hint func(pim.Kind)) error {
	c, cred, err := s.client(ctx, a)
	if err != nil {
		return err
	}
	w := &watcher{client: c, credential: cred, side: s, ready: ready, hint: hint, kinds: map[ews.ID]pim.Kind{}}
	for _, k := range pim.Kinds() {
		info, err := Locate(ctx, c, a, k)
		if err != nil {
			return err
		}
		w.kinds[info.ID.ID] = k
		w.folders = append(w.folders, ews.FolderID{ID: info.ID.ID})
	}
	w.elsewhere = make(chan struct{}, 1)
	defer s.watched.add(a.User, w)()
	if s.opts.Events != nil {
		if err := w.push(ctx); !errors.Is(err, errNoPush) {
			return err
		}
	}
	err = w.stream(ctx)
	if fault.Has(err, fault.VersionUnsupported) {
		// What can't be listened to can be read all the same: the interval does it.
		err = fault.New(fault.ServerFailed, "exchange.Watch", "no notifications", err)
	}
	return err
}

// ProvePush makes a subscription and waits for the server's first call: the check
// that the event server can be reached. fault.EventServerUnproven if none comes.
func (s *Side) ProvePush(ctx context.Context, a side.Account) error {
	if s.opts.Events == nil {
		return fault.New(fault.EventServerUnproven, "exchange.ProvePush", "", nil)
	}
	c, err := s.Client(ctx, a)
	if err != nil {
		return err
	}
	w := &watcher{client: c, side: s, folders: []ews.FolderID{ews.Folder(ews.Calendar)}}
	calls, end, err := w.subscribePush(ctx)
	if err == nil {
		defer end()
		err = w.await(ctx, calls, s.opts.FirstPush)
	}
	if errors.Is(err, errNoPush) {
		return fault.New(fault.EventServerUnproven, "exchange.ProvePush", "", err)
	}
	return err
}

// watcher watches for one account.
type watcher struct {
	client     *ews.Client
	credential Credential
	side       *Side
	folders    []ews.FolderID
	kinds      map[ews.ID]pim.Kind
	ready      func()
	hint       func(pim.Kind)
	begun      bool
	// elsewhere gets a token when one of the folders is another one now.
	elsewhere chan struct{}
	// missed tells that notifications came faster than they were passed on.
	missed atomic.Bool
}

// begin tells that watching has begun. Later beginnings follow a gap, in which
// anything may have changed.
func (w *watcher) begin() {
	if !w.begun {
		w.begun = true
		w.ready()
		return
	}
	w.all()
}

func (w *watcher) all() {
	for _, k := range pim.Kinds() {
		w.hint(k)
	}
}

// tell hints at the folders of a notification's events.
func (w *watcher) tell(n ews.Notification) {
	seen := map[pim.Kind]bool{}
	for _, e := range n.Events {
		if e.Kind == ews.StatusEvent {
			continue
		}
		known := false
		for _, id := range [...]ews.ID{e.Parent.ID, e.OldParent.ID, e.Folder.ID} {
			if k, ok := w.kinds[id]; ok {
				seen[k], known = true, true
			}
		}
		if !known {
			w.all()
			return
		}
	}
	for k := range seen {
		w.hint(k)
	}
}

// subscribePush subscribes with an address of its own. calls gets each
// notification; end forgets the address. The error of a server that wants no such
// subscription, or not with our address, is an errNoPush.
func (w *watcher) subscribePush(ctx context.Context) (calls <-chan ews.Notification, end func(), err error) {
	in := make(chan ews.Notification, 64)
	url, end := w.side.opts.Events.Listen(func(n ews.Notification) {
		select {
		case in <- n:
		default: // too many are waiting: whoever passes them on looks at everything
			w.missed.Store(true)
		}
	})
	if _, err := w.client.SubscribePush(ctx, w.folders, url, w.side.opts.PushFrequency); err != nil {
		end()
		switch fault.CodeOf(err) {
		case fault.ItemRefused, fault.BadRequest, fault.VersionUnsupported, fault.ServerFailed:
			err = errors.Join(errNoPush, err)
		}
		return nil, nil, err
	}
	return in, end, nil
}

// push waits for calls; after twice the frequency in silence the subscription is
// gone and a new one made. A server that does not even make its first call
// cannot reach us.
func (w *watcher) push(ctx context.Context) error {
	for {
		calls, end, err := w.subscribePush(ctx)
		if err != nil {
			return err
		}
		err = w.await(ctx, calls, w.side.opts.FirstPush)
		called := err == nil
		if called {
			w.begin()
		}
		for err == nil {
			err = w.await(ctx, calls, 2*w.side.opts.PushFrequency+30*time.Second)
		}
		end()
		if !called || !errors.Is(err, errNoPush) {
			return err
		}
		// It reached us before: look what was missed, and subscribe afresh.
		w.all()
	}
}

// await passes one notification on, or fails with errNoPush after d.
func (w *watcher) await(ctx context.Context, calls <-chan ews.Notification, d time.Duration) error {
	late := make(chan struct{})
	stop := w.side.opts.Clock.AfterFunc(d, func() { close(late) })
	defer stop()
	select {
	case n := <-calls:
		switch {
		case w.kinds == nil:
		case w.missed.Swap(false):
			w.all()
		default:
			w.tell(n)
		}
		return nil
	case <-late:
		return errNoPush
	case <-w.elsewhere:
		return errElsewhere()
	case <-ctx.Done():
		return fault.New(fault.Cancelled, "exchange.Watch", "", context.Cause(ctx))
	}
}
