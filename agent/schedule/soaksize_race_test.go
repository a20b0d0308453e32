//go:build race

package schedule

// soakTriggers is small here: SQLite in Go is some twenty times slower under the
// race detector.
const soakTriggers = 160
