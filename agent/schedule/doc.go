// Package schedule decides which user's sync runs when. It owns the file
// queue.db in the data folder: River's tables and our own counters beside them.
//
// Words: a trigger is a reason to run. A run covers all triggers that came
// before it began. A slice is a piece of a run, at most ten seconds long, and
// one River job. A slot is one user and one kind of item.
//
// It promises:
//
//   - No trigger is lost. Each counts want up before anything else happens; a run
//     remembers the want it began with and, when it is complete, goes round
//     again if want has moved on. What a crash leaves is found by comparing
//     counters, not by looking for jobs.
//   - One slice at a time for each slot: a job is unique over all states in which
//     it may still run, and only one process can open the file. Each slice
//     carries a claim number that grows for its slot; a claim that is no longer
//     the newest changes nothing here, and the store can refuse it too.
//   - Slices of long runs go behind those of other users, in a queue of their own,
//     so that a big first sync never holds up somebody's live edit.
//   - A user whose login was refused is left alone until the login changes, a
//     person asks, or a day has passed. Until a user's login has worked once,
//     only one of his slices runs at a time, and no watcher logs in beside it.
//   - Other failures are tried again with growing pauses of at most five minutes,
//     or later where the server said so.
//
// It must not know what a run does, nor any side: it calls a [Runner] and
// listens to watchers.
package schedule
