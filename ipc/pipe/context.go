package pipe

import (
	"context"
	"errors"
	"net"
)

type (
	connKey struct{}
	stopKey struct{}
)

// errNoPeer is a request that didn't come through a pipe.
var errNoPeer = errors.New("request did not come through a pipe")

// ConnContext puts the connection's peer into the context of every request on
// it. It fits [net/http.Server].ConnContext; [Serve] sets it.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	if pc, ok := c.(peerConn); ok {
		return context.WithValue(ctx, connKey{}, pc)
	}
	return ctx
}

// PeerFrom tells who sent the request. An error means that the operating system
// would not say: such a request must be refused.
func PeerFrom(ctx context.Context) (Peer, error) {
	switch v := ctx.Value(connKey{}).(type) {
	case peerConn:
		return v.Peer()
	case Peer:
		return v, nil
	}
	return Peer{}, errNoPeer
}

// WithPeer returns a context that carries the given peer, for calls that don't
// come through a pipe: the agent's own and those of tests.
func WithPeer(ctx context.Context, p Peer) context.Context {
	return context.WithValue(ctx, connKey{}, p)
}

// Stopping is closed as soon as the server is asked to stop. A handler that
// streams without end returns then; one that answers once may finish. Outside
// of [Serve] it is nil, which never fires.
func Stopping(ctx context.Context) <-chan struct{} {
	ch, _ := ctx.Value(stopKey{}).(<-chan struct{})
	return ch
}
