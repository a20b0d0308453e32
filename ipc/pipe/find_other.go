//go:build !windows

package pipe

// ConfiguredKey is "": only Windows installations name a key.
func ConfiguredKey() string { return "" }
