// Package backup moves an installation to another machine, or back to life on the
// same one: parameters, the agent's state and secrets, its key, and the embedded
// business databases, in one file that only the recovery key opens.
//
// The file is an age file (age-encryption.org/v1) around a gzipped tar archive. Its
// first entry, manifest.json, lists all others with their checksums; what is not
// listed or not as listed makes the whole file unreadable. Databases are copied by
// SQLite itself while others use them, each as of one moment.
//
// It promises that a failed restore changes nothing, and that no secret is in an
// error or in a file others may read. It must not know what the files mean; a
// business database of somebody else is its owner's to back up.
package backup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"abgleich/agent/fault"
)

// Format is the version of the archive that this package writes.
const Format = 1

// RecipientFile is the public half of the recovery key, in the data folder.
const RecipientFile = "backup.recipient"

// Manifest says what a backup holds.
type Manifest struct {
	Format  int       `json:"format"`
	Version string    `json:"version"` // of the program that wrote it
	Made    time.Time `json:"made"`    // UTC
	Machine string    `json:"machine"` // its host name
	// Data is the data folder, Parameters the parameter file, as they were there.
	Data       string `json:"data"`
	Parameters string `json:"parameters"`
	// Key tells whether the agent's key is in it; not if systemd keeps it.
	Key   bool   `json:"key"`
	Files []File `json:"files"`
}

// File is one file of a backup.
type File struct {
	// Name is its name in the archive.
	Name string `json:"name"`
	// Path is where it stood; "" for what stands below the data folder.
	Path string `json:"path,omitempty"`
	Size int64  `json:"size"` // bytes
	Sum  string `json:"sha256"`
}

// Names in the archive.
const (
	manifestName   = "manifest.json"
	parametersName = "parameters.toml"
	keyName        = "identity"
	dataPrefix     = "data/"
	beyondPrefix   = "beyond/"
)

// NewKey makes a recovery key: the secret half goes into file, which must not exist
// and only its owner may read; the public half into the data folder, in place of a
// former one. Code: [fault.BackupInTheWay].
func NewKey(file, data string) error {
	const op = "backup.NewKey"
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return fault.New(fault.Internal, op, "", err)
	}
	text := "# Abgleich recovery key. Keep it apart from the backups: it opens them all.\n# public key: " +
		id.Recipient().String() + "\n" + id.String() + "\n"
	if err := writeNew(file, []byte(text)); err != nil {
		return inTheWay(op, file, err)
	}
	public := filepath.Join(data, RecipientFile)
	if err := os.MkdirAll(data, 0o700); err != nil {
		return errors.Join(fault.New(fault.Internal, op, data, err), os.Remove(file))
	}
	if err := os.WriteFile(public, []byte(id.Recipient().String()+"\n"), 0o600); err != nil {
		return errors.Join(fault.New(fault.Internal, op, public, err), os.Remove(file))
	}
	return nil
}

// recipient is the recovery key's public half. Code: [fault.BackupKeyMissing].
func recipient(data string) (*age.X25519Recipient, error) {
	const op = "backup.Write"
	path := filepath.Join(data, RecipientFile)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(fault.BackupKeyMissing, op, path, err)
	}
	r, err := age.ParseX25519Recipient(strings.TrimSpace(string(b)))
	if err != nil {
		return nil, fault.New(fault.BackupKeyMissing, op, path, errors.New("not a recovery key's public half"))
	}
	return r, nil
}

// Key reads a recovery key as [NewKey] wrote it, or its one line alone. Code:
// [fault.BackupUnreadable]; the error holds nothing of the text.
func Key(text string) (age.Identity, error) {
	ids, err := age.ParseIdentities(strings.NewReader(text))
	if err != nil || len(ids) != 1 {
		return nil, fault.New(fault.BackupUnreadable, "backup.Key", "", errors.New("not a recovery key"))
	}
	return ids[0], nil
}

func inTheWay(op, path string, err error) error {
	if errors.Is(err, fs.ErrExist) {
		return fault.New(fault.BackupInTheWay, op, path, err)
	}
	return fault.New(fault.Internal, op, path, err)
}

// writeNew writes a file for its owner's eyes that must not exist yet.
func writeNew(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
