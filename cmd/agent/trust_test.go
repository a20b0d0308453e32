package main

import (
	"strings"
	"testing"

	"abgleich/cmd/agent/internal/demo"
	"abgleich/ipc/pin"
)

func TestAnAgentWithAnotherKeyIsRefusedUntilItIsTrusted(t *testing.T) {
	withDemo(t, func(k demo.Kept) {
		a := asked{newLine(t), k}
		dir, configured := t.TempDir(), ""
		a.keeper = func(address string) *pin.Keeper { return pin.In(dir, address, configured) }
		v := decode[trusted](t, a.on(exitFine, "trust", "show", "--json"))
		if !v.Kept || v.Known != "" || v.Code != "" || !strings.HasPrefix(v.Key, "age1") {
			t.Fatalf("%+v", v)
		}
		a.on(exitFine, "status") // the first contact
		if got := decode[trusted](t, a.on(exitFine, "trust", "show", "--json")); got.Known != v.Key {
			t.Errorf("not remembered: %+v", got)
		}
		// As if the first contact had been with another agent.
		if err := pin.In(dir, k.Address, "").Accept("age1other"); err != nil {
			t.Fatal(err)
		}
		a.input = "geheim-anna\n"
		for _, args := range [][]string{{"status"}, {"credentials", "set", "anna", "--login", `LAB\anna`}} {
			o := a.on(exitUnreachable, append(args, "--json")...)
			if !strings.Contains(o.err, `"agent-key-changed"`) || !strings.Contains(o.err, "agent trust accept") {
				t.Errorf("%v: %s", args, o.err)
			}
		}
		if got := decode[trusted](t, a.on(exitFine, "trust", "show", "--json")); got.Code != "agent-key-changed" || got.Known != "age1other" {
			t.Errorf("%+v", got)
		}
		a.on(exitUsage, "trust", "accept")
		a.on(exitUnreachable, "trust", "accept", "age1other")
		a.on(exitUnreachable, "status")
		a.on(exitFine, "trust", "accept", v.Key)
		a.on(exitFine, "status")

		configured = "age1policy"
		if o := a.on(exitUnreachable, "status", "--json"); !strings.Contains(o.err, `"agent-key-refused"`) {
			t.Error(o.err)
		}
		a.on(exitUnreachable, "trust", "accept", "--yes") // not even on purpose
		configured = v.Key
		a.on(exitFine, "status")
	})
}
