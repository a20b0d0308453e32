package fault

// Finding the mail server by an e-mail address.
const (
	// AutodiscoverNothing is a place that has no Autodiscover service, or one that
	// names no EWS address.
	AutodiscoverNothing Code = "autodiscover-nothing"
	// AutodiscoverUser is a service that does not know the e-mail address.
	AutodiscoverUser Code = "autodiscover-user"
	// AutodiscoverConsent is a host outside the mail domain that a person must agree
	// to before a login goes there.
	AutodiscoverConsent Code = "autodiscover-consent"
	// AutodiscoverUnsafe is a redirect to a place without TLS, which is not followed.
	AutodiscoverUnsafe Code = "autodiscover-unsafe"
	// AutodiscoverLoop is a chain of redirects without an end.
	AutodiscoverLoop Code = "autodiscover-loop"
)
