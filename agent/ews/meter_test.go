package ews

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

func TestAMeterCountsRequestsBytesAndTheTimeTheServerAskedFor(t *testing.T) {
	var calls atomic.Int64
	var sent atomic.Int64
	busy := status(503, "text/html", "later", "Retry-After", "4")
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent.Add(r.ContentLength)
		if calls.Add(1) == 1 {
			busy(w, r)
			return
		}
		reply(folderReply())(w, r)
	}))
	defer s.Close()
	clock := newClock()
	plain := newTestClient(t, setup{url: s.URL, clock: clock})
	m := new(Meter)
	metered := plain.Metered(m)
	done := make(chan error, 1)
	go func() { done <- getCalendar(t.Context(), metered) }()
	for metered.server.NotBefore().IsZero() {
		<-clock.armed
	}
	clock.advance(4 * time.Second)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if m.Requests() != 2 || m.Sent() != sent.Load() || m.Received() < int64(len(folderReply())) || m.Throttled() != 4*time.Second {
		t.Errorf("%d requests, %d of %d bytes sent, %d received, throttled %v", m.Requests(), m.Sent(), sent.Load(), m.Received(), m.Throttled())
	}
	before := m.Requests()
	if err := getCalendar(t.Context(), plain); err != nil || m.Requests() != before {
		t.Errorf("counts another client: %d, %v", m.Requests(), err)
	}
	if err := getCalendar(t.Context(), plain.Metered(nil)); err != nil {
		t.Error(err)
	}
}
