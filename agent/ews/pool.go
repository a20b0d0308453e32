package ews

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"abgleich/agent/fault"
)

// send brings a request to a logged-in connection and gives the answer's head.
// The caller must give the connection back with put, or close it.
func (c *Client) send(ctx context.Context, tr *trip) (*http.Response, *conn, bool, error) {
	if err := c.refusedLogin(); err != nil {
		return nil, nil, false, err
	}
	if cn := c.idle(); cn != nil {
		resp, lost, err := c.post(ctx, cn, tr, tr.body, cn.auth)
		switch {
		case err != nil:
			cn.http.Close()
			// A kept connection that broke before anything left is no failure.
			if lost || ctx.Err() != nil {
				return nil, nil, lost, err
			}
		case resp.StatusCode != http.StatusUnauthorized:
			return resp, cn, false, nil
		default:
			// The login of this connection is over; a new one decides.
			if cn.auth != "" {
				err := c.rejected(resp)
				cn.http.Close()
				return nil, nil, false, err
			}
			resp.Body.Close()
			cn.http.Close()
		}
	}
	return c.sendNew(ctx, tr)
}

// sendNew sends a request on a new connection. A stream's answer may be long in
// coming, and others wait for a login's answer: a stream logs in with a small
// question of its own first.
func (c *Client) sendNew(ctx context.Context, tr *trip) (*http.Response, *conn, bool, error) {
	if !tr.stream || len(c.logins) == 0 {
		return c.logInNew(ctx, tr)
	}
	greeting := c.request("GetFolder", "")
	greeting.raw("<m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>")
	greeting.folderIDs("FolderIds", []FolderID{Folder(Calendar)})
	resp, cn, lost, err := c.logInNew(ctx, &trip{body: greeting.end("GetFolder"), header: tr.header})
	if err != nil || resp.StatusCode != http.StatusOK {
		return resp, cn, lost, err
	}
	if err := drain(resp); err != nil {
		cn.http.Close()
		return nil, nil, false, err
	}
	resp, lost, err = c.post(ctx, cn, tr, tr.body, cn.auth)
	if err != nil {
		cn.http.Close()
		return nil, nil, lost, err
	}
	return resp, cn, false, nil
}

// maxDials is how many new connections a request is tried on before any of it left.
const maxDials = 5

// logInNew logs a new connection in with the request. Logins go one at a time: a
// password changed meanwhile costs one failed attempt, not one a connection, and
// the first login ever is the canary all others wait for.
func (c *Client) logInNew(ctx context.Context, tr *trip) (*http.Response, *conn, bool, error) {
	select {
	case c.gate <- struct{}{}:
		defer func() { <-c.gate }()
	case <-ctx.Done():
		return nil, nil, false, context.Cause(ctx)
	}
	if err := c.refusedLogin(); err != nil {
		return nil, nil, false, err
	}
	for attempt := 1; ; attempt++ {
		cn, err := c.dial(ctx)
		if err != nil {
			return nil, nil, false, err
		}
		resp, lost, err := c.logIn(ctx, cn, tr)
		if err == nil {
			return resp, cn, false, nil
		}
		cn.http.Close()
		// A connection that broke before the secret or the request left it says
		// nothing. net/http itself drops one between two requests when its writing
		// goroutine isn't back 50 ms after the answer (pconn.wroteRequest), as on a
		// machine that is short of processor time.
		_, judged := errors.AsType[*Error](err)
		if judged || lost || ctx.Err() != nil || attempt == maxDials {
			return nil, nil, lost, err
		}
	}
}

// logIn tries the schemes in the client's order until the server takes one. The
// answer it gives is the answer to the request, or one that ends it.
func (c *Client) logIn(ctx context.Context, cn *conn, tr *trip) (*http.Response, bool, error) {
	if len(c.logins) == 0 {
		resp, lost, err := c.post(ctx, cn, tr, tr.body, "")
		cn.login = err == nil
		return resp, lost, err
	}
	next := c.preferred()
	for range len(c.logins) + 1 {
		resp, offered, lost, err := c.tryLogin(ctx, cn, tr, next)
		if err != nil || offered == nil {
			return resp, lost, err
		}
		next = nil
		for _, l := range c.logins {
			if _, ok := offered[strings.ToLower(l.Scheme())]; ok {
				next = l
				break
			}
		}
		if next == nil {
			return nil, false, noScheme(offered)
		}
		c.prefer(next)
	}
	return nil, false, &Error{Code: fault.ServerFailed, Message: "the server's login schemes change from answer to answer"}
}

// tryLogin runs one scheme. offered is not nil when the server does not know the
// scheme and offers others.
func (c *Client) tryLogin(ctx context.Context, cn *conn, tr *trip, l Login) (_ *http.Response, offered map[string]string, lost bool, _ error) {
	hs, err := l.Begin(Binding{Host: c.server.url.Hostname(), Certificate: cn.cert, Now: c.server.opts.Clock.Now()})
	if err != nil {
		return nil, nil, false, err
	}
	challenge := ""
	for range 4 {
		authorization, final, err := hs.Next(challenge)
		if err != nil {
			return nil, nil, false, &Error{Code: fault.NotSOAP, Op: "Login", Err: err}
		}
		var body []byte
		if final {
			body = tr.body
		}
		resp, lost, err := c.post(ctx, cn, tr, body, authorization)
		if err != nil {
			return nil, nil, lost && final, err
		}
		if resp.StatusCode != http.StatusUnauthorized {
			return c.taken(ctx, cn, tr, hs, authorization, final, resp)
		}
		offered := challenges(resp.Header.Values("WWW-Authenticate"))
		token, same := offered[strings.ToLower(l.Scheme())]
		if final {
			if !same && challenge == "" && len(offered) > 0 && !c.known() {
				// It was never asked for this scheme: not a verdict on the secret.
				return nil, offered, false, c.reuse(ctx, cn, resp)
			}
			return nil, nil, false, c.rejected(resp)
		}
		if err := c.reuse(ctx, cn, resp); err != nil {
			return nil, nil, false, err
		}
		if !same {
			return nil, offered, false, nil
		}
		if token == "" {
			return nil, nil, false, noScheme(nil)
		}
		challenge = token
	}
	return nil, nil, false, noScheme(nil)
}

