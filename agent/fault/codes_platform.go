package fault

// What the agent needs from the machine it runs on. KeyMissing, ParameterInvalid
// and ParameterUnknown stand with the other codes.
const (
	// KeyInvalid is a vault key that is there but cannot be used: damaged,
	// readable by others, or sealed on another machine.
	KeyInvalid Code = "key-invalid"
	// SecretUnreadable is a sealed secret that is cut off, changed or no sealed
	// secret at all.
	SecretUnreadable Code = "secret-unreadable"
	// SecretOfOtherKey is a sealed secret made for another agent or for a key
	// this agent no longer has: the person enters it again.
	SecretOfOtherKey Code = "secret-of-other-key"
	// SecretOfOther is a sealed secret that belongs to somebody else.
	SecretOfOther Code = "secret-of-other"
	// ParametersChanged is a change based on parameters that are no longer the
	// current ones: somebody else saved in between.
	ParametersChanged Code = "parameters-changed"
	// LogFolderUnreachable is a log folder that can't be written to for now.
	LogFolderUnreachable Code = "log-folder-unreachable"
	// ServiceManagerFailed is a service manager that refused or is missing.
	ServiceManagerFailed Code = "service-manager-failed"
	// ServiceNotInstalled is a service that the machine does not know.
	ServiceNotInstalled Code = "service-not-installed"
)
