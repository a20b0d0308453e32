package params

import (
	"os"
	"path/filepath"
)

// DefaultPath is where the parameter file stands, for all users.
func DefaultPath() string { return filepath.Join(programData(), "abgleich.toml") }

func defaultFolders() (data, log string) {
	return filepath.Join(programData(), "data"), filepath.Join(programData(), "log")
}

func programData() string {
	dir := os.Getenv("ProgramData")
	if dir == "" {
		dir = `C:\ProgramData`
	}
	return filepath.Join(dir, "Abgleich")
}
