package ews

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/url"
	"sync"
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
	// MaxConcurrency bounds requests at once over all users [20]. Exchange allows
	// 27 (10 before 2013) for one account; event streams count apart.
	MaxConcurrency int
	// TLS is taken over as it is, except for NextProtos; nil trusts the system.
	TLS *tls.Config
	// UserAgent names the program in the server's logs.
	UserAgent string
	Timeouts  Timeouts
	// Clock is SystemClock when nil.
	Clock Clock
}

// Server is what all users of one mail server share: its address, how many
// requests may run at once, and until when it asked to be left alone.
type Server struct {
	url  *url.URL
	opts ServerOptions

	mu        sync.Mutex
	limit     int
	running   int
	waiting   []chan struct{}
	notBefore time.Time
	busyRuns  int       // busy answers in a row without a time of their own
	raiseAt   time.Time // when a lowered limit may grow by one
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
	return &Server{url: u, opts: o, limit: o.MaxConcurrency}, nil
}

// Host is the name and port requests go to.
func (s *Server) Host() string { return s.url.Host }

// TLS tells whether the server is reached over TLS.
func (s *Server) TLS() bool { return s.url.Scheme == "https" }

// NotBefore is until when the server asked to be left alone; zero if it didn't.
func (s *Server) NotBefore() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.opts.Clock.Now().Before(s.notBefore) {
		return time.Time{}
	}
	return s.notBefore
}

// Concurrency gives how many requests run, and how many may.
func (s *Server) Concurrency() (running, limit int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running, s.limit
}

// acquire waits for a place and for the end of a back-off.
func (s *Server) acquire(ctx context.Context) error {
	if err := s.calm(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	if s.running < s.limit {
		s.running++
		s.mu.Unlock()
		return nil
	}
	turn := make(chan struct{}, 1)
	s.waiting = append(s.waiting, turn)
	s.mu.Unlock()
	select {
	case <-turn: // the place was handed over
		if err := s.calm(ctx); err != nil {
			s.release()
			return err
		}
		return nil
	case <-ctx.Done():
		s.mu.Lock()
		for i, c := range s.waiting {
			if c == turn {
				s.waiting = append(s.waiting[:i], s.waiting[i+1:]...)
				s.mu.Unlock()
				return ctx.Err()
			}
		}
		s.mu.Unlock()
		s.release() // the place came at the same moment
		return ctx.Err()
	}
}

func (s *Server) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	for s.running < s.limit && len(s.waiting) > 0 {
		s.waiting[0] <- struct{}{}
		s.waiting = s.waiting[1:]
		s.running++
	}
}

// calm waits until the server wants requests again, or says that this takes too
// long.
func (s *Server) calm(ctx context.Context) error {
	for {
		until := s.NotBefore()
		if until.IsZero() {
			return ctx.Err()
		}
		wait := until.Sub(s.opts.Clock.Now())
		if wait > s.opts.Timeouts.MaxBackOff {
			return &Error{Code: fault.ServerBusy, BackOff: wait, Message: "the server asked not to be used before " + until.UTC().Format(time.RFC3339)}
		}
		if err := s.sleep(ctx, wait); err != nil {
			return err
		}
	}
}

func (s *Server) sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	done := make(chan struct{})
	stop := s.opts.Clock.AfterFunc(d, func() { close(done) })
	defer stop()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// busy notes a busy answer. Without a time of its own the pause doubles from one
// second to one minute.
func (s *Server) busy(d time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.opts.Clock.Now()
	if d <= 0 {
		if now.Before(s.notBefore) { // one of many requests that were under way
			return s.notBefore.Sub(now)
		}
		d = min(time.Second<<min(s.busyRuns, 6), time.Minute)
		s.busyRuns++
	}
	if until := now.Add(d); until.After(s.notBefore) {
		s.notBefore = until
	}
	return d
}

// crowded notes ErrorExceededConnectionCount, which names no time: fewer
// requests at once, growing again by one every minute.
func (s *Server) crowded() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = max(1, min(s.limit, s.running)-1)
	s.raiseAt = s.opts.Clock.Now().Add(time.Minute)
}

// answered notes a good answer.
func (s *Server) answered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busyRuns = 0
	if s.limit < s.opts.MaxConcurrency {
		if now := s.opts.Clock.Now(); !now.Before(s.raiseAt) {
			s.limit++
			s.raiseAt = now.Add(time.Minute)
		}
	}
}
