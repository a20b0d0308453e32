package fault

// Mailboxes opened by a service account.
const (
	// ServiceAccountRejected is a service account whose login the mail server
	// refuses. It concerns everybody, only the administrator can mend it, and it is
	// not tried again by itself.
	ServiceAccountRejected Code = "service-account-rejected"
	// ServiceAccountMissing is a service account without name or password.
	ServiceAccountMissing Code = "service-account-missing"
	// ImpersonationDenied is a mailbox the service account may not act for.
	ImpersonationDenied Code = "impersonation-denied"
)
