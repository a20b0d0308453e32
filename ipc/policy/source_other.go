//go:build !windows

package policy

import (
	"os"
	"strings"
)

// file holds a line `Name = value` for each decision; # begins a comment.
const file = "/etc/abgleich/policy.conf"

func sources() places {
	none := func(string) string { return "" }
	return places{machine: inFile(file), user: none, installed: none}
}

// inFile reads a file of decisions. One that can't be read decides nothing.
func inFile(path string) Source {
	b, err := os.ReadFile(path)
	values := map[string]string{}
	if err == nil {
		for line := range strings.Lines(string(b)) {
			name, value, ok := strings.Cut(line, "=")
			if name = strings.TrimSpace(name); ok && !strings.HasPrefix(name, "#") {
				values[name] = strings.Trim(strings.TrimSpace(value), `"`)
			}
		}
	}
	return func(name string) string { return values[name] }
}
