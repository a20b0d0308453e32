package service

import (
	"strconv"
	"strings"
)

// lets tells whether a firewall's inbound rules let TCP connections through to the
// rule's program and port. The rules are as Windows writes them into the registry
// ([MS-GPFAS] 2.2.2.19), which is the same in every language, other than what netsh
// prints. A rule that blocks goes before all that allow. expand fills in the
// environment's variables.
func (r FirewallRule) lets(rules []string, expand func(string) string) bool {
	open := false
	for _, text := range rules {
		rule := parseRule(text)
		if !rule.active || !rule.inbound || !rule.meets(r, expand) {
			continue
		}
		if rule.block {
			return false
		}
		open = open || rule.allow
	}
	return open
}

// storedRule is what matters here of one rule.
type storedRule struct {
	active, inbound, allow, block bool
	protocol, program, service    string
	// ports are those it is for, single or "5000-5010"; none for all.
	ports []string
	// limited is a rule for some peers or places only: it may not be the mail server's.
	limited bool
}

func parseRule(text string) (rule storedRule) {
	for _, field := range strings.Split(text, "|") {
		name, value, _ := strings.Cut(field, "=")
		switch name {
		case "Active":
			rule.active = strings.EqualFold(value, "TRUE")
		case "Dir":
			rule.inbound = value == "In"
		case "Action":
			rule.allow, rule.block = value == "Allow", value == "Block"
		case "Protocol":
			rule.protocol = value
		case "App":
			rule.program = value
		case "Svc":
			rule.service = value
		case "LPort", "LPort2_10":
			rule.ports = append(rule.ports, value)
		case "RA4", "RA42", "RA6", "RA62", "RPort", "RPort2_10", "IF", "IFType", "LUAuth", "RUAuth", "RMauth", "AppPkgId", "LUOwn":
			rule.limited = true
		}
	}
	return rule
}

// tcp is the protocol's number.
const tcp = "6"

func (s storedRule) meets(r FirewallRule, expand func(string) string) bool {
	switch {
	case s.protocol != "" && s.protocol != tcp,
		s.program != "" && !strings.EqualFold(expand(s.program), r.Program),
		s.service != "" && s.service != "*" && !strings.EqualFold(s.service, r.Of.Service()),
		s.block && s.limited: // it blocks others, as far as anybody can tell
		return false
	}
	for _, p := range s.ports {
		from, to, ranged := strings.Cut(p, "-")
		if !ranged {
			to = from
		}
		low, err1 := strconv.Atoi(from)
		high, err2 := strconv.Atoi(to)
		if err1 == nil && err2 == nil && low <= r.Port && r.Port <= high {
			return true
		}
	}
	return len(s.ports) == 0
}
