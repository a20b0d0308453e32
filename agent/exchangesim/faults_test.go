package exchangesim_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/exchangesim/schemacheck"
)

func TestFaultsHappenBeforeOrAfterTheEffect(t *testing.T) {
	dir := recordDir(t)
	c := basic(t, exchangesim.Options{Record: dir})
	box := c.sim.Mailbox("anna@lab.test")
	for _, x := range []struct {
		name    string
		effect  exchangesim.Effect
		happens bool // the item is created
		broken  bool // no readable reply
		status  int
		codes   string
		backOff bool
	}{
		{"cut before", exchangesim.CutBefore, false, true, 0, "", false},
		{"reply dropped", exchangesim.DropReply, true, true, 0, "", false},
		{"truncated reply", exchangesim.TruncatedReply, true, true, 0, "", false},
		{"503 without SOAP", exchangesim.Unavailable, false, true, 503, "", false},
		{"an HTML page", exchangesim.HTMLPage, false, true, 200, "", false},
		{"busy as a fault", exchangesim.BusyFault, false, false, 500, "ErrorServerBusy", true},
		{"busy with 503", exchangesim.Busy503, false, false, 503, "ErrorServerBusy", true},
		{"busy in every response", exchangesim.BusyResponse, false, false, 200, "ErrorServerBusy ErrorServerBusy", true},
		{"too many connections", exchangesim.ConnectionCount, false, false, 500, "ErrorExceededConnectionCount", false},
		{"an internal error", exchangesim.InternalError, false, false, 500, "ErrorInternalServerError", false},
	} {
		t.Run(x.name, func(t *testing.T) {
			before := box.Count(exchangesim.Calendar)
			c.sim.Faults().Add(exchangesim.Fault{Effect: x.effect, Operation: "CreateItem", BackOff: 1500 * time.Millisecond})
			c.want(c.do(getCalendar), "NoError") // another operation is not hit
			doc := envelope(createAppointments(times, times))
			r, err := c.try(doc)
			if (err != nil) != x.broken {
				t.Fatalf("err %v, reply %+v", err, r)
			}
			if r != nil && x.status != 0 && r.status != x.status {
				t.Errorf("HTTP %d, want %d", r.status, x.status)
			}
			if err == nil && r.codes() != x.codes {
				t.Errorf("answered %s", r.raw)
			}
			if err == nil && (r.find(`BackOffMilliseconds">(\d+)<`) == "1500") != x.backOff {
				t.Errorf("back-off in %s", r.raw)
			}
			if created := box.Count(exchangesim.Calendar) - before; created != map[bool]int{true: 2}[x.happens] {
				t.Errorf("%d items created", created)
			}
			c.want(c.doc(doc), "NoError NoError") // the fault is used up
		})
	}
	if got := c.sim.Faults().Hits(); got != 10 {
		t.Errorf("%d hits", got)
	}
	schemacheck.Check(t, dir)
}

func TestFaultsCanBeAimed(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	f := c.sim.Faults()
	codes := func() string {
		t.Helper()
		return c.do(getCalendar).codes()
	}
	f.Add(exchangesim.Fault{Effect: exchangesim.InternalError, Skip: 1, Times: 2})
	var got []string
	for range 4 {
		got = append(got, codes())
	}
	if s := strings.Join(got, " "); s != "NoError ErrorInternalServerError ErrorInternalServerError NoError" {
		t.Error(s)
	}
	f.Add(exchangesim.Fault{Effect: exchangesim.InternalError, User: "bob", Times: -1})
	if codes() != "NoError" {
		t.Error("a fault for bob hit anna")
	}
	f.Clear()
	count := func() (n int) {
		f.Seed(7)
		f.Add(exchangesim.Fault{Effect: exchangesim.InternalError, Chance: 0.5, Times: -1})
		for range 40 {
			if codes() != "NoError" {
				n++
			}
		}
		f.Clear()
		return n
	}
	if a, b := count(), count(); a != b || a < 8 || a > 32 {
		t.Errorf("chance 0.5 hit %d and %d of 40", a, b)
	}
}

func TestTheThrottleHoldsForOneUser(t *testing.T) {
	c := basic(t, exchangesim.Options{})
	f := c.sim.Faults()
	f.Throttle(1, exchangesim.BusyFault, 2*time.Second)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f.Add(exchangesim.Fault{Effect: exchangesim.Stall, Operation: "FindItem", For: time.Hour})
	var stalled sync.WaitGroup
	stalled.Go(func() {
		body := envelope(`<FindItem Traversal="Shallow"><ItemShape><t:BaseShape>IdOnly</t:BaseShape></ItemShape><ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></ParentFolderIds></FindItem>`)
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, c.sim.url, strings.NewReader(body))
		req.Header.Set("Content-Type", "text/xml; charset=utf-8")
		req.SetBasicAuth("anna", "secret1")
		if res, err := http.DefaultClient.Do(req); err == nil {
			res.Body.Close()
		}
	})
	until(t, "the stall holds its request", func() bool { return f.Hits() > 0 })
	if got := c.do(getCalendar); got.codes() != "ErrorServerBusy" || got.find(`BackOffMilliseconds">(\d+)<`) != "2000" {
		t.Errorf("the second request got %s", got.raw)
	}
	bob := &client{t, c.sim, "bob", "secret2"}
	if got := bob.do(getCalendar).codes(); got != "NoError" {
		t.Errorf("bob got %s", got)
	}
	cancel()
	stalled.Wait()
	if n := c.sim.Stats().MaxParallel; n != 2 {
		t.Errorf("at most %d at once", n)
	}
}
