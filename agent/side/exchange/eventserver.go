package exchange

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
)

// eventPath stands before the random part of a subscription's address.
const eventPath = "/abgleich/event/"

// EventServer receives the pushes of mail servers on the event port. Anybody can
// reach it: an address is a random secret, a body is bounded and at most a reason
// to look, and unknown subscriptions are told to end.
type EventServer struct {
	base string

	mu   sync.Mutex
	subs map[string]func(ews.Notification)
}

// NewEventServer makes the server that is reached under base,
// "http://agent.example.com:9090".
func NewEventServer(base string) *EventServer {
	return &EventServer{base: strings.TrimRight(base, "/"), subs: map[string]func(ews.Notification){}}
}

// Listen makes a handler known and gives the address to subscribe with. end
// forgets it; the mail server is then told so at its next call.
func (s *EventServer) Listen(f func(ews.Notification)) (url string, end func()) {
	var b [16]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	id := hex.EncodeToString(b[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subs[id] = f
	return s.base + eventPath + id, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.subs, id)
	}
}

// ServeHTTP takes a notification.
func (s *EventServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, ours := strings.CutPrefix(r.URL.Path, eventPath)
	switch {
	case !ours:
		http.NotFound(w, r)
		return
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return
	}
	n, err := ews.ParsePush(r.Body)
	if d := ews.Detail(err); d != nil && d.ResponseCode != "" {
		// The server lost events (ErrorMissedNotificationEvents, ErrorReadEventsFailed):
		// one of a kind nobody knows makes who listens look at everything.
		n, err = ews.Notification{Events: []ews.Event{{}}}, nil
	}
	if err != nil {
		http.Error(w, "not a notification", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	f := s.subs[id]
	s.mu.Unlock()
	if f != nil {
		f(n)
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.Write(ews.PushReply(f != nil))
}

// Serve answers on the listener until ctx ends. It closes the listener.
func (s *EventServer) Serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	select {
	case err := <-done:
		return fault.New(fault.EventServerFailed, "exchange.EventServer", l.Addr().String(), err)
	case <-ctx.Done():
		srv.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			return fault.New(fault.EventServerFailed, "exchange.EventServer", l.Addr().String(), err)
		}
		return nil
	}
}
