package verify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"abgleich/agent/fault"
)

// How long a stage may wait for the network.
const (
	resolveTime = 5 * time.Second
	connectTime = 8 * time.Second
	answerTime  = 15 * time.Second
)

func (c *course) dns(ctx context.Context) verdict {
	if net.ParseIP(c.host) != nil {
		return fine(c.host)
	}
	ctx, cancel := context.WithTimeout(ctx, resolveTime)
	defer cancel()
	addresses, err := c.o.Resolve(ctx, c.host)
	if err != nil || len(addresses) == 0 {
		detail := "no address"
		if err != nil {
			detail = err.Error()
		}
		return verdict{state: Failed, code: fault.NameNotResolved, args: c.args, detail: detail}
	}
	return fine(strings.Join(addresses, ", "))
}

func (c *course) address() string { return net.JoinHostPort(c.host, c.port) }

func (c *course) reach(ctx context.Context) verdict {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	conn, err := c.o.Dial(ctx, "tcp", c.address())
	if err != nil {
		code := fault.ServerUnreachable
		if refused(err) {
			code = fault.ConnectionRefused
		}
		return verdict{state: Failed, code: code, args: c.args, detail: err.Error()}
	}
	defer conn.Close()
	return fine(conn.RemoteAddr().String())
}

// refused includes WSAECONNREFUSED, which is no syscall.ECONNREFUSED on Windows.
func refused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.Errno(10061))
}

// secure looks at encryption, and asks the server without a login.
func (c *course) secure(ctx context.Context) verdict {
	if c.url.Scheme == "https" {
		if v := c.certificate(ctx); v.state != OK {
			return v
		}
	}
	c.probe = c.ask(ctx)
	if c.url.Scheme == "https" {
		return fine(c.probe.certificate)
	}
	if c.probe.err == nil && !c.probe.wantsTLS() {
		// No encryption wanted, and none expected: nothing to check.
		return verdict{state: Skipped, detail: "without SSL"}
	}
	if c.speaksTLS(ctx) {
		return verdict{state: Failed, code: fault.TLSMismatch, args: c.args, detail: "the port speaks TLS, the parameters say no SSL"}
	}
	if c.probe.err != nil {
		return verdict{state: Failed, code: plainFault(c.probe.err), args: c.args, detail: c.probe.err.Error()}
	}
	return verdict{state: Skipped, detail: "without SSL"}
}

func plainFault(err error) fault.Code {
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return fault.ServerStalled
	}
	if strings.Contains(err.Error(), "malformed HTTP") {
		return fault.NotSOAP
	}
	return fault.ReplyTruncated
}

func (c *course) tlsConfig() *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.settings.TLS != nil {
		config = c.settings.TLS.Clone()
	}
	config.NextProtos = []string{"http/1.1"}
	if config.ServerName == "" {
		config.ServerName = c.host
	}
	return config
}

// handshake opens a TLS connection and closes it again.
func (c *course) handshake(ctx context.Context, config *tls.Config) (tls.ConnectionState, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	raw, err := c.o.Dial(ctx, "tcp", c.address())
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer raw.Close()
	conn := tls.Client(raw, config)
	err = conn.HandshakeContext(ctx)
	return conn.ConnectionState(), err
}

// certificate tells apart: no TLS on this port, a certificate for another name,
// and one nobody trusts.
func (c *course) certificate(ctx context.Context) verdict {
	state, err := c.handshake(ctx, c.tlsConfig())
	if err == nil {
		c.probe.certificate = strings.Join(names(state.PeerCertificates[0]), ", ")
		return fine("")
	}
	v := verdict{state: Failed, args: maps.Clone(c.args), detail: err.Error()}
	timeout, isNet := errors.AsType[net.Error](err)
	_, isRecord := errors.AsType[tls.RecordHeaderError](err)
	_, isAlert := errors.AsType[tls.AlertError](err)
	_, unverified := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case isRecord, isAlert:
		v.code = fault.TLSMismatch
	case unverified:
		v.code = fault.TLSUntrusted
		if host, ok := errors.AsType[x509.HostnameError](err); ok {
			v.code = fault.TLSCertificateName
			v.args["names"] = strings.Join(names(host.Certificate), ", ")
		}
	case isNet && timeout.Timeout():
		v.code = fault.ServerStalled
	case c.speaksPlainHTTP(ctx):
		v.code = fault.TLSMismatch
	default:
		v.code = fault.ReplyTruncated
	}
	return v
}

