package agent

import (
	"context"
	"os"
	"time"

	"github.com/sirupsen/logrus"

	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/agent/service"
	"abgleich/agent/status"
)

// Firewall is the machine's, as far as the event port needs it.
type Firewall interface {
	// Lets tells whether the rule's program can be reached on its port; known is false
	// where that can't be told.
	Lets(r service.FirewallRule) (open, known bool)
	// OpenFirewall makes the rule in place of older ones; [fault.NotPermitted] where
	// this process may not.
	OpenFirewall(ctx context.Context, r service.FirewallRule) error
}

// gateEvery is how often the firewall is looked at: whoever typed the commands sees
// soon that they helped.
const gateEvery = time.Minute

// gatekeeper compares the firewall with the event port while a life goes on. What it
// may put right it does; else the status tells what an administrator types. The
// service's own account may not, on purpose: who can change the firewall can do more
// than an agent should.
type gatekeeper struct {
	firewall Firewall
	rule     service.FirewallRule
	board    *status.Board
	log      *logrus.Logger
	closed   bool
}

func newGatekeeper(o Options, p params.Params, board *status.Board, log *logrus.Logger) *gatekeeper {
	program, err := os.Executable()
	if err != nil {
		program = "agent.exe" // a rule for it fits nothing, and the commands show where to look
	}
	return &gatekeeper{firewall: o.Firewall, board: board, log: log,
		rule: service.FirewallRule{Of: o.Parameters.Instance(), Program: program, Port: p.Events.Port}}
}

// run looks now and then until the context ends.
func (g *gatekeeper) run(ctx context.Context) error {
	every := time.NewTicker(gateEvery)
	defer every.Stop()
	for {
		g.look(ctx)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-every.C:
		}
	}
}

func (g *gatekeeper) look(ctx context.Context) {
	open, known := g.firewall.Lets(g.rule)
	entry := g.log.WithField("port", g.rule.Port)
	if known && !open && !g.closed {
		err := g.firewall.OpenFirewall(ctx, g.rule)
		if err == nil {
			entry.Info("the firewall was opened for the event port")
			return
		}
		if ctx.Err() != nil {
			return
		}
		entry.WithError(err).WithField("code", fault.FirewallClosed).Warn("the firewall is closed for the event port; the status shows what an administrator types")
	}
	if closed := known && !open; closed != g.closed {
		g.closed = closed
		var code fault.Code
		var commands []string
		if closed {
			code, commands = fault.FirewallClosed, g.rule.Commands()
		} else {
			entry.Info("the firewall is open for the event port")
		}
		g.board.SetAgent(func(a *status.Agent) { a.EventsCode, a.EventsCommands = code, commands })
	}
}
