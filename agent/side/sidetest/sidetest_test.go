package sidetest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"abgleich/agent/pim"
	"abgleich/agent/side/sidetest"
)

// promiseToBreak names, in the environment of a child process, the promise that
// TestBrokenSide breaks: a suite that must fail cannot run in this process.
const promiseToBreak = "SIDETEST_BREAK"

func TestBrokenSide(t *testing.T) {
	promise := os.Getenv(promiseToBreak)
	if promise == "" {
		t.Skip("runs in the child processes of TestTheSuiteFindsEachBrokenPromise")
	}
	for _, b := range breakages() {
		if b.promise == promise {
			b.run(t)
		}
	}
}

func TestTheSuiteFindsEachBrokenPromise(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range append(breakages(), broken{promise: "none at all"}) {
		t.Run(b.promise, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestBrokenSide$", "-test.timeout=60s",
				"-rapid.checks=30", "-rapid.shrinktime=1ms", "-rapid.nofailfile")
			cmd.Env = append(os.Environ(), promiseToBreak+"="+b.promise)
			out, err := cmd.CombinedOutput()
			whole := b.promise == "none at all"
			if whole != (err == nil) {
				t.Errorf("the suite passes: %v\n%s", err == nil, out)
			}
			if !whole && !strings.Contains(string(out), "--- FAIL: TestBrokenSide/") || strings.Contains(string(out), "panic:") {
				t.Errorf("the suite does not say what is broken: %v\n%s", err, out)
			}
		})
	}
}

func TestTheGeneratorsMeetWhatTheyAreFor(t *testing.T) {
	if testing.Short() {
		t.Skip("so few draws need not meet everything")
	}
	met := map[string]bool{}
	rapid.Check(t, func(t *rapid.T) {
		a, k := sidetest.Appointment().Draw(t, "appointment"), sidetest.Task().Draw(t, "task")
		for _, i := range []pim.Item{a, k} {
			if pim.Fingerprint(i) != pim.Fingerprint(pim.Canonical(i)) || i.Shared().Recurrence != nil {
				t.Fatalf("not canonical, or a series")
			}
			met["category"] = met["category"] || len(i.Shared().Categories) > 1
			met["private"] = met["private"] || i.Shared().Sensitivity == pim.Private
			met["outside plane 0"] = met["outside plane 0"] || strings.ContainsFunc(i.Shared().Body, func(r rune) bool { return r > 0xffff })
			met["reminder of a "+i.Kind().String()] = met["reminder of a "+i.Kind().String()] || i.Shared().Reminder != nil
		}
		met["all-day"] = met["all-day"] || a.When.AllDay
		met["zone "+a.When.Zone] = true
		met["done"] = met["done"] || k.Status == pim.Completed
		met["task with dates"] = met["task with dates"] || !k.Start.IsZero()
		met["task without"] = met["task without"] || k.Due.IsZero()
	})
	for _, want := range []string{"category", "private", "outside plane 0", "reminder of a task", "reminder of a appointment",
		"all-day", "zone Europe/Vienna", "done", "task with dates", "task without"} {
		if !met[want] {
			t.Errorf("never met: %s", want)
		}
	}
}
