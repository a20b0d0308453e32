package ews

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"abgleich/agent/fault"
)

func TestOffersAreReadAsServersWriteThem(t *testing.T) {
	for _, c := range []struct {
		name    string
		headers []string
		want    map[string]Offer
	}{
		{"a header each", []string{"Negotiate", "NTLM", `Basic realm="x, y"`},
			map[string]Offer{"negotiate": {}, "ntlm": {}, "basic": {Params: map[string]string{"realm": "x, y"}}}},
		{"all in one", []string{`Negotiate, NTLM, Basic realm="mail"`},
			map[string]Offer{"negotiate": {}, "ntlm": {}, "basic": {Params: map[string]string{"realm": "mail"}}}},
		{"a token with its padding", []string{"Negotiate oYG2MIGzoAMKAQE=", "NTLM TlRMTVNTUAACAA=="},
			map[string]Offer{"negotiate": {Token: "oYG2MIGzoAMKAQE="}, "ntlm": {Token: "TlRMTVNTUAACAA=="}}},
		{"Exchange's Bearer", []string{`Bearer client_id="a", trusted_issuers="b@*,c", error="invalid_token"`},
			map[string]Offer{"bearer": {Params: map[string]string{"client_id": "a", "trusted_issuers": "b@*,c", "error": "invalid_token"}}}},
		{"parameters of nobody", []string{`realm="x"`, "", " , ,"}, map[string]Offer{}},
		{"the first of two tokens counts", []string{"NTLM AAAA", "ntlm BBBB"}, map[string]Offer{"ntlm": {Token: "AAAA"}}},
	} {
		h := http.Header{"Www-Authenticate": c.headers}
		got := offers(h)
		for k, o := range got {
			if len(o.Params) == 0 {
				got[k] = Offer{Token: o.Token}
			}
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func FuzzOffers(f *testing.F) {
	for _, s := range []string{`Negotiate oYG2MIGz=, NTLM`, `Basic realm="a\"b, c", Bearer error="x"`, `"`, `a=b, =, x =`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for scheme, o := range offers(http.Header{"Www-Authenticate": strings.Split(s, "\n")}) {
			if scheme == "" || strings.ContainsAny(scheme, " ,=") || scheme != strings.ToLower(scheme) {
				t.Errorf("scheme %q", scheme)
			}
			if len(o.Token) > len(s) {
				t.Error("a token longer than the header")
			}
		}
	})
}

// judged answers every AUTHENTICATE message with what it is told.
func judged(t *testing.T, verdict func(http.Header)) (*httptest.Server, *atomic.Int64) {
	var final atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		raw, _ := base64.StdEncoding.DecodeString(token)
		switch {
		case scheme == "Basic":
			reply(folderReply())(w, r)
			return
		case len(raw) > 12 && raw[8] == 1:
			w.Header().Set("WWW-Authenticate", "NTLM "+base64.StdEncoding.EncodeToString(serverChallenge()))
		case len(raw) > 12:
			final.Add(1)
			verdict(w.Header())
		default:
			w.Header().Set("WWW-Authenticate", "NTLM")
		}
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(s.Close)
	return s, &final
}

func TestA401AfterTheLastMessageIsARefusalOnlyIfItJudgesTheSecret(t *testing.T) {
	for _, c := range []struct {
		name    string
		verdict func(http.Header)
		basic   bool
		want    fault.Code
		refused bool
	}{
		{"the scheme again is a refusal", func(h http.Header) { h.Set("WWW-Authenticate", "NTLM") }, true, fault.LoginRejected, true},
		{"nothing at all is taken for one", func(http.Header) {}, true, fault.LoginRejected, true},
		{"a new challenge is a login torn apart", func(h http.Header) {
			h.Set("WWW-Authenticate", "NTLM "+base64.StdEncoding.EncodeToString(serverChallenge()))
		}, true, fault.ServerFailed, false},
		{"another scheme is asked for and tried", func(h http.Header) { h.Set("WWW-Authenticate", `Basic realm="x"`) }, true, "", false},
		{"another scheme that we don't have", func(h http.Header) { h.Set("WWW-Authenticate", `Basic realm="x"`) }, false, fault.ServerFailed, false},
		{"Exchange's own reason counts most", func(h http.Header) {
			h.Set("WWW-Authenticate", `Basic realm="x"`)
			h.Set("X-Ms-Diagnostics", `4;reason="The account is locked."`)
		}, true, fault.AccountLocked, true},
	} {
		s, final := judged(t, c.verdict)
		ways := []Login{NTLM("anna", "secret1")}
		if c.basic {
			ways = append(ways, BasicOverPlainHTTP("anna", "secret1"))
		}
		client := newTestClient(t, setup{url: s.URL, logins: ways})
		if err := getCalendar(t.Context(), client); fault.CodeOf(err) != c.want {
			t.Errorf("%s: got %v", c.name, err)
		}
		if client.Refused() != c.refused || final.Load() != 1 {
			t.Errorf("%s: refused %v, secret shown %d times", c.name, client.Refused(), final.Load())
		}
	}
}
