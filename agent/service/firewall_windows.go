package service

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"

	"abgleich/agent/fault"
)

// OpenFirewall makes the rules, in place of older ones. Code [fault.NotPermitted]
// where this process may not.
func (m manager) OpenFirewall(ctx context.Context, r FirewallRule) error {
	if err := m.elevated("service.OpenFirewall"); err != nil {
		return err
	}
	return r.open(ctx, systemNetsh)
}

// CloseFirewall removes the rules. Codes as for OpenFirewall.
func (m manager) CloseFirewall(ctx context.Context) error {
	if err := m.elevated("service.CloseFirewall"); err != nil {
		return err
	}
	_ = systemNetsh(ctx, FirewallRule{Of: m.of}.remove()...) // fails when there is none
	return nil
}

// systemNetsh runs Windows' own, whatever the search path holds.
func systemNetsh(ctx context.Context, args ...string) error {
	dir, err := windows.GetSystemDirectory()
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "netsh.exe"), args...).CombinedOutput()
	if err != nil {
		return fault.New(fault.ServiceManagerFailed, "service.netsh", strings.Join(args[:4], " "), fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out))))
	}
	return nil
}
