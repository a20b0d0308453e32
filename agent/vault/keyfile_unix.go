//go:build !windows

package vault

import (
	"errors"
	"fmt"
	"os"
)

// keyFile is the identity's file name in the data folder.
const keyFile = "identity.age"

// errExposed is a key file that others may read: it must count as known to
// them, so a person decides.
var errExposed = errors.New("key file may be read by others; set its mode to 0600")

func readKeyFile(path string) ([]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if mode := st.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%w (it is %o)", errExposed, mode)
	}
	return os.ReadFile(path)
}

func writeKeyFile(path string, content []byte) error { return writeNew(path, content) }

// nameNew gives a file a name that nothing has yet.
func nameNew(file, path string) error { return os.Link(file, path) }
