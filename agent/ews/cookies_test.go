package ews

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// A load balancer that looks into HTTP deals out requests, not connections, and finds
// the server that a login was begun at by its cookie alone.
func TestALoginBehindALoadBalancerWithCookiesStaysAtOneServer(t *testing.T) {
	users := map[string]string{"ANNA": "secret1"}
	backs := []*ntlmServer{newNTLMServer(t, users, reply(folderReply())), newNTLMServer(t, users, reply(folderReply()))}
	var dealt atomic.Int64
	balancer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := int(dealt.Add(1)) % len(backs)
		if k, err := r.Cookie("SRV"); err == nil {
			fmt.Sscan(k.Value, &at)
		} else {
			http.SetCookie(w, &http.Cookie{Name: "SRV", Value: fmt.Sprint(at), Path: "/"})
		}
		backs[at].serve(w, r)
	}))
	defer balancer.Close()
	c := newTestClient(t, setup{url: balancer.URL, logins: []Login{NTLM("anna", "secret1")}})
	for range 3 {
		if err := getCalendar(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if dealt.Load() != 4 { // the login's two messages, and two requests
		t.Errorf("%d requests", dealt.Load())
	}
}

func TestOnlyCookiesForThisAddressAreKeptAndNotWithoutEnd(t *testing.T) {
	asked, set := "", func(http.ResponseWriter) {}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header.Get("Cookie")
		set(w)
		reply(folderReply())(w, r)
	}))
	defer s.Close()
	c := newTestClient(t, setup{url: s.URL})
	next := func(lines ...string) {
		t.Helper()
		set = func(w http.ResponseWriter) {
			for _, l := range lines {
				w.Header().Add("Set-Cookie", l)
			}
		}
		if err := getCalendar(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	next("a=1; path=/", "b=2", "c=3; path=/owa", "d=4; secure", "X-BackEndCookie=5; path=/EWS; httponly", "e=6; path=/ews; max-age=0")
	next("a=7; path=/", "b=; expires=Thu, 01 Jan 1970 00:00:00 GMT")
	if asked != "a=1; b=2" {
		t.Errorf("asked with %q", asked)
	}
	next("big=" + strings.Repeat("x", mostCookieBytes))
	if asked != "a=7" {
		t.Errorf("asked with %q", asked)
	}
	many := make([]string, 50)
	for i := range many {
		many[i] = fmt.Sprintf("k%d=1", i)
	}
	next(many...)
	next()
	if n := strings.Count(asked, "="); n != mostCookies || strings.Contains(asked, "big") {
		t.Errorf("%d cookies: %q", n, asked)
	}
}
