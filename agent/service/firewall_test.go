package service

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestTheFirewallIsOpenedForThisProgramAndPortOnly(t *testing.T) {
	var calls []string
	r := FirewallRule{Program: `C:\Program Files\Abgleich\agent.exe`, Port: 9191}
	err := r.open(t.Context(), func(_ context.Context, args ...string) error {
		calls = append(calls, strings.Join(args, "|"))
		if args[2] == "delete" {
			return errors.New("no rules match")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	rule := func(protocol string) string {
		return `advfirewall|firewall|add|rule|name=Abgleich Agent (Events)|dir=in|action=allow|program=C:\Program Files\Abgleich\agent.exe|protocol=` +
			protocol + `|localport=9191|profile=domain,private|enable=yes`
	}
	want := []string{"advfirewall|firewall|delete|rule|name=Abgleich Agent (Events)", rule("TCP"), rule("UDP")}
	if !slices.Equal(calls, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(calls, "\n"), strings.Join(want, "\n"))
	}
	typed := r.Commands()
	if len(typed) != 3 || !strings.HasPrefix(typed[1], `netsh advfirewall firewall add rule name="Abgleich Agent (Events)" dir=in action=allow program="C:\Program Files\Abgleich\agent.exe" protocol=TCP localport=9191`) {
		t.Errorf("to type: %s", strings.Join(typed, "\n"))
	}
}

func TestInstancesHaveRulesOfTheirOwn(t *testing.T) {
	r := FirewallRule{Of: "steyr", Program: `C:\a.exe`, Port: 9091}
	if name := "name=Abgleich Agent steyr (Events)"; !slices.Contains(r.add()[0], name) || !slices.Contains(r.remove(), name) {
		t.Error(r.add(), r.remove())
	}
}

func TestARefusedRuleLeavesNoHalf(t *testing.T) {
	var calls []string
	refused := errors.New("refused")
	err := FirewallRule{Program: `C:\a.exe`, Port: 1}.open(t.Context(), func(_ context.Context, args ...string) error {
		calls = append(calls, args[2])
		if slices.Contains(args, "protocol=UDP") {
			return refused
		}
		return nil
	})
	if !errors.Is(err, refused) || !slices.Equal(calls, []string{"delete", "add", "add", "delete"}) {
		t.Errorf("%v, calls %v", err, calls)
	}
}
