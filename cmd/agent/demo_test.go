package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"abgleich/agent/params"
	"abgleich/agent/service"
	"abgleich/assets"
	"abgleich/cmd/agent/internal/demo"
)

func TestTheDemoEndsWellAndSaysSoInOneObject(t *testing.T) {
	for _, d := range []string{"both", "business", "exchange"} {
		t.Run(d, func(t *testing.T) {
			var out, errOut bytes.Buffer
			code := execute(t.Context(), []string{"demo", "--json", "--users", "2", "--appointments", "120", "--tasks", "11", "--edits", "12", "--direction", d},
				strings.NewReader(""), &out, &errOut)
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			var r demo.Result
			if err := json.Unmarshal([]byte(lines[len(lines)-1]), &r); err != nil {
				t.Fatalf("%v in %q\n%s", err, out.String(), errOut.String())
			}
			if code != exitFine || !r.OK || !r.Verified || r.FirstSync.Appointments != 120 || r.FirstSync.Tasks != 11 ||
				r.FirstSync.Seconds <= 0 || r.FirstSync.ItemsPerSecond <= 0 || r.Live.Edits != 12 || r.Live.Delivered != 12 ||
				r.Live.P50 <= 0 || r.Live.P99 < r.Live.P50 || r.QuietRun.Writes != 0 || r.Problems != 0 {
				t.Errorf("exit code %d, %+v\n%s", code, r, errOut.String())
			}
			if len(lines) != 1 {
				t.Errorf("standard output has more than the object:\n%s", out.String())
			}
		})
	}
}

func TestAnInterruptedDemoCleansUp(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	// Ctrl+C comes when the first stage of the check is shown.
	out := &trigger{at: "✓", fire: cancel}
	if code := execute(ctx, []string{"demo", "--users", "1", "--appointments", "20", "--tasks", "5"}, strings.NewReader(""), out, io.Discard); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) > 0 {
		t.Error(left, err)
	}
}

// trigger fires when a text was written.
type trigger struct {
	at   string
	fire func()
}

func (w *trigger) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(w.at)) {
		w.fire()
	}
	return len(b), nil
}

func TestAFolderInUseIsNotTouched(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "business.db")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	code := execute(t.Context(), []string{"demo", "--data", dir}, strings.NewReader(""), io.Discard, io.Discard)
	b, err := os.ReadFile(file)
	if code != exitUsage || string(b) != "mine" || err != nil {
		t.Errorf("exit code %d, %q, %v", code, b, err)
	}
}

// withDemo runs f beside the agent of a demo that stays.
func withDemo(t *testing.T, f func(k demo.Kept)) {
	t.Helper()
	var called bool
	g := &global{in: strings.NewReader(""), out: io.Discard, err: io.Discard, managers: service.NewManager, pathOf: params.DefaultPath}
	g.lang, g.texts = assets.German, assets.Texts(assets.German)
	s := &screen{g: g, out: io.Discard, bars: g.newProgress()}
	r, err := demo.Run(t.Context(), demo.Options{Users: 2, Appointments: 12, Tasks: 4, Direction: demo.Both, Version: "test",
		Keep: func(_ context.Context, k demo.Kept, _ demo.Result) { called = true; f(k) }}, s)
	if err != nil || !called || !r.OK {
		t.Fatalf("%v, %+v", err, r)
	}
}

