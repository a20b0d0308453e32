package service

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
	"golang.org/x/sys/windows/svc"

	"abgleich/ipc/pipe"
)

// serviceRun is a service manager that writes down what it is told.
type serviceRun struct {
	requests chan svc.ChangeRequest
	states   []svc.Status
	events   []Event
	code     uint32
	took     time.Duration
}

// run starts the handler; the returned function waits for its end.
func (r *serviceRun) run(t *testing.T, main Main) (wait func()) {
	r.requests = make(chan svc.ChangeRequest)
	status := make(chan svc.Status)
	done := make(chan struct{})
	go func() {
		for s := range status {
			r.states = append(r.states, s)
		}
		close(done)
	}()
	ended := make(chan struct{})
	begun := time.Now()
	go func() {
		h := &handler{ctx: t.Context(), main: main, report: func(e Event, _ string) { r.events = append(r.events, e) }}
		_, r.code = h.Execute(nil, r.requests, status)
		r.took = time.Since(begun)
		close(status)
		close(ended)
	}()
	return func() { <-ended; <-done }
}

func (r *serviceRun) order() []svc.State {
	var all []svc.State
	for _, s := range r.states {
		if len(all) == 0 || all[len(all)-1] != s.State {
			all = append(all, s.State)
		}
	}
	return all
}

func TestAServiceStartsRunsAndStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r serviceRun
		wait := r.run(t, func(ctx context.Context, ready func(string)) error {
			time.Sleep(9 * time.Second) // a slow start must not look like a dead one
			ready("ready")
			<-ctx.Done()
			time.Sleep(5 * time.Second)
			return nil
		})
		time.Sleep(10 * time.Second)
		r.requests <- svc.ChangeRequest{Cmd: svc.Interrogate}
		r.requests <- svc.ChangeRequest{Cmd: svc.Stop}
		wait()
		if want := []svc.State{svc.StartPending, svc.Running, svc.StopPending}; !slices.Equal(r.order(), want) {
			t.Errorf("states %v", r.order())
		}
		if !slices.Equal(r.events, []Event{EventStarted, EventStopped}) || r.code != 0 {
			t.Errorf("events %v, code %d", r.events, r.code)
		}
		last := uint32(0)
		for _, s := range r.states {
			if s.State == svc.StartPending && s.WaitHint < 2*milliseconds(sayAgain) {
				t.Errorf("hint %d ms", s.WaitHint)
			}
			if s.State == svc.StopPending {
				if s.CheckPoint < last {
					t.Error("check points run backwards")
				}
				last = s.CheckPoint
			}
		}
		if last < 2 {
			t.Errorf("%d check points while stopping", last)
		}
	})
}

func TestAServiceThatDoesNotEndIsLeftAfterFifteenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r serviceRun
		release := make(chan struct{})
		wait := r.run(t, func(_ context.Context, ready func(string)) error {
			ready("ready")
			<-release
			return nil
		})
		r.requests <- svc.ChangeRequest{Cmd: svc.Shutdown}
		wait()
		close(release)
		if r.took > longestStop || r.code == 0 || !slices.Contains(r.events, EventFailed) {
			t.Errorf("took %v, code %d, events %v", r.took, r.code, r.events)
		}
	})
}

func TestAServiceThatCannotStartSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r serviceRun
		r.run(t, func(context.Context, func(string)) error { return errors.New("no parameter file") })()
		if r.code != uint32(windows.ERROR_SERVICE_SPECIFIC_ERROR) || !slices.Equal(r.events, []Event{EventFailed}) {
			t.Errorf("code %d, events %v", r.code, r.events)
		}
	})
}

func TestOnlyServiceAdministratorsAndSystemGetIntoTheFolders(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "Abgleich", "Data")
	if err := own(folder, ""); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(folder); err != nil || !st.IsDir() {
		t.Error(err)
	}
	if got := folderAccess("steyr"); !strings.Contains(got, pipe.ServiceSID("abgleich-agent-steyr")) || strings.Contains(got, pipe.ServiceSID("abgleich-agent")) {
		t.Errorf("an instance shares its folder: %s", got)
	}
	want := "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;" + pipe.ServiceSID("abgleich-agent") + ")"
	if got := folderAccess(""); got != want {
		t.Error(got)
	}
	if _, err := windows.SecurityDescriptorFromString(want); err != nil {
		t.Error(err)
	}
}

