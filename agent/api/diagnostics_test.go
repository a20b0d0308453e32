package api_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/ipc/diagnosis"
	"abgleich/ipc/pipe"
)

// diagnose asks as somebody and gives the files by name, and all of it as one text.
func (r *rig) diagnose(p pipe.Peer, all bool) (files map[string]string, text string, err error) {
	b, err := diagnosis.Collect(r.Context(), r.as(p), all, time.Now())
	if err != nil {
		return nil, "", err
	}
	files = map[string]string{}
	for _, f := range b.Files {
		files[f.Name] = string(f.Content)
		text += f.Name + "\n" + string(f.Content)
	}
	return files, text, nil
}

func TestDiagnosticsHoldWhatHelpsAndNothingThatIsNobodysBusiness(t *testing.T) {
	r := newRig(t)
	r.problem(false)
	r.logs.slip = " " + planted
	_, _, err := r.settings.Change("",
		params.Change{Key: "databases.erp.driver", Value: "sqlite"},
		params.Change{Key: "databases.erp.dsn", Value: "file:/db.example.com/erp.db?_auth_pass=" + planted + "2"},
		params.Change{Key: "communication.server", Value: "mail.example.com"})
	r.must(err)
	files, text, err := r.diagnose(admin, true)
	r.must(err)
	for name, has := range map[string]string{
		"versions.txt": "agent 1.2.3", "status.json": `"BEN"`, "problems.txt": string(fault.ItemRefused), "runs.txt": "throttled",
		"parameters.txt": "communication.server = mail.example.com\n", "Abgleich.log": "line •••", "goroutines.txt": "goroutine profile",
	} {
		if !strings.Contains(files[name], has) {
			t.Errorf("%s lacks %q:\n%s", name, has, files[name])
		}
	}
	if len(files) != 7 {
		t.Errorf("%d files", len(files))
	}
	if !strings.Contains(files["parameters.txt"], "databases.erp.dsn = set\n") {
		t.Error(files["parameters.txt"])
	}
	for _, never := range []string{planted, secretTitle, "doctor", "db.example.com"} {
		if strings.Contains(text, never) {
			t.Errorf("%q is in it", never)
		}
	}
	if !r.audited("root", "took diagnostics", "*") {
		t.Error("nobody knows that an administrator took it")
	}
}

func TestAUserGetsHisOwnDiagnosticsOnly(t *testing.T) {
	r := newRig(t)
	r.problem(false)
	_, _, err := r.diagnose(annaPeer, true)
	r.code(err, fault.NotPermitted)
	files, text, err := r.diagnose(benPeer, false)
	r.must(err)
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	if want := []string{"errors.log", "problems.txt", "runs.txt", "status.json", "versions.txt"}; !slices.Equal(names, want) {
		t.Errorf("got %v", names)
	}
	if !strings.Contains(text, "BEN") || strings.Contains(text, "ANNA") || strings.Contains(text, string(fault.ItemRefused)) {
		t.Errorf("Ben's: %s", text)
	}
	if files, _, err = r.diagnose(annaPeer, false); err != nil || !strings.Contains(files["problems.txt"], string(fault.ItemRefused)) {
		t.Errorf("Anna's: %v, %v", files["problems.txt"], err)
	}
	// Who isn't set up yet may show what he has: nothing but the versions.
	_, text, err = r.diagnose(stranger, false)
	r.must(err)
	if !strings.Contains(text, "agent 1.2.3") || strings.Contains(text, "ANNA") || strings.Contains(text, "BEN") {
		t.Errorf("the stranger's: %s", text)
	}
}
