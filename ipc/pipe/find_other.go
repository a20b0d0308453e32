//go:build !windows

package pipe

// configuredKey is "": only Windows installations name a key.
func configuredKey() string { return "" }
