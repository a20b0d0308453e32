package main

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"abgleich/cmd/agent/internal/demo"
	"abgleich/ipc/pipe"
)

func TestWithoutAParameterFileTheCommandThatWritesOneIsNamed(t *testing.T) {
	for _, args := range [][]string{{"run"}, {"params", "show"}, {"params", "check"}, {"employees", "list"}, {"db", "export", "anna"}} {
		if o := newLine(t).want(exitFailed, args...); !strings.Contains(o.err, "agent params init") {
			t.Errorf("%v: %s", args, o.err)
		}
	}
}

func TestParametersAreWrittenOnceAndCheckedOffline(t *testing.T) {
	l := configured(t)
	l.want(exitFailed, "params", "init") // there is one
	type checked struct {
		File     string
		OK       bool
		Mistakes []mistake
		Missing  []string
	}
	v := decode[checked](t, l.want(exitFine, "params", "check", "--json"))
	if !v.OK || !slices.Contains(v.Missing, "communication.server") {
		t.Error(v)
	}
	bad := filepath.Join(l.dir, "bad.toml")
	if err := os.WriteFile(bad, []byte("[sync]\ninterval = 1\n\n[communication]\nprt = 4\n[service]\npassword = \"hunter2\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := l.want(exitFailed, "params", "check", bad, "--json")
	v = decode[checked](t, o)
	lines := []int{}
	for _, m := range v.Mistakes {
		lines = append(lines, m.Line)
	}
	slices.Sort(lines)
	if v.OK || !slices.Equal(lines, []int{2, 5, 7}) || strings.Contains(o.out, "hunter2") {
		t.Error(o.out)
	}
}

func TestASetIsAllOrNothing(t *testing.T) {
	l := configured(t)
	o := l.want(exitFailed, "params", "set", "communication.port=80", "sync.interval=forever")
	if !strings.Contains(o.err, "sync.interval") {
		t.Error(o.err)
	}
	show := func(key string) string { return strings.TrimSpace(l.want(exitFine, "params", "show", key).out) }
	if got := show("communication.port"); got != "443" {
		t.Error(got)
	}
	l.want(exitFine, "params", "set", "communication.port=80", "sync.interval=299")
	if show("communication.port") != "80" || show("sync.interval") != "299" {
		t.Error(l.want(exitFine, "params", "show").out)
	}
	l.want(exitUsage, "params", "show", "no.such")
}

func TestThePasswordIsSealedAndNeverShown(t *testing.T) {
	l := configured(t)
	l.input = "hunter2\n"
	o := l.want(exitFine, "params", "password")
	all := o.out + o.err + l.want(exitFine, "params", "show").out
	i := slices.IndexFunc(decode[[]parameter](t, l.want(exitFine, "params", "show", "--json")), func(p parameter) bool { return p.Secret && p.Value == "set" })
	if i < 0 {
		t.Error("not told as set")
	}
	err := filepath.WalkDir(l.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all += string(b)
		return err
	})
	if err != nil || strings.Contains(all, "hunter2") {
		t.Errorf("the password stands in the open (%v)", err)
	}
	if _, err := os.Stat(filepath.Join(l.dir, "data", "secrets", "service.password.age")); err != nil {
		t.Error(err)
	}
}

func TestEmployeesAreKeptInTheDatabaseWhileNoAgentRuns(t *testing.T) {
	l := configured(t)
	l.want(exitFine, "employees", "add", "anna", "--name", "Anna Berger", "--mail", "anna@lab.test", "--groups", "Vertrieb")
	l.want(exitFailed, "employees", "add", "ANNA")
	l.want(exitFailed, "employees", "set", "bernd", "--name", "Bernd")
	l.want(exitFailed, "employees", "grant", "Leitung", "sync-crm") // no such group
	l.want(exitFine, "employees", "grant", "Vertrieb", "sync-crm")
	l.want(exitFine, "employees", "set", "Anna", "--zone", "Europe/Berlin")
	type listed struct {
		Employees []employee
		ReadOnly  bool `json:"read_only"`
	}
	v := decode[listed](t, l.want(exitFine, "employees", "list", "--json"))
	if len(v.Employees) != 1 {
		t.Fatal(v)
	}
	e := v.Employees[0]
	if e.Name != "Anna Berger" || e.Zone != "Europe/Berlin" || !e.Active || !slices.Equal(e.Groups, []string{"Vertrieb"}) ||
		!slices.Equal(e.Functions, []string{"sync-crm"}) {
		t.Errorf("%+v", e)
	}
	l.want(exitFine, "employees", "revoke", "Vertrieb", "sync-crm")
	l.want(exitFine, "employees", "remove", "anna")
	e = decode[listed](t, l.want(exitFine, "employees", "list", "--json")).Employees[0]
	if e.Active || len(e.Functions) != 0 || e.Mail != "anna@lab.test" {
		t.Errorf("%+v", e)
	}
	if g := decode[[]group](t, l.want(exitFine, "employees", "groups", "--json")); len(g) != 1 || g[0].Name != "Vertrieb" || len(g[0].Members) != 1 {
		t.Error(g)
	}
	l.want(exitFine, "employees", "set", "anna", "--groups", "Einkauf")
	if g := decode[[]group](t, l.want(exitFine, "employees", "groups", "--json")); len(g) != 2 || g[1].Name != "Vertrieb" || g[1].Members == nil || len(g[1].Members) != 0 {
		t.Errorf("a group without members: %+v", g)
	}
}

func TestAnAgentThatIsThereAndCannotBeAskedIsNotBypassed(t *testing.T) {
	l := configured(t)
	socket, err := net.Listen("unix", filepath.Join(l.dir, "agent.sock"))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := socket.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	l.want(exitFailed, "employees", "add", "anna")
	l.want(exitFailed, "params", "set", "sync.interval=299")
	socket.Close()
	<-done
	if o := l.want(exitFine, "employees", "list", "--json"); strings.Contains(o.out, "anna") {
		t.Error("written behind the back of somebody who listens")
	}
	if got := l.want(exitFine, "params", "show", "sync.interval").out; got == "299\n" {
		t.Error("set behind the back of somebody who listens")
	}
}

func TestOnlyNobodyAtAllCountsAsNoAgent(t *testing.T) {
	for err, want := range map[error]bool{syscall.ENOENT: true, syscall.ECONNREFUSED: true, syscall.EACCES: false, errors.New("other"): false} {
		if got := absent(&pipe.Error{Reason: pipe.ErrUnreachable, Err: err}); got != want {
			t.Errorf("%v: %v", err, got)
		}
	}
}

func TestACalendarFileGoesInAndComesOutTheSame(t *testing.T) {
	l := configured(t)
	l.want(exitFine, "employees", "add", "anna", "--mail", "anna@lab.test")
	l.input = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1@x\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Übergabe\r\n" +
		"DTSTART:20261124T090000Z\r\nDTEND:20261124T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	type imported struct {
		Created, Updated, Unchanged int
		Left                        []any
	}
	if v := decode[imported](t, l.want(exitFine, "db", "import", "anna", "-", "--json")); v.Created != 1 {
		t.Error(v)
	}
	file := filepath.Join(l.dir, "out.ics")
	if v := decode[struct {
		File  string
		Items int
	}](t, l.want(exitFine, "db", "export", "anna", file, "--json")); v.Items != 1 {
		t.Error(v)
	}
	if v := decode[imported](t, l.want(exitFine, "db", "import", "anna", file, "--json")); v.Unchanged != 1 {
		t.Error(v)
	}
	if o := l.want(exitFine, "db", "export", "anna"); !strings.Contains(o.out, "SUMMARY:Übergabe") {
		t.Error(o.out)
	}
	l.input = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"
	l.want(exitFailed, "db", "import", "anna", "-")
	l.want(exitFailed, "db", "import", "nobody", file)
}

