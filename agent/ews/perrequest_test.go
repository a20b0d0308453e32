package ews

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"abgleich/agent/fault"
)

// authPersistSingleRequest of IIS: a connection that logged in is good for one request.
func TestAServerThatWantsALoginForEachRequestIsHeardByStream(t *testing.T) {
	var s *ntlmServer
	s = newNTLMServer(t, map[string]string{"ANNA": "secret1"}, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.conns[r.RemoteAddr].user = ""
		s.mu.Unlock()
		if strings.Contains(string(b), "GetStreamingEvents") {
			io.WriteString(w, streamed("Closed", ""))
			return
		}
		reply(folderReply())(w, r)
	})
	s.Start()
	c := newTestClient(t, setup{url: s.URL, logins: []Login{NTLM("anna", "secret1")}})
	opened := 0
	err := c.Stream(t.Context(), []string{"s"}, time.Minute, func() { opened++ }, func(Notification) {})
	if err != nil || opened != 1 {
		t.Fatal(err, opened)
	}
	for range 2 {
		if err := getCalendar(t.Context(), c); err != nil {
			t.Error(err)
		}
	}
	if c.Refused() {
		t.Error("the login is taken for a refused one")
	}
}

func TestOneClosedMailboxClosesNoOtherToAServiceAccount(t *testing.T) {
	s := newNTLMServer(t, map[string]string{"SERVICE": "secret1"}, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-AnchorMailbox") == "gone@lab.test" {
			w.Header().Set("X-CalculatedBETarget", "mbx1.lab.test")
			w.Header().Set("WWW-Authenticate", "NTLM")
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		reply(folderReply())(w, r)
	})
	s.Start()
	for name, v := range map[string]View{"impersonation": {Impersonate: true}, "delegate": {Delegate: true}} {
		c := newTestClient(t, setup{url: s.URL, logins: []Login{NTLM("service", "secret1")}})
		closed, open := v, v
		closed.Mailbox, open.Mailbox = "gone@lab.test", "anna@lab.test"
		if err := getCalendar(t.Context(), c.With(closed)); !fault.Has(err, fault.MailboxDisabled) {
			t.Errorf("%s: %v", name, err)
		}
		if err := getCalendar(t.Context(), c.With(open)); err != nil {
			t.Errorf("%s: the other one: %v", name, err)
		}
	}
}
