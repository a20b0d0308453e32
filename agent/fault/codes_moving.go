package fault

// Moving in, and databases that are copies.
const (
	// DatabaseCopy is a business database, or a store of the agent's, that looks like
	// a copy of the one last worked with. Nothing is written on either side until an
	// administrator confirms it.
	DatabaseCopy Code = "database-copy"
	// OtherServiceRunning is another sync service at work on this machine. First
	// syncs wait until it is gone.
	OtherServiceRunning Code = "other-service-running"
)
