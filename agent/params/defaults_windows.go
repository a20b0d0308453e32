package params

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

// DefaultPath is where the parameter file stands, for all users.
func DefaultPath() string { return filepath.Join(programData(), "agent.toml") }

func defaultFolders() (data, log string) {
	return filepath.Join(programData(), "Data"), filepath.Join(programData(), "Log")
}

// programData asks Windows and not the environment, which differs between a prompt
// and a service, and which anybody may change for what he starts.
func programData() string {
	dir, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, windows.KF_FLAG_DEFAULT)
	if err != nil {
		dir = `C:\ProgramData`
	}
	return filepath.Join(dir, "Abgleich")
}
