package window

import (
	"testing"

	"abgleich/ipc/pin"
)

// changed is a screen whose agent has another key than the one remembered.
func changed(t *testing.T) (*screen, *pin.Keeper) {
	t.Helper()
	k := pin.In(t.TempDir(), `\\SRV01\pipe\abgleich-agent`, "")
	if err := k.Accept("age1former"); err != nil {
		t.Fatal(err)
	}
	s := open(t, setup{key: k, page: Status})
	s.sees("Dem neuen Schlüssel vertrauen?")
	s.sees(`\\SRV01\pipe\abgleich-agent`)
	s.sees("Bisher: age1former")
	return s, k
}

func TestAnotherKeyIsTrustedOnPurpose(t *testing.T) {
	s, k := changed(t)
	s.press("Vertrauen")
	s.until("connected", func() bool { return s.app.picture.Code == "" && s.app.picture.Version != "" })
	if known, _ := k.Known(); known == "age1former" || known == "" {
		t.Errorf("%s is remembered", known)
	}
}

func TestWhoDoesNotTrustAnotherKeyReadsWhyNothingGoesOn(t *testing.T) {
	s, k := changed(t)
	s.press("Abbrechen")
	s.sees("hat einen anderen Schlüssel als erwartet")
	if known, _ := k.Known(); known != "age1former" {
		t.Errorf("%s is remembered", known)
	}
	if s.has("Dem neuen Schlüssel vertrauen?") {
		t.Error("asked again")
	}
}
