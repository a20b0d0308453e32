// Package engine owns the decisions: given what both sides last returned for a
// pair (their bases) and what they hold now, what is to be written where.
//
// Definitions. A half is one side's item of a pair. A half is changed in the
// fields in which it differs from its own base; versions are not asked. Two
// values mean the same if one is what the other becomes on its side
// ([Rules.Same]): what a side can't hold is never a change coming back.
//
// Promises:
//
//   - Pure: the same arguments give the same decision; no I/O, no clock, and the
//     arguments are not changed.
//   - Fixpoint: deciding again after a decision was carried out decides nothing.
//   - Convergent: after it was carried out, both sides mean the same in every
//     field both can hold, unless the decision names a problem.
//   - Nothing a meeting's guests would have to be told of is ever written.
//   - An edit wins over a deletion; only a deletion deletes.
//
// The package must not know how items are stored, batched or journalled.
package engine
