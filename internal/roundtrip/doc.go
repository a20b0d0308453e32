// Package roundtrip owns the tests of what happens to an item on its way: from
// Exchange to the business side and back, with the real sides, the simulated
// Exchange and a database in a file.
//
// It promises that nothing is judged by a side's word alone: what must come back is
// worked out here from what was written, and where a projection is used, it is the
// thing under test. It must not know the executor, the store, or how a run is made,
// and it owns nothing but tests.
package roundtrip
