//go:build race

package schedule

// soakTriggers is small here: SQLite in Go is some twenty times slower under the
// race detector.
const soakTriggers = 160

// raced tells that the race detector is on: a test that lives through many minutes
// of fake time then takes as many of real time, for River's polling alone.
const raced = true
