package exchange

import (
	"slices"
	"testing"

	"abgleich/agent/side"
)

func TestAPathIsPartedIntoNames(t *testing.T) {
	for path, want := range map[string][]string{
		"Team": {"Team"}, "Team/Room 1": {"Team", "Room 1"}, " Team / Room 1 /": {"Team", "Room 1"},
		"Input//Output": {"Input/Output"}, "A//B/C": {"A/B", "C"}, "": nil, "/": nil, "///": {"/"},
	} {
		if got := Path(path); !slices.Equal(got, want) {
			t.Errorf("%q became %q, want %q", path, got, want)
		}
	}
}

func TestAMailboxOfOthersIsOpenedWithGivenRights(t *testing.T) {
	own, shared := side.Account{Mail: "anna@lab.test"}, side.Account{Mail: "room@lab.test", Shared: true}
	for _, c := range []struct {
		name                              string
		account                           side.Account
		impersonate, delegate, asDelegate bool
	}{
		{"her own", own, false, false, false},
		{"her own by a delegate", own, false, true, true},
		{"a room", shared, false, false, true},
		{"a room by impersonation", shared, true, false, false},
	} {
		v := View(c.account, c.impersonate, c.delegate)
		if v.Mailbox != c.account.Mail || v.Impersonate != c.impersonate || v.Delegate != c.asDelegate {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
}
