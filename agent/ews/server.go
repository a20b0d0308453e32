package ews

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"time"

	"abgleich/agent/fault"
)

// Clock is the time as the package needs it.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f in its own goroutine after d; stop prevents that.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

// SystemClock is the machine's clock.
type SystemClock struct{}

// Now is time.Now.
func (SystemClock) Now() time.Time { return time.Now() }

// AfterFunc is time.AfterFunc.
func (SystemClock) AfterFunc(d time.Duration, f func()) func() bool {
	return time.AfterFunc(d, f).Stop
}

// Timeouts bound every wait. Zero values take the defaults in brackets.
type Timeouts struct {
	Connect   time.Duration // for one connection attempt [10 s]
	Handshake time.Duration // for TLS [10 s]
	// Stall is how long a server may send nothing while we wait for it [15 s].
	Stall time.Duration
	// Request bounds a whole request, however busy the line [5 min].
	Request time.Duration
	// StreamStall is Stall for a stream of events, which is silent when nothing
	// happens [3 min].
	StreamStall time.Duration
	// MaxBackOff is how long a request may wait because the server is busy; more
	// than that is reported instead of waited for [10 s].
	MaxBackOff time.Duration
	// Idle is how long an unused connection is kept [90 s].
	Idle time.Duration
}

func (t *Timeouts) defaults() {
	for _, d := range []struct {
		at  *time.Duration
		def time.Duration
	}{
		{&t.Connect, 10 * time.Second}, {&t.Handshake, 10 * time.Second}, {&t.Stall, 15 * time.Second},
		{&t.Request, 5 * time.Minute}, {&t.StreamStall, 3 * time.Minute},
		{&t.MaxBackOff, 10 * time.Second}, {&t.Idle, 90 * time.Second},
	} {
		if *d.at <= 0 {
			*d.at = d.def
		}
	}
}

// ServerOptions describe a mail server.
type ServerOptions struct {
	// URL is the endpoint, "https://mail.example.com/EWS/Exchange.asmx".
	URL string
	// MaxConcurrency bounds requests at once over all users [20]: as far as the
	// server lets them, it starts with four. Exchange allows 27 (10 before 2013)
	// for one account; event streams count apart.
	MaxConcurrency int
	// TLS is taken over as it is, except for NextProtos; nil trusts the system.
	TLS *tls.Config
	// UserAgent names the program in the server's logs.
	UserAgent string
	Timeouts  Timeouts
	// Dial connects; the system's dialer when nil.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Clock is SystemClock when nil.
	Clock Clock
}

// Server is what all users of one mail server share: its address, how many
// requests may run at once, and until when it asked to be left alone.
type Server struct {
	url  *url.URL
	opts ServerOptions
	*throttle
}

// NewServer checks the options; a bad URL is fault.ParameterInvalid.
func NewServer(o ServerOptions) (*Server, error) {
	u, err := url.Parse(o.URL)
	if err == nil && (u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil) {
		err = fmt.Errorf("want http(s)://host/path without a login")
	}
	if err != nil {
		return nil, fault.New(fault.ParameterInvalid, "ews.NewServer", "", err)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/EWS/Exchange.asmx"
	}
	o.Timeouts.defaults()
	if o.MaxConcurrency <= 0 {
		o.MaxConcurrency = 20
	}
	if o.Clock == nil {
		o.Clock = SystemClock{}
	}
	if o.UserAgent == "" {
		o.UserAgent = "Abgleich"
	}
	return &Server{u, o, newThrottle(o.Clock, o.MaxConcurrency, o.Timeouts.MaxBackOff)}, nil
}

// Host is the name and port requests go to.
func (s *Server) Host() string { return s.url.Host }

// TLS tells whether the server is reached over TLS.
func (s *Server) TLS() bool { return s.url.Scheme == "https" }

// NotBefore is until when the server asked to be left alone; zero if it didn't.
func (s *Server) NotBefore() time.Time {
	return s.until(laneKey{})
}

// Concurrency gives how many requests run, and how many may.
func (s *Server) Concurrency() (running, limit int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running, s.limit
}
