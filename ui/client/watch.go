package client

import (
	"context"
	"errors"
	"time"

	"connectrpc.com/connect"
	"github.com/cenkalti/backoff/v5"

	"abgleich/ipc/contract"
	"abgleich/ipc/contract/contractconnect"
)

// errStreamEnded is a stream the agent closed without an error, as it does when
// it stops.
var errStreamEnded = errors.New("status stream ended")

// Watcher keeps a [Picture] up to date from one status stream.
type Watcher struct {
	api     contractconnect.AgentServiceClient
	version string
	poke    chan struct{}
	first   time.Duration // pause after the first failure
	longest time.Duration // longest pause, without the random fifth
	silence time.Duration // how long the agent may take to send the first picture
}

// NewWatcher returns a watcher of the caller's own status. version is this
// program's.
func NewWatcher(api contractconnect.AgentServiceClient, version string) *Watcher {
	return &Watcher{api: api, version: version, poke: make(chan struct{}, 1),
		first: 250 * time.Millisecond, longest: 4 * time.Second, silence: 10 * time.Second}
}

// Reconnect opens the stream anew at once: after the credentials were saved the
// caller may have become another employee. It never blocks.
func (w *Watcher) Reconnect() {
	select {
	case w.poke <- struct{}{}:
	default:
	}
}

// Run watches until ctx ends and hands every new picture to show, from its own
// goroutine, one after the other. It starts with the picture of Connecting.
func (w *Watcher) Run(ctx context.Context, show func(Picture)) {
	pause := &backoff.ExponentialBackOff{InitialInterval: w.first, RandomizationFactor: 0.2, Multiplier: 2, MaxInterval: w.longest}
	pause.Reset()
	var last Picture
	show(last)
	for ctx.Err() == nil {
		err := w.stream(ctx, func(p Picture) {
			pause.Reset()
			last = p
			show(p)
		}, &last)
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, errPoked) {
			continue
		}
		last.Code = FailureOf(err).Code
		if last.Connection == Connected || last.Connection == Reconnecting {
			last.Connection = Reconnecting
		} else {
			last.Connection = Missing
		}
		show(last)
		select {
		case <-ctx.Done():
			return
		case <-w.poke:
		case <-time.After(pause.NextBackOff()):
		}
	}
}

var (
	errPoked  = errors.New("asked to reconnect")
	errSilent = errors.New("agent silent")
)

// stream opens one status stream and follows it to its end.
func (w *Watcher) stream(ctx context.Context, show func(Picture), last *Picture) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silent := time.AfterFunc(w.silence, func() { cancel(errSilent) })
	defer silent.Stop()
	// The goroutine ends with ctx, which the deferred cancel ends.
	go func() {
		select {
		case <-w.poke:
			cancel(errPoked)
		case <-ctx.Done():
		}
	}()

	fail := func(err error) error {
		switch cause := context.Cause(ctx); {
		case errors.Is(cause, errPoked):
			return errPoked
		case errors.Is(cause, errSilent):
			return connect.NewError(connect.CodeUnavailable, errSilent)
		}
		return err
	}
	hello, err := w.api.Hello(ctx, connect.NewRequest(&contract.HelloRequest{ClientVersion: w.version, ContractVersion: ContractVersion}))
	if err != nil {
		return fail(err)
	}
	s, err := w.api.WatchStatus(ctx, connect.NewRequest(&contract.WatchStatusRequest{}))
	if err != nil {
		return fail(err)
	}
	defer s.Close()
	p := *last
	p.Version, p.Administrator = hello.Msg.GetAgentVersion(), hello.Msg.GetAdministrator()
	for s.Receive() {
		silent.Stop()
		p = p.merge(s.Msg())
		show(p)
	}
	if err := s.Err(); err != nil {
		return fail(err)
	}
	return fail(connect.NewError(connect.CodeUnavailable, errStreamEnded))
}