func TestTheCommandLineIsReadAsItWasWritten(t *testing.T) {
	words := []string{`C:\Program Files\Abgleich\agent.exe`, RunArgument, "run", "--parameters", `D:\a "b"\c d.toml`}
	got, err := windows.DecomposeCommandLine(commandLine(words[0], words[1:]))
	if err != nil || !slices.Equal(got, words) {
		t.Errorf("%q, %v", got, err)
	}
}

// TestAServiceIsInstalledAndRemoved works on this machine's service manager; Wine's
// is the test's own.
func TestAServiceIsInstalledAndRemoved(t *testing.T) {
	if windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() != nil {
		t.Skip("would install a service on a real Windows")
	}
	m := NewManager("")
	ctx := t.Context()
	if info, err := m.Status(ctx); info.State != NotInstalled || err != nil {
		t.Fatalf("%+v, %v", info, err)
	}
	if err := m.Start(ctx); err == nil || !strings.Contains(err.Error(), "service-not-installed") {
		t.Errorf("started: %v", err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	spec := Spec{Program: self, Arguments: []string{"run"}, Folders: []string{filepath.Join(t.TempDir(), "Data")}}
	for range 2 { // the second brings it up to date
		if err := m.Install(ctx, spec); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := m.Status(ctx); info.State != Stopped || err != nil {
		t.Errorf("%+v, %v", info, err)
	}
	steyr := NewManager("steyr")
	if err := steyr.Install(ctx, spec); err != nil {
		t.Fatal(err)
	}
	if all, err := m.Installed(ctx); err != nil || !slices.Equal(all, []pipe.Instance{"", "steyr"}) {
		t.Errorf("installed: %q, %v", all, err)
	}
	if err := steyr.Uninstall(ctx); err != nil {
		t.Error(err)
	}
	if info, err := m.Status(ctx); info.State != Stopped || err != nil {
		t.Errorf("removing one removed the other: %+v, %v", info, err)
	}
	for range 2 {
		if err := m.Uninstall(ctx); err != nil {
			t.Error(err)
		}
	}
	if info, err := m.Status(ctx); info.State != NotInstalled || err != nil {
		t.Errorf("%+v, %v", info, err)
	}
}

// TestTheFirewallsRulesAreRead writes rules where Windows keeps them; Wine has no
// firewall, and its registry is the test's own.
func TestTheFirewallsRulesAreRead(t *testing.T) {
	if windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() != nil {
		t.Skip("would change the firewall of a real Windows")
	}
	r := FirewallRule{Program: `C:\windows\agent.exe`, Port: 9090}
	if _, known := NewManager("").Lets(r); known {
		t.Error("a firewall without rules is known")
	}
	key := func(path string) registry.Key {
		k, _, err := registry.CreateKey(registry.LOCAL_MACHINE, path, registry.ALL_ACCESS)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { k.Close(); registry.DeleteKey(registry.LOCAL_MACHINE, path) }) //nolint:errcheck // the test's own
		return k
	}
	lets := func(want bool) {
		t.Helper()
		if open, known := NewManager("").Lets(r); !known || open != want {
			t.Errorf("open %v, known %v", open, known)
		}
	}
	own := key(firewallKey + `\FirewallRules`)
	lets(false)
	const text = `v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=9090|App=%SystemRoot%\agent.exe|Name=Abgleich Agent (Events)|`
	if err := own.SetStringValue("{1}", text); err != nil {
		t.Fatal(err)
	}
	lets(true)
	policy := key(policyRules)
	if err := policy.SetStringValue("{2}", "v2.31|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort=9090|Name=none of these|"); err != nil {
		t.Fatal(err)
	}
	lets(false)
	for _, profile := range []string{"DomainProfile", "StandardProfile", "PublicProfile"} {
		if err := key(firewallKey+`\`+profile).SetDWordValue(firewallsOff, 0); err != nil {
			t.Fatal(err)
		}
	}
	lets(true) // no firewall at all
}
