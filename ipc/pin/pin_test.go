package pin

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

const server = `\\SRV01\pipe\abgleich-agent`

func code(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func TestTheFirstKeyIsRememberedAndAnotherRefusedUntilItIsTaken(t *testing.T) {
	dir := t.TempDir()
	check := func(address, key, want string) {
		t.Helper()
		if got := code(In(dir, address, "").Check(key)); got != want {
			t.Errorf("%s with %s: %q, want %q", address, key, got, want)
		}
	}
	check(server, "age1a", "")
	check(server, "age1a", "")
	check(`\\srv01\PIPE\abgleich-agent`, "age1b", CodeChanged) // the same, written otherwise
	check(`\\SRV01\pipe\abgleich-agent-steyr`, "age1b", "")    // another agent
	check(server, "", CodeChanged)
	k := In(dir, server, "")
	if e, _ := errors.AsType[*Error](k.Check("age1b")); e == nil || e.Known != "age1a" || e.Offered != "age1b" || e.Address != server {
		t.Errorf("%+v", e)
	}
	if known, kept := k.Known(); known != "age1a" || !kept {
		t.Error(known, kept)
	}
	if err := k.Accept("age1b"); err != nil {
		t.Fatal(err)
	}
	check(server, "age1b", "")
	check(server, "age1a", CodeChanged)
}

func TestTheConfiguredKeyGoesBeforeWhatIsRemembered(t *testing.T) {
	dir := t.TempDir()
	if err := In(dir, server, "").Check("age1old"); err != nil {
		t.Fatal(err)
	}
	if got := code(In(dir, server, "age1new").Check("age1old")); got != CodeRefused {
		t.Error(got)
	}
	if err := In(dir, server, "age1new").Check("age1new"); err != nil {
		t.Error(err)
	}
	// The policy went, and nobody is alarmed by the key it named.
	if err := In(dir, server, "").Check("age1new"); err != nil {
		t.Error(err)
	}
}

func TestWhatCannotBeReadOrWrittenIsNotTrusted(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, file)
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	k := In(dir, server, "")
	if got := code(k.Check("age1a")); got != CodeChanged {
		t.Error(got)
	}
	if err := k.Accept("age1a"); err != nil {
		t.Fatal(err)
	}
	if err := k.Check("age1a"); err != nil {
		t.Error(err)
	}
	if st, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	if err := In(path, server, "").Check("age1a"); err == nil {
		t.Error("a key that can't be remembered was taken")
	}
}

func TestOnItsOwnMachineTheOperatingSystemVouchesForAnAgent(t *testing.T) {
	for address, want := range map[string]bool{server: true, `\\.\pipe\abgleich-agent`: false, "/run/abgleich/agent.sock": false, "agent.sock": false} {
		if remote(address) != want {
			t.Errorf("%s: %v", address, remote(address))
		}
	}
	k := For("/run/abgleich/agent.sock")
	k.configured = func() string { return "" }
	for _, key := range []string{"age1a", "age1b"} {
		if err := k.Check(key); err != nil {
			t.Error(err)
		}
	}
	k.configured = func() string { return "age1c" }
	if got := code(k.Check("age1a")); got != CodeRefused {
		t.Error(got)
	}
	if known, kept := k.Known(); known != "" || kept {
		t.Error(known, kept)
	}
}
