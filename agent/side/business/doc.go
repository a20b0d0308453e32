// Package business owns the business database: appointments, tasks, employee
// master data and permissions of the customer's ERP or CRM, on SQLite.
//
// Two kinds of database (design, section 4):
//
//   - The embedded one is ours: migrations create it, triggers feed its change
//     feed whoever writes, our keys stand in it beside the items.
//   - A foreign one belongs to somebody else and is never altered: no table, no
//     trigger, no journal mode. It offers the contract's tables or views; our keys
//     and the hashes its changes are found by live in a file of our own, the key
//     store. Employee and permission data are read-only there.
//
// Promises, beside those of package side:
//
//   - Other programs may write the same file at any time.
//   - A version is a hash over the row, so a version can never name two states,
//     not even in a restored database.
//   - An item and its key become durable together. What a write reports as done
//     survives a power cut (synchronous=FULL): a row lost by one would look like
//     a person's deletion to the engine.
//   - A cursor remembers a random mark of the row it ends at; in a database that
//     was restored the mark is missing or another, and [fault.CursorLost] follows.
//   - Memory stays flat: pages and batches, never a whole table.
//
// For now a user's folder holds the appointments he owns; participants are listed
// ([Database.Participants]) but have no copy of their own. An appointment given to
// another owner leaves the folder as moved, not as deleted.
//
// A series is its rule (RFC 5545) and its exceptions, one row each; its version is a
// hash over all of them. An exception row says only what differs: the rest is as in
// the series, also for other programs. Exceptions are written as the difference to
// what stands there. A rule or exception that cannot be read or carried
// ([pim.CheckSeries]) is reported and never overwritten.
//
// The package must not know Exchange, the engine, or who wants the data.
package business
