//go:build !windows

package params

import (
	"os"
	"path/filepath"

	"abgleich/ipc/pipe"
)

// DefaultPath is where an instance's parameter file stands: below /etc for the
// machine's agents, in the user's configuration folder otherwise.
func DefaultPath(i pipe.Instance) string {
	if os.Geteuid() == 0 {
		return filepath.Join("/etc", i.After("abgleich"), "abgleich.toml")
	}
	return filepath.Join(userFolder(i, "XDG_CONFIG_HOME", ".config"), "abgleich.toml")
}

func defaultFolders(i pipe.Instance) (data, log string) {
	if os.Geteuid() == 0 {
		return filepath.Join("/var/lib", i.After("abgleich")), filepath.Join("/var/log", i.After("abgleich"))
	}
	data = userFolder(i, "XDG_STATE_HOME", ".local/state")
	return data, filepath.Join(data, "log")
}

func userFolder(i pipe.Instance, variable, below string) string {
	dir := os.Getenv(variable)
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			home = os.TempDir()
		}
		dir = filepath.Join(home, below)
	}
	return filepath.Join(dir, i.After("abgleich"))
}
