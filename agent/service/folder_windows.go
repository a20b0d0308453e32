package service

import (
	"os"

	"golang.org/x/sys/windows"

	"abgleich/ipc/pipe"
)

// own makes a folder that belongs to the service, administrators and the system, and
// that nobody else may look into: it holds the database, logs with names, and keys.
func own(folder string, i pipe.Instance) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	sd, err := windows.SecurityDescriptorFromString(folderAccess(i))
	if err != nil {
		return err
	}
	dacl, _, err := sd.DACL()
	if err != nil {
		return err
	}
	return windows.SetNamedSecurityInfo(folder, windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, dacl, nil)
}

// folderAccess is inherited by everything in the folder, and inherits nothing.
func folderAccess(i pipe.Instance) string {
	return "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;" + pipe.ServiceSID(i.Service()) + ")"
}
