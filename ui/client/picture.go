package client

import (
	"time"

	"abgleich/assets"
	"abgleich/ipc/contract"
	"abgleich/ipc/pin"
)

// Connection tells how the agent is reached.
type Connection int

// The zero value is the first attempt.
const (
	// Connecting: nothing is known yet.
	Connecting Connection = iota
	// Connected: the picture is live.
	Connected
	// Missing: the agent has not answered since the start.
	Missing
	// Reconnecting: the picture is the last one before the agent went away.
	Reconnecting
)

// Picture is everything tray and window show, at one instant. Its messages are
// never changed after it was handed over.
type Picture struct {
	Connection Connection
	// Code is why the agent cannot be reached, in the states Missing and
	// Reconnecting.
	Code string
	// Version is the agent's, "" while unknown.
	Version string
	// Administrator tells whether the caller is one.
	Administrator bool
	// Agent is the agent's own state; nil while unknown.
	Agent *contract.AgentStatus
	// User is the caller's own state; nil when the agent knows none yet, which
	// means that he hasn't set up his credentials.
	User *contract.UserStatus
}

// State is the one word for the icon. It is offline while the agent isn't
// connected and not set up while the user is unknown.
func (p Picture) State() contract.UserState {
	switch {
	case p.Connection != Connected:
		return contract.UserState_USER_STATE_OFFLINE
	case p.User == nil:
		return contract.UserState_USER_STATE_NOT_SET_UP
	}
	return p.User.GetState()
}

// StateName is the stable name of the state for keys of texts, such as
// "fine", "agent-missing" or "paused-until".
func (p Picture) StateName() string {
	if p.Code == pin.CodeChanged || p.Code == pin.CodeRefused {
		return "agent-untrusted"
	}
	switch p.Connection {
	case Connecting:
		return "connecting"
	case Missing:
		return "agent-missing"
	case Reconnecting:
		return "reconnecting"
	}
	switch p.State() {
	case contract.UserState_USER_STATE_NOT_SET_UP:
		return "not-set-up"
	case contract.UserState_USER_STATE_FINE:
		return "fine"
	case contract.UserState_USER_STATE_SYNCING:
		if p.FirstSync() {
			return "first-sync"
		}
		return "syncing"
	case contract.UserState_USER_STATE_PAUSED:
		if p.User.GetPausedUntil() != nil {
			return "paused-until"
		}
		return "paused"
	case contract.UserState_USER_STATE_OFFLINE:
		return "offline"
	case contract.UserState_USER_STATE_ATTENTION:
		return "attention"
	case contract.UserState_USER_STATE_CREDENTIALS_NEEDED:
		return "credentials-needed"
	case contract.UserState_USER_STATE_DISABLED:
		return "disabled"
	}
	return "unknown"
}

// FirstSync tells whether a kind that is switched on hasn't finished its first
// sync.
func (p Picture) FirstSync() bool {
	for _, k := range p.User.GetKinds() {
		if k.GetEnabled() && k.GetFirstSync() {
			return true
		}
	}
	return false
}

// Progress adds up the first syncs that run: items done and expected. expected
// is 0 while it isn't known for all of them.
func (p Picture) Progress() (done, expected uint64) {
	known := true
	for _, k := range p.User.GetKinds() {
		if k.GetEnabled() && k.GetFirstSync() {
			done += k.GetDone()
			expected += k.GetExpected()
			known = known && k.GetExpected() > 0
		}
	}
	if !known {
		expected = 0
	}
	return done, expected
}

// LastSuccess is the older of the kinds' last successful syncs: what is shown
// is true for both. The zero time means that one never was.
func (p Picture) LastSuccess() time.Time {
	var oldest time.Time
	for _, k := range p.User.GetKinds() {
		if !k.GetEnabled() {
			continue
		}
		if k.GetLastSuccess() == nil {
			return time.Time{}
		}
		if t := k.GetLastSuccess().AsTime(); oldest.IsZero() || t.Before(oldest) {
			oldest = t
		}
	}
	return oldest
}

// Decisions is the number of things that need the person: problems and holds.
func (p Picture) Decisions() int {
	return int(p.User.GetProblems()) + int(p.User.GetHolds())
}

// codeNoFunction is the agent's word for who was not granted the sync functions. It
// equals that of the agent, whose package the UI doesn't import.
const codeNoFunction = "function-missing"

// Unwanted tells whether the agent has no use for this person's icon: it knows him,
// and he was not granted the sync functions. An administrator has other reasons to
// want one, and somebody the agent doesn't know yet may be about to set it up.
func (p Picture) Unwanted() bool {
	return p.State() == contract.UserState_USER_STATE_DISABLED && p.User.GetCode() == codeNoFunction && !p.Administrator
}

// merge takes a message of the status stream into the picture.
func (p Picture) merge(m *contract.WatchStatusResponse) Picture {
	p.Connection, p.Code = Connected, ""
	if m.GetAgent() != nil || m.GetFull() {
		p.Agent = m.GetAgent()
	}
	if m.GetFull() {
		p.User = nil
	}
	for _, u := range m.GetUsers() {
		if p.User == nil || p.User.GetUser() == u.GetUser() {
			p.User = u
		}
	}
	return p
}

// StateIcon is the picture of a state, in the tray and in the window; a state this
// program doesn't know looks like one that isn't known.
func StateIcon(s contract.UserState) assets.Icon {
	switch s {
	case contract.UserState_USER_STATE_NOT_SET_UP:
		return assets.StateNotSetUp
	case contract.UserState_USER_STATE_FINE:
		return assets.StateFine
	case contract.UserState_USER_STATE_SYNCING:
		return assets.StateSyncing
	case contract.UserState_USER_STATE_PAUSED, contract.UserState_USER_STATE_DISABLED:
		return assets.StatePaused
	case contract.UserState_USER_STATE_ATTENTION:
		return assets.StateAttention
	case contract.UserState_USER_STATE_CREDENTIALS_NEEDED:
		return assets.StateCredentials
	}
	return assets.StateOffline
}
