//go:build !windows

package agent

import (
	"os"
	"strings"
)

// machineID is the operating system's own (machine-id(5)). Containers have none.
func machineID() string {
	for _, f := range []string{"/etc/machine-id", "/var/lib/dbus/machine-id"} {
		if b, err := os.ReadFile(f); err == nil {
			if id := strings.TrimSpace(string(b)); id != "" && id != "uninitialized" {
				return id
			}
		}
	}
	return ""
}
