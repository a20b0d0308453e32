package main

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"abgleich/agent/fault"
	"abgleich/agent/service"
	"abgleich/ipc/pin"
	"abgleich/ipc/pipe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// outcome is what one command line did.
type outcome struct {
	code     int
	out, err string
}

// line runs command lines without an agent, on files of its own.
type line struct {
	t       *testing.T
	dir     string
	input   string
	manager *fakeManager
	keeper  func(address string) *pin.Keeper
}

func newLine(t *testing.T) *line { return &line{t: t, dir: t.TempDir(), manager: &fakeManager{}} }

func (l *line) run(args ...string) outcome {
	l.t.Helper()
	named := func(a string) bool { return a == "--parameters" || strings.HasPrefix(a, "--instance") }
	if !slices.ContainsFunc(args, named) {
		args = append(args, "--parameters", l.pathOf("")) // an agent that runs on this machine isn't meant
	}
	var out, errOut bytes.Buffer
	g := &global{in: strings.NewReader(l.input), out: &out, err: &errOut, managers: l.manager.of, pathOf: l.pathOf, keeper: l.keeper}
	code := g.execute(l.t.Context(), args)
	return outcome{code, out.String(), errOut.String()}
}

// pathOf is where an instance's parameter file stands.
func (l *line) pathOf(i pipe.Instance) string {
	return filepath.Join(l.dir, i.After("abgleich")+".toml")
}

// want runs a command line that must end like this.
func (l *line) want(code int, args ...string) outcome {
	l.t.Helper()
	o := l.run(args...)
	if o.code != code {
		l.t.Fatalf("%v: exit code %d, want %d\n%s%s", args, o.code, code, o.out, o.err)
	}
	return o
}

// decode reads a command's JSON.
func decode[T any](t *testing.T, o outcome) T {
	t.Helper()
	var v T
	d := json.NewDecoder(strings.NewReader(o.out))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in:\n%s", err, o.out)
	}
	return v
}

