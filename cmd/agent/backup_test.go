package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"abgleich/agent/backup"
	"abgleich/agent/vault"
)

// recipient is the public key workstations remember.
func recipient(t *testing.T, data string) string {
	t.Helper()
	v, err := vault.Open(vault.Options{Folder: data})
	if err != nil {
		t.Fatal(err)
	}
	return v.Recipient()
}

func TestABackupMovesAnInstallation(t *testing.T) {
	l := configured(t)
	l.want(exitFine, "employees", "add", "anna", "--mail", "anna@example.com")
	l.input = "hunter2\n"
	l.want(exitFine, "params", "password")
	key, file := filepath.Join(l.dir, "key.txt"), filepath.Join(l.dir, "all.age")
	if o := l.want(exitFailed, "backup", "create", file); !strings.Contains(o.err, "agent backup key") {
		t.Error(o.err)
	}
	if o := l.want(exitFine, "backup", "key", key); strings.Contains(o.out+o.err, "AGE-SECRET") {
		t.Error("the key is shown")
	}
	m := decode[backup.Manifest](t, l.want(exitFine, "backup", "create", file, "--json"))
	if !m.Key || len(m.Files) < 4 {
		t.Errorf("%+v", m)
	}
	l.want(exitFailed, "restore", file, "--key", key) // everything is still there

	data := strings.TrimSpace(l.want(exitFine, "params", "show", "data.folder").out)
	key0 := recipient(t, data)
	for _, path := range []string{data, filepath.Join(l.dir, "abgleich.toml")} {
		if _, err := os.Stat(path); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
	l.input = "AGE-SECRET-KEY-WRONG\n"
	if o := l.want(exitFailed, "restore", file); strings.Contains(o.err, "AGE-SECRET") {
		t.Error(o.err)
	}
	moved := filepath.Join(l.dir, "moved")
	l.want(exitFine, "restore", file, "--key", key, "--data", moved)
	if got := strings.TrimSpace(l.want(exitFine, "params", "show", "data.folder").out); got != moved {
		t.Errorf("data folder %q", got)
	}
	if recipient(t, moved) != key0 {
		t.Error("every workstation would be told that the agent has another key")
	}
	if o := l.want(exitFine, "employees", "list"); !strings.Contains(o.out, "anna@example.com") {
		t.Error(o.out)
	}
	if o := l.want(exitFine, "params", "show", "--json"); !strings.Contains(o.out, `"set"`) {
		t.Error("the service password is lost")
	}
}
