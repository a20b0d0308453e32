package engine

// Guard says how much may happen before a person is asked: more than Items and
// more than Percent of what is there is too much. The zero value is [Standard].
type Guard struct{ Items, Percent int }

// Standard is the guard where nobody set another.
var Standard = Guard{Items: 20, Percent: 20}

// GuardEmptied is how many items a side must have had for its sudden emptiness to
// be suspicious. Below, deleting one's few items is everyday life.
const GuardEmptied = 5

// TooManyDeletions tells whether deletions must be held: pending now and done in
// the last 24 hours, out of pairs that are still there.
func (g Guard) TooManyDeletions(pending, done, pairs int) bool {
	if pending == 0 {
		return false
	}
	all := pending + done
	if all > g.Items && all*100 > (pairs+done)*g.Percent {
		return true
	}
	return pairs >= GuardEmptied && pending >= pairs
}
