// Package executor owns the work of one run: it reads both sides' feeds, asks
// the engine, and carries out what it decided, for one user and kind at a time.
//
// A run is done in slices ([Executor.Slice]) of a few seconds. A slice may end or
// be killed at any instant: everything it needs to go on is in the store.
//
//  1. recover: creations in the journal are looked up by key, and recorded or
//     forgotten.
//  2. ingest: each feed is read to its end; what is no echo of our own writes
//     goes into the inbox together with the cursor.
//  3. locate: items that left a folder are looked for.
//  4. match: unpaired items are recognised by key, UID or content.
//  5. carry: what is in the inbox is decided and written, creations and updates
//     first, deletions last and under the guard.
//
// Promises: one bad item never stops the others; an error of a whole call ends
// the slice with its code and loses nothing; a run after a quiet one writes
// nothing; nothing is created without an intent in the store, and nothing is
// deleted or overwritten without a copy in the trash.
//
// The package must not know what the sides are, who schedules it, or who looks
// at its progress.
package executor
