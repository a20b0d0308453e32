package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"abgleich/agent/fault"
	"abgleich/installer/systemd"
	"abgleich/ipc/pipe"
)

// NewManager is systemd on this machine.
func NewManager(i pipe.Instance) Manager {
	return &manager{of: i, folder: "/etc/systemd/system", root: os.Geteuid() == 0, systemctl: systemctl}
}

// manager writes the unit and asks systemctl for the rest.
type manager struct {
	of        pipe.Instance
	folder    string
	root      bool
	systemctl func(ctx context.Context, args ...string) (string, error)
}

// unit is the name of the service's unit.
func (m *manager) unit() string { return m.of.Service() + ".service" }

func systemctl(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "systemctl", append([]string{"--no-ask-password"}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// allowed refuses before anything is touched.
func (m *manager) allowed(op string) error {
	if !m.root {
		return fault.New(fault.NotPermitted, op, m.of.Service(), errors.New("needs root: please repeat with sudo"))
	}
	return nil
}

func (m *manager) call(ctx context.Context, op string, args ...string) error {
	out, err := m.systemctl(ctx, args...)
	if err == nil {
		return nil
	}
	if strings.Contains(out, "not loaded") || strings.Contains(out, "not found") && !errors.Is(err, exec.ErrNotFound) {
		return fault.New(fault.ServiceNotInstalled, op, m.of.Service(), err)
	}
	return fault.New(fault.ServiceManagerFailed, op, m.of.Service(), fmt.Errorf("systemctl %s: %w: %s", args[0], err, strings.TrimSpace(out)))
}

// Install writes the unit and enables it. When systemd refuses, the unit is as
// it was before.
func (m *manager) Install(ctx context.Context, s Spec) error {
	const op = "service.Install"
	if err := m.allowed(op); err != nil {
		return err
	}
	if !filepath.IsAbs(s.Program) {
		return fault.New(fault.BadRequest, op, s.Program, errors.New("program needs an absolute path"))
	}
	text, err := m.unitText(s)
	if err != nil {
		return fault.New(fault.BadRequest, op, m.of.Service(), err)
	}
	path := filepath.Join(m.folder, m.unit())
	before, readErr := os.ReadFile(path)
	if err := replaceFile(path, text); err != nil {
		return fault.New(fault.ServiceManagerFailed, op, path, err)
	}
	for _, args := range [][]string{{"daemon-reload"}, {"enable", m.unit()}} {
		if err := m.call(ctx, op, args...); err != nil {
			if readErr == nil {
				return errors.Join(err, replaceFile(path, before))
			}
			return errors.Join(err, os.Remove(path))
		}
	}
	return nil
}

// Uninstall stops, disables and removes the unit.
func (m *manager) Uninstall(ctx context.Context) error {
	const op = "service.Uninstall"
	if err := m.allowed(op); err != nil {
		return err
	}
	path := filepath.Join(m.folder, m.unit())
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := m.call(ctx, op, "disable", "--now", m.unit()); err != nil && !fault.Has(err, fault.ServiceNotInstalled) {
		return err
	}
	if err := os.Remove(path); err != nil {
		return fault.New(fault.ServiceManagerFailed, op, path, err)
	}
	return m.call(ctx, op, "daemon-reload")
}

// Start starts the unit; its type is notify, so systemctl waits for READY.
func (m *manager) Start(ctx context.Context) error { return m.startStop(ctx, "service.Start", "start") }

// Stop stops the unit and waits for its end.
func (m *manager) Stop(ctx context.Context) error { return m.startStop(ctx, "service.Stop", "stop") }

func (m *manager) startStop(ctx context.Context, op, verb string) error {
	if err := m.allowed(op); err != nil {
		return err
	}
	return m.call(ctx, op, verb, m.unit())
}

// Status asks systemd; everybody may.
func (m *manager) Status(ctx context.Context) (Info, error) {
	out, err := m.systemctl(ctx, "show", m.unit(), "--property=LoadState,ActiveState,StatusText,MainPID")
	if err != nil {
		return Info{}, fault.New(fault.ServiceManagerFailed, "service.Status", m.of.Service(), fmt.Errorf("%w: %s", err, strings.TrimSpace(out)))
	}
	return parseShow(out), nil
}

// Installed looks for the units that were written.
func (m *manager) Installed(context.Context) ([]pipe.Instance, error) {
	files, err := os.ReadDir(m.folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.ServiceManagerFailed, "service.Installed", m.folder, err)
	}
	var names []string
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.Name(), ".service"); ok {
			names = append(names, name)
		}
	}
	return instances(names), nil
}

func parseShow(out string) Info {
	v := map[string]string{}
	for line := range strings.Lines(out) {
		if k, val, ok := strings.Cut(strings.TrimRight(line, "\n"), "="); ok {
			v[k] = val
		}
	}
	if v["LoadState"] != "loaded" {
		return Info{State: NotInstalled}
	}
	info := Info{Text: v["StatusText"]}
	info.PID, _ = strconv.Atoi(v["MainPID"]) // "0" or missing: not running
	switch v["ActiveState"] {
	case "active", "reloading":
		info.State = Running
	case "activating":
		info.State = Starting
	case "deactivating":
		info.State = Stopping
	case "failed":
		info.State = Failed
	default:
		info.State = Stopped
	}
	return info
}

// unitText fills the template.
func (m *manager) unitText(s Spec) ([]byte, error) {
	words := make([]string, 0, 1+len(s.Arguments))
	for _, w := range append([]string{s.Program}, s.Arguments...) {
		q, err := quote(w)
		if err != nil {
			return nil, err
		}
		words = append(words, q)
	}
	account := s.Account
	if account == "" {
		account = "root"
	}
	if strings.ContainsAny(account, " \t\r\n%=") {
		return nil, fmt.Errorf("account %q is no user name", account)
	}
	return []byte(systemd.Unit(string(m.of), strings.Join(words, " "), account)), nil
}

// quote writes one word of ExecStart=, see systemd.service(5) "COMMAND LINES":
// percent and dollar are doubled, the rest is C-quoted.
func quote(w string) (string, error) {
	if strings.ContainsAny(w, "\x00\r\n") {
		return "", fmt.Errorf("argument %q has a line break", w)
	}
	w = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `%`, `%%`, `$`, `$$`).Replace(w)
	return `"` + w + `"`, nil
}

func replaceFile(path string, b []byte) error {
	t, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(t.Name())
	_, err = t.Write(b)
	if err = errors.Join(err, t.Chmod(0o644), t.Sync(), t.Close()); err != nil {
		return err
	}
	return os.Rename(t.Name(), path)
}
