package service

import (
	"context"
	"strconv"
	"strings"

	"abgleich/ipc/pipe"
)

// FirewallRule is what lets the mail server reach the event server: this program,
// on one port, by TCP and UDP.
type FirewallRule struct {
	// Of is the agent's instance; each has rules of its own.
	Of pipe.Instance
	// Program is the agent's absolute path.
	Program string
	// Port is the event port.
	Port int
}

// name is the name of the firewall rules; both protocols share it.
func (r FirewallRule) name() string {
	if r.Of == "" {
		return "Abgleich Agent (Events)"
	}
	return "Abgleich Agent " + string(r.Of) + " (Events)"
}

// add are the arguments of netsh that make the rules, one set a protocol.
func (r FirewallRule) add() [][]string {
	var all [][]string
	for _, protocol := range []string{"TCP", "UDP"} {
		all = append(all, []string{"advfirewall", "firewall", "add", "rule", "name=" + r.name(), "dir=in", "action=allow",
			"program=" + r.Program, "protocol=" + protocol, "localport=" + strconv.Itoa(r.Port), "profile=domain,private", "enable=yes"})
	}
	return all
}

// remove are the arguments that remove them all.
func (r FirewallRule) remove() []string {
	return []string{"advfirewall", "firewall", "delete", "rule", "name=" + r.name()}
}

// Commands are the commands a person types where the agent may not, in place of rules
// for another port.
func (r FirewallRule) Commands() []string {
	var lines []string
	for _, args := range append([][]string{r.remove()}, r.add()...) {
		words := []string{"netsh"}
		for _, a := range args {
			if k, v, ok := strings.Cut(a, "="); ok && strings.ContainsAny(v, ` ,()`) {
				a = k + `="` + v + `"`
			}
			words = append(words, a)
		}
		lines = append(lines, strings.Join(words, " "))
	}
	return lines
}

// netsh runs the program of that name.
type netsh func(ctx context.Context, args ...string) error

// open replaces the rules. Old ones may be missing.
func (r FirewallRule) open(ctx context.Context, run netsh) error {
	_ = run(ctx, r.remove()...)
	for _, args := range r.add() {
		if err := run(ctx, args...); err != nil {
			_ = run(ctx, r.remove()...) // no half of it
			return err
		}
	}
	return nil
}
