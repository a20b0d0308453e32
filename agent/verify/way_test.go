package verify

import (
	"strings"
	"testing"

	"abgleich/agent/credentials"
	"abgleich/agent/ews"
	"abgleich/agent/exchangesim"
	"abgleich/assets"
)

// TestThePersonIsToldInWhichWayTheLoginWasTaken reads the sentence a person sees.
func TestThePersonIsToldInWhichWayTheLoginWasTaken(t *testing.T) {
	for name, c := range map[string]struct {
		options exchangesim.Options
		ways    func(name, password string) []ews.Login
		want    string
	}{
		"NTLM":                  {exchangesim.Options{TLS: true}, nil, "NTLM"},
		"Basic":                 {exchangesim.Options{TLS: true, NoNTLM: true}, nil, "Basic"},
		"NTLM inside Negotiate": {exchangesim.Options{TLS: true, NegotiateOnly: true}, func(n, p string) []ews.Login { return []ews.Login{ews.NTLM(n, p), ews.NTLMInNegotiate(n, p)} }, "NTLM"},
	} {
		t.Run(name, func(t *testing.T) {
			r := simulated(t, c.options)
			if c.ways != nil {
				r.options.Logins = func(l credentials.Login) []ews.Login { return c.ways(l.Name, l.Secret.Reveal()) }
			}
			got, _ := r.check(t)
			s := got[LoggedIn]
			if s.State != OK || s.Args["method"] != c.want || !strings.Contains(s.Detail, "("+c.want+")") {
				t.Fatalf("%+v", s)
			}
			for _, lang := range []assets.Lang{assets.German, assets.English} {
				if text := assets.Texts(lang).Stage(string(s.Name), s.Args); !strings.Contains(text, "("+c.want+")") {
					t.Errorf("%q does not name %s", text, c.want)
				}
			}
		})
	}
	for method, want := range map[string]string{"kerberos": "Kerberos", "bearer": "OAuth", "new": "new", "": ""} {
		if got := wayName(method); got != want {
			t.Errorf("%q is told as %q", method, got)
		}
	}
}
