package ews

import (
	"context"
	"errors"
	"net/http"

	"abgleich/agent/fault"
)

// send brings a request to a logged-in connection and gives the answer's head.
// The caller must give the connection back with put, or close it.
func (c *Client) send(ctx context.Context, tr *trip) (*http.Response, *conn, bool, error) {
	if err := c.refusedLogin(); err != nil {
		return nil, nil, false, err
	}
	if cn := c.idle(); cn != nil {
		resp, lost, err := c.postKept(ctx, cn, tr)
		switch {
		case err != nil:
			cn.http.Close()
			if _, judged := errors.AsType[*Error](err); judged {
				return nil, nil, lost, err
			}
			// A kept connection that broke before anything left is no failure.
			if lost || ctx.Err() != nil {
				return nil, nil, lost, err
			}
		case resp.StatusCode != http.StatusUnauthorized:
			return resp, cn, false, nil
		default:
			// The login of this connection is over; a new one decides, unless the
			// secret itself was in the request.
			err := c.refusedKept(ctx, cn, resp)
			resp.Body.Close()
			cn.http.Close()
			if err != nil {
				return nil, nil, false, err
			}
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
	resp, lost, err = c.postKept(ctx, cn, tr)
	if err != nil {
		cn.http.Close()
		return nil, nil, lost, err
	}
	if resp.StatusCode != http.StatusUnauthorized {
		return resp, cn, false, nil
	}
	// A server that wants a login for each request (authPersistSingleRequest of IIS)
	// says nothing of the secret, which it took a moment ago.
	err = c.refusedKept(ctx, cn, resp)
	resp.Body.Close()
	cn.http.Close()
	if err != nil {
		return nil, nil, false, err
	}
	return c.logInNew(ctx, tr)
}

// postKept sends a request on a connection that is logged in.
func (c *Client) postKept(ctx context.Context, cn *conn, tr *trip) (*http.Response, bool, error) {
	authorization, err := cn.authorization(ctx)
	if err != nil {
		return nil, false, err
	}
	return c.post(ctx, cn, tr, tr.body, authorization)
}

// refusedKept judges a 401 on a connection that is logged in: nil if a new login
// shall decide.
func (c *Client) refusedKept(ctx context.Context, cn *conn, resp *http.Response) error {
	if header, err := cn.authorization(ctx); err != nil || header == "" {
		return err
	}
	if refusalOf(resp).Code == fault.LoginRejected {
		if offer, same := offers(resp.Header)[cn.scheme]; same {
			if again, err := cn.auth.Refused(ctx, offer); again || err != nil {
				return c.refuse(err)
			}
		}
	}
	return c.rejected(resp)
}

// errLoginCut means that a login has to begin again.
var errLoginCut = errors.New("the connection ended in the middle of the login")

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

// reuse empties a login's answer, so that its connection can go on; a server
// that closed it gets a new one.
func (c *Client) reuse(ctx context.Context, cn *conn, resp *http.Response) error {
	closed := resp.Close
	if err := drain(resp); err == nil && !closed && cn.http.Err() == nil {
		return nil
	}
	cn.http.Close()
	if endsInTheMiddle(resp) {
		if closed {
			return &Error{Code: fault.ServerFailed, Op: "Login",
				Message: "the server (or a proxy before it) closes the connection in the middle of the login"}
		}
		// The answer to a challenge is worth nothing on another connection: sent there,
		// it looks like a wrong password.
		return errLoginCut
	}
	fresh, err := c.dial(ctx)
	if err != nil {
		return err
	}
	*cn = *fresh
	return nil
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
