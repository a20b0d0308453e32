package fault

// Logging in with Kerberos or a token. What a KDC judges as a wrong password, a
// locked account, an expired password or a wrong clock has the codes it has
// everywhere.
const (
	// KerberosUnreachable is a domain none of whose KDCs answers.
	KerberosUnreachable Code = "kerberos-unreachable"
	// KerberosRealmUnknown is a login whose Kerberos realm nobody knows.
	KerberosRealmUnknown Code = "kerberos-realm-unknown"
	// KerberosNoTicket is an account the agent runs as that has no ticket: it is none
	// of a domain, or its ticket is over.
	KerberosNoTicket Code = "kerberos-no-ticket"
	// KerberosUserUnknown is a login name the KDC does not have.
	KerberosUserUnknown Code = "kerberos-user-unknown"
	// KerberosServiceUnknown is a mail server the KDC has no account for: its
	// service principal name HTTP/<server> is missing or there twice.
	KerberosServiceUnknown Code = "kerberos-service-unknown"
	// KerberosRefused is a ticket of the KDC that the mail server does not take.
	KerberosRefused Code = "kerberos-refused"
	// KerberosFailed is anything else that keeps a ticket from coming about.
	KerberosFailed Code = "kerberos-failed"
	// ServerUnproven is a mail server that could not prove that it is the one the
	// ticket was made for.
	ServerUnproven Code = "server-unproven"
	// TokenMissing is a source of tokens that gives none.
	TokenMissing Code = "token-missing"
	// TokenRefused is a fresh token that the mail server does not take.
	TokenRefused Code = "token-refused"
)
