package params

import (
	"errors"
	"time"

	"golang.org/x/sys/windows"
)

// patience is how long a file that somebody has open is tried.
const patience = 2 * time.Second

// patiently calls f again while somebody else has the file open: Windows neither
// replaces a file that is being read nor reads one that is being replaced.
func patiently(f func() error) error {
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		err := f()
		if !errors.Is(err, windows.ERROR_SHARING_VIOLATION) && !errors.Is(err, windows.ERROR_ACCESS_DENIED) || time.Now().After(end) {
			return err
		}
	}
}
