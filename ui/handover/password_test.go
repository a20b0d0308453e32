package handover

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"abgleich/ipc/contract"
	"abgleich/ui/internal/agentdouble"
	"abgleich/ui/keyring"
	"abgleich/ui/logon"
)

func TestAPasswordChangedInWindowsIsNoticedBeforeItIsRefused(t *testing.T) {
	verified := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	has := func(change func(*contract.Credentials)) *contract.Credentials {
		c := &contract.Credentials{User: "ANNA", Sync: true, Login: `LAB\anna`, HasPassword: true, Verified: timestamppb.New(verified)}
		if change != nil {
			change(c)
		}
		return c
	}
	for name, tt := range map[string]struct {
		set  time.Time
		has  *contract.Credentials
		want bool
	}{
		"changed since it last worked":    {verified.Add(time.Hour), has(nil), true},
		"changed before":                  {verified.Add(-90 * 24 * time.Hour), has(nil), false},
		"changed about then":              {verified.Add(5 * time.Minute), has(nil), false},
		"nobody can say when":             {time.Time{}, has(nil), false},
		"another account's":               {verified.Add(time.Hour), has(func(c *contract.Credentials) { c.Login = `LAB\dienst` }), false},
		"already refused":                 {verified.Add(time.Hour), has(func(c *contract.Credentials) { c.RejectedCode = "login-rejected" }), false},
		"a service account does the work": {verified.Add(time.Hour), has(func(c *contract.Credentials) { c.HasPassword = false }), false},
		"he syncs nothing":                {verified.Add(time.Hour), has(func(c *contract.Credentials) { c.Sync = false }), false},
		"never worked":                    {verified.Add(time.Hour), has(func(c *contract.Credentials) { c.Verified = nil }), false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, keyring.Login{})
			d.agent.Set(func(s *agentdouble.Script) { s.Credentials = tt.has })
			got, err := d.keeper.Behind(t.Context(), logon.Logon{User: `LAB\anna`, PasswordSet: tt.set})
			if err != nil || got != tt.want {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}
