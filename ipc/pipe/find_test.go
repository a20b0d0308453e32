package pipe

import "testing"

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
