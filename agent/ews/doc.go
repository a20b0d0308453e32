// Package ews owns the EWS protocol: requests as Exchange's schema wants them,
// replies read as real servers send them, logins, failures with stable codes,
// and the limits of one server shared by all its users.
//
// A [Server] holds what all users of one mail server share: how many requests
// may run at once, and until when the server asked for peace. A [Client] is one
// credential on one Server, with connections of its own, because NTLM
// authenticates a connection and not a request: a pool shared by two users runs
// requests as the wrong one.
//
// Promises:
//   - No mail. Every create, update and delete says SendToNone (and SaveOnly for
//     messages); no exported option can say anything else.
//   - No lockout. The first login of a client goes alone and the others wait for
//     its outcome; a rejected secret is never sent again by the same client.
//   - No Basic login without TLS unless asked for by [BasicOverPlainHTTP].
//   - Every failure is an [*Error] inside a fault.Error with a stable code; a
//     failed write says whether its outcome is unknown ([OutcomeUnknown]).
//   - Every call ends: by its context, by an answer, or by a time-out with the
//     code "server-stalled".
//   - Replies are hostile until read: size, depth and texts are bounded.
//
// The package must not know pim, synchronisation, or what the extended
// properties it carries mean.
package ews