// taken handles an answer other than 401.
func (c *Client) taken(ctx context.Context, cn *conn, tr *trip, hs Handshake, authorization string, final bool, resp *http.Response) (*http.Response, map[string]string, bool, error) {
	if final {
		cn.login = true
		if hs.PerRequest() {
			cn.auth = authorization
		}
		c.accept()
		return resp, nil, false, nil
	}
	if resp.StatusCode != http.StatusOK {
		return resp, nil, false, nil // 403.4, 404, a proxy's page: the status says it
	}
	// A server that wants no login at all.
	if err := c.reuse(ctx, cn, resp); err != nil {
		return nil, nil, false, err
	}
	r, lost, err := c.post(ctx, cn, tr, tr.body, "")
	return r, nil, lost, err
}

// reuse empties a login's answer, so that its connection can go on; a server
// that closed it gets a new one.
func (c *Client) reuse(ctx context.Context, cn *conn, resp *http.Response) error {
	closed := resp.Close
	if err := drain(resp); err == nil && !closed && cn.http.Err() == nil {
		return nil
	}
	cn.http.Close()
	if closed && len(challenges(resp.Header.Values("WWW-Authenticate"))["ntlm"]) > 0 {
		return &Error{Code: fault.ServerFailed, Op: "Login",
			Message: "the server (or a proxy before it) closes the connection in the middle of the NTLM login"}
	}
	fresh, err := c.dial(ctx)
	if err != nil {
		return err
	}
	*cn = *fresh
	return nil
}

func noScheme(offered map[string]string) error {
	names := make([]string, 0, len(offered))
	for n := range offered {
		names = append(names, n)
	}
	code := fault.ServerFailed
	if _, bearer := offered["bearer"]; bearer && len(offered) == 1 {
		code = fault.NeedsGraph
	}
	return &Error{Code: code, Op: "Login", Status: http.StatusUnauthorized,
		Message: "the server offers no usable login scheme: " + strings.Join(names, ", ")}
}

// idle takes the connection used last, dropping those that are closed or old.
func (c *Client) idle() *conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.server.opts.Clock.Now()
	for len(c.kept) > 0 {
		cn := c.kept[len(c.kept)-1]
		c.kept = c.kept[:len(c.kept)-1]
		if cn.http.Err() == nil && now.Sub(cn.since) < c.server.opts.Timeouts.Idle {
			return cn
		}
		cn.http.Close()
	}
	return nil
}

// put keeps a connection whose answer was read to its end.
func (c *Client) put(cn *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || cn.http.Err() != nil || !cn.login {
		cn.http.Close()
		return
	}
	cn.since = c.server.opts.Clock.Now()
	c.kept = append(c.kept, cn)
}

func (c *Client) preferred() Login {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.scheme != nil {
		return c.scheme
	}
	return c.logins[0]
}

func (c *Client) prefer(l Login) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.scheme = l
}

func (c *Client) accept() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accepted = true
}

// known tells whether the secret was accepted before.
func (c *Client) known() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.accepted
}

func (c *Client) refusedLogin() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refusal == nil {
		return nil
	}
	return c.refusal
}

// rejected remembers a 401 after a complete login: this client sends the secret
// never again.
func (c *Client) rejected(resp *http.Response) error {
	e := &Error{Op: "Login", Code: fault.LoginRejected}
	e.fromHeader(resp)
	e.Code = loginCode(e, resp.Header)
	drain(resp)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refusal = e
	for _, cn := range c.kept {
		cn.http.Close()
	}
	c.kept = nil
	return e
}

// loginCode tells a 401 apart as far as the server does: IIS says nothing, the
// Exchange application behind it leaves a reason in x-ms-diagnostics. A front end
// names the back end it asked only for callers it knows: then the login was good
// and the mailbox or its EWS access is off.
func loginCode(e *Error, h http.Header) fault.Code {
	d := strings.ToLower(e.Diagnostics)
	switch {
	case strings.Contains(strings.ReplaceAll(d, "blocked", ""), "locked"):
		return fault.AccountLocked
	case strings.Contains(d, "expired") && strings.Contains(d, "password"), strings.Contains(d, "must change"):
		return fault.PasswordExpired
	case strings.Contains(d, "mailbox"), strings.Contains(d, "disabled"), strings.Contains(d, "blocked"),
		strings.Contains(d, "not allowed"):
		return fault.MailboxDisabled
	}
	for _, name := range [...]string{"X-CalculatedBETarget", "X-BEServer", "X-DiagInfo"} {
		if h.Get(name) != "" {
			return fault.MailboxDisabled
		}
	}
	return fault.LoginRejected
}
