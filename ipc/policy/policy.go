// Package policy reads what the administrator has decided for this computer or its
// user: where the agent is, its key, and what a tray may do. On Windows a group policy
// says it (templates in installer/policy), in `Software\Policies\Abgleich` of the
// machine and of the user, which ordinary users can't write; on Linux the file
// /etc/abgleich/policy.conf.
//
// It promises that the computer's word beats the user's, that a policy beats what was
// installed or chosen by the person, and that what is not decided, or makes no sense,
// is left to them. It must not know what any of it does.
package policy

import "strings"

// Names of the values, as registry and templates spell them.
const (
	AgentValue        = "Agent"
	AgentKeyValue     = "AgentKey"
	AutostartValue    = "Autostart"
	NotesValue        = "Notifications"
	KeepPasswordValue = "KeepPassword"
)

// Switch is a decision; the zero value is none.
type Switch int

// Decisions.
const (
	Free Switch = iota
	Off
	On
)

// Or is the decision, or the person's own where there is none.
func (s Switch) Or(own bool) bool {
	if s == Free {
		return own
	}
	return s == On
}

// Policy is everything that is decided.
type Policy struct {
	// Agent is SERVER or SERVER/INSTANCE; "" if nobody says.
	Agent string
	// AgentKey is the only public key passwords may be sealed for; "" if nobody says.
	AgentKey string
	// Autostart is whether trays begin at the logon.
	Autostart Switch
	// Notes is whether trays show notes on the desktop.
	Notes Switch
	// KeepPassword is whether the login may be kept on this computer.
	KeepPassword Switch
}

// Source gives one place's value of a name; "" for none.
type Source func(name string) string

// Read asks this computer.
func Read() Policy { return read(sources()) }

// places are where a computer's decisions stand, strongest first.
type places struct {
	machine, user Source
	// installed is what the installer was told: no policy, but all there is for an
	// agent's address and key where no policy names them.
	installed Source
}

func read(p places) Policy {
	return Policy{
		Agent: first(AgentValue, p.machine, p.user, p.installed),
		// A user's policy does not decide whom this computer trusts.
		AgentKey:     first(AgentKeyValue, p.machine, p.installed),
		Autostart:    decision(first(AutostartValue, p.machine, p.user)),
		Notes:        decision(first(NotesValue, p.machine, p.user)),
		KeepPassword: decision(first(KeepPasswordValue, p.machine, p.user)),
	}
}

func first(name string, from ...Source) string {
	for _, source := range from {
		if v := strings.TrimSpace(source(name)); v != "" {
			return v
		}
	}
	return ""
}

func decision(v string) Switch {
	switch v {
	case "0":
		return Off
	case "1":
		return On
	}
	return Free
}
