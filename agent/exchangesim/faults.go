package exchangesim

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Effect is what a fault does to a request.
type Effect uint8

// The effects. "Before" means the operation has no effect on the mailbox.
const (
	// CutBefore closes the connection before the operation.
	CutBefore Effect = iota + 1
	// DropReply does the operation, then closes the connection without a reply.
	DropReply
	// Unavailable answers HTTP 503 without SOAP, before the operation.
	Unavailable
	// HTMLPage answers 200 with an HTML page, before the operation.
	HTMLPage
	// TruncatedReply does the operation and sends half of the reply.
	TruncatedReply
	// Stall waits Fault.For before the operation, or until the client is gone.
	Stall
	// BusyFault answers HTTP 500 with a SOAP fault ErrorServerBusy and a back-off.
	BusyFault
	// Busy503 answers HTTP 503 with the same SOAP fault.
	Busy503
	// BusyResponse answers HTTP 200 with ErrorServerBusy in every response message.
	BusyResponse
	// ConnectionCount answers ErrorExceededConnectionCount, which has no back-off.
	ConnectionCount
	// InternalError answers HTTP 500 with a SOAP fault ErrorInternalServerError.
	InternalError
	// Unsupported answers HTTP 500 with a SOAP fault ErrorUnsupportedMethod, as a server
	// does that lacks an operation.
	Unsupported
)

// Fault is one thing that goes wrong.
type Fault struct {
	Effect Effect
	// Operation limits the fault to one operation ("CreateItem"); empty: all but
	// GetStreamingEvents, which must be named.
	Operation string
	// User limits the fault to one user name; empty: all.
	User string
	// Skip lets so many matching requests pass first.
	Skip int
	// Times is how many requests are hit; 0 means 1, negative: without end.
	Times int
	// Chance in (0,1) hits a matching request with that chance only; 0 means always.
	Chance float64
	// For is the length of a Stall.
	For time.Duration
	// BackOff is told in the busy effects; one second when zero.
	BackOff time.Duration
}

// Faults is the set of things that go wrong. It is safe for concurrent use.
type Faults struct {
	mu        sync.Mutex
	rnd       *rand.Rand
	latency   time.Duration
	list      []*Fault
	throttle  int
	throttled Fault
	hit       int64
}

func newFaults(latency time.Duration) *Faults {
	return &Faults{latency: latency, rnd: rand.New(rand.NewPCG(1, 2))}
}

// Add makes something go wrong; faults added first are tried first.
func (f *Faults) Add(x Fault) {
	if x.Times == 0 {
		x.Times = 1
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, &x)
}

// Clear removes all faults and the throttle; the latency stays.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list, f.throttle = nil, 0
}

// Seed makes the chances repeatable.
func (f *Faults) Seed(seed uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rnd = rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15))
}

// SetLatency waits this long before each operation.
func (f *Faults) SetLatency(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.latency = d
}

// Throttle lets one user have at most so many requests at once; more are
// answered with effect (BusyFault, Busy503, BusyResponse or ConnectionCount) and
// the back-off. 0 lifts the limit.
func (f *Faults) Throttle(atOnce int, effect Effect, backOff time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.throttle = atOnce
	f.throttled = Fault{Effect: effect, BackOff: backOff}
}

// Hits is the number of requests that met a fault or the throttle.
func (f *Faults) Hits() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.hit
}

// next decides about one request; parallel is the number of the user's requests
// under way, this one included.
func (f *Faults) next(op, user string, parallel int64) (Fault, time.Duration, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.throttle > 0 && parallel > int64(f.throttle) {
		f.hit++
		return f.throttled, f.latency, true
	}
	for i, x := range f.list {
		if x.Operation != op && (x.Operation != "" || op == "GetStreamingEvents") || x.User != "" && x.User != user {
			continue
		}
		if x.Skip > 0 {
			x.Skip--
			continue
		}
		if x.Chance > 0 && f.rnd.Float64() >= x.Chance {
			continue
		}
		if x.Times > 0 {
			if x.Times--; x.Times == 0 {
				f.list = append(f.list[:i:i], f.list[i+1:]...)
			}
		}
		f.hit++
		return *x, f.latency, true
	}
	return Fault{}, f.latency, false
}
