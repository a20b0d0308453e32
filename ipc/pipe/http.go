package pipe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// BaseURL is the address a client of [NewHTTPClient] puts before its paths. The
// host in it means nothing: the connection is the pipe.
const BaseURL = "http://abgleich.agent"

// Time limits of a server. They exist against clients that open a connection
// and then fall silent, or read nothing: neither may hold anything up.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 5 * time.Minute
	writeTimeout  = 30 * time.Second
	pingInterval  = 30 * time.Second
	stopGrace     = 3 * time.Second
)

// limits are the time limits, given as a value so that tests can be quick.
type limits struct{ header, write, ping, grace time.Duration }

// Serve answers requests on l until ctx ends or the listener breaks. It closes
// l in every case. After ctx ends no new connection is taken, handlers see
// [Stopping], and calls under way get three seconds before their contexts end
// and their connections are closed. A stop that was asked for is no error.
//
// A connection that sends no complete request header within ten seconds is
// closed, and so is one that takes nothing for thirty.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	return serve(ctx, l, h, limits{headerTimeout, writeTimeout, pingInterval, stopGrace})
}

func serve(ctx context.Context, l net.Listener, h http.Handler, lim limits) error {
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	base = context.WithValue(base, stopKey{}, ctx.Done())

	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	protocols.SetHTTP1(true) // for a person with curl; costs nothing
	srv := &http.Server{
		Handler:           h,
		Protocols:         &protocols,
		ReadHeaderTimeout: lim.header,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    64 << 10,
		BaseContext:       func(net.Listener) context.Context { return base },
		ConnContext:       ConnContext,
		HTTP2: &http.HTTP2Config{
			WriteByteTimeout:     lim.write,
			SendPingTimeout:      lim.ping,
			MaxConcurrentStreams: 100,
		},
		ErrorLog: discardLog(),
	}

	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	select {
	case err := <-served:
		srv.Close()
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	grace, done := context.WithTimeout(context.WithoutCancel(ctx), lim.grace)
	defer done()
	if err := srv.Shutdown(grace); err != nil {
		cancel() // tells the handlers that did not look at Stopping
		srv.Close()
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	}
	return nil
}

// NewHTTPClient returns a client whose every request goes to the agent at the
// address, over HTTP/2 and on one shared connection. Put [BaseURL] before the
// path. It has no overall time limit, because status streams don't end; give
// each call's context one. Close its idle connections when done with it.
//
// The error of a failed call holds an [*Error] when the agent could not be
// reached or is not to be trusted.
func NewHTTPClient(address string, trust Trust) *http.Client {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	return &http.Client{Transport: &http.Transport{
		Protocols: &protocols,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return Dial(ctx, address, trust)
		},
		DisableCompression: true, // Connect compresses itself
		IdleConnTimeout:    idleTimeout,
		HTTP2: &http.HTTP2Config{
			SendPingTimeout:  pingInterval,
			WriteByteTimeout: writeTimeout,
		},
	}}
}
