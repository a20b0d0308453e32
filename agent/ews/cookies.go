package ews

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	// mostCookies and mostCookieBytes bound what a server may leave with us.
	mostCookies     = 20
	mostCookieBytes = 4 << 10
)

// cookies are what the server, or a load balancer before it, wants to see again with
// every request of a login: many a balancer finds the server a login was begun at by
// its cookie, and not by the connection. Exchange's own, which name a mailbox's server,
// are left out: a login may open many mailboxes (see [Affinity]).
type cookies struct {
	mu  sync.Mutex
	all []*http.Cookie
}

// learn takes over what an answer sets and takes back.
func (c *cookies) learn(resp *http.Response, now time.Time) {
	for _, k := range resp.Cookies() {
		path := resp.Request.URL.Path
		if strings.HasPrefix(strings.ToLower(k.Name), "x-backend") || k.Secure && resp.Request.URL.Scheme != "https" ||
			!strings.HasPrefix(strings.ToLower(path), strings.ToLower(k.Path)) {
			continue
		}
		c.set(k, k.MaxAge < 0 || k.Value == "" || !k.Expires.IsZero() && k.MaxAge == 0 && !k.Expires.After(now))
	}
}

func (c *cookies) set(k *http.Cookie, gone bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	size, kept := len(k.Name)+len(k.Value), c.all[:0:0]
	for _, o := range c.all {
		if o.Name != k.Name {
			kept, size = append(kept, o), size+len(o.Name)+len(o.Value)
		}
	}
	if !gone && len(kept) < mostCookies && size <= mostCookieBytes {
		kept = append(kept, &http.Cookie{Name: k.Name, Value: k.Value, Quoted: k.Quoted})
	}
	c.all = kept
}

// mark adds them to a request.
func (c *cookies) mark(req *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.all {
		req.AddCookie(k)
	}
}
