package agent_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"abgleich/agent/exchangesim"
	"abgleich/agent/exchangesim/kdctest"
	"abgleich/agent/fault"
	"abgleich/agent/params"
)

// agentProgram names the variable with the agent built for Windows.
const agentProgram = "ABGLEICH_AGENT_PROGRAM"

// TestOnWindowsTheAgentLogsInWithWindowsOwnKerberos runs the real program under Wine, in
// a domain with a real KDC: as an account that has a ticket, as one that has none, and
// with Anna's own login. scripts/wine-tests calls it.
func TestOnWindowsTheAgentLogsInWithWindowsOwnKerberos(t *testing.T) {
	program := kdctest.Program(t, agentProgram)
	kdc := kdctest.Start(t, "HTTP/127.0.0.1")
	kdc.Admin(t, "addprinc -pw secret9 service")
	kdc.Login(t, "service", "secret9")

	w := newWorld(t, params.Change{Key: "communication.access", Value: "impersonation"},
		params.Change{Key: "communication.account", Value: `LAB\service`}, params.Change{Key: "communication.login", Value: "kerberos"},
		params.Change{Key: "communication.ssl", Value: "no"}, params.Change{Key: "communication.certificate_file", Value: ""})
	w.unplug()
	sim, err := exchangesim.New(exchangesim.Options{Domain: "LAB", Kerberos: kdc.Keytab, Users: []exchangesim.User{
		{Name: "anna", Password: annaPassword, Mail: annaMail, Zone: "Europe/Vienna"},
		{Name: "service", Password: "secret9", Mail: "service@lab.test", Impersonator: true}}})
	must(t, err)
	w.sim = sim
	w.plug()
	start := time.Now().Add(24 * time.Hour).Truncate(time.Hour)
	w.sim.Mailbox(annaMail).Seed([]exchangesim.Item{{Kind: exchangesim.Appointment, Subject: "Exchange", Start: start, End: start.Add(time.Hour), Zone: "Europe/Vienna"}})

	g := &windowsAgent{t: t, program: program, env: append(kdc.Env, "WINEDEBUG=-all"), file: onWindows(t, w)}
	g.start()
	g.must("credentials", "set", "anna", "--keep-password")
	// The world has no service user, so that Verify as a whole is not content.
	if out, _ := g.run("verify", "anna"); !strings.Contains(out, `The service account LAB\service is accepted (Kerberos).`) {
		t.Errorf("the login:\n%s", out)
	}
	g.must("sync", "anna", "--wait")
	if st := w.sim.Stats(); st.Accepted["service"] == 0 || st.Accepted["anna"] != 0 {
		t.Errorf("logins: %v", st.Accepted)
	}

	must(t, os.Remove(filepath.Join(kdc.Folder, "cache")))
	w.unplug() // and with it the connections that are logged in
	w.plug()
	if out, _ := g.run("verify", "anna", "--json"); !strings.Contains(out, string(fault.KerberosNoTicket)) {
		t.Errorf("without a ticket:\n%s", out)
	}

	g.must("params", "set", "communication.access=user", "communication.realm=LAB="+kdctest.Realm)
	verify := g.command("verify", "anna", "--login", annaLogin)
	verify.Stdin = strings.NewReader(annaPassword + "\n")
	if out, _ := verify.CombinedOutput(); !strings.Contains(string(out), "The mail server accepts your login (Kerberos).") {
		t.Errorf("the login of Anna:\n%s", out)
	}
	if st := w.sim.Stats(); st.Accepted["anna"] == 0 || len(st.Refused) != 0 {
		t.Errorf("logins: %v, refused: %v", st.Accepted, st.Refused)
	}
}

// onWindows makes a parameter file for a program that sees this machine's files on Z:.
func onWindows(t *testing.T, w *world) string {
	t.Helper()
	dir := filepath.Dir(w.database)
	b, err := os.ReadFile(filepath.Join(dir, "agent.toml"))
	must(t, err)
	pipe := fmt.Sprintf(`\\\\.\\pipe\\abgleich-test-%d`, os.Getpid())
	text := strings.ReplaceAll(string(b), dir+"/a.sock", pipe)
	file := filepath.Join(dir, "windows.toml")
	must(t, os.WriteFile(file, []byte(strings.ReplaceAll(text, `"`+dir, `"Z:`+dir)), 0o600))
	return "Z:" + file
}

type windowsAgent struct {
	t             *testing.T
	program, file string
	env           []string
}

func (g *windowsAgent) command(args ...string) *exec.Cmd {
	c := exec.Command("../scripts/wine", append([]string{"run", g.program, "--lang", "en", "--parameters", g.file}, args...)...)
	c.Env = g.env
	return c
}

func (g *windowsAgent) run(args ...string) (string, error) {
	out, err := g.command(args...).CombinedOutput()
	return string(out), err
}

func (g *windowsAgent) must(args ...string) string {
	g.t.Helper()
	out, err := g.run(args...)
	if err != nil {
		g.t.Fatalf("agent %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// start runs the agent until the end of the test.
func (g *windowsAgent) start() {
	g.t.Helper()
	c := g.command("run")
	var log strings.Builder
	c.Stdout, c.Stderr = &log, &log
	must(g.t, c.Start())
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	g.t.Cleanup(func() {
		_ = c.Process.Kill()
		<-ended
		if g.t.Failed() {
			g.t.Log(log.String())
		}
	})
	ctx, cancel := context.WithTimeout(g.t.Context(), 30*time.Second)
	defer cancel()
	for {
		if _, err := g.run("status"); err == nil {
			return
		}
		select {
		case err := <-ended:
			ended <- err
			g.t.Fatalf("the agent ended: %v\n%s", err, &log)
		case <-ctx.Done():
			g.t.Fatal("the agent does not answer")
		case <-time.After(100 * time.Millisecond): // another machine's program tells nobody that it is ready
		}
	}
}