// configured is a line with a parameter file whose folders are its own.
func configured(t *testing.T) *line {
	l := newLine(t)
	l.want(exitFine, "params", "init")
	l.want(exitFine, "params", "set", "data.folder="+filepath.Join(l.dir, "data"), "log.folder="+filepath.Join(l.dir, "log"),
		"ipc.address="+filepath.Join(l.dir, "agent.sock"))
	if err := os.Mkdir(filepath.Join(l.dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	return l
}

type fakeManager struct {
	installed *service.Spec
	calls     []string
	state     service.State
	err       error
	firewall  error
	rules     []service.FirewallRule
	others    map[pipe.Instance]*fakeManager
}

// of is the manager of an instance.
func (m *fakeManager) of(i pipe.Instance) service.Manager {
	if i == "" {
		return m
	}
	if m.others[i] == nil {
		if m.others == nil {
			m.others = map[pipe.Instance]*fakeManager{}
		}
		m.others[i] = &fakeManager{err: m.err, firewall: m.firewall}
	}
	return &familyManager{m.others[i], m}
}

// familyManager knows of the others, as every manager does.
type familyManager struct {
	*fakeManager
	first *fakeManager
}

func (m *familyManager) Installed(ctx context.Context) ([]pipe.Instance, error) {
	return m.first.Installed(ctx)
}

func (m *fakeManager) Installed(context.Context) ([]pipe.Instance, error) {
	var all []pipe.Instance
	if m.installed != nil {
		all = append(all, "")
	}
	for _, i := range slices.Sorted(maps.Keys(m.others)) {
		if m.others[i].installed != nil {
			all = append(all, i)
		}
	}
	return all, nil
}

func (m *fakeManager) OpenFirewall(_ context.Context, r service.FirewallRule) error {
	m.calls, m.rules = append(m.calls, "open"), append(m.rules, r)
	return m.firewall
}
func (m *fakeManager) Lets(service.FirewallRule) (open, known bool) { return false, false }
func (m *fakeManager) CloseFirewall(context.Context) error {
	m.calls = append(m.calls, "close")
	return m.firewall
}

func (m *fakeManager) Install(_ context.Context, s service.Spec) error {
	m.calls, m.installed = append(m.calls, "install"), &s
	return m.err
}
func (m *fakeManager) Uninstall(context.Context) error {
	m.calls = append(m.calls, "uninstall")
	if m.err == nil {
		m.installed = nil
	}
	return m.err
}
func (m *fakeManager) Start(context.Context) error { m.calls = append(m.calls, "start"); return m.err }
func (m *fakeManager) Stop(context.Context) error  { m.calls = append(m.calls, "stop"); return m.err }
func (m *fakeManager) Status(context.Context) (service.Info, error) {
	return service.Info{State: m.state, PID: 7}, m.err
}

func TestAWrongUseEndsWith2AndSaysTheRightOne(t *testing.T) {
	for name, args := range map[string][]string{
		"an unknown command":                 {"fly"},
		"an unknown command in a group":      {"params", "fly"},
		"a group alone":                      {"employees"},
		"an unknown flag":                    {"status", "--fly"},
		"an argument too few":                {"verify"},
		"an argument too many":               {"version", "now"},
		"an unknown language":                {"version", "--lang", "xx"},
		"an unknown check format":            {"check", "--format", "yaml"},
		"an unknown kind":                    {"sync", "anna", "--kind", "mail"},
		"a dry run that waits":               {"sync", "anna", "--dry-run", "--wait"},
		"an id that is no number":            {"holds", "confirm", "x"},
		"an id below one":                    {"problems", "retry", "0"},
		"an unknown function":                {"employees", "grant", "g", "fly"},
		"a parameter without value":          {"params", "set", "communication.port"},
		"a parameter twice":                  {"params", "set", "communication.port=1", "communication.port=2"},
		"an unknown log level":               {"log", "--level", "loud"},
		"an error log of nobody":             {"log", "--errors"},
		"a pause into the past":              {"pause", "anna", "--for", "-1h"},
		"credentials without login":          {"credentials", "set", "anna"},
		"a simulator without users":          {"exchange-sim"},
		"a simulator's user without mail":    {"exchange-sim", "--user", "anna:secret"},
		"an unknown fault":                   {"exchange-sim", "--user", "a:b:a@b.c", "--fault", "rain"},
		"a fault with an impossible chance":  {"exchange-sim", "--user", "a:b:a@b.c", "--fault", "busy:2"},
		"a demo with a direction of its own": {"demo", "--direction", "up"},
		"a demo for nobody":                  {"demo", "--users", "0"},
		"an empty password":                  {"params", "password"},
	} {
		t.Run(name, func(t *testing.T) {
			if o := newLine(t).want(exitUsage, args...); o.err == "" || o.out != "" {
				t.Errorf("stdout %q, stderr %q", o.out, o.err)
			}
		})
	}
}

func TestWithoutAnAgentACommandThatNeedsItEndsWith3(t *testing.T) {
	for name, args := range map[string][]string{
		"status": {"status"}, "verify": {"verify", "anna"}, "sync": {"sync", "anna"}, "pause": {"pause", "anna"},
		"resume": {"resume", "anna"}, "problems": {"problems"}, "retry": {"problems", "retry", "1"}, "holds": {"holds", "list"},
		"confirm": {"holds", "confirm", "1"}, "runs": {"runs", "anna"}, "log": {"log"}, "credentials": {"credentials", "show", "anna"},
		"check": {"check"}, "options": {"options", "show", "anna"}, "compare": {"compare", "anna"}, "looks": {"looks"},
		"forget": {"employees", "forget", "anna", "--yes"}, "show": {"problems", "show", "1"}, "ignore": {"problems", "ignore", "1"}, "an agent by name": {"params", "show", "--agent", "/nowhere/agent.sock"},
	} {
		t.Run(name, func(t *testing.T) {
			l := configured(t)
			o := l.want(exitUnreachable, args...)
			if !strings.Contains(o.err, "antwortet nicht") {
				t.Error(o.err)
			}
			o = l.want(exitUnreachable, append(args, "--json")...)
			var v struct{ Error failure }
			if err := json.Unmarshal([]byte(o.err), &v); err != nil || v.Error.Code != string(fault.AgentUnreachable) {
				t.Errorf("%v in %s", err, o.err)
			}
		})
	}
}

func TestMonitoringIsToldOfAMissingAgentInItsOwnWords(t *testing.T) {
	l := configured(t)
	if o := l.want(exitFine, "check", "--format", "checkmk"); !strings.HasPrefix(o.out, "3 Abgleich users=0|") || strings.Count(o.out, "\n") != 1 {
		t.Error(o.out)
	}
	type prtg struct {
		Prtg struct {
			Error  int
			Text   string
			Result []any
		}
	}
	if v := decode[prtg](t, l.want(exitFine, "check", "--format", "prtg")); v.Prtg.Error != 1 || v.Prtg.Text == "" {
		t.Error(v)
	}
}

func TestEveryCommandExplainsItself(t *testing.T) {
	for _, lang := range []string{"de", "en"} {
		var o outcome
		l := newLine(t)
		o = l.want(exitFine, "--help", "--lang", lang)
		head := map[string]string{"de": "Befehle:", "en": "Available Commands:"}[lang]
		_, list, found := strings.Cut(o.out, head)
		if !found {
			t.Fatalf("no %q in:\n%s", head, o.out)
		}
		names := 0
		for row := range strings.Lines(strings.TrimPrefix(list, "\n")) {
			name, _, _ := strings.Cut(strings.TrimSpace(row), " ")
			if name == "" {
				break
			}
			names++
			if h := l.want(exitFine, name, "--help", "--lang", lang); len(h.out) < 80 {
				t.Errorf("%s: %s", name, h.out)
			}
		}
		if names < 22 {
			t.Errorf("%s: only %d commands", lang, names)
		}
	}
}

func TestTheManualsSpellingInstallsAndRemoves(t *testing.T) {
	for _, spelled := range []string{"/INSTALL", "/install", "-INSTALL", "--Install"} {
		l := newLine(t)
		l.want(exitFine, spelled, "--parameters", filepath.Join(l.dir, "other.toml"))
		if l.manager.installed == nil || !slices.Contains(l.manager.installed.Arguments, "run") ||
			!slices.Contains(l.manager.installed.Arguments, filepath.Join(l.dir, "other.toml")) || !filepath.IsAbs(l.manager.installed.Program) {
			t.Errorf("%s: %+v", spelled, l.manager.installed)
		}
	}
	l := newLine(t)
	l.want(exitFine, "--lang", "en", "--json", "/INSTALL")
	l.want(exitUnreachable, "status", "/INSTALL") // a user, whoever that is
	l.manager.calls = nil
	l.want(exitFine, "/UNINSTALL")
	l.want(exitFine, "service", "start")
	l.want(exitFine, "service", "stop")
	if want := []string{"uninstall", "close", "start", "stop"}; !slices.Equal(l.manager.calls, want) {
		t.Error(l.manager.calls)
	}
	l.want(exitUsage, "INSTALL") // a word is no switch
}

func TestTheServicesStateIsItsExitCode(t *testing.T) {
	l := newLine(t)
	for state, code := range map[service.State]int{service.Running: exitFine, service.Stopped: exitFailed, service.NotInstalled: exitFailed} {
		l.manager.state = state
		v := decode[struct {
			State service.State
			Text  string
			PID   int
		}](t, l.want(code, "service", "status", "--json"))
		if v.State != state {
			t.Error(v)
		}
	}
	l.manager.err = fault.New(fault.NotPermitted, "service.Install", "", nil)
	if o := l.want(exitFailed, "service", "install"); !strings.Contains(o.err, "Berechtigung") {
		t.Error(o.err)
	}
}
