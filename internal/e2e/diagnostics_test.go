package e2e

import (
	"archive/zip"
	"context"
	"encoding/json"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"abgleich/agent/exchangesim"
	"abgleich/agent/params"
	"abgleich/ipc/contract"
	"abgleich/ipc/seal"
)

// TestDiagnosticsHoldNoSecretSubjectOrAttendee plants passwords (right, wrong and in
// a parameter), subjects, bodies, places and attendees everywhere a person can put
// them, lets items fail over them, logs as much as can be logged, and looks for them
// in what the command packs, with and without the agent.
func TestDiagnosticsHoldNoSecretSubjectOrAttendee(t *testing.T) {
	t.Parallel()
	a := newAlive(t, params.Change{Key: "log.level", Value: "debug"})
	const subject, body, place, guest = "Betreff-4711", "Inhalt-4712", "Ort-4713", "gast-4714"
	x := a.meet(subject)
	x.body, x.location = body, place
	made, err := a.box.Create(x.item())
	must(t, err)
	row := a.arrived(subject).row
	// A meeting of his own with a guest, changed where it must not be: a problem.
	_, err = a.box.Update(made.ID, func(it *exchangesim.Item) {
		it.Organizer = exchangesim.Attendee{Name: a.p.name, Mail: a.p.mail()}
		it.Required = []exchangesim.Attendee{{Name: guest, Mail: guest + "@kunde.test"}}
	})
	must(t, err)
	a.c.syncNow(1)
	a.exec(`UPDATE appointments SET location = ? WHERE id = ?`, place+"-neu", row)
	// A wrong password is a line in the log, and so is one typed by an administrator.
	const wrong = "Falsch-4715-Kennwort"
	sealed, err := seal.Seal(a.c.hello.GetRecipient(), a.c.hello.GetCallerId(), wrong)
	must(t, err)
	s, err := a.c.VerifyCredentials(context.Background(), connect.NewRequest(&contract.VerifyCredentialsRequest{User: "anna", Login: `LAB\anna`, SealedPassword: sealed}))
	must(t, err)
	for s.Receive() { //nolint:revive // only its end matters
	}
	must(t, s.Err())
	eventually(t, "the problem", func() string {
		if ps := strings.Join(a.c.problems(), ","); !strings.Contains(ps, "meeting-needs-outlook") {
			return ps
		}
		return ""
	})

	never := []string{subject, body, place, guest, wrong, a.p.password()}
	look := func(t *testing.T, wants ...string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "d.zip")
		program, err := program()
		must(t, err)
		out, err := exec.Command(program, "diagnostics", "--parameters", a.file.Path(), "--json", "--lang", "en", "--output", file).Output()
		must(t, err)
		var said struct {
			File  string
			Parts []struct {
				Name, About string
				Bytes       int
			}
		}
		must(t, json.Unmarshal(out, &said))
		z, err := zip.OpenReader(file)
		must(t, err)
		defer z.Close()
		if said.File != file || len(z.File) != len(said.Parts)+1 {
			t.Errorf("told of %d files in %s, packed %d", len(said.Parts), said.File, len(z.File))
		}
		all := map[string]string{}
		for _, f := range z.File {
			r, err := f.Open()
			must(t, err)
			text, err := io.ReadAll(r)
			must(t, err)
			all[f.Name] = string(text)
			for _, n := range never {
				if strings.Contains(strings.ToLower(string(text)), strings.ToLower(n)) {
					t.Errorf("%s holds %s:\n%s", f.Name, n, text)
				}
			}
		}
		for _, name := range wants {
			if len(all[name]) < 20 {
				t.Errorf("%s: %q", name, all[name])
			}
		}
	}
	look(t, "contents.txt", "versions.txt", "status.json", "problems.txt", "runs.txt", "parameters.txt", "Abgleich.log", "goroutines.txt", "command.txt")
	a.stop()
	look(t, "contents.txt", "parameters.txt", "Abgleich.log", "command.txt")
}
