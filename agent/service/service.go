// Package service is the operating system's side of the agent: running under
// systemd or the Windows service manager, and installing itself there.
//
// [Run] tells the manager when the agent is ready and when it ends; without a
// manager (a terminal, a test) it does nothing but call. [Manager] installs,
// removes, starts and stops. It promises that an attempt without the rights for
// it changes nothing and says what is missing.
//
// A machine may have several agents, each an instance with a service of its own
// ([pipe.Instance]); a manager is of one of them.
//
// The package must not know what the agent does, nor its parameters; the
// installer hands over a command line.
package service

import (
	"context"
	"slices"

	"abgleich/ipc/pipe"
)

// RunArgument is the argument that says "run as Windows service", followed by
// the command. Under Wine a program can't find out by itself that the service
// manager started it, so the service is installed with this argument.
const RunArgument = "--as-service"

// Main is the agent's work. It calls ready once it answers calls (status is a
// short text for the service manager), and returns when ctx ends. ready may be
// called again to change the status text.
type Main func(ctx context.Context, ready func(status string)) error

// State is what the service manager says.
type State string

// States.
const (
	NotInstalled State = "not-installed"
	Stopped      State = "stopped"
	Starting     State = "starting"
	Running      State = "running"
	Stopping     State = "stopping"
	// Failed is a service that ended with an error.
	Failed State = "failed"
)

// Spec says what to install.
type Spec struct {
	// Program is the absolute path of the agent.
	Program string
	// Arguments follow it, such as "run", "--params", "/etc/abgleich/abgleich.toml".
	Arguments []string
	// Account is the user to run as: on Windows also a group managed service account
	// (`DOMAIN\name$`). "" is root, on Windows the service's own virtual account.
	Account string
	// Folders are those the service works in. On Windows they are made where missing,
	// and belong to the service, administrators and the system alone.
	Folders []string
}

// Event is a fixed number under which administrators find what happened in the
// Windows event log, source [EventSource]. Numbers never change their meaning.
type Event uint32

// Events; docs/operations.md lists them.
const (
	EventStarted    Event = 1
	EventStopped    Event = 2
	EventFailed     Event = 3 // could not start, or ended with an error
	EventParameters Event = 10
	EventBadFile    Event = 11 // a parameter file that can't be used; the old ones hold
)

// EventSource is an instance's name in the Windows event log.
func EventSource(i pipe.Instance) string { return i.After("Abgleich") }

// Info is what [Manager.Status] gives.
type Info struct {
	// State of the service.
	State State
	// Text is the status text the agent gave; may be empty.
	Text string
	// PID of the agent; 0 when it doesn't run.
	PID int
}

// Manager is the machine's service manager, for the service of one instance.
type Manager interface {
	// Install registers the service and lets it start with the machine. An
	// installed service is brought up to date.
	Install(ctx context.Context, s Spec) error
	// Uninstall stops and removes it; not installed is no error.
	Uninstall(ctx context.Context) error
	// Start starts it and waits until it is ready.
	Start(ctx context.Context) error
	// Stop stops it and waits until it has ended.
	Stop(ctx context.Context) error
	// OpenFirewall lets the mail server in, in place of older rules; nothing on Linux,
	// where the firewall is the administrator's. Without the rights for it nothing
	// is changed, and [FirewallRule.Commands] are what to type.
	OpenFirewall(ctx context.Context, r FirewallRule) error
	// Lets tells whether the firewall lets the mail server reach the rule's program and
	// port, by this rule or another; known is false where that can't be told.
	Lets(r FirewallRule) (open, known bool)
	// CloseFirewall removes the rules; none is no error.
	CloseFirewall(ctx context.Context) error
	// Status asks; not installed is a state and no error.
	Status(ctx context.Context) (Info, error)
	// Installed lists all instances this machine has a service for, sorted.
	Installed(ctx context.Context) ([]pipe.Instance, error)
}

// instances are those of ours among the names of services.
func instances(services []string) []pipe.Instance {
	var all []pipe.Instance
	for _, name := range services {
		if i, ok := pipe.InstanceOf(name); ok {
			all = append(all, i)
		}
	}
	slices.Sort(all)
	return all
}
