//go:build !windows

package single

import (
	"fmt"
	"os"
	"path/filepath"
)

// Address is where the window for an agent is found: one a user and display.
func Address(agent string) string {
	dir := os.Getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		dir = os.TempDir()
	}
	name := shortHash(agent, os.Getenv("DISPLAY"), os.Getenv("WAYLAND_DISPLAY"))
	return filepath.Join(dir, fmt.Sprintf("abgleich-window-%d", os.Geteuid()), name+".sock")
}
