// Package fake owns an in-memory [side.Side] for tests: it plays the business
// database or Exchange for many users and both kinds, with a person who edits at
// the same time ([Side.Put], [Side.Edit], …) and with trouble on demand ([Faults]).
//
// It promises the contract of package side to the letter, passes the shared suite
// agent/side/sidetest in both roles, counts every write, and writes down each use
// of the contract that a real side would punish ([Side.Violations]).
//
// It must not know the engine, the executor or a real side, and nothing outside
// tests may import it.
package fake
