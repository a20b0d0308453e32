package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect"

	"abgleich/ipc/contract"
	"abgleich/ipc/contract/contractconnect"
	"abgleich/ipc/pipe"
	"abgleich/ipc/seal"
)

// program builds the agent once for all tests.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "abgleich-e2e-")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "agent")
	c := exec.Command("go", "build", "-o", file, "abgleich/cmd/agent")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return dir, errors.Join(err, errors.New(string(out)))
	}
	return file, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if file, err := program(); err == nil {
		_ = os.RemoveAll(filepath.Dir(file))
	}
	os.Exit(code)
}

// process is one life of the agent.
type process struct {
	cmd    *exec.Cmd
	said   bytes.Buffer // read it only after exited
	exited chan struct{}
	err    error
}

// start begins a life of the agent and does not wait for it to be ready.
func (w *world) start() {
	w.t.Helper()
	file, err := program()
	must(w.t, err)
	p := &process{exited: make(chan struct{})}
	p.cmd = exec.Command(file, "run", "--quiet", "--parameters", w.file.Path())
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	must(w.t, p.cmd.Start())
	go func() { p.err = p.cmd.Wait(); close(p.exited) }()
	w.agent = p
}

// kill ends the present life without a word.
func (w *world) kill() {
	w.t.Helper()
	if err := w.agent.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		w.t.Fatalf("the agent ended by itself: %v", err)
	}
	<-w.agent.exited
	s, ok := w.agent.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !s.Signaled() || s.Signal() != syscall.SIGKILL {
		w.t.Fatalf("the agent ended by itself: %v\n%s", w.agent.err, w.agent.said.String())
	}
	w.agent = nil
}

// stop asks the agent to end, and looks whether its store is sound.
func (w *world) stop() {
	w.t.Helper()
	p := w.agent
	if p == nil {
		return
	}
	w.agent = nil
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(30 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.exited
		w.t.Error("the agent did not end when asked to")
	}
	if p.err != nil {
		w.t.Errorf("the agent ended with %v\n%s", p.err, p.said.String())
	}
	w.sound()
}

// sound looks into the store of an agent that has ended.
func (w *world) sound() {
	w.t.Helper()
	for _, c := range []struct{ file, question, want string }{
		{"agent.db", "PRAGMA integrity_check", "ok"},
		{"agent.db", "SELECT count(*) FROM pragma_foreign_key_check", "0"},
		{"agent.db", "SELECT count(*) FROM (SELECT key FROM pairs GROUP BY key HAVING count(*) > 1)", "0"},
		{"agent.db", "SELECT count(*) FROM (SELECT sync, b_id FROM pairs GROUP BY 1, 2 HAVING count(*) > 1)", "0"},
		{"agent.db", "SELECT count(*) FROM (SELECT sync, e_id FROM pairs GROUP BY 1, 2 HAVING count(*) > 1)", "0"},
	} {
		db, err := sql.Open("sqlite", filepath.Join(w.data, c.file))
		must(w.t, err)
		var got string
		if err := db.QueryRow(c.question).Scan(&got); err != nil || got != c.want {
			w.t.Errorf("%s: %s = %q, %v", c.file, c.question, got, err)
		}
		must(w.t, db.Close())
	}
}

// caller speaks with the present life of the agent.
type caller struct {
	contractconnect.AgentServiceClient
	t     testing.TB
	hello *contract.HelloResponse
}

// call waits until the agent answers.
func (w *world) call() *caller {
	w.t.Helper()
	p, _, err := w.file.Load()
	must(w.t, err)
	h := pipe.NewHTTPClient(p.IPC.Address, pipe.Trust{})
	w.t.Cleanup(h.CloseIdleConnections)
	c := &caller{t: w.t, AgentServiceClient: contractconnect.NewAgentServiceClient(h, pipe.BaseURL)}
	eventually(w.t, "a call to the agent", func() string {
		select {
		case <-w.agent.exited:
			w.t.Fatalf("the agent ended: %v\n%s", w.agent.err, w.agent.said.String())
		default:
		}
		r, err := c.Hello(context.Background(), connect.NewRequest(&contract.HelloRequest{ContractVersion: contract.Version}))
		if err != nil {
			return err.Error()
		}
		c.hello = r.Msg
		return ""
	})
	return c
}

// login hands over everybody's login.
func (c *caller) login(people []person) {
	c.t.Helper()
	for _, p := range people {
		sealed, err := seal.Seal(c.hello.GetRecipient(), c.hello.GetCallerId(), p.password())
		must(c.t, err)
		_, err = c.SaveCredentials(context.Background(), connect.NewRequest(&contract.SaveCredentialsRequest{
			User: string(p.user), Sync: true, Appointments: true, Tasks: true, Login: `LAB\` + p.name, SealedPassword: sealed, Unverified: true,
		}))
		must(c.t, err)
	}
}

// await watches the status of all users until ok says so.
func (c *caller) await(what string, ok func([]*contract.UserStatus) bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	s, err := c.WatchStatus(ctx, connect.NewRequest(&contract.WatchStatusRequest{AllUsers: true}))
	must(c.t, err)
	defer s.Close() //nolint:errcheck // read only
	all := map[string]*contract.UserStatus{}
	for s.Receive() {
		for _, u := range s.Msg().GetUsers() {
			all[u.GetUser()] = u
		}
		list := make([]*contract.UserStatus, 0, len(all))
		for _, u := range all {
			list = append(list, u)
		}
		if ok(list) {
			return
		}
	}
	c.t.Fatalf("waited in vain for %s; last: %v (%v); problems: %v", what, all, s.Err(), c.problems())
}

// rest tells that everybody's first sync is over and nothing goes on.
func rest(people int) func([]*contract.UserStatus) bool {
	return func(list []*contract.UserStatus) bool {
		n := 0
		for _, u := range list {
			for _, k := range u.GetKinds() {
				if !k.GetEnabled() {
					continue // no login was handed over
				}
				if k.GetLastSuccess() == nil || k.GetFirstSync() || k.GetPhase() != contract.RunPhase_RUN_PHASE_IDLE {
					return false
				}
				n++
			}
		}
		return n == 2*people
	}
}

// syncNow asks for a run of everybody and waits until all of them are through.
func (c *caller) syncNow(people int) {
	c.t.Helper()
	asked := time.Now()
	_, err := c.SyncNow(context.Background(), connect.NewRequest(&contract.SyncNowRequest{AllUsers: true}))
	must(c.t, err)
	c.await("the run that was asked for", func(list []*contract.UserStatus) bool {
		for _, u := range list {
			for _, k := range u.GetKinds() {
				if k.GetEnabled() && !k.GetLastSuccess().AsTime().After(asked) {
					return false
				}
			}
		}
		return rest(people)(list)
	})
}

// problems gives each problem as "code: title".
func (c *caller) problems() []string {
	c.t.Helper()
	r, err := c.ListProblems(context.Background(), connect.NewRequest(&contract.ListProblemsRequest{AllUsers: true}))
	must(c.t, err)
	var list []string
	for _, p := range r.Msg.GetProblems() {
		list = append(list, p.GetCode()+": "+p.GetTitle())
	}
	return list
}
