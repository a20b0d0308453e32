//go:build !windows

package policy

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheFilesLinesAreDecisions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.conf")
	text := "# decided in May\nAgent = localhost/steyr\nKeepPassword=0\r\n#Notifications = 0\nnonsense\nAutostart = \"1\"\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	none := from(nil)
	want := Policy{Agent: "localhost/steyr", KeepPassword: Off, Autostart: On}
	if got := read(places{inFile(path), none, none}); got != want {
		t.Errorf("%+v", got)
	}
	if got := read(places{inFile(path + "x"), none, none}); got != (Policy{}) {
		t.Errorf("a file that isn't there decides %+v", got)
	}
}
