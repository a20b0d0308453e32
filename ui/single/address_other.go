//go:build !windows

package single

import (
	"fmt"
	"os"
	"path/filepath"
)

// Address is where the window for an agent is found: one a user and display.
func Address(agent string) string { return place("window", agent) }

// IconAddress is where the tray icon for an agent is found: one a user and display.
func IconAddress(agent string) string { return place("tray", agent) }

func place(what, agent string) string {
	dir := os.Getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		dir = os.TempDir()
	}
	name := shortHash(agent, os.Getenv("DISPLAY"), os.Getenv("WAYLAND_DISPLAY"))
	return filepath.Join(dir, fmt.Sprintf("abgleich-%s-%d", what, os.Geteuid()), name+".sock")
}
