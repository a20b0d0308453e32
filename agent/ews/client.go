package ews

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"abgleich/agent/fault"
)

// View says on which mailbox, and in which zone, a client works.
type View struct {
	// Mailbox is the SMTP address of the mailbox worked on: X-AnchorMailbox.
	Mailbox string
	// Impersonate makes the server act as the owner of Mailbox.
	Impersonate bool
	// Delegate names Mailbox in every well-known folder: the login opens it with
	// rights of its own.
	Delegate bool
	// TimeZone is the Windows id all-day items are read and made in; "" for UTC.
	TimeZone string
	// Affinity keeps a group of subscriptions at one mailbox server; nil for none.
	Affinity *Affinity

	meter *Meter // see Metered
}

// ClientOptions say who logs in.
type ClientOptions struct {
	View
	// Logins in order of preference; none for a server that wants no login.
	Logins []Login
	// MaxConnections bounds requests of this client at once [4]; streams of
	// events count apart.
	MaxConnections int
	// NewRequestID gives a GUID for client-request-id; required.
	NewRequestID func() string
}

// Client is one credential on one server, with connections of its own. Its
// methods may be called side by side. Close ends it.
type Client struct {
	*session
	view View
}

// With gives the same client, its login and its connections, for another view.
// Closing one closes both.
func (c *Client) With(v View) *Client { return &Client{c.session, v} }

// session is what all views of a client share.
type session struct {
	server    *Server
	opts      ClientOptions
	logins    []Login
	transport *http.Transport
	places    chan struct{}
	gate      chan struct{} // who holds it may log in
	cookies   cookies

	// lock order: mu is a leaf.
	mu      sync.Mutex
	kept    []*conn
	used    Login     // what the server accepted last
	usedAt  time.Time // since when, where a better way was passed over
	passed  error     // why it was
	refusal *Error
	version string
	closed  bool
}

// NewClient makes a client. It connects at its first request.
func NewClient(s *Server, o ClientOptions) *Client {
	if o.MaxConnections <= 0 {
		o.MaxConnections = 4
	}
	return &Client{view: o.View, session: &session{
		server: s, opts: o, logins: o.Logins, transport: newTransport(s),
		places: make(chan struct{}, o.MaxConnections), gate: make(chan struct{}, 1),
	}}
}

// Server gives the server the client works on.
func (c *Client) Server() *Server { return c.server }

// Version is what the server said about itself in its last answer, as
// "15.2.1118.7 V2017_07_11"; "" before the first.
func (c *Client) Version() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.version
}

// LoginMethod is how the client logged in last, as [Login.Method] calls it, and
// why a way it would rather take was passed over; "" before the first login.
func (c *Client) LoginMethod() (method string, passedOver error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.used == nil {
		return "", nil
	}
	return c.used.Method(), c.passed
}

// Refused tells that the server refused the login: this client tries it never
// again.
func (c *Client) Refused() bool { return c.refusedLogin() != nil }

// Close closes idle connections; those in use close when their request ends. It
// may be called twice.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, cn := range c.kept {
		cn.http.Close()
	}
	c.kept = nil
}

// operation says how a request may be treated.
type operation struct {
	name   string
	write  bool // repeating it could do it twice
	stream bool
}

const (
	maxReply    = 256 << 20
	maxAttempts = 4
	// crowdedPause grows with each refusal that names no time.
	crowdedPause = 200 * time.Millisecond
)

// do sends a request and reads its answer with decode, which starts afresh at
// each call. A busy server is waited for, a lost read is repeated once.
func (c *Client) do(ctx context.Context, op operation, body []byte, decode func(*reader) error) error {
	lostReads := 0
	for attempt := 1; ; attempt++ {
		tn, err := c.once(ctx, op, body, decode)
		if err == nil {
			c.server.answered(tn)
			return nil
		}
		e := c.complete(ctx, op, err)
		switch e.Code {
		case fault.ServerBusy:
			if e.Status != 0 || e.ResponseCode != "" {
				e.BackOff = c.server.busy(tn, e)
			}
			if attempt < maxAttempts && e.BackOff <= c.server.opts.Timeouts.MaxBackOff && !e.OutcomeUnknown {
				continue // acquire waits
			}
		case fault.TooManyConnections:
			if !op.stream { // streams count apart
				c.server.crowded(tn)
			}
			if attempt < maxAttempts && e.ResponseCode == "ErrorExceededConnectionCount" && !e.OutcomeUnknown {
				// The first time a smaller share is enough; then others are in the way.
				pause := time.Duration(attempt-1) * crowdedPause
				if c.server.sleep(ctx, pause) == nil {
					c.view.meter.waited(pause)
					continue
				}
			}
		case fault.ReplyTruncated:
			if !op.write && !op.stream && lostReads == 0 && ctx.Err() == nil {
				lostReads++
				continue
			}
		}
		return e.wrap(c.server.Host())
	}
}

