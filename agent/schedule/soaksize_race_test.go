//go:build race

package schedule

// The sizes are small here: SQLite in Go is some twenty times slower under the
// race detector.
const (
	// soakTriggers is how many triggers the soak test gives.
	soakTriggers = 80
	// crowd is how many users start at once, starts how often.
	crowd, starts = 20, 1
	// raced tells that the race detector is on: River's housekeeping is left out then.
	raced = true
)
