package fault

// NoticeUnsent is a mail to the message recipient that its mail server did not
// take. It waits and is tried again.
const NoticeUnsent Code = "notice-unsent"

// The service itself, as notices tell of it.
const (
	// ServiceNotStarted is an agent that could not start; the cause has its own code.
	ServiceNotStarted Code = "service-not-started"
	// ServiceEnded is an agent that stopped with an error or without being asked to.
	ServiceEnded Code = "service-ended"
)
