package engine

// The guards: how much may happen before a person is asked.
const (
	// GuardItems and GuardPercent: more than both of them is too much.
	GuardItems   = 20
	GuardPercent = 20
	// GuardEmptied is how many items a side must have had for its sudden emptiness
	// to be suspicious. Below, deleting one's few items is everyday life.
	GuardEmptied = 5
)

// TooManyDeletions tells whether deletions must be held: pending now and done in
// the last 24 hours, out of pairs that are still there.
func TooManyDeletions(pending, done, pairs int) bool {
	if pending == 0 {
		return false
	}
	all := pending + done
	if all > GuardItems && all*100 > (pairs+done)*GuardPercent {
		return true
	}
	return pairs >= GuardEmptied && pending >= pairs
}
