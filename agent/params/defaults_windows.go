package params

import (
	"path/filepath"

	"golang.org/x/sys/windows"

	"abgleich/ipc/pipe"
)

// DefaultPath is where an instance's parameter file stands, for all users.
func DefaultPath(i pipe.Instance) string { return filepath.Join(programData(i), "agent.toml") }

func defaultFolders(i pipe.Instance) (data, log string) {
	return filepath.Join(programData(i), "Data"), filepath.Join(programData(i), "Log")
}

// programData is an instance's folder: beside those of others and not inside one, which
// belongs to another service. It asks Windows and not the environment, which differs
// between a prompt and a service, and which anybody may change for what he starts.
func programData(i pipe.Instance) string {
	dir, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, windows.KF_FLAG_DEFAULT)
	if err != nil {
		dir = `C:\ProgramData`
	}
	return filepath.Join(dir, i.After("Abgleich"))
}
