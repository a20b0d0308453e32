package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"abgleich/agent/params"
	"abgleich/agent/service"
	"abgleich/ipc/pipe"
)

func TestEachInstanceHasItsOwnServiceFileFoldersAndPort(t *testing.T) {
	l := newLine(t)
	l.want(exitFine, "service", "install", "--first")
	l.want(exitFine, "--instance", "Steyr", "service", "install", "--first", "communication.server=mail.steyr.test")
	l.want(exitFine, "--instance=wien", "/INSTALL", "--first")

	steyr := l.manager.others["steyr"]
	if want := []string{"run", "--instance", "steyr"}; steyr.installed == nil || !slices.Equal(steyr.installed.Arguments, want) {
		t.Fatalf("installed %+v", steyr.installed)
	}
	seen := map[string]pipe.Instance{}
	for i, port := range map[pipe.Instance]int{"": 9090, "steyr": 9091, "wien": 9092} {
		p, _, err := params.FileOf(i, l.pathOf(i)).Load()
		if err != nil {
			t.Fatal(err)
		}
		if p.Events.Port != port {
			t.Errorf("%q has event port %d", i, p.Events.Port)
		}
		for _, own := range []string{p.Data.Folder, p.Log.Folder, p.IPC.Address} {
			if other, taken := seen[own]; taken {
				t.Errorf("%s belongs to %q and %q", own, i, other)
			}
			seen[own] = i
		}
		if p.IPC.Address != pipe.DefaultAddress(i) {
			t.Errorf("%q listens at %s", i, p.IPC.Address)
		}
	}
	if p, _, _ := params.FileOf("steyr", l.pathOf("steyr")).Load(); p.Communication.Server != "mail.steyr.test" {
		t.Error("first parameters went elsewhere")
	}
	if rule := steyr.rules[0]; rule.Of != "steyr" || rule.Port != 9091 {
		t.Errorf("the firewall was opened for %+v", rule)
	}

	all := decode[[]installed](t, l.want(exitFine, "service", "list", "--json"))
	if len(all) != 3 || all[1].Instance != "steyr" || all[1].Service != "abgleich-agent-steyr" || all[1].EventPort != 9091 || all[1].Parameters != l.pathOf("steyr") {
		t.Errorf("%+v", all)
	}
	if o := l.want(exitFine, "service", "list"); !strings.Contains(o.out, "steyr") {
		t.Error(o.out)
	}

	l.want(exitFine, "service", "uninstall", "--instance", "steyr")
	if !slices.Contains(steyr.calls, "uninstall") || !slices.Contains(steyr.calls, "close") || slices.Contains(l.manager.calls, "uninstall") {
		t.Errorf("uninstalled: %q and %q", steyr.calls, l.manager.calls)
	}
}

func TestTwoAgentsOfAMachineCannotHaveOneEventPort(t *testing.T) {
	l := newLine(t)
	l.want(exitFine, "service", "install", "--first")
	l.want(exitFine, "--instance", "steyr", "service", "install", "--first")
	for _, args := range [][]string{
		{"--instance", "steyr", "params", "set", "events.port=9090"},
		{"params", "set", "events.port=9091"},
		{"--instance", "wien", "service", "install", "--first", "events.port=9091"},
	} {
		o := l.want(exitFailed, append(args, "--json")...)
		if !strings.Contains(o.err, `"event-port-shared"`) || !strings.Contains(o.err, "events.port = 909") {
			t.Errorf("%v: %s", args, o.err)
		}
	}
	if l.manager.others["wien"].installed != nil {
		t.Error("installed all the same")
	}
	if _, err := os.Stat(l.pathOf("wien")); !errors.Is(err, os.ErrNotExist) {
		t.Error("the refused installation left a parameter file")
	}
	// Its own port is no other's, and two addresses of one machine are two places.
	l.want(exitFine, "--instance", "steyr", "params", "set", "events.port=9091")
	l.want(exitFine, "params", "set", "events.listen=127.0.0.1")
	l.want(exitFine, "--instance", "steyr", "params", "set", "events.listen=127.0.0.2", "events.port=9090")
}

