package notice

import (
	"context"
	"time"

	"abgleich/agent/fault"
)

const (
	// startedAfter is how long the service must run before a start counts.
	startedAfter = 5 * time.Minute
	// settledAfter is how long it must run before an unwanted end is over.
	settledAfter = time.Hour
)

// Broke tells that the service itself could not start ([fault.ServiceNotStarted])
// or ended with an error ([fault.ServiceEnded]). It is over when the service has run
// for a while: one that starts and ends in a circle is one mail.
func (d *Desk) Broke(code, cause fault.Code) {
	s := Source{Part: "service " + string(code)}
	d.Failing(s, "", code, d.o.Now())
	d.change(func() bool {
		t := d.of(s)
		if t == nil || t.Told || t.Cause == cause {
			return false
		}
		t.Cause = cause
		return true
	})
}

// LastWord sends what waits, once, for a service that can't go on. What can't be
// sent waits for the next life.
func (d *Desk) LastWord(ctx context.Context) {
	defer d.save()
	d.gather()
	d.save() // told, whatever becomes of us
	for d.sendOne(ctx) {
		d.save()
	}
}

// begin marks that the service runs. A mark that is there already tells of a life
// that nobody ended.
func (d *Desk) begin() {
	d.mu.Lock()
	crashed := !d.state.Running.IsZero()
	d.began = d.o.Now()
	d.state.Running, d.unsaved = d.began, true
	d.mu.Unlock()
	if crashed {
		d.Broke(fault.ServiceEnded, "")
	}
}

// ended takes the mark away and keeps the state.
func (d *Desk) ended() {
	d.mu.Lock()
	d.state.Running, d.unsaved = time.Time{}, true
	d.mu.Unlock()
	d.save()
}

// settled ends the service's own troubles when it has run long enough.
func (d *Desk) settled() {
	d.mu.Lock()
	ran := d.o.Now().Sub(d.began)
	d.mu.Unlock()
	if ran >= startedAfter {
		d.Over(Source{Part: "service " + string(fault.ServiceNotStarted)})
	}
	if ran >= settledAfter {
		d.Over(Source{Part: "service " + string(fault.ServiceEnded)})
	}
}
