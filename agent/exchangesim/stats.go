package exchangesim

import (
	"maps"
	"sync"
)

// Stats is a snapshot of what the server has seen since it was made.
type Stats struct {
	// Requests counts authenticated requests for each operation.
	Requests map[string]int64
	// Items counts the items each operation named or carried.
	Items map[string]int64
	// Faults counts SOAP faults by response code.
	Faults map[string]int64
	// Errors counts response messages with an error by response code.
	Errors map[string]int64
	// Accepted and Refused count logins by user name ("anna"); for NTLM one for
	// each connection, for Basic one for each request. Unknown names count under
	// the name that was given.
	Accepted, Refused map[string]int64
	// Mailed counts items of requests that would have sent somebody an invitation, an
	// update or a cancellation: anything but SendToNone on a calendar write. Mails
	// count too, unless their sender is [User.MaySend].
	Mailed int64
	// Pushed and PushFailed count push notifications.
	Pushed, PushFailed int64
	// Anchors counts requests by their X-AnchorMailbox, those without one under "".
	Anchors map[string]int64
	// MaxParallel is the largest number of requests worked on at once for one
	// user, hanging ones left out.
	MaxParallel int64
}

type counters struct {
	mu sync.Mutex
	s  Stats
}

func newCounters() *counters {
	return &counters{s: Stats{
		Requests: map[string]int64{}, Items: map[string]int64{}, Faults: map[string]int64{},
		Errors: map[string]int64{}, Anchors: map[string]int64{}, Accepted: map[string]int64{}, Refused: map[string]int64{},
	}}
}

func (c *counters) change(f func(*Stats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.s)
}

func (c *counters) snapshot() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.s
	s.Requests, s.Items = maps.Clone(s.Requests), maps.Clone(s.Items)
	s.Anchors = maps.Clone(s.Anchors)
	s.Faults, s.Errors = maps.Clone(s.Faults), maps.Clone(s.Errors)
	s.Accepted, s.Refused = maps.Clone(s.Accepted), maps.Clone(s.Refused)
	return s
}
