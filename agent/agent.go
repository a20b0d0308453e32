// Package agent wires the agent's rooms into a running whole, and does nothing
// else: parameters, logs, vault, store, both sides, executor, scheduler, live
// status, and the pipe on which trays and the command line call.
//
// [Start] either brings everything up or leaves nothing behind; [Agent.Stop] ends
// everything in the opposite order and may be called twice. In between, parameters
// that can't be taken over in passing begin everything but the pipe anew, in well
// under a second: callers wait and notice nothing (docs/adr/0039).
package agent

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/agent/rival"
	"abgleich/agent/service"
	"abgleich/ipc/pipe"
)

// Options are what a start needs.
type Options struct {
	// Parameters is the parameter file.
	Parameters *params.File
	// Version is told to trays and written into the log.
	Version string
	// Echo takes every log line as well, for an agent in a terminal; nil for none.
	Echo io.Writer
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Processes are what runs on this machine; nil means the operating system's list.
	Processes rival.Processes
	// Report tells the operating system's event log; nil means [service.Reporter].
	Report func(service.Event, string)
	// Firewall is this machine's; nil means the operating system's.
	Firewall Firewall
	// Machine is a mark of this machine, "" for none; nil means the operating system's.
	Machine func() string

	started time.Time
}

// Agent is a running agent.
type Agent struct {
	o      Options
	gate   *gate
	failed chan error
	// renew asks for a new life, with the parameters as the file has them.
	renew chan struct{}
	// end ends renewing, which closes renewed.
	end     context.CancelFunc
	renewed chan struct{}

	// mu guards the fields below.
	mu   sync.Mutex
	life *life
	door *door
	// broke is why a part ended that should not.
	broke   error
	stopped chan struct{}
	err     error
}

// door is the open pipe.
type door struct {
	at   params.IPC
	stop context.CancelFunc
	done chan error
}

// Times a change of lives may take.
const (
	leaveTime = 3 * time.Second  // for calls under way
	endTime   = 15 * time.Second // for a life to end
)

// Start brings an agent up. The context is for starting only. A business database
// that can't be opened is no reason to fail: the status tells, users wait, and it
// is tried again until it can. Codes: those of the parameters,
// [fault.StoreCorrupt], [fault.StoreNewer], [fault.KeyMissing] and
// [fault.AlreadyRunning].
func Start(ctx context.Context, o Options) (*Agent, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Processes == nil {
		o.Processes = rival.System{}
	}
	if o.Report == nil {
		o.Report = service.Reporter(o.Parameters.Instance())
	}
	if o.Firewall == nil {
		o.Firewall = service.NewManager(o.Parameters.Instance())
	}
	if o.Machine == nil {
		o.Machine = machineMark
	}
	o.started = o.Now()
	p, _, err := o.Parameters.Load()
	if err != nil {
		return nil, err
	}
	a := &Agent{o: o, gate: newGate(), failed: make(chan error, 1), renew: make(chan struct{}, 1), renewed: make(chan struct{})}
	if err := a.first(ctx, p); err != nil {
		lastWord(ctx, p, o.Version, lastLog(), o.Now, fault.ServiceNotStarted, err)
		return nil, err
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	a.end = end
	go a.renewing(life)
	a.life.logs.Service().WithField("version", o.Version).WithField("address", a.Address()).Info("agent started")
	return a, nil
}

// first begins the first life and opens the pipe last: whoever gets an answer
// finds everything running.
func (a *Agent) first(ctx context.Context, p params.Params) (err error) {
	if a.life, err = a.begin(ctx, p, nil); err != nil {
		return err
	}
	if a.door, err = a.listen(p.IPC); err != nil {
		a.life.logs.Service().WithError(err).WithField("code", fault.CodeOf(err)).Error("the agent could not start")
		return errors.Join(err, a.life.stop(context.WithoutCancel(ctx)))
	}
	a.gate.open(a.life.handler)
	return nil
}

func (a *Agent) begin(ctx context.Context, p params.Params, before *life) (*life, error) {
	return begin(ctx, a.o, p, before, a.fail, func() {
		a.gate.shut() // who calls from now on finds the new parameters in force
		select {
		case a.renew <- struct{}{}:
		default: // it is asked for already
		}
	})
}

func (a *Agent) listen(at params.IPC) (*door, error) {
	l, err := pipe.Listen(at.Address, pipe.ListenOptions{AdminGroup: at.AdminGroup, Remote: at.RemoteTrays})
	if errors.Is(err, pipe.ErrInUse) {
		return nil, fault.New(fault.AlreadyRunning, "agent.Start", at.Address, err)
	}
	if err != nil {
		return nil, fault.New(fault.AgentUnreachable, "agent.Start", at.Address, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	d := &door{at: at, stop: stop, done: make(chan error, 1)}
	go func() {
		err := pipe.Serve(ctx, l, a.gate)
		if ctx.Err() == nil {
			a.fail(err)
		}
		d.done <- err
	}()
	return d, nil
}

// close takes no more calls and waits for those under way.
func (d *door) close(ctx context.Context) error {
	d.stop()
	select {
	case err := <-d.done:
		if errors.Is(err, context.Canceled) || errors.Is(err, net.ErrClosed) {
			return nil
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fail notes why a part ended that should not.
func (a *Agent) fail(err error) {
	a.mu.Lock()
	a.broke = cmp.Or(a.broke, err)
	a.mu.Unlock()
	select {
	case a.failed <- err:
	default: // one reason is enough
	}
}

// Address is the socket or pipe on which the agent answers.
func (a *Agent) Address() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.door.at.Address
}

// Failed gives the reason when a part ends that should not: the agent is then to
// be stopped and started again.
func (a *Agent) Failed() <-chan error { return a.failed }

// Stop ends the agent: no more calls are taken, running slices are cancelled and
// waited for until the context ends. What was wanted is kept for the next start.
// Called again it waits for the same end.
func (a *Agent) Stop(ctx context.Context) error {
	a.mu.Lock()
	if a.stopped != nil {
		stopped := a.stopped
		a.mu.Unlock()
		select {
		case <-stopped:
			return a.err
		case <-ctx.Done():
			return fault.New(fault.Cancelled, "agent.Stop", "", ctx.Err())
		}
	}
	a.stopped = make(chan struct{})
	a.mu.Unlock()
	a.end()
	<-a.renewed // from here on nobody else changes lives
	l := a.life
	if l != nil {
		l.end()
	}
	err := a.door.close(ctx)
	if l != nil {
		l.logs.Service().Info("agent stopped")
		err = errors.Join(err, l.stop(ctx))
	}
	a.mu.Lock()
	a.err = err
	broke := errors.Join(a.broke, err)
	a.mu.Unlock()
	if broke != nil && l != nil {
		lastWord(ctx, l.rooms.settings.now(), a.o.Version, lastLog(), a.o.Now, fault.ServiceEnded, broke)
	}
	close(a.stopped)
	return err
}
