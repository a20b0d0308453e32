package exchangesim

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"abgleich/agent/exchangesim/xmltree"
)

func (c *call) subscribe() {
	n := c.body.First
	kind := map[string]subscriptionKind{"PullSubscriptionRequest": pull, "PushSubscriptionRequest": push, "StreamingSubscriptionRequest": streaming}[n.Name]
	m := c.box
	m.mu.Lock()
	s, code := c.newSubscription(n, kind)
	if code == "" {
		code = c.kindOptions(s, n)
	}
	if code != "" {
		m.mu.Unlock()
		c.failAll(code, 0)
		return
	}
	m.nextNum++
	s.num = m.nextNum
	s.id = encodeID(idSub, m.hash, s.num)
	m.subs[s.num] = s
	last := s.last
	m.mu.Unlock()
	if kind == push {
		c.s.work.Go(func() { c.s.push(m, s) })
	}
	c.begin()
	c.ok()
	c.out.s("<m:SubscriptionId>" + s.id + "</m:SubscriptionId>")
	if kind != streaming {
		c.out.s("<m:Watermark>" + m.watermark(last) + "</m:Watermark>")
	}
	c.done()
	c.end()
}

func (c *call) kindOptions(s *subscription, n *xmltree.Node) string {
	minutes := func(name string) time.Duration {
		v, _ := strconv.Atoi(strings.TrimSpace(n.ChildText(name)))
		return time.Duration(v) * c.s.opt.Minute
	}
	switch s.kind {
	case pull:
		s.timeout = minutes("Timeout")
	case push:
		s.every = minutes("StatusFrequency")
		u, err := url.Parse(strings.TrimSpace(n.ChildText("URL")))
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return "ErrorInvalidPushSubscriptionUrl"
		}
		s.url = u.String()
	}
	return ""
}

// subscription finds one by its id: the caller's own, made for whichever mailbox, on
// the server the request came to.
func (c *call) subscription(id string) (*subscription, string) {
	box, nums, ok := decodeID(idSub, strings.TrimSpace(id), 1)
	m := c.s.byHash[box]
	if !ok || m == nil {
		return nil, "ErrorInvalidSubscription"
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.subs[nums[0]]
	switch {
	case s == nil, s.backEnd != c.backEnd():
		return nil, "ErrorSubscriptionNotFound"
	case s.owner != c.user:
		return nil, "ErrorSubscriptionAccessDenied"
	}
	if now := m.now().UTC(); s.kind == pull && now.Sub(s.used) > s.timeout {
		m.endSubscription(s)
		return nil, "ErrorSubscriptionNotFound"
	}
	s.used = m.now().UTC()
	return s, ""
}

// unsubscribe can't end a push subscription: only its listener can.
func (c *call) unsubscribe() {
	s, code := c.subscription(c.body.ChildText("SubscriptionId"))
	if code == "" && s.kind == push {
		code = "ErrorInvalidSubscription"
	}
	if code != "" {
		c.failAll(code, 0)
		return
	}
	s.box.mu.Lock()
	s.box.endSubscription(s)
	s.box.mu.Unlock()
	c.begin()
	c.ok()
	c.done()
	c.end()
}

func (c *call) getEvents() {
	s, code := c.subscription(c.body.ChildText("SubscriptionId"))
	if code == "" && s.kind != pull {
		code = "ErrorInvalidPullSubscriptionId"
	}
	box, nums, ok := decodeID(idMark, strings.TrimSpace(c.body.ChildText("Watermark")), 1)
	if code == "" && (!ok || box != s.box.hash) {
		code = "ErrorInvalidWatermark"
	}
	if code != "" {
		c.failAll(code, 0)
		return
	}
	// Asking with a watermark acknowledges everything up to it.
	m := s.box
	m.mu.Lock()
	for len(s.queue) > 0 && s.queue[0].mark <= nums[0] {
		s.queue = s.queue[1:]
	}
	const limit = 50
	n := min(limit, len(s.queue))
	list, more := s.queue[:n:n], len(s.queue) > n
	m.mu.Unlock()
	c.items += n
	c.begin()
	c.ok()
	c.out.s("<m:Notification>")
	m.notification(c.out, s, list, nums[0], more, true)
	c.out.s("</m:Notification>")
	c.done()
	c.end()
}