func TestCommandsTalkToTheRunningAgent(t *testing.T) {
	withDemo(t, func(k demo.Kept) {
		l := newLine(t)
		on := func(code int, args ...string) outcome {
			t.Helper()
			return l.want(code, append(args, "--agent", k.Address)...)
		}

		p := decode[picture](t, on(exitFine, "status", "--json"))
		if i := slices.IndexFunc(p.Users, func(u userState) bool { return u.User == "anna" }); i < 0 || p.Users[i].State != "fine" ||
			len(p.Users[i].Kinds) != 2 || p.Users[i].Kinds[0].Pairs != 6 {
			t.Errorf("%+v", p)
		}
		if o := on(exitFine, "status"); !strings.Contains(o.out, "anna") || !strings.Contains(o.out, "bernd") {
			t.Error(o.out)
		}
		if c := decode[checkup](t, on(exitFine, "check", "--json")); c.Level != levelOK || c.Users != 2 || c.Pairs != 16 {
			t.Errorf("%+v", c)
		}
		if o := on(exitFine, "check", "--format", "checkmk"); !strings.HasPrefix(o.out, "0 Abgleich users=2|fine=2|") {
			t.Error(o.out)
		}
		v := decode[verification](t, on(exitFine, "verify", "anna", "--json"))
		if !v.OK || v.User != "anna" || len(v.Stages) < 15 || slices.ContainsFunc(v.Stages, func(s stage) bool { return s.State == "failed" || s.Text == "" }) {
			t.Errorf("%+v", v)
		}
		l.input = "wrong\n"
		o := on(exitFailed, "credentials", "set", "bernd", "--login", `LAB\bernd`)
		if !strings.Contains(o.err, "✗") || strings.Contains(o.err+o.out, "wrong") {
			t.Error(o.err)
		}
		l.input = k.Passwords[1] + "\n"
		if c := decode[credentials](t, on(exitFine, "credentials", "set", "bernd", "--login", `LAB\bernd`, "--json")); !c.HasPassword || c.Verified == nil {
			t.Errorf("%+v", c)
		}
		if c := decode[credentials](t, on(exitFine, "credentials", "set", "bernd", "--keep-password", "--tasks=false", "--json")); c.Tasks || !c.HasPassword || c.Login != `LAB\bernd` {
			t.Errorf("%+v", c)
		}
		on(exitFine, "credentials", "show", "anna")
		if u := decode[userState](t, on(exitFine, "sync", "anna", "--wait", "--json")); u.User != "anna" || u.State != "fine" {
			t.Errorf("%+v", u)
		}
		type plan struct {
			Counts    counts
			Actions   []planned
			Truncated bool
		}
		if x := decode[plan](t, on(exitFine, "sync", "anna", "--dry-run", "--json")); len(x.Actions) != 0 {
			t.Errorf("%+v", x)
		}
		on(exitFine, "pause", "anna", "--for", "1h")
		if u := decode[picture](t, on(exitFine, "status", "anna", "--json")).Users; len(u) != 1 || u[0].State != "paused" || u[0].PausedUntil == nil {
			t.Errorf("%+v", u)
		}
		on(exitFine, "resume", "anna")
		if ps := decode[[]problem](t, on(exitFine, "problems", "--json")); len(ps) != 0 {
			t.Errorf("%+v", ps)
		}
		if hs := decode[[]hold](t, on(exitFine, "holds", "list", "--json")); len(hs) != 0 {
			t.Errorf("%+v", hs)
		}
		on(exitFailed, "problems", "retry", "99")
		on(exitFailed, "holds", "restore", "99")
		if rs := decode[[]run](t, on(exitFine, "runs", "anna", "--json")); len(rs) < 2 {
			t.Errorf("%+v", rs)
		}
		if o := on(exitFine, "log", "--lines", "500"); !strings.Contains(o.out, "agent started") || strings.Contains(o.out, k.Passwords[0]) {
			t.Error(o.out)
		}
		on(exitFine, "params", "set", "sync.interval=600")
		if got := on(exitFine, "params", "show", "sync.interval").out; got != "600\n" {
			t.Error(got)
		}
		on(exitFailed, "params", "set", "sync.interval=1")
		on(exitFine, "employees", "add", "dora", "--mail", "dora@lab.test", "--groups", "Vertrieb")
		if o := on(exitFine, "employees", "list"); !strings.Contains(o.out, "dora@lab.test") {
			t.Error(o.out)
		}
		on(exitFine, "employees", "set", "dora", "--groups", "Leer")
		on(exitFine, "employees", "set", "dora", "--groups", "Vertrieb")
		if g := decode[[]group](t, on(exitFine, "employees", "groups", "--json")); !slices.ContainsFunc(g, func(x group) bool {
			return x.Name == "Leer" && len(x.Members) == 0
		}) {
			t.Errorf("a group without members is missing: %v", g)
		}
		on(exitFailed, "verify", "dora") // no login stored
		on(exitFine, "verify", "anna", "--again")
		on(exitFine, "credentials", "forget", "bernd")
		if c := decode[credentials](t, on(exitFine, "credentials", "show", "bernd", "--json")); c.HasPassword {
			t.Errorf("%+v", c)
		}
	})
}
