package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"abgleich/agent/fault"
	"abgleich/ipc/pipe"
)

// systemdSocket is the other end of sd_notify.
func systemdSocket(t *testing.T) (path string, next func() string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return path, func() string {
		b := make([]byte, 4096)
		n, err := c.Read(b)
		if err != nil {
			t.Error(err)
		}
		return string(b[:n])
	}
}

func TestSystemdHearsReadyWatchdogAndStopping(t *testing.T) {
	path, next := systemdSocket(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	ended := errors.New("ended")
	go func() {
		done <- run(ctx, environment{socket: path, watchdog: "20000", watchPID: "7", pid: 7}, func(ctx context.Context, ready func(string)) error {
			ready("3 users\nin sync")
			<-ctx.Done()
			return ended
		})
	}()
	if got := next(); got != "READY=1\nSTATUS=3 users in sync" {
		t.Errorf("got %q", got)
	}
	for range 3 {
		if got := next(); got != "WATCHDOG=1" {
			t.Errorf("got %q", got)
		}
	}
	cancel()
	for got := next(); got != "STOPPING=1"; got = next() {
		if got != "WATCHDOG=1" {
			t.Errorf("got %q", got)
		}
	}
	if err := <-done; !errors.Is(err, ended) {
		t.Errorf("got %v", err)
	}
}

func TestWithoutSystemdOnlyTheWorkIsDone(t *testing.T) {
	called := false
	err := run(t.Context(), environment{}, func(_ context.Context, ready func(string)) error {
		ready("fine")
		called = true
		return nil
	})
	if err != nil || !called {
		t.Errorf("called %v, %v", called, err)
	}
	if err := run(t.Context(), environment{socket: "/nonexistent/notify", watchdog: "x"}, func(_ context.Context, ready func(string)) error {
		ready("fine")
		return nil
	}); err != nil {
		t.Errorf("a socket that is gone: %v", err)
	}
}

func TestTheWatchdogOfAnotherProcessIsNotOurs(t *testing.T) {
	for _, e := range []environment{{watchdog: "1000", watchPID: "8", pid: 7}, {watchdog: "-5"}, {watchdog: "0"}, {}, {watchdog: "many"}} {
		if got := e.watchdogPause(); got != 0 {
			t.Errorf("%+v: %v", e, got)
		}
	}
}

// fake is a manager over a folder and a systemctl that answers as told.
func fake(t *testing.T, root bool, answer func(args []string) (string, error)) (*manager, *[]string) {
	t.Helper()
	var calls []string
	return &manager{folder: t.TempDir(), root: root, systemctl: func(_ context.Context, args ...string) (string, error) {
		calls = append(calls, strings.Join(args, " "))
		if answer == nil {
			return "", nil
		}
		return answer(args)
	}}, &calls
}

var spec = Spec{Program: "/opt/ab gleich/agent", Arguments: []string{"run", "--params", `/etc/100%/$x "y".toml`}}

func TestInstallingWritesAUnitThatSystemdAccepts(t *testing.T) {
	m, calls := fake(t, true, nil)
	if err := m.Install(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(m.folder, m.unit())
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := `ExecStart="/opt/ab gleich/agent" "run" "--params" "/etc/100%%/$$x \"y\".toml"`; !strings.Contains(string(b), want+"\n") {
		t.Errorf("no %s in\n%s", want, b)
	}
	if strings.Contains(string(b), "@") || !strings.Contains(string(b), "User=root\n") {
		t.Errorf("template not filled:\n%s", b)
	}
	if !slices.Equal(*calls, []string{"daemon-reload", "enable " + m.unit()}) {
		t.Errorf("calls %q", *calls)
	}
	judge(t, path)
}

// judge asks systemd what it thinks of a unit.
func judge(t *testing.T, path string) {
	t.Helper()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed; the unit was not judged by systemd")
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// The program in the unit must exist for the judge.
	b = []byte(strings.Replace(string(b), "/opt/ab gleich/agent", "/bin/true", 1))
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	// Whether systemd itself runs here is another matter: only what names the unit counts.
	out, _ := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", path).CombinedOutput()
	if strings.Contains(string(out), filepath.Base(path)+":") {
		t.Errorf("systemd says: %s", out)
	}
}

func TestInstancesHaveUnitsAndFoldersOfTheirOwn(t *testing.T) {
	m, calls := fake(t, true, nil)
	steyr := *m
	steyr.of = "steyr"
	for _, one := range []*manager{m, &steyr} {
		if err := one.Install(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Contains(*calls, "enable abgleich-agent-steyr.service") {
		t.Errorf("calls %q", *calls)
	}
	path := filepath.Join(m.folder, "abgleich-agent-steyr.service")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"Description=Abgleich agent (steyr)", "RuntimeDirectory=abgleich-steyr", "StateDirectory=abgleich-steyr", "LogsDirectory=abgleich-steyr",
		"ConfigurationDirectory=abgleich-steyr", "ReadWritePaths=-/etc/abgleich-steyr"} {
		if !strings.Contains(string(b), line+"\n") {
			t.Errorf("no %s in\n%s", line, b)
		}
	}
	// What others put there is none of ours.
	if err := os.WriteFile(filepath.Join(m.folder, "abgleich-agent-Not Ours.service"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if all, err := m.Installed(t.Context()); err != nil || !slices.Equal(all, []pipe.Instance{"", "steyr"}) {
		t.Errorf("%q, %v", all, err)
	}
	if err := m.Uninstall(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all, err := steyr.Installed(t.Context()); err != nil || !slices.Equal(all, []pipe.Instance{"steyr"}) {
		t.Errorf("%q, %v", all, err)
	}
	judge(t, path)
}

func TestARefusedInstallationLeavesThingsAsTheyWere(t *testing.T) {
	for name, before := range map[string]string{"nothing installed": "", "an older unit": "[Unit]\n"} {
		t.Run(name, func(t *testing.T) {
			m, _ := fake(t, true, func(args []string) (string, error) { return "Failed: " + args[0], errors.New("exit status 1") })
			path := filepath.Join(m.folder, m.unit())
			if before != "" {
				if err := os.WriteFile(path, []byte(before), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := m.Install(t.Context(), spec); !fault.Has(firstOf(err), fault.ServiceManagerFailed) {
				t.Errorf("got %v", err)
			}
			b, _ := os.ReadFile(path)
			if string(b) != before {
				t.Errorf("the unit is now %q", b)
			}
		})
	}
}

// firstOf is the first of joined errors.
func firstOf(err error) error {
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		return j.Unwrap()[0]
	}
	return err
}

func TestWithoutRightsNothingIsTouched(t *testing.T) {
	m, calls := fake(t, false, nil)
	for name, f := range map[string]func() error{
		"install":   func() error { return m.Install(t.Context(), spec) },
		"uninstall": func() error { return m.Uninstall(t.Context()) },
		"start":     func() error { return m.Start(t.Context()) },
		"stop":      func() error { return m.Stop(t.Context()) },
	} {
		if err := f(); !fault.Has(err, fault.NotPermitted) || !strings.Contains(err.Error(), "sudo") {
			t.Errorf("%s: %v", name, err)
		}
	}
	left, err := os.ReadDir(m.folder)
	if err != nil || len(left) != 0 || len(*calls) != 0 {
		t.Errorf("touched: %v %v %v", left, *calls, err)
	}
}

func TestUnsafeSpecsAreRefused(t *testing.T) {
	m, calls := fake(t, true, nil)
	for _, s := range []Spec{
		{Program: "agent"}, {Program: "/agent", Arguments: []string{"a\nUser=evil"}},
		{Program: "/agent", Account: "x\nExecStartPre=/bin/evil"}, {Program: "/agent", Account: "a b"},
	} {
		if err := m.Install(t.Context(), s); !fault.Has(err, fault.BadRequest) {
			t.Errorf("%+v: %v", s, err)
		}
	}
	if len(*calls) != 0 {
		t.Errorf("calls %q", *calls)
	}
}

func TestUninstallingTwiceIsFine(t *testing.T) {
	m, calls := fake(t, true, nil)
	if err := m.Install(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := m.Uninstall(t.Context()); err != nil {
			t.Error(err)
		}
	}
	left, _ := os.ReadDir(m.folder)
	if len(left) != 0 || !slices.Contains(*calls, "disable --now "+m.unit()) {
		t.Errorf("left %v, calls %q", left, *calls)
	}
}

func TestWhatSystemdShowsIsUnderstood(t *testing.T) {
	for out, want := range map[string]Info{
		"LoadState=not-found\nActiveState=inactive\nStatusText=\nMainPID=0\n":      {State: NotInstalled},
		"LoadState=loaded\nActiveState=active\nStatusText=a=b\nMainPID=42\n":       {State: Running, Text: "a=b", PID: 42},
		"LoadState=loaded\nActiveState=activating\nStatusText=\nMainPID=42\n":      {State: Starting, PID: 42},
		"LoadState=loaded\nActiveState=deactivating\nStatusText=\nMainPID=42\n":    {State: Stopping, PID: 42},
		"LoadState=loaded\nActiveState=failed\nStatusText=\nMainPID=0\n":           {State: Failed},
		"LoadState=loaded\nActiveState=inactive\nStatusText=\nMainPID=0\n":         {State: Stopped},
		"LoadState=loaded\nActiveState=some-later-state\nStatusText=\nMainPID=0\n": {State: Stopped},
		"": {State: NotInstalled},
	} {
		m, _ := fake(t, false, func([]string) (string, error) { return out, nil })
		if got, err := m.Status(t.Context()); err != nil || got != want {
			t.Errorf("%q: %+v, %v", out, got, err)
		}
	}
	m, _ := fake(t, true, func([]string) (string, error) { return "", fmt.Errorf("run: %w", exec.ErrNotFound) })
	if _, err := m.Status(t.Context()); !fault.Has(err, fault.ServiceManagerFailed) {
		t.Errorf("without systemd: %v", err)
	}
	m, _ = fake(t, true, func([]string) (string, error) {
		return "Failed to start: Unit abgleich-agent.service not found.", errors.New("exit status 5")
	})
	if err := m.Start(t.Context()); !fault.Has(err, fault.ServiceNotInstalled) {
		t.Errorf("not installed: %v", err)
	}
}
