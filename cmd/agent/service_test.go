package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"abgleich/agent/fault"
	"abgleich/agent/params"
)

func TestAFirstInstallationCanStart(t *testing.T) {
	l := newLine(t)
	l.want(exitFine, "service", "install", "--first", "communication.server=mail.lab.test", "sync.interval=60")
	p, _, err := params.NewFile(filepath.Join(l.dir, "abgleich.toml"), params.Limits{}).Load()
	if err != nil {
		t.Fatal(err)
	}
	if p.Communication.Server != "mail.lab.test" || !p.IPC.RemoteTrays || p.Database.Alias != "BMD" {
		t.Errorf("%+v", p)
	}
	if !slices.Equal(l.manager.calls, []string{"install", "open"}) {
		t.Error(l.manager.calls)
	}
	for _, f := range []string{l.dir, p.Data.Folder, p.Log.Folder} {
		if !slices.Contains(l.manager.installed.Folders, f) {
			t.Errorf("%s is not given to the service: %v", f, l.manager.installed.Folders)
		}
	}
	// What an administrator has set stays when the program is installed again.
	l.want(exitFine, "service", "install", "--first", "communication.server=other.lab.test")
	if p, _, _ := params.NewFile(filepath.Join(l.dir, "abgleich.toml"), params.Limits{}).Load(); p.Communication.Server != "mail.lab.test" {
		t.Error("the parameters were overwritten")
	}
}

func TestAFirstInstallationWithAMistakeLeavesNoFile(t *testing.T) {
	l := newLine(t)
	l.want(exitFailed, "service", "install", "--first", "sync.interval=often")
	if _, err := os.Stat(filepath.Join(l.dir, "abgleich.toml")); !errors.Is(err, os.ErrNotExist) {
		t.Error("half a parameter file is there")
	}
	if len(l.manager.calls) != 0 {
		t.Errorf("the system was touched: %v", l.manager.calls)
	}
	l.want(exitUsage, "service", "install", "sync.interval=60")
	l = newLine(t)
	l.manager.err = fault.New(fault.NotPermitted, "service.Install", "", nil)
	l.want(exitFailed, "service", "install", "--first")
	if _, err := os.Stat(filepath.Join(l.dir, "abgleich.toml")); !errors.Is(err, os.ErrNotExist) {
		t.Error("a refused installation left a parameter file")
	}
}

func TestARefusedFirewallIsToldWithTheCommand(t *testing.T) {
	l := newLine(t)
	l.manager.firewall = fault.New(fault.NotPermitted, "service.OpenFirewall", "", nil)
	o := l.want(exitFine, "service", "install")
	if !strings.Contains(o.err, "netsh advfirewall firewall add rule") || !strings.Contains(o.err, "localport=9090") {
		t.Error(o.err)
	}
}

func TestPurgingDeletesWhatTheServiceMadeAndNothingElse(t *testing.T) {
	l := newLine(t)
	l.want(exitFine, "params", "set", "data.folder="+filepath.Join(l.dir, "data"), "log.folder="+filepath.Join(l.dir, "log"))
	for _, f := range []string{"data/secrets", "log"} {
		if err := os.MkdirAll(filepath.Join(l.dir, f), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"data/agent.db", "data/secrets/x.age", "log/Abgleich.log", "mine.txt"} {
		if err := os.WriteFile(filepath.Join(l.dir, f), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l.want(exitFine, "service", "uninstall")
	if _, err := os.Stat(filepath.Join(l.dir, "data", "agent.db")); err != nil {
		t.Error("data is gone without --purge")
	}
	l.want(exitFine, "service", "uninstall", "--purge")
	left, err := os.ReadDir(l.dir)
	if err != nil || len(left) != 1 || left[0].Name() != "mine.txt" {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestAFailedInstallationIsTakenBackWhole(t *testing.T) {
	l := newLine(t)
	old := filepath.Join(l.dir, "old") // somebody's data, which a new installation is told to use
	l.dir = filepath.Join(l.dir, "abgleich")
	data := filepath.Join(l.dir, "data")
	if err := os.MkdirAll(old, 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(path string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("x"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	there := func(path string, want bool) {
		t.Helper()
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s is there: %v", path, err == nil)
		}
	}
	write(filepath.Join(old, "agent.db"))
	install := []string{"service", "install", "--first", "data.folder=" + data, "log.folder=" + old}

	l.want(exitFine, install...)
	write(filepath.Join(data, "agent.db"))
	l.want(exitFine, "service", "uninstall", "--undo")
	there(l.dir, false)
	there(filepath.Join(old, "agent.db"), true)

	// Complete, it stays; and so does what an installation over it did not make.
	l.want(exitFine, install...)
	write(filepath.Join(data, "agent.db"))
	l.want(exitFine, "service", "install", "--done")
	l.want(exitFine, "service", "uninstall", "--undo")
	there(filepath.Join(data, "agent.db"), true)
	l.want(exitFine, install...)
	l.want(exitFine, "service", "uninstall", "--undo")
	there(filepath.Join(data, "agent.db"), true)
	there(filepath.Join(l.dir, "abgleich.toml.setup"), false)
}
