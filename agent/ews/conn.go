package ews

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"abgleich/agent/fault"
)

// conn is one connection of one credential.
type conn struct {
	http  *http.ClientConn
	wire  *wire
	cert  *x509.Certificate
	login bool      // logged in as a connection
	auth  Handshake // gives the header of every request; nil before the login
	// scheme is auth's, in lower case.
	scheme string
	since  time.Time
}

// wire counts what was written, to tell requests that never left from lost ones.
type wire struct {
	net.Conn
	written atomic.Int64
}

// Write counts first and takes back what did not leave. The answer can be read before
// Write returns: counted afterwards, one request's bytes look like the next one's.
func (w *wire) Write(b []byte) (int, error) {
	w.written.Add(int64(len(b)))
	n, err := w.Conn.Write(b)
	w.written.Add(int64(n - len(b)))
	return n, err
}

// authorization is the header of a request on a connection that is logged in.
func (cn *conn) authorization(ctx context.Context) (string, error) {
	if cn.auth == nil {
		return "", nil
	}
	return cn.auth.Header(ctx)
}

// dialed carries what the dial functions made back to dial.
type dialed struct {
	wire *wire
	cert *x509.Certificate
}

type dialedKey struct{}

// newTransport makes the transport of one credential. It only ever makes single
// connections (NewClientConn); pooling and logins are ours.
func newTransport(s *Server) *http.Transport {
	t := s.opts.Timeouts
	connect := s.opts.Dial
	if connect == nil {
		connect = (&net.Dialer{Timeout: t.Connect, KeepAlive: 30 * time.Second}).DialContext
	}
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := connect(ctx, network, addr)
		if err != nil {
			var timeout net.Error
			if ctx.Err() == nil && errors.As(err, &timeout) && timeout.Timeout() {
				return nil, &Error{Code: fault.ServerUnreachable, Op: "Connect", Err: err}
			}
			return nil, err
		}
		w := &wire{Conn: c}
		if d, ok := ctx.Value(dialedKey{}).(*dialed); ok {
			d.wire = w
		}
		return w, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.opts.TLS != nil {
		config = s.opts.TLS.Clone()
	}
	config.NextProtos = []string{"http/1.1"} // NTLM logs in HTTP/1.1 connections
	if config.ServerName == "" {
		config.ServerName = s.url.Hostname()
	}
	return &http.Transport{
		DialContext: dial,
		DialTLSContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			raw, err := dial(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			c := tls.Client(raw, config)
			limited, cancel := context.WithTimeoutCause(ctx, t.Handshake, errStalled)
			defer cancel()
			if err := c.HandshakeContext(limited); err != nil {
				raw.Close()
				if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
					err = errStalled
				}
				return nil, err
			}
			if d, ok := ctx.Value(dialedKey{}).(*dialed); ok {
				if certs := c.ConnectionState().PeerCertificates; len(certs) > 0 {
					d.cert = certs[0]
				}
			}
			return c, nil
		},
		MaxResponseHeaderBytes: 256 << 10,
		WriteBufferSize:        64 << 10,
		ReadBufferSize:         32 << 10,
	}
}

func (c *Client) dial(ctx context.Context) (*conn, error) {
	d := new(dialed)
	port := c.server.url.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[c.server.url.Scheme]
	}
	cc, err := c.transport.NewClientConn(context.WithValue(ctx, dialedKey{}, d),
		c.server.url.Scheme, net.JoinHostPort(c.server.url.Hostname(), port))
	if err != nil {
		return nil, err
	}
	return &conn{http: cc, wire: d.wire, cert: d.cert}, nil
}

// trip is one HTTP exchange.
type trip struct {
	body   []byte
	header http.Header
	stream bool
}

// post sends body on the connection. lost tells, with an error, that bytes of
// the request left.
func (c *Client) post(ctx context.Context, cn *conn, tr *trip, body []byte, authorization string) (resp *http.Response, lost bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.server.url.String(), bytes.NewReader(body))
	if err != nil {
		return nil, false, err
	}
	req.Header = tr.header.Clone()
	if len(body) == 0 {
		req.Body = http.NoBody
		req.ContentLength = 0
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	c.cookies.mark(req)
	before := cn.wire.written.Load()
	resp, err = cn.http.RoundTrip(req)
	if err != nil {
		return nil, cn.wire.written.Load() != before, err
	}
	c.cookies.learn(resp, c.server.opts.Clock.Now())
	return resp, false, nil
}

// drain empties a body that only has to be out of the way.
func drain(resp *http.Response) error {
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	if err == nil && n == 1<<20 {
		err = errTooLarge
	}
	return err
}
