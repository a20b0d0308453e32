package ews

import (
	"context"
	"io"
	"maps"
	"net/http"

	"abgleich/agent/fault"
)

// Answer is what came back from a service beside EWS.
type Answer struct {
	Status int
	Header http.Header
	// Body is cut after the bytes that were allowed.
	Body []byte
}

// Post sends a body to the server's address with the client's login and gives the
// answer, whatever its status: for the services beside EWS, such as Autodiscover,
// that want the same logins. The header's entries replace the client's. Redirects
// are the caller's to follow, after he has judged where they lead. An answer longer
// than most bytes is cut.
//
// The codes are those of any request; [fault.LoginRejected] after a login that was
// refused, which is then not tried again by this client.
func (c *Client) Post(ctx context.Context, header http.Header, body []byte, most int64) (Answer, error) {
	op := operation{name: "Post"}
	w := c.watch(ctx, op)
	defer w.stop()
	id := c.opts.NewRequestID()
	h := c.header(id, op)
	maps.Copy(h, header)
	resp, cn, _, err := c.send(w.ctx, &trip{body: body, header: h})
	if err != nil {
		return Answer{}, c.complete(ctx, op, c.lost(w, err, false, id)).wrap(c.server.Host())
	}
	w.touch()
	resp.Body = w.body(resp.Body)
	page, err := io.ReadAll(io.LimitReader(resp.Body, most))
	if err != nil {
		c.finish(resp, cn, false)
		return Answer{}, c.complete(ctx, op, c.unreadable(w, err, op, resp)).wrap(c.server.Host())
	}
	c.finish(resp, cn, int64(len(page)) < most && resp.StatusCode != http.StatusUnauthorized)
	if resp.StatusCode == http.StatusUnauthorized {
		e := &Error{Code: fault.LoginRejected, Op: op.name, ClientRequestID: id}
		e.fromHeader(resp)
		return Answer{}, e.wrap(c.server.Host())
	}
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: page}, nil
}

// IsMicrosoft365 tells whether a host is Microsoft's cloud, which needs Graph.
func IsMicrosoft365(host string) bool { return isMicrosoft365(host) }
