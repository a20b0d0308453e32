//go:build !race

package schedule

const (
	// soakTriggers is how many triggers the soak test gives. 9,600 were run once
	// while this was written; it takes a minute.
	soakTriggers = 1200
	// crowd is how many users start at once, starts how often.
	crowd, starts = 40, 3
	// raced tells that the race detector is on.
	raced = false
)
