// Package status owns the one live picture of everything: for each user and kind
// what is going on, how far and how fast, what went well last and what stands in
// the way; and for each user the one word that the icon shows.
//
// It promises:
//
//   - Whoever reports something is never held up by whoever looks: a report takes
//     a lock for a moment and no channel.
//   - [Board.Watch] first gives everything, then only what changed, never more
//     often than the gap; a slow reader misses intermediate states and nothing
//     else, and the newest state always arrives.
//   - What is given out is a copy.
//
// The picture lives in memory; [Board.Restore] fills it at the start with what the
// store remembers. The package must not know the executor, the scheduler or the
// wire: they report through its methods, and the IPC handlers translate its types.
package status
