//go:build !windows

package params

import (
	"os"
	"path/filepath"
)

// DefaultPath is where the parameter file stands: below /etc for the machine's
// agent, in the user's configuration folder otherwise.
func DefaultPath() string {
	if os.Geteuid() == 0 {
		return "/etc/abgleich/abgleich.toml"
	}
	return filepath.Join(userFolder("XDG_CONFIG_HOME", ".config"), "abgleich.toml")
}

func defaultFolders() (data, log string) {
	if os.Geteuid() == 0 {
		return "/var/lib/abgleich", "/var/log/abgleich"
	}
	data = userFolder("XDG_STATE_HOME", ".local/state")
	return data, filepath.Join(data, "log")
}

func userFolder(variable, below string) string {
	dir := os.Getenv(variable)
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			home = os.TempDir()
		}
		dir = filepath.Join(home, below)
	}
	return filepath.Join(dir, "abgleich")
}
