package agent_test

import (
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	"abgleich/agent/fault"
	"abgleich/agent/service"
	"abgleich/ipc/contract"
)

// fakeFirewall has one port open, and lets itself be changed or not.
type fakeFirewall struct {
	mu       sync.Mutex
	open     int
	refuses  error
	asked    []service.FirewallRule
	unknown  bool
	attempts int
}

func (f *fakeFirewall) Lets(r service.FirewallRule) (open, known bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, r)
	return r.Port == f.open, !f.unknown
}

func (f *fakeFirewall) OpenFirewall(_ context.Context, r service.FirewallRule) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.attempts++
	if f.refuses == nil {
		f.open = r.Port
	}
	return f.refuses
}

func (f *fakeFirewall) set(change func(*fakeFirewall)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

// agentStatus waits until the agent's own state is as wanted.
func (w *world) agentStatus(what string, want func(*contract.AgentStatus) bool) *contract.AgentStatus {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		s, err := w.client.WatchStatus(ctx, connect.NewRequest(&contract.WatchStatusRequest{AllUsers: true}))
		if err != nil {
			continue
		}
		for s.Receive() { // ends with each new life
			if a := s.Msg().GetAgent(); a != nil && want(a) {
				s.Close()
				return a
			}
		}
		s.Close()
	}
	w.t.Fatalf("never seen: %s", what)
	return nil
}

func TestAFirewallThatDoesNotFollowThePortIsToldWithWhatToType(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, _, err := w.file.Load()
	must(t, err)
	f := &fakeFirewall{open: p.Events.Port, refuses: fault.New(fault.NotPermitted, "service.OpenFirewall", "", nil)}
	w.firewall = f
	w.start()
	w.agentStatus("a firewall that fits", func(a *contract.AgentStatus) bool {
		return a.GetNotifications() == "push" && a.GetEventsCode() == ""
	})
	moved := freePort(t)
	w.set(map[string]string{"events.port": strconv.Itoa(moved)})
	a := w.agentStatus("the closed firewall", func(a *contract.AgentStatus) bool { return a.GetEventsCode() == string(fault.FirewallClosed) })
	if c := a.GetEventsCommands(); len(c) != 3 || !strings.Contains(c[1], "localport="+strconv.Itoa(moved)) || !strings.Contains(c[0], "delete rule") {
		t.Errorf("to type: %q", c)
	}
	if !strings.Contains(w.log(), string(fault.FirewallClosed)) {
		t.Error("the log says nothing")
	}
	// With the rights for it the rule moves along.
	f.set(func(f *fakeFirewall) { f.refuses = nil })
	again := freePort(t)
	w.set(map[string]string{"events.port": strconv.Itoa(again)})
	w.agentStatus("the opened firewall", func(a *contract.AgentStatus) bool { return a.GetEventsCode() == "" && a.GetNotifications() == "push" })
	f.set(func(f *fakeFirewall) {
		if f.open != again || f.attempts != 2 {
			t.Errorf("open %d after %d attempts, want %d", f.open, f.attempts, again)
		}
	})
}

func TestAFirewallThatCannotBeReadIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := &fakeFirewall{unknown: true}
	w.firewall = f
	w.start()
	w.agentStatus("pushes", func(a *contract.AgentStatus) bool { return a.GetNotifications() == "push" && a.GetEventsCode() == "" })
	w.stop()
	if len(f.asked) == 0 || f.attempts != 0 {
		t.Errorf("asked %d times, %d attempts", len(f.asked), f.attempts)
	}
}

func TestAnEventPortThatIsTakenIsToldInTheStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, _, err := w.file.Load()
	must(t, err)
	other, err := net.Listen("tcp", p.Events.ListenAddress())
	must(t, err)
	defer other.Close()
	w.start()
	w.agentStatus("the taken port", func(a *contract.AgentStatus) bool {
		return a.GetEventsCode() == string(fault.EventServerFailed) && a.GetNotifications() == "streaming"
	})
}
