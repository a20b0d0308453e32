// Package exchangesim is a simulated Exchange server: it speaks EWS over HTTP
// with NTLM and Basic logins, keeps mailboxes in memory, and serves the tests,
// the demo, and anyone who wants to try the agent without an Exchange.
//
// It owns the server's side of the protocol: logging in, reading requests,
// checking them against the schema, the operations, notifications, and faults
// that can be switched on. It promises to be faithful rather than lenient: it
// rejects what Exchange rejects, with what Exchange answers, and every reply is
// valid against the official schema.
//
// It must not know the agent's own EWS code (agent/ews) or share any encoding
// with it, so that a mistake in one cannot cancel out the same mistake in the
// other.
package exchangesim
