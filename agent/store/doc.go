// Package store owns the agent's own state: one SQLite file, agent.db.
//
// It holds what the agent must know to go on after being killed at any instant:
// which items are pairs and what each side last returned for them (pairs), how
// far each feed was read (cursors), what was read and not yet dealt with
// (inbox), which creations were begun (journal), and beside these the problems,
// holds, trash and history that people look at, and the sync credentials,
// sealed by agent/vault before they get here.
//
// Promises:
//
//   - Every method that writes does so in one transaction that is on the disk
//     when the method returns: all of it or nothing.
//   - The state of one user and kind is written through a [Lease]. The newest
//     lease wins: a write through an older one fails with [fault.AlreadyRunning]
//     and changes nothing.
//   - Memory stays flat: whatever can be long is read in batches or through an
//     iterator.
//   - Rows hold the text of appointments where the work needs it (inbox, pairs,
//     journal, trash); errors and logs never do.
//
// The package must not know what the sides are, what the engine decides, or how
// to open a sealed password.
package store