func names(cert *x509.Certificate) []string {
	list := append([]string(nil), cert.DNSNames...)
	for _, ip := range cert.IPAddresses {
		list = append(list, ip.String())
	}
	if len(list) == 0 && cert.Subject.CommonName != "" {
		list = append(list, cert.Subject.CommonName)
	}
	return list
}

// speaksTLS tells whether a TLS server of whatever name is behind the port.
func (c *course) speaksTLS(ctx context.Context) bool {
	config := c.tlsConfig()
	config.InsecureSkipVerify = true // nothing is sent over it
	_, err := c.handshake(ctx, config)
	return err == nil
}

// speaksPlainHTTP tells whether a server that gave up on TLS answers without it.
func (c *course) speaksPlainHTTP(ctx context.Context) bool {
	plain := *c
	u := *c.url
	u.Scheme = "http"
	u.Host = c.address()
	plain.url = &u
	p := plain.ask(ctx)
	return p.err == nil && !p.wantsTLS()
}

// probe is the server's answer to somebody who doesn't log in.
type probe struct {
	err         error
	status      int
	schemes     []string // offered logins, lower case
	server      string
	owaVersion  string
	text        string // of the page, lower case
	html        bool
	location    string
	toTLS       bool          // it leads from HTTP to the same server's HTTPS
	skew        time.Duration // server's clock minus ours
	dated       bool
	certificate string
}

// ask sends an empty request without a login.
func (c *course) ask(ctx context.Context) probe {
	p := probe{certificate: c.probe.certificate}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url.String(), http.NoBody)
	if err != nil {
		p.err = err
		return p
	}
	req.Header.Set("Content-Type", "text/xml; charset=utf-8")
	transport := &http.Transport{
		DialContext: c.o.Dial, TLSClientConfig: c.tlsConfig(), DisableKeepAlives: true,
		MaxResponseHeaderBytes: 64 << 10,
	}
	defer transport.CloseIdleConnections()
	began := c.o.Now()
	resp, err := transport.RoundTrip(req) // redirects are an answer, too
	if err != nil {
		p.err = err
		return p
	}
	defer resp.Body.Close()
	page, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	now := c.o.Now()
	p.status, p.text = resp.StatusCode, strings.ToLower(string(page))
	p.html = strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html")
	p.server, p.owaVersion, p.location = resp.Header.Get("Server"), resp.Header.Get("X-Owa-Version"), resp.Header.Get("Location")
	if to, err := resp.Location(); err == nil && resp.StatusCode >= 300 && resp.StatusCode < 400 {
		p.toTLS = c.url.Scheme == "http" && to.Scheme == "https" && strings.EqualFold(to.Hostname(), c.url.Hostname())
	}
	for _, h := range resp.Header.Values("Www-Authenticate") {
		scheme, _, _ := strings.Cut(strings.TrimSpace(h), " ")
		p.schemes = append(p.schemes, strings.ToLower(scheme))
	}
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		// The header is cut to whole seconds, and the answer took its time.
		p.dated, p.skew = true, at.Add(500*time.Millisecond).Sub(began.Add(now.Sub(began)/2))
	}
	return p
}

// wantsTLS tells that a plain request came to a TLS port of a server that says so.
func (p probe) wantsTLS() bool {
	return p.status == http.StatusBadRequest && strings.Contains(p.text, "https")
}
