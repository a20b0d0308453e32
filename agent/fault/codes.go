package fault

// General.
const (
	// Internal is an error nobody has given a code: a mistake of ours.
	Internal Code = "internal"
	// Cancelled is work ended because it was asked to end.
	Cancelled Code = "cancelled"
	// BadRequest is a call whose content makes no sense; nothing was changed.
	BadRequest Code = "bad-request"
	// NotPermitted is a call the caller may not make.
	NotPermitted Code = "not-permitted"
	// NotFound is a subject that does not exist.
	NotFound Code = "not-found"
	// VersionMismatch is a tray and an agent that do not speak the same contract.
	VersionMismatch Code = "version-mismatch"
	// AgentUnreachable is an agent that does not answer on its socket or pipe.
	AgentUnreachable Code = "agent-unreachable"
	// AgentKeyChanged is an agent whose key is not the one a person's computer remembers.
	AgentKeyChanged Code = "agent-key-changed"
	// AgentKeyRefused is an agent whose key is not the one the administrator named.
	AgentKeyRefused Code = "agent-key-refused"
)

// Reaching the mail server. Each of them passes by itself: the agent tries on.
const (
	ServerUnreachable     Code = "server-unreachable"
	ConnectionRefused     Code = "connection-refused"
	NameNotResolved       Code = "name-not-resolved"
	TLSCertificateName    Code = "tls-certificate-name"
	TLSUntrusted          Code = "tls-untrusted"
	TLSMismatch           Code = "tls-mismatch"
	NotSOAP               Code = "not-soap"
	ReplyTruncated        Code = "reply-truncated"
	ReplyInvalid          Code = "reply-invalid"
	ServerStalled         Code = "server-stalled"
	ServerBusy            Code = "server-busy"
	ServerFailed          Code = "server-failed"
	TooManyConnections    Code = "too-many-connections"
	SSLRequired           Code = "ssl-required"
	PlainTextLoginRefused Code = "plain-text-login-refused"
	VersionUnsupported    Code = "version-unsupported"
	NeedsGraph            Code = "needs-graph"
)

// Logging in and mailboxes.
const (
	// LoginRejected is a wrong user or password. It is not tried again by itself.
	LoginRejected Code = "login-rejected"
	// AccountLocked is an account that accepts no login for now.
	AccountLocked Code = "account-locked"
	// PasswordExpired is a password that must be changed first.
	PasswordExpired Code = "password-expired"
	// MailboxDisabled is an accepted login whose mailbox or EWS access is off.
	MailboxDisabled Code = "mailbox-disabled"
	// MailboxOfOther is a mailbox whose address isn't the employee's.
	MailboxOfOther Code = "mailbox-of-other"
	// MailboxClaimed is a mailbox that another installation keeps in sync.
	MailboxClaimed Code = "mailbox-claimed"
	// FolderUnavailable is a calendar or tasks folder that cannot be read or written.
	FolderUnavailable Code = "folder-unavailable"
	// AccessDenied is a folder or item the login may not use.
	AccessDenied Code = "access-denied"
	// CredentialsMissing is a user whose login the agent does not have.
	CredentialsMissing Code = "credentials-missing"
)

// Items. Each stands in a problem of its own and never stops a mailbox.
const (
	// ItemGone is an id that no longer names an item.
	ItemGone Code = "item-gone"
	// ItemChanged is a write refused because the item has a newer version.
	ItemChanged Code = "item-changed"
	// ItemRefused is an item the side will not take; the cause says why.
	ItemRefused Code = "item-refused"
	// ItemUnreadable is an item the side lists but cannot give.
	ItemUnreadable Code = "item-unreadable"
	// ItemAmbiguous is a group of equal items of which no one pair can be told.
	ItemAmbiguous Code = "item-ambiguous"
	// SeriesNotSupported is a recurring item whose rule or exceptions the other side
	// cannot say; it is left alone.
	SeriesNotSupported Code = "series-not-supported"
	// SeriesHoldsFiles is a change of a series that would take attachments away with
	// the occurrences they hang on; it is not made.
	SeriesHoldsFiles Code = "series-holds-files"
	// MeetingNeedsOutlook is a change of a meeting with attendees that only its
	// organiser may send, from Outlook.
	MeetingNeedsOutlook Code = "meeting-needs-outlook"
	// ReplyLost is a write whose outcome is unknown: look up by key before writing again.
	ReplyLost Code = "reply-lost"
	// CursorLost is a change feed that must be read from its start.
	CursorLost Code = "cursor-lost"
	// DeletionsHeld is a guard that keeps deletions back until a person decides.
	DeletionsHeld Code = "deletions-held"
	// CreationsHeld is a guard that keeps first-sync creations back until a person decides.
	CreationsHeld Code = "creations-held"
	// ConflictSettled is a field both sides changed; the losing value is in the trash.
	ConflictSettled Code = "conflict-settled"
)

// The business database and employee master data.
const (
	DatabaseUnreachable Code = "database-unreachable"
	DatabaseBusy        Code = "database-busy"
	SchemaIncomplete    Code = "schema-incomplete"
	ReadOnly            Code = "read-only"
	EmployeeUnknown     Code = "employee-unknown"
	EmployeeInactive    Code = "employee-inactive"
	EmployeeWithoutMail Code = "employee-without-mail"
	EmployeeWithoutID   Code = "employee-without-id"
	EmployeeTaken       Code = "employee-taken"
	FunctionMissing     Code = "function-missing"
	ServiceUserInvalid  Code = "service-user-invalid"
)

// Parameters, store and process.
const (
	ParameterInvalid     Code = "parameter-invalid"
	ParameterUnknown     Code = "parameter-unknown"
	ParametersIncomplete Code = "parameters-incomplete"
	SyncDisabled         Code = "sync-disabled"
	StoreCorrupt         Code = "store-corrupt"
	StoreNewer           Code = "store-newer"
	KeyMissing           Code = "key-missing"
	AlreadyRunning       Code = "already-running"
	EventServerFailed    Code = "event-server-failed"
	EventServerUnproven  Code = "event-server-unproven"
	// FirewallClosed is a firewall that does not let the mail server reach the event port.
	FirewallClosed Code = "firewall-closed"
	// EventPortShared is an event port that another agent of this machine has.
	EventPortShared Code = "event-port-shared"
	ClocksDisagree  Code = "clocks-disagree"
)
