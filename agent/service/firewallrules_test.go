package service

import (
	"strings"
	"testing"
)

func TestTheFirewallsOwnRulesTellWhetherTheEventPortIsOpen(t *testing.T) {
	const ours = `v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain|Profile=Private|LPort=9090|App=%ProgramFiles%\Abgleich\agent.exe|Name=Abgleich Agent (Events)|`
	rule := FirewallRule{Program: `C:\Program Files\Abgleich\Agent.exe`, Port: 9090}
	expand := func(s string) string { return strings.ReplaceAll(s, "%ProgramFiles%", `C:\Program Files`) }
	change := func(old, new string) string {
		if !strings.Contains(ours, old) {
			t.Fatalf("no %s in %s", old, ours)
		}
		return strings.Replace(ours, old, new, 1)
	}
	for name, c := range map[string]struct {
		rules []string
		open  bool
	}{
		"our own":                             {[]string{ours}, true},
		"none":                                {nil, false},
		"the port before the change":          {[]string{change("LPort=9090", "LPort=9191")}, false},
		"switched off":                        {[]string{change("Active=TRUE", "Active=FALSE")}, false},
		"outbound":                            {[]string{change("Dir=In", "Dir=Out")}, false},
		"UDP only":                            {[]string{change("Protocol=6", "Protocol=17")}, false},
		"another program":                     {[]string{change("agent.exe", "other.exe")}, false},
		"another service":                     {[]string{change("Protocol=6", "Protocol=6|Svc=abgleich-agent-steyr")}, false},
		"this service":                        {[]string{change("Protocol=6", "Protocol=6|Svc=Abgleich-Agent")}, true},
		"all ports of the program":            {[]string{change("|LPort=9090", "")}, true},
		"a range of ports, by a group policy": {[]string{change("LPort=9090", "LPort2_10=9000-9100")}, true},
		"another range":                       {[]string{change("LPort=9090", "LPort2_10=9091-9100")}, false},
		"several ports":                       {[]string{change("LPort=9090", "LPort=80|LPort=9090")}, true},
		"names for ports":                     {[]string{change("LPort=9090", "LPort=RPC")}, false},
		"every program and protocol":          {[]string{"v2.10|Action=Allow|Active=TRUE|Dir=In|Name=all|"}, true},
		"blocked besides":                     {[]string{ours, "v2.10|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort=9090|Name=no|"}, false},
		"others blocked besides":              {[]string{ours, "v2.10|Action=Block|Active=TRUE|Dir=In|Protocol=6|RA4=10.9.0.0/255.255.0.0|Name=no|"}, true},
		"nonsense":                            {[]string{"", "|||", "v2.31", "=|=", "LPort=9090"}, false},
	} {
		if got := rule.lets(c.rules, expand); got != c.open {
			t.Errorf("%s: open %v", name, got)
		}
	}
}

func TestWhatToTypeTakesTheOldRuleAwayFirst(t *testing.T) {
	typed := FirewallRule{Of: "steyr", Program: `C:\a b\agent.exe`, Port: 9191}.Commands()
	if len(typed) != 3 || typed[0] != `netsh advfirewall firewall delete rule name="Abgleich Agent steyr (Events)"` ||
		!strings.Contains(typed[1], `program="C:\a b\agent.exe" protocol=TCP localport=9191`) || !strings.Contains(typed[2], "protocol=UDP") {
		t.Errorf("%s", strings.Join(typed, "\n"))
	}
}
