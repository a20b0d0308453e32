package exchangesim

import (
	"hash/fnv"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// heartbeat is how often an idle stream shows that it lives, in minutes.
const heartbeatMinutes = 0.75

// getStreamingEvents hangs until the connection's time is over, and writes an
// envelope for each batch of events.
func (c *call) getStreamingEvents() {
	release, ok := c.hang()
	if !ok {
		c.fault(&soapFault{code: "ErrorExceededConnectionCount", message: "You have exceeded the available concurrent connections for your account. Try again once your other requests have completed."})
		return
	}
	defer release()
	var subs []*subscription
	var bad []string
	code := ""
	named := 0
	for n := c.body.Child("SubscriptionIds").FirstChild(); n != nil; n = n.Next {
		if named++; named > c.s.opt.StreamIDs {
			c.failAll("ErrorInvalidSubscriptionRequest", 0)
			return
		}
		s, problem := c.subscription(n.Text)
		if problem == "" && s.kind != streaming {
			problem = "ErrorInvalidSubscription"
		}
		if problem != "" {
			code, bad = problem, append(bad, n.Text)
			continue
		}
		subs = append(subs, s)
	}
	if code != "" {
		c.begin()
		c.streamError(code, bad)
		c.end()
		return
	}
	taken, cut := c.s.takeOver(subs), c.s.cuts() // before the client knows of the stream
	minutes, _ := strconv.Atoi(strings.TrimSpace(c.body.ChildText("ConnectionTimeout")))
	c.hung = true
	h := c.w.Header()
	h.Set("Content-Type", "text/xml; charset=utf-8")
	c.w.WriteHeader(http.StatusOK)
	c.status("OK")
	if c.spoil == DropReply || c.spoil == TruncatedReply {
		panic(http.ErrAbortHandler)
	}
	c.stream(subs, taken, cut, time.Duration(minutes)*c.s.opt.Minute)
}

// hang counts the connection in, against the login, or against the mailbox it acts
// for (how-to-maintain-affinity…, "throttling values"); false: there are too many.
func (c *call) hang() (release func(), ok bool) {
	payer := c.user.Mail
	if !c.delegate {
		payer = c.box.mail
	}
	s := c.s
	s.streamMu.Lock()
	defer s.streamMu.Unlock()
	if s.hanging[payer] >= s.opt.HangingConnections {
		return nil, false
	}
	s.hanging[payer]++
	return func() {
		s.streamMu.Lock()
		defer s.streamMu.Unlock()
		s.hanging[payer]--
	}, true
}

// backEnd is the server behind the load balancer that a request comes to: the one
// its cookie names, else the one of the mailbox it is anchored at.
func (c *call) backEnd() uint64 {
	if c.s.opt.BackEnds < 2 {
		return 0
	}
	if k, err := c.r.Cookie(backEndCookie); err == nil && strings.EqualFold(c.r.Header.Get("X-PreferServerAffinity"), "true") {
		if n, err := strconv.ParseUint(strings.TrimPrefix(k.Value, "EXCHSIM~"), 10, 64); err == nil {
			return n
		}
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(lowerASCII(c.r.Header.Get("X-AnchorMailbox"))))
	return h.Sum64() % uint64(c.s.opt.BackEnds)
}

// backEndCookie is the name of the cookie that keeps a client at one server.
const backEndCookie = "X-BackEndOverrideCookie"

// takeOver makes this connection the one that gets the events.
func (s *Server) takeOver(subs []*subscription) chan struct{} {
	mine := make(chan struct{})
	s.streamMu.Lock()
	defer s.streamMu.Unlock()
	for _, sub := range subs {
		if sub.stream != nil && sub.stream != mine {
			select {
			case <-sub.stream:
			default:
				close(sub.stream)
			}
		}
		sub.stream = mine
	}
	return mine
}

// stream waits on all subscriptions, the time limit and every way of ending.
func (c *call) stream(subs []*subscription, taken, cut chan struct{}, limit time.Duration) {
	end := time.NewTimer(limit)
	defer end.Stop()
	beat := time.NewTicker(time.Duration(heartbeatMinutes * float64(c.s.opt.Minute)))
	defer beat.Stop()
	const fixed = 6
	cases := []reflect.SelectCase{
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(end.C)},
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(beat.C)},
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(taken)},
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(c.s.ctx.Done())},
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(c.r.Context().Done())},
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(cut)},
	}
	for _, s := range subs {
		cases = append(cases, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(s.wake)},
			reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(s.gone)})
	}
	for {
		i, _, _ := reflect.Select(cases)
		switch i {
		case 0:
			c.status("Closed")
			return
		case 1:
			for _, s := range subs {
				c.notify(s, nil)
			}
			continue
		case 2:
			c.envelopeOf(func() { c.streamError("ErrorNewEventStreamConnectionOpened", nil) })
			return
		case 3, 4:
			return
		case 5:
			panic(http.ErrAbortHandler)
		}
		s := subs[(i-fixed)/2]
		if (i-fixed)%2 == 1 {
			c.envelopeOf(func() { c.streamError("ErrorSubscriptionNotFound", []string{s.id}) })
			return
		}
		if list, _, _ := s.box.take(s, 500); len(list) > 0 {
			c.items += len(list)
			c.notify(s, list)
		}
	}
}

// notify writes one envelope with events, or a status event.
func (c *call) notify(s *subscription, list []event) {
	c.envelopeOf(func() {
		c.ok()
		c.out.s("<m:Notifications><m:Notification>")
		s.box.notification(c.out, s, list, 0, false, false)
		c.out.s("</m:Notification></m:Notifications>")
		c.done()
	})
}

func (c *call) status(word string) {
	c.envelopeOf(func() {
		c.ok()
		c.out.s("<m:ConnectionStatus>" + word + "</m:ConnectionStatus>")
		c.done()
	})
}

// envelopeOf sends one whole envelope as a chunk of its own.
func (c *call) envelopeOf(f func()) {
	c.out.b = c.out.b[:0]
	c.begin()
	f()
	c.end()
	if c.s.record != nil {
		_ = c.s.record.Write(c.s.record.Next(), c.op, "reply", c.out.b)
	}
	if _, err := c.w.Write(c.out.b); err == nil {
		_ = http.NewResponseController(c.w).Flush()
	}
}

func (c *call) streamError(code string, ids []string) {
	w := c.out
	w.s(`<m:GetStreamingEventsResponseMessage ResponseClass="Error"><m:MessageText>`)
	w.text(messageText(code))
	w.s("</m:MessageText><m:ResponseCode>" + code + "</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>")
	if len(ids) > 0 {
		w.s("<m:ErrorSubscriptionIds>")
		for _, id := range ids {
			w.elem("SubscriptionId", id)
		}
		w.s("</m:ErrorSubscriptionIds>")
	}
	w.s("<m:ConnectionStatus>Closed</m:ConnectionStatus>")
	c.done()
}

// CutStreams breaks all streaming connections, as a restarting proxy does. The
// subscriptions live on.
func (s *Server) CutStreams() {
	s.streamMu.Lock()
	defer s.streamMu.Unlock()
	close(s.streamCut)
	s.streamCut = make(chan struct{})
}

func (s *Server) cuts() chan struct{} {
	s.streamMu.Lock()
	defer s.streamMu.Unlock()
	return s.streamCut
}
