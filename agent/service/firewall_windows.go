package service

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

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

// Where Windows keeps its firewall's rules: its own, and those of group policies.
const (
	firewallKey  = `SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy`
	policyRules  = `SOFTWARE\Policies\Microsoft\WindowsFirewall\FirewallRules`
	firewallsOff = "EnableFirewall"
)

// Lets reads the firewall's rules, which everybody may. known is false where there are
// none to read, as under Wine.
func (manager) Lets(r FirewallRule) (open, known bool) {
	rules, ok := ruleTexts(firewallKey + `\FirewallRules`)
	if !ok {
		return false, false
	}
	if off() {
		return true, true
	}
	more, _ := ruleTexts(policyRules)
	return r.lets(append(rules, more...), func(s string) string {
		if full, err := registry.ExpandString(s); err == nil {
			return full
		}
		return s
	}), true
}

// off tells whether the firewall is switched off for every kind of network.
func off() bool {
	for _, profile := range []string{"DomainProfile", "StandardProfile", "PublicProfile"} {
		k, err := registry.OpenKey(registry.LOCAL_MACHINE, firewallKey+`\`+profile, registry.QUERY_VALUE)
		if err != nil {
			return false
		}
		on, _, err := k.GetIntegerValue(firewallsOff)
		k.Close() //nolint:errcheck // read only
		if err != nil || on != 0 {
			return false
		}
	}
	return true
}

func ruleTexts(path string) (rules []string, ok bool) {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE)
	if err != nil {
		return nil, false
	}
	defer k.Close() //nolint:errcheck // read only
	names, err := k.ReadValueNames(0)
	if err != nil {
		return nil, false
	}
	for _, name := range names {
		if v, _, err := k.GetStringValue(name); err == nil {
			rules = append(rules, v)
		}
	}
	return rules, true
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