func TestAllAgentsAreStartedStoppedAndRemovedAtOnce(t *testing.T) {
	l := newLine(t)
	l.want(exitFine, "service", "install", "--first")
	l.want(exitFine, "--instance", "steyr", "service", "install", "--first")
	l.want(exitUsage, "--instance", "steyr", "service", "stop", "--all")
	steyr := l.manager.others["steyr"]
	for _, what := range []string{"stop", "start", "uninstall"} {
		l.manager.calls, steyr.calls = nil, nil
		l.want(exitFine, "service", what, "--all")
		if !slices.Contains(l.manager.calls, what) || !slices.Contains(steyr.calls, what) {
			t.Errorf("%s: %q and %q", what, l.manager.calls, steyr.calls)
		}
	}
	if _, err := os.Stat(l.pathOf("steyr")); err != nil {
		t.Error(err)
	}
	l.want(exitFine, "params", "set", "data.folder="+filepath.Join(l.dir, "data"), "log.folder="+filepath.Join(l.dir, "log"))
	l.want(exitFine, "params", "set", "--instance", "steyr", "data.folder="+filepath.Join(l.dir, "data2"), "log.folder="+filepath.Join(l.dir, "log2"))
	steyr.err, l.manager.calls = errors.New("refused"), nil
	if o := l.want(exitFailed, "service", "uninstall", "--all", "--purge"); !strings.Contains(o.err, "abgleich-agent-steyr") {
		t.Errorf("which one failed isn't told: %s", o.err)
	}
	if _, err := os.Stat(l.pathOf("")); !errors.Is(err, os.ErrNotExist) {
		t.Error("what could be purged wasn't")
	}
	if _, err := os.Stat(l.pathOf("steyr")); err != nil {
		t.Error("what could not be uninstalled was purged")
	}
}

func TestNamedAgentsComeBackWithTheProgramTheyWereRemovedWith(t *testing.T) {
	l := newLine(t)
	l.want(exitFine, "service", "install", "--first")
	for _, name := range []string{"linz", "steyr"} {
		l.want(exitFine, "--instance", name, "service", "install", "--first")
	}
	l.want(exitFine, "--instance", "linz", "service", "uninstall") // a person's wish
	l.want(exitFine, "service", "uninstall", "--all")
	linz, steyr := l.manager.others["linz"], l.manager.others["steyr"]
	linz.installed, steyr.installed = nil, nil
	l.want(exitFine, "service", "install", "--all", "--first")
	if linz.installed != nil || steyr.installed == nil || steyr.rules[len(steyr.rules)-1].Port != 9092 {
		t.Errorf("came back: linz %v, steyr %v", linz.installed, steyr.installed)
	}
	steyr.calls = nil
	l.want(exitFine, "service", "install", "--all", "--first")
	if len(steyr.calls) != 0 {
		t.Errorf("once more: %q", steyr.calls)
	}
}

func TestNamesThatNoAgentCanHaveAreRefusedBeforeAnythingIsDone(t *testing.T) {
	for _, name := range []string{"", "2wien", "wien/steyr", `..\evil`, "a b", "abcdefghijklmnopqrstu"} {
		l := newLine(t)
		o := l.want(exitUsage, "service", "install", "--first", "--instance", name, "--lang", "en")
		if !strings.Contains(o.err, "letters a to z") || len(l.manager.calls) != 0 || len(l.manager.others) != 0 {
			t.Errorf("%q: %s", name, o.err)
		}
	}
	l := newLine(t)
	if o := l.want(exitUsage, "status", "--instance", "steyr", "--agent", "SRV01"); !strings.Contains(o.err, "--agent SRV01/steyr") {
		t.Error(o.err)
	}
	l.want(exitUsage, "status", "--agent", "localhost/a b")
	if o := l.want(exitUnreachable, "status", "--instance", "steyr", "--json"); !strings.Contains(o.err, "abgleich-steyr") && !strings.Contains(o.err, "abgleich-agent-steyr") {
		t.Errorf("another agent was looked for: %s", o.err)
	}
	if o := l.want(exitFailed, "run", "--instance", "steyr"); !strings.Contains(o.err, "agent --instance steyr params init") {
		t.Error(o.err)
	}
}

func TestAnInstancesServiceIsTheManagersOwn(t *testing.T) {
	l := newLine(t)
	l.manager.of("steyr")
	l.manager.others["steyr"].state = service.Running
	l.manager.state = service.NotInstalled
	l.want(exitFine, "service", "status", "--instance", "steyr")
	l.want(exitFailed, "service", "status")
}

func TestAFailedInstallationOfTheProgramLeavesNamedAgentsToTheNext(t *testing.T) {
	l := newLine(t)
	l.want(exitFine, "service", "install", "--first")
	l.want(exitFine, "--instance", "steyr", "service", "install", "--first")
	l.want(exitFine, "service", "uninstall", "--all")
	steyr := l.manager.others["steyr"]
	for range 2 { // it waits for the next one as it did for the first
		steyr.installed, steyr.calls = nil, nil
		l.want(exitFine, "service", "install", "--all", "--first")
		if steyr.installed == nil {
			t.Fatal("it did not come back")
		}
		l.want(exitFine, "service", "uninstall", "--undo")
		if !slices.Contains(steyr.calls, "uninstall") {
			t.Errorf("it runs without its program: %v", steyr.calls)
		}
		if _, err := os.Stat(l.pathOf("steyr")); err != nil {
			t.Error("its parameters are gone")
		}
	}
}
