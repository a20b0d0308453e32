package exchangesim

import (
	"context"
	"fmt"
	"net"
	"net/http"
)

// Server is a simulated Exchange server.
type Server struct {
	opt    Options
	boxes  map[string]*Mailbox // by lower-case mail
	faults *Faults
	count  *counters
	zones  *zones
}

// New makes a server with an empty mailbox for every user. Close ends it.
func New(opt Options) (*Server, error) {
	s := &Server{opt: opt.filled(), boxes: map[string]*Mailbox{}, faults: newFaults(opt.Latency), count: newCounters(), zones: loadZones()}
	for _, u := range opt.Users {
		if err := u.check(); err != nil {
			return nil, err
		}
		if s.boxes[lowerASCII(u.Mail)] != nil {
			return nil, fmt.Errorf("user %q: mail address given twice", u.Name)
		}
		s.boxes[lowerASCII(u.Mail)] = newMailbox(u, s.zones, s.opt.Now)
	}
	return s, nil
}

// Mailbox answers the mailbox with this address, nil when there is none.
func (s *Server) Mailbox(mail string) *Mailbox { return s.boxes[lowerASCII(mail)] }

// Faults answers the things that go wrong, for changing.
func (s *Server) Faults() *Faults { return s.faults }

// Stats answers what the server has seen.
func (s *Server) Stats() Stats { return s.count.snapshot() }

// Handler answers requests to Endpoint.
func (s *Server) Handler() http.Handler { return http.NotFoundHandler() }

// ConnContext ties a login to its connection; give it to http.Server.ConnContext
// when Handler runs outside Serve.
func (s *Server) ConnContext(ctx context.Context, c net.Conn) context.Context { return ctx }

// Serve answers requests on the listener until ctx ends, then closes everything.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	<-ctx.Done()
	return ln.Close()
}

// Close ends subscriptions and hanging requests. It may be called twice.
func (s *Server) Close() error { return nil }
