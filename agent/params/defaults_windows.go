package params

import (
	"os"
	"path/filepath"
)

// DefaultPath is where the parameter file stands, for all users.
func DefaultPath() string { return filepath.Join(programData(), "agent.toml") }

func defaultFolders() (data, log string) {
	return filepath.Join(programData(), "Data"), filepath.Join(programData(), "Log")
}

func programData() string {
	dir := os.Getenv("ProgramData")
	if dir == "" {
		dir = `C:\ProgramData`
	}
	return filepath.Join(dir, "Abgleich")
}
