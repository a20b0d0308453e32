// Package kerberos owns logins with Kerberos as an HTTP client needs them: a
// ticket from the domain's KDC, the SPNEGO token that carries it, and the proof
// that the server could read it.
//
//	k, err := kerberos.New(kerberos.Options{Mapping: m})
//	cred, err := k.Credential(`FIRMA\anna`, password)
//	token, proof, err := cred.Token(ctx, "HTTP/mail.firma.example", bindings)
//	err = proof.Check(fromServer) // mutual authentication
//
// It promises that a password is shown to the KDC once a call and never to
// anybody else, that tickets are shared by all who log in with the same name and
// password, and that every failure is an [*Error] with a code that tells the
// causes apart. A ticket is never asked for twice while it is good. Messages of
// KDCs and servers are hostile input: bounded, and never a panic.
//
// KDCs are reached by TCP only: those of krb5.conf, else those of the SRV record
// _kerberos._tcp.REALM. A service in another realm is found where the KDC refers
// to it (RFC 6806 8), as Active Directory does; paths named only in the client's
// krb5.conf ([capaths]) are not walked.
//
// Messages and encryption are gokrb5's. Its client is not used: it takes no
// context, starts goroutines without an end, and tells errors in words only.
//
// The package must not know HTTP, EWS or TLS connections.
package kerberos
