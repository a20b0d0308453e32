package ews

import (
	"net/http"
	"sync"
)

// overrideCookie keeps requests at one mailbox server.
const overrideCookie = "X-BackEndOverrideCookie"

// Affinity keeps the requests about a group of subscriptions at the mailbox server
// that keeps the subscriptions; another one would not know them. The first request
// that is answered decides which. See Microsoft's "Maintain affinity between a group
// of subscriptions and the Mailbox server". It may be used side by side; nil does
// nothing.
type Affinity struct {
	mu     sync.Mutex
	anchor string // the mailbox that server was chosen for
	cookie string
}

// Grouped gives the same client for the requests about a group of subscriptions.
func (c *Client) Grouped(a *Affinity) *Client {
	v := c.view
	v.Affinity = a
	return c.With(v)
}

func (a *Affinity) mark(h http.Header) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	h["X-Preferserveraffinity"] = []string{"true"}
	if a.anchor != "" {
		h["X-Anchormailbox"] = []string{a.anchor}
	}
	if a.cookie != "" {
		h["Cookie"] = []string{overrideCookie + "=" + a.cookie}
	}
}

// learn takes the server's choice from the first good answer.
func (a *Affinity) learn(mailbox string, resp *http.Response) {
	if a == nil || resp.StatusCode != http.StatusOK {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cookie != "" {
		return
	}
	for _, k := range resp.Cookies() {
		if k.Name == overrideCookie {
			a.anchor, a.cookie = mailbox, k.Value
		}
	}
}