// lane is where the client's requests wait for each other.
func (c *Client) lane() laneKey { return laneKey{c.session, c.view.Mailbox} }

// once is one attempt.
func (c *Client) once(ctx context.Context, op operation, body []byte, decode func(*reader) error) (*turn, error) {
	if op.stream {
		// It takes no place: servers count streams apart.
		tn, err := c.server.visit(ctx, c.lane())
		if err != nil {
			return nil, err
		}
		defer c.server.leave(tn)
		return tn, c.attempt(ctx, op, body, decode, tn)
	}
	select {
	case c.places <- struct{}{}:
		defer func() { <-c.places }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	asked, from := c.server.until(c.lane()), c.server.clock.Now()
	tn, err := c.server.acquire(ctx, c.lane())
	if !asked.IsZero() {
		c.view.meter.waited(min(c.server.clock.Now().Sub(from), asked.Sub(from)))
	}
	if err != nil {
		return nil, err
	}
	defer c.server.release(tn)
	return tn, c.attempt(ctx, op, body, decode, tn)
}

func (c *Client) attempt(ctx context.Context, op operation, body []byte, decode func(*reader) error, tn *turn) error {
	w := c.watch(ctx, op)
	defer w.stop()
	id := c.opts.NewRequestID()
	tr := &trip{body: body, header: c.header(id, op), stream: op.stream}
	c.view.meter.asked(len(body))
	resp, cn, lost, err := c.send(w.ctx, tr)
	if err != nil {
		return c.lost(w, err, op.write && lost, id)
	}
	w.touch()
	resp.Body = c.view.meter.body(w.body(resp.Body))
	resp.Body = unzipped(resp)
	c.view.Affinity.learn(c.view.Mailbox, resp)
	if resp.StatusCode != http.StatusOK {
		e := c.failed(resp, id)
		e.OutcomeUnknown = op.write && unsure(e)
		c.finish(resp, cn, e.ResponseCode != "" && e.Code != fault.ServerFailed)
		return e
	}
	r := newReader(resp.Body, maxReply)
	r.resp, r.turn = resp, tn
	if op.stream {
		r.left = 1 << 62
	}
	err = decode(r)
	if err == nil {
		err = r.err
	}
	if err != nil {
		e, said := errors.AsType[*Error](err)
		if !said {
			e = c.unreadable(w, err, op, resp)
		} else {
			e.OutcomeUnknown = op.write && unsure(e)
		}
		c.finish(resp, cn, said && e.Code != fault.ServerFailed)
		e.fromHeader(resp)
		e.ClientRequestID = id
		return e
	}
	c.finish(resp, cn, true)
	if r.version != "" {
		c.mu.Lock()
		c.version = r.version
		c.mu.Unlock()
	}
	return nil
}

// finish gives the connection back when the answer was read to its end. After
// anything not understood it is dropped: real servers garble the next answer.
func (c *Client) finish(resp *http.Response, cn *conn, understood bool) {
	closing := resp.Close
	err := drain(resp)
	if understood && err == nil && !closing {
		c.put(cn)
		return
	}
	cn.http.Close()
}

func (c *Client) header(id string, op operation) http.Header {
	h := http.Header{
		"Content-Type":             {"text/xml; charset=utf-8"},
		"Accept":                   {"text/xml"},
		"User-Agent":               {c.server.opts.UserAgent},
		"Client-Request-Id":        {id},
		"Return-Client-Request-Id": {"true"},
	}
	if c.view.Mailbox != "" {
		h["X-Anchormailbox"] = []string{c.view.Mailbox}
	}
	c.view.Affinity.mark(h)
	if op.stream {
		h["Accept-Encoding"] = []string{"identity"} // events must not wait in a compressor
	}
	return h
}
