package pipe

import (
	"errors"
	"testing"
)

func TestTheAgentOnAServerHasItsPipe(t *testing.T) {
	for server, want := range map[string]string{
		"":                              `\\.\pipe\abgleich-agent`,
		".":                             `\\.\pipe\abgleich-agent`,
		"SRV01":                         `\\SRV01\pipe\abgleich-agent`,
		`\\SRV01`:                       `\\SRV01\pipe\abgleich-agent`,
		" srv01.firma.local ":           `\\srv01.firma.local\pipe\abgleich-agent`,
		`\\SRV01\pipe\abgleich-agent-2`: `\\SRV01\pipe\abgleich-agent-2`,
	} {
		if got := addressOn(server); got != want {
			t.Errorf("%q: %s", server, got)
		}
	}
}

func TestNothingIsSealedForAnotherKeyThanTheInstalled(t *testing.T) {
	for _, c := range []struct {
		wanted, recipient string
		refused           bool
	}{{"", "age1a", false}, {"age1a", "age1a", false}, {"age1a", "age1b", true}, {"age1a", "", true}} {
		if err := checkKey(c.wanted, c.recipient); errors.Is(err, ErrUntrusted) != c.refused {
			t.Errorf("%q for %q: %v", c.recipient, c.wanted, err)
		}
	}
}
