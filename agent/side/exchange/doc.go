// Package exchange owns the Exchange side: one user's calendar and tasks behind
// the contract of package side, spoken over EWS (agent/ews).
//
// It owns the mapping between pim items and EWS items, what Exchange can hold of
// an item ([Side.Projection]), the named properties that carry our key and the
// mark of the installation, and the notifications: pushes to the [EventServer],
// or a stream where the server cannot reach us.
//
// Promises beyond the contract:
//   - A body is written only when its text is to change, so HTML and online-meeting
//     links survive every other write.
//   - All-day items and task dates are days of the user, whatever zone they were
//     made in.
//   - Deletions go to Deleted Items. Nothing here can send mail.
//   - A push is a reason to look, never data.
//
// Deletion with a version reads the versions first: Exchange itself deletes
// whatever is there. An edit in that instant ends in Deleted Items.
//
// The package must not know the engine, the store or how secrets are kept: logins
// come ready-made from [Options.Credentials].
package exchange
