package agent

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus/hooks/test"

	"abgleich/agent/fault"
	"abgleich/agent/service"
	"abgleich/agent/status"
)

// typed is a firewall that only a person can change.
type typed struct {
	open     atomic.Bool
	attempts atomic.Int32
}

func (f *typed) Lets(service.FirewallRule) (open, known bool) { return f.open.Load(), true }
func (f *typed) OpenFirewall(context.Context, service.FirewallRule) error {
	f.attempts.Add(1)
	return errors.New("refused")
}

func TestWhoeverTypedTheCommandsSeesWithinMinutesThatTheyHelped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, board := &typed{}, status.New(time.Now, 0)
		log, hook := test.NewNullLogger()
		g := &gatekeeper{firewall: f, rule: service.FirewallRule{Program: `C:\agent.exe`, Port: 9090}, board: board, log: log}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- g.run(ctx) }()
		code := func() (code fault.Code) { board.SetAgent(func(a *status.Agent) { code = a.EventsCode }); return code }
		time.Sleep(10*gateEvery + time.Second)
		if got := code(); got != fault.FirewallClosed || f.attempts.Load() != 1 || len(hook.AllEntries()) != 1 {
			t.Errorf("%q after %d attempts and %d lines", got, f.attempts.Load(), len(hook.AllEntries()))
		}
		f.open.Store(true)
		time.Sleep(gateEvery)
		if got := code(); got != "" {
			t.Errorf("still %q", got)
		}
		cancel()
		<-done
	})
}
