// Package ntlm owns NTLMv2 as an HTTP client needs it: the three messages of
// [MS-NLMP], with message integrity code, channel bindings and target name, so
// that servers with Extended Protection accept the login.
//
//	n := ntlm.Negotiate()                      // -> "NTLM <base64>"
//	c, err := ntlm.ParseChallenge(fromServer)  // hostile input, bounded
//	a, err := ntlm.Authenticate(cred, n, c, ntlm.Session{...})
//
// It promises that NTLMv1, LMv1 and anonymous logins are never produced,
// whatever a server asks for. It keeps the NT hash of a password, never the
// password, and prints neither. It must not know HTTP, EWS or TLS connections;
// signing and sealing of later traffic (MS-NLMP 3.4) are no part of it.
//
// [MS-NLMP]: https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-nlmp/
package ntlm
