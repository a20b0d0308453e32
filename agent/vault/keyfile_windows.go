package vault

import (
	"errors"
	"fmt"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// keyFile is the identity's file name in the data folder. Its content is sealed
// by the machine: copied elsewhere, it opens nothing.
const keyFile = "identity.dpapi"

// entropy keeps other programs' DPAPI calls from opening our file by accident.
// It is no secret; against other users the file's access list protects.
const entropy = "abgleich vault identity 1"

// access lets LocalSystem, Administrators, the file's owner and the service in,
// nobody else, and inherits nothing. The service is named because an administrator
// at the command line may be the one who makes the file.
const access = "D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;OW)(A;;FA;;;" + serviceSID + ")"

// serviceSID is what Windows computes of the service's name, abgleich-agent.
const serviceSID = "S-1-5-80-2208614790-257062208-3204103719-1476649255-1223895501"

func readKeyFile(path string) ([]byte, error) {
	sealed, err := readShared(path)
	if err != nil {
		return nil, err
	}
	return dpapi(sealed, func(in, salt, out *windows.DataBlob) error {
		return windows.CryptUnprotectData(in, nil, salt, 0, nil, windows.CRYPTPROTECT_UI_FORBIDDEN, out)
	})
}

// readShared reads a file that another process may be giving its name right now: for
// that moment it lets nobody in who does not bear it being deleted, as Go's files don't.
func readShared(path string) ([]byte, error) {
	const pause, most = 10 * time.Millisecond, 100
	for tries := 1; ; tries++ {
		b, err := os.ReadFile(path)
		if tries == most || !errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
			return b, err
		}
		time.Sleep(pause)
	}
}

// nameNew gives a file a name that nothing has yet. A second link would keep the first
// one from being removed while somebody reads the file.
func nameNew(file, path string) error {
	from, err := windows.UTF16PtrFromString(file)
	if err != nil {
		return err
	}
	to, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return err
	}
	return windows.MoveFileEx(from, to, windows.MOVEFILE_WRITE_THROUGH)
}

func writeKeyFile(path string, content []byte) error {
	defer wipe(content)
	sealed, err := dpapi(content, func(in, salt, out *windows.DataBlob) error {
		return windows.CryptProtectData(in, nil, salt, 0, nil,
			windows.CRYPTPROTECT_LOCAL_MACHINE|windows.CRYPTPROTECT_UI_FORBIDDEN, out)
	})
	if err != nil {
		return fmt.Errorf("seal key by the machine: %w", err)
	}
	if err := writeNew(path, sealed); err != nil {
		return err
	}
	if err := protect(path); err != nil {
		os.Remove(path)
		return fmt.Errorf("restrict key file: %w", err)
	}
	return nil
}

func protect(path string) error {
	sd, err := windows.SecurityDescriptorFromString(access)
	if err != nil {
		return err
	}
	dacl, _, err := sd.DACL()
	if err != nil {
		return err
	}
	return windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, dacl, nil)
}

// dpapi calls one of the two functions and copies its result out of the memory
// Windows allocated.
func dpapi(b []byte, call func(in, salt, out *windows.DataBlob) error) ([]byte, error) {
	if len(b) == 0 {
		return nil, windows.ERROR_INVALID_DATA
	}
	salt := []byte(entropy)
	var out windows.DataBlob
	if err := call(blob(b), blob(salt), &out); err != nil {
		return nil, err
	}
	defer windows.LocalFree(windows.Handle(unsafe.Pointer(out.Data)))
	raw := unsafe.Slice(out.Data, out.Size)
	defer wipe(raw)
	return append([]byte(nil), raw...), nil
}

func blob(b []byte) *windows.DataBlob {
	return &windows.DataBlob{Size: uint32(len(b)), Data: unsafe.SliceData(b)}
}

// wipe overwrites key material that is no longer needed.
func wipe(b []byte) { clear(b) }
