package logon

import (
	"testing"
	"time"
)

func TestALoginIsRecognised(t *testing.T) {
	l := Logon{User: `FIRMA\anna`}
	for login, want := range map[string]bool{
		`FIRMA\anna`: true, `firma\Anna`: true, "anna@firma.at": true,
		`FIRMA\ben`: false, `OTHER\anna`: false, "ben@firma.at": false, "anna": false, "": false,
	} {
		if got := l.Is(login); got != want {
			t.Errorf("%q: %v", login, got)
		}
	}
	if (Logon{User: `A\`}).Is("@b") {
		t.Error("nobody is somebody")
	}
}

func TestThePersonAtThisComputerIsKnown(t *testing.T) {
	l, err := Current(time.Now())
	if err != nil && l.User == "" {
		t.Fatal(err)
	}
	if l.PasswordSet.After(time.Now()) {
		t.Errorf("set in the future: %v", l.PasswordSet)
	}
}
