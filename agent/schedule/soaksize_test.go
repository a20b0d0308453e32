//go:build !race

package schedule

// soakTriggers is how many triggers the soak test gives. 9,600 were run once
// while this was written; it takes a minute.
const soakTriggers = 1200

// raced tells that the race detector is on.
const raced = false
