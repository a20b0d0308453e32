package architecture

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// floors is where each room of the agent stands: it may import rooms on lower
// floors and what belongs to itself. A new room needs a line here, and with it
// the thought of where it belongs.
var floors = map[string]int{
	"agent/fault":         0,
	"agent/pim":           1,
	"agent/side":          2,
	"agent/engine":        2,
	"agent/vault":         2,
	"agent/params":        2,
	"agent/rival":         2,
	"agent/service":       2,
	"agent/backup":        2,
	"agent/ews":           2,
	"agent/exchangesim":   2,
	"agent/logbook":       3,
	"agent/status":        3,
	"agent/notice":        3,
	"agent/store":         3,
	"agent/side/business": 3,
	"agent/side/exchange": 3,
	"agent/side/fake":     3,
	"agent/side/sidetest": 3,
	"agent/executor":      4,
	"agent/credentials":   4,
	"agent/access":        5,
	"agent/autodiscover":  5,
	"agent/verify":        5,
	"agent/schedule":      5,
	"agent/api":           6,
	"agent":               7,
	"agent/demo":          8,
}

// only lists rooms that may import nothing of ours but what is named.
var only = map[string][]string{
	"assets":            {},
	"installer/systemd": {},
	"agent/fault":       {},
	"agent/pim":         {},
	"agent/engine":      {"agent/pim", "agent/fault"},
	"agent/exchangesim": {},
	"agent/ews":         {"agent/fault", "agent/vault"},
	"ui/soft":           {}, // a driver for Fyne, whatever is in the window
}

// pure are rooms whose tests, too, keep to the rule above.
var pure = []string{"agent/fault", "agent/engine", "assets"}

// forbidden names tell nothing about what a package owns.
var forbidden = []string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "lib", "types", "base"}

// room is the part of the house a package belongs to: the longest known prefix,
// or its first two path elements.
func room(pkg string) string {
	best := ""
	for r := range floors {
		exact := r == "agent" || r == "agent/side" // rooms with rooms inside
		if within(pkg, r) && len(r) > len(best) && (!exact || pkg == r) {
			best = r
		}
	}
	if best != "" {
		return best
	}
	parts := strings.SplitN(pkg, "/", 3)
	return strings.Join(parts[:min(2, len(parts))], "/")
}

func within(pkg, folder string) bool { return pkg == folder || strings.HasPrefix(pkg, folder+"/") }

func top(pkg string) string { first, _, _ := strings.Cut(pkg, "/"); return first }

// refuse says why a package may not import another, or "". Both are paths
// inside the module.
func refuse(from, to string, test bool) string {
	a, b := room(from), room(to)
	if a == b {
		return ""
	}
	if strings.Contains(to, "/internal/") && !within(from, to[:strings.Index(to, "/internal/")]) {
		return "internal to another room"
	}
	allowed, limited := only[a]
	if !limited && top(from) == "assets" {
		allowed, limited = only["assets"], true
	}
	if limited && (!test || slices.Contains(pure, a)) && !slices.Contains(allowed, b) {
		return fmt.Sprintf("%s may import only %v", a, allowed)
	}
	if test && (within(from, "internal/e2e") || within(from, "internal/roundtrip")) && slices.Contains([]string{"agent", "ipc", "assets"}, top(to)) {
		return "" // tests of the whole, and of both sides together, stand above it
	}
	below := map[string][]string{
		"assets":    {"assets"},
		"installer": {},
		"ipc":       {"ipc", "assets"},
		"ui":        {"ui", "ipc", "assets"},
		"agent":     {"agent", "ipc", "assets", "installer"},
		"cmd":       {"cmd", "ui", "agent", "ipc", "assets"},
		"internal":  {},
	}
	if !slices.Contains(below[top(from)], top(to)) {
		return fmt.Sprintf("%s stands not below %s", top(to), top(from))
	}
	if test || top(from) != "agent" || top(to) != "agent" {
		return ""
	}
	fa, ok := floors[a]
	if !ok {
		return a + " has no floor yet: give it one in rules_test.go"
	}
	fb, ok := floors[b]
	if !ok {
		return b + " has no floor yet: give it one in rules_test.go"
	}
	if cmp.Compare(fb, fa) >= 0 {
		return fmt.Sprintf("%s stands not below %s", b, a)
	}
	return ""
}
