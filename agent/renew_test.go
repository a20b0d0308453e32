package agent_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/ipc/contract"
	"abgleich/ipc/contract/contractconnect"
	"abgleich/ipc/pipe"
)

// set changes parameters as an administrator does.
func (w *world) set(values map[string]string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	_, err := w.client.SetParameters(ctx, connect.NewRequest(&contract.SetParametersRequest{Values: values}))
	must(w.t, err)
}

// log is the service log.
func (w *world) log() string {
	w.t.Helper()
	p, _, err := w.file.Load()
	must(w.t, err)
	b, err := os.ReadFile(filepath.Join(p.Log.Folder, "Abgleich.log"))
	must(w.t, err)
	return string(b)
}

// greeted waits until the agent answers.
func (w *world) greeted() {
	w.t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	late := time.After(time.Minute)
	for {
		_, err := w.client.Hello(w.t.Context(), connect.NewRequest(&contract.HelloRequest{ContractVersion: contract.Version}))
		if err == nil {
			return
		}
		select {
		case <-again.C:
		case <-late:
			w.t.Fatal(err)
		}
	}
}

func TestParametersAreInForceWithoutARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, params.Change{Key: "sync.keep_credentials", Value: "memory"})
	arrived := w.seedOne("first")
	w.start()
	w.login(annaPassword)
	w.await("the first sync", arrived)

	// The mail server moves; nobody hands a password over again.
	w.set(map[string]string{"communication.port": strconv.Itoa(freePort(t))})
	w.await("the refused connection", blocked(fault.ConnectionRefused))
	w.set(map[string]string{"communication.port": strconv.Itoa(w.mailPort())})
	later := w.seedOne("later")
	w.await("the sync with the server's new port", later)
	if n := w.sim.Stats().Refused["anna"]; n != 0 {
		t.Errorf("%d logins were refused", n)
	}

	// The agent itself moves: its log, and the socket it answers on.
	p, _, err := w.file.Load()
	must(t, err)
	moved := filepath.Join(filepath.Dir(p.IPC.Address), "b.sock")
	logs := filepath.Join(filepath.Dir(p.Log.Folder), "log2")
	w.set(map[string]string{"ipc.address": moved, "log.folder": logs})
	h := pipe.NewHTTPClient(moved, pipe.Trust{})
	t.Cleanup(h.CloseIdleConnections)
	w.client = contractconnect.NewAgentServiceClient(h, pipe.BaseURL)
	w.greeted()
	w.await("the sync on the new socket", func(u *contract.UserStatus) bool { return synced(u) })
	if got := w.agent.Address(); got != moved {
		t.Errorf("it says it answers on %s", got)
	}
	if text := w.log(); !strings.Contains(text, "the saved parameters are in force") {
		t.Errorf("the new log says:\n%s", text)
	}
	if n := len(w.problemCodes()); n != 0 {
		t.Errorf("problems: %v", w.problemCodes())
	}
}

func TestCallsMadeWhileParametersAreTakenOverWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	watch, err := w.client.WatchStatus(t.Context(), connect.NewRequest(&contract.WatchStatusRequest{AllUsers: true}))
	must(t, err)
	defer watch.Close() //nolint:errcheck // read only
	if !watch.Receive() {
		t.Fatal(watch.Err())
	}
	for i := range 5 {
		domain := "LAB" + strconv.Itoa(i)
		w.set(map[string]string{"communication.domain": domain})
		// At once, and again and again: never an agent that is not there.
		for range 5 {
			r, err := w.client.GetParameters(t.Context(), connect.NewRequest(&contract.GetParametersRequest{}))
			must(t, err)
			for _, p := range r.Msg.GetParameters() {
				if p.GetKey() == "communication.domain" && p.GetValue() != domain {
					t.Errorf("the domain is %q, want %q", p.GetValue(), domain)
				}
			}
		}
	}
	for watch.Receive() { // the stream of a life that is over ends
	}
	again, err := w.client.Hello(t.Context(), connect.NewRequest(&contract.HelloRequest{ContractVersion: contract.Version}))
	must(t, err)
	if again.Msg.GetRecipient() != w.hello.GetRecipient() {
		t.Error("it has another key now")
	}
}

func TestParametersThatCannotBeTakenOverLeaveThoseBeforeInForce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arrived := w.seedOne("first")
	w.start()
	w.login(annaPassword)
	w.await("the first sync", arrived)
	p, _, err := w.file.Load()
	must(t, err)
	// A socket that can't be opened: nothing of the file is wrong.
	w.set(map[string]string{"ipc.address": filepath.Join(w.database, "no-folder", "a.sock")})
	later := w.seedOne("later")
	w.await("the sync all the same", later)
	if got := w.agent.Address(); got != p.IPC.Address {
		t.Errorf("it answers on %s", got)
	}
	if text := w.log(); !strings.Contains(text, "those before stay in force") {
		t.Errorf("the log does not say why:\n%s", text)
	}
	select {
	case err := <-w.agent.Failed():
		t.Error(err)
	default:
	}
}