func TestWhatOthersWroteCannotMoveTheCursor(t *testing.T) {
	var b strings.Builder
	table(&b, [][]string{{"a\x1b[2Jb\tc\nd\u009b"}})
	if got := b.String(); got != "a[2Jb c d\n" {
		t.Errorf("%q", got)
	}
}

func TestAnAgentOverAnotherParameterFileIsNotTakenForThisOnes(t *testing.T) {
	withDemo(t, func(k demo.Kept) {
		l := newLine(t)
		l.want(exitFine, "params", "init")
		l.want(exitFine, "params", "set", "ipc.address="+k.Address)
		l.want(exitFine, "params", "set", "sync.interval=299") // into the file that was named
		if got := strings.TrimSpace(l.want(exitFine, "params", "show", "sync.interval").out); got != "299" {
			t.Errorf("the named file has the interval %s", got)
		}
		a := asked{newLine(t), k}
		if v := decode[parameter](t, a.on(exitFine, "params", "show", "sync.interval", "--json")); v.Value == "299" {
			t.Error("the running agent's parameters were changed")
		}
		if o := l.want(exitUsage, "status"); !strings.Contains(o.err, "abgleich.toml") || !strings.Contains(o.err, "--agent "+k.Address) {
			t.Error(o.err)
		}
		l.want(exitFine, "status", "--agent", k.Address) // it is meant
	})
}
