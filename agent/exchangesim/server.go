package exchangesim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"abgleich/agent/exchangesim/kerberosserver"
	"abgleich/agent/exchangesim/schema"
)

// Server is a simulated Exchange server.
type Server struct {
	opt    Options
	boxes  map[string]*Mailbox // by lower-case mail
	byHash map[mailboxHash]*Mailbox
	byName map[string]*account // by lower-case name
	byMail map[string]*account
	faults *Faults
	count  *counters
	sent   outbox
	zones  *zones
	schema *schema.Schema
	record *Recorder
	ops    map[string]func(*call)

	buffers sync.Pool // of *writer

	tickets *kerberosserver.Acceptor // nil without Kerberos
	tokens  tokens

	cert    *tls.Certificate
	binding []byte // expected channel bindings

	streamMu  sync.Mutex
	streamCut chan struct{}  // closed to break streaming connections
	hanging   map[string]int // streaming connections by who pays for them

	ctx  context.Context // ends with Close: hanging requests and push senders
	stop context.CancelFunc
	work sync.WaitGroup // push senders
}

// New makes a server with an empty mailbox for every user. Close ends it.
func New(opt Options) (*Server, error) {
	s := &Server{
		opt: opt.filled(), boxes: map[string]*Mailbox{}, byHash: map[mailboxHash]*Mailbox{},
		byName: map[string]*account{}, byMail: map[string]*account{},
		faults: newFaults(opt.Latency), count: newCounters(), zones: loadZones(), ops: operations(), cert: opt.Certificate,
		streamCut: make(chan struct{}), hanging: map[string]int{},
	}
	s.buffers.New = func() any { return &writer{b: make([]byte, 0, 16<<10)} }
	if !s.opt.Quirks.known() {
		return nil, fmt.Errorf("quirks %q are not known", s.opt.Quirks)
	}
	var err error
	if s.schema, err = schema.Load(); err != nil {
		return nil, err
	}
	if opt.Kerberos != "" {
		if s.tickets, err = kerberosserver.Load(opt.Kerberos, s.opt.Now); err != nil {
			return nil, err
		}
	}
	for _, u := range opt.Users {
		if err := s.addUser(u); err != nil {
			return nil, err
		}
	}
	if opt.TLS && s.cert == nil {
		if s.cert, err = SelfSigned(s.opt.Now(), opt.Hostnames...); err != nil {
			return nil, err
		}
	}
	if s.cert != nil {
		if s.binding, err = bindingOf(s.cert); err != nil {
			return nil, err
		}
	}
	if s.record, err = recorderFor(opt); err != nil {
		return nil, err
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s, nil
}

func (s *Server) addUser(u User) error {
	if err := u.check(); err != nil {
		return err
	}
	mail, name := lowerASCII(u.Mail), lowerASCII(u.Name)
	if s.byMail[mail] != nil || s.byName[name] != nil {
		return fmt.Errorf("user %q: name or mail address given twice", u.Name)
	}
	box := newMailbox(u, s.zones, s.opt.Now)
	box.renew, box.quirks = s.opt.RegenerateNew, s.opt.Quirks
	a := &account{User: u, box: box}
	s.boxes[mail], s.byHash[box.hash], s.byMail[mail], s.byName[name] = box, box, a, a
	return nil
}

// Mailbox answers the mailbox with this address, nil when there is none.
func (s *Server) Mailbox(mail string) *Mailbox { return s.boxes[lowerASCII(mail)] }

// Faults answers the things that go wrong, for changing.
func (s *Server) Faults() *Faults { return s.faults }

// Stats answers what the server has seen.
func (s *Server) Stats() Stats { return s.count.snapshot() }

// Certificate is the certificate in use with TLS, nil without.
func (s *Server) Certificate() *tls.Certificate { return s.cert }

// Handler answers requests to Endpoint. NTLM needs the connection: outside Serve,
// set http.Server.ConnContext to s.ConnContext, or NTLM logins are refused.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.handle) }

// Serve answers requests on the listener until ctx ends or Close is called, then
// closes all connections. It answers nil after an orderly end.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	hs := &http.Server{
		Handler: s.Handler(), ConnContext: s.ConnContext, ReadHeaderTimeout: time.Minute,
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}, // NTLM needs HTTP/1.1
		ErrorLog:     quiet(),
	}
	if s.opt.TLS {
		ln = tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{*s.cert}, MinVersion: tls.VersionTLS12})
	}
	ended := make(chan struct{})
	var closing sync.WaitGroup
	closing.Go(func() {
		select {
		case <-ctx.Done():
		case <-s.ctx.Done():
		case <-ended:
		}
		_ = hs.Close()
	})
	err := hs.Serve(ln)
	close(ended)
	closing.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("simulated exchange: %w", err)
}

// Close ends subscriptions, hanging requests and push senders, and waits for the
// senders. It may be called twice.
func (s *Server) Close() error {
	s.stop()
	for _, b := range s.boxes {
		b.LoseSubscriptions()
	}
	s.work.Wait()
	return nil
}

func isEndpoint(path string) bool { return strings.EqualFold(path, Endpoint) }
