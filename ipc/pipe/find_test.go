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
		"SRV01/steyr":                   `\\SRV01\pipe\abgleich-agent-steyr`,
		`\\SRV01/Steyr`:                 `\\SRV01\pipe\abgleich-agent-steyr`,
		"localhost/steyr":               `\\.\pipe\abgleich-agent-steyr`,
		"/steyr":                        `\\.\pipe\abgleich-agent-steyr`,
		"term01":                        `\\.\pipe\abgleich-agent`,
		"TERM01.firma.local/steyr":      `\\.\pipe\abgleich-agent-steyr`,
		"term01.other.local":            `\\term01.other.local\pipe\abgleich-agent`,
	} {
		if got, err := windowsAddress(server, "TERM01", "term01.firma.local"); got != want || err != nil {
			t.Errorf("%q: %s, %v", server, got, err)
		}
	}
	for _, wrong := range []string{"SRV01/", "SRV01/a b", "SRV01/a/b", "SRV 01", "https://srv01", "SRV01:9090"} {
		if got, err := windowsAddress(wrong); !errors.Is(err, ErrAddress) {
			t.Errorf("%q: %s, %v", wrong, got, err)
		}
	}
}
