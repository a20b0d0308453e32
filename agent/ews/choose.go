package ews

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"abgleich/agent/fault"
)

// betterAfter is how long a way to log in is kept to after a better one was passed
// over; then the better one is tried again.
const betterAfter = 30 * time.Minute

// maxLegs bounds the messages of one login; Negotiate takes three at most.
const maxLegs = 6

// logIn tries the client's ways in their order, of those the server offers, until
// one is taken. The answer it gives is the answer to the request, or one that ends
// it. A refused secret ends it too: no second way is tried with it.
func (c *Client) logIn(ctx context.Context, cn *conn, tr *trip) (*http.Response, bool, error) {
	if len(c.logins) == 0 {
		resp, lost, err := c.post(ctx, cn, tr, tr.body, "")
		cn.login = err == nil
		return resp, lost, err
	}
	tried := make([]bool, len(c.logins))
	var offered map[string]Offer // nil until the server said
	var passed error
	for i := c.first(); i >= 0; i = c.next(tried, offered) {
		tried[i] = true
		resp, said, lost, err := c.tryLogin(ctx, cn, tr, c.logins[i])
		if said != nil {
			offered = said
		}
		if over, ok := errors.AsType[*passedOver](err); ok {
			if passed == nil {
				passed = over.why
			}
			continue
		}
		if err != nil {
			return nil, lost, c.refuse(err)
		}
		if resp != nil {
			if cn.login {
				c.accept(c.logins[i], passed)
			}
			return resp, lost, nil
		}
	}
	if passed != nil {
		return nil, false, passed
	}
	return nil, false, noScheme(offered)
}

// first is the way to begin with: the one that was good last.
func (c *Client) first() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.used == nil || c.passed != nil && c.server.opts.Clock.Now().Sub(c.usedAt) >= betterAfter {
		return 0
	}
	return slices.Index(c.logins, c.used)
}

// next is the first way not tried yet that the server offers; -1 if there is none.
func (c *Client) next(tried []bool, offered map[string]Offer) int {
	for i, l := range c.logins {
		if _, ok := offered[strings.ToLower(l.Scheme())]; !tried[i] && (ok || offered == nil) {
			return i
		}
	}
	return -1
}

func (c *Client) accept(l Login, passed error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.used == l && passed == nil && l != c.logins[0] {
		return // kept to: why stays as it was
	}
	c.used, c.passed, c.usedAt = l, passed, c.server.opts.Clock.Now()
}

// tryLogin runs one way to log in. Without an answer and without an error the
// server wants another way; offered says which.
func (c *Client) tryLogin(ctx context.Context, cn *conn, tr *trip, l Login) (_ *http.Response, offered map[string]Offer, lost bool, _ error) {
	hs, err := l.Begin(ctx, Binding{Host: c.server.url.Hostname(), Certificate: cn.cert, Now: c.server.opts.Clock.Now()})
	if err != nil {
		return nil, nil, false, err
	}
	scheme := strings.ToLower(l.Scheme())
	var offer Offer
	for range maxLegs {
		authorization, final, err := hs.Next(ctx, offer)
		if err != nil {
			return nil, offered, false, err
		}
		var body []byte
		if final {
			body = tr.body
		}
		resp, lost, err := c.post(ctx, cn, tr, body, authorization)
		if err != nil {
			return nil, nil, lost && final, err
		}
		offered = offers(resp.Header)
		var same bool
		offer, same = offered[scheme]
		if resp.StatusCode != http.StatusUnauthorized {
			resp, lost, err := c.taken(ctx, cn, tr, hs, offer, final, resp)
			cn.scheme = scheme
			return resp, nil, lost, err
		}
		if !final {
			if err := c.reuse(ctx, cn, resp); err != nil {
				return nil, nil, false, err
			}
			if !same {
				return nil, offered, false, nil
			}
			if offer.Token == "" {
				return nil, without(offered, scheme), false, nil
			}
			continue
		}
		again, err := c.judge(ctx, resp, hs, offer, same, len(offered))
		if over, ok := errors.AsType[*passedOver](err); ok {
			if err := c.reuse(ctx, cn, resp); err != nil {
				return nil, offered, false, err
			}
			return nil, offered, false, over
		}
		if err != nil {
			return nil, nil, false, err
		}
		if err := c.reuse(ctx, cn, resp); err != nil {
			return nil, nil, false, err
		}
		if !again {
			return nil, without(offered, scheme), false, nil
		}
	}
	return nil, nil, false, &Error{Code: fault.ServerFailed, Op: "Login", Status: http.StatusUnauthorized,
		Message: "the login does not come to an end"}
}

// judge reads a 401 after a final message: again to go on, an error for a verdict
// or a failure, neither where the server wants another scheme.
func (c *Client) judge(ctx context.Context, resp *http.Response, hs Handshake, offer Offer, same bool, schemes int) (again bool, _ error) {
	if refusalOf(resp).Code != fault.LoginRejected {
		return false, c.rejected(resp) // Exchange says why
	}
	if !same && schemes > 0 {
		return false, nil // it never looked at the secret: it asks for something else
	}
	again, err := hs.Refused(ctx, offer)
	if again || err != nil {
		return again, err
	}
	return false, c.rejected(resp)
}

// taken handles an answer other than 401.
func (c *Client) taken(ctx context.Context, cn *conn, tr *trip, hs Handshake, offer Offer, final bool, resp *http.Response) (*http.Response, bool, error) {
	if final {
		if err := hs.Accepted(offer); err != nil {
			drain(resp)
			return nil, true, err
		}
		cn.login, cn.auth = true, hs
		return resp, false, nil
	}
	if resp.StatusCode != http.StatusOK {
		return resp, false, nil // 403.4, 404, a proxy's page: the status says it
	}
	// A server that wants no login at all.
	if err := c.reuse(ctx, cn, resp); err != nil {
		return nil, false, err
	}
	return c.post(ctx, cn, tr, tr.body, "")
}

// without leaves a scheme out that leads nowhere.
func without(offered map[string]Offer, scheme string) map[string]Offer {
	delete(offered, scheme)
	return offered
}

// endsInTheMiddle tells that a server closes a connection it is logging in.
func endsInTheMiddle(resp *http.Response) bool {
	all := offers(resp.Header)
	raw, _ := base64.StdEncoding.DecodeString(all["negotiate"].Token)
	return all["ntlm"].Token != "" || strings.HasPrefix(string(raw), "NTLMSSP\x00")
}

func noScheme(offered map[string]Offer) error {
	names := make([]string, 0, len(offered))
	for n := range offered {
		names = append(names, n)
	}
	slices.Sort(names)
	code := fault.ServerFailed
	if _, bearer := offered["bearer"]; bearer && len(offered) == 1 {
		code = fault.NeedsGraph
	}
	return &Error{Code: code, Op: "Login", Status: http.StatusUnauthorized,
		Message: "the server offers no usable login scheme: " + strings.Join(names, ", ")}
}
