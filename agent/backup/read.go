package backup

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"abgleich/agent/fault"
)

// Target is where an installation comes to life again.
type Target struct {
	// Parameters is the parameter file. The data folder is where it was, or Data.
	Parameters, Data string
	// PutKey stores the agent's key in a data folder (package vault).
	PutKey func(folder string, key []byte) error
}

// maxManifest bounds what is read before anything is known, in bytes.
const maxManifest = 4 << 20

// Read brings back what a backup holds. Everything is unpacked and checked first;
// where a file or a data folder with content is in the way, nothing is changed.
// Codes: [fault.BackupUnreadable] (another key, cut off, changed), [fault.BackupInTheWay],
// Internal.
func Read(ctx context.Context, file string, key age.Identity, to Target) (m Manifest, err error) {
	const op = "backup.Read"
	f, err := os.Open(file)
	if err != nil {
		return m, fault.New(fault.NotFound, op, file, err)
	}
	defer f.Close()
	archive, m, err := open(f, key)
	if err != nil {
		return m, fault.New(fault.BackupUnreadable, op, file, err)
	}
	if to.Data == "" {
		to.Data = m.Data
	}
	places, err := free(m, to)
	if err != nil {
		return m, err
	}
	_, before := os.Stat(to.Data)
	if err := os.MkdirAll(to.Data, 0o700); err != nil {
		return m, fault.New(fault.Internal, op, to.Data, err)
	}
	// Inside the data folder: what is unpacked is protected as its place is.
	staging, err := os.MkdirTemp(to.Data, ".restore-*")
	if err != nil {
		return m, fault.New(fault.Internal, op, to.Data, err)
	}
	defer func() {
		err = errors.Join(err, os.RemoveAll(staging))
		if err != nil && errors.Is(before, fs.ErrNotExist) {
			err = errors.Join(err, os.Remove(to.Data))
		}
	}()
	if err := unpack(ctx, archive, m, staging); err != nil {
		return m, fault.New(fault.BackupUnreadable, op, file, err)
	}
	return m, settle(m, to, staging, places)
}

// open reads up to the manifest.
func open(r io.Reader, key age.Identity) (*tar.Reader, Manifest, error) {
	var m Manifest
	plain, err := age.Decrypt(r, key)
	if err != nil {
		if _, other := errors.AsType[*age.NoIdentityMatchError](err); other {
			return nil, m, errors.New("another recovery key opens it")
		}
		return nil, m, errors.New("not a backup of Abgleich, or damaged")
	}
	zipped, err := gzip.NewReader(plain)
	if err != nil {
		return nil, m, err
	}
	archive := tar.NewReader(zipped)
	h, err := archive.Next()
	if err != nil {
		return nil, m, err
	}
	if h.Name != manifestName || h.Size > maxManifest {
		return nil, m, errors.New("it does not begin with a manifest")
	}
	if err := json.NewDecoder(archive).Decode(&m); err != nil {
		return nil, m, err
	}
	if m.Format != Format {
		return nil, m, fmt.Errorf("format %d; this program reads %d", m.Format, Format)
	}
	return archive, m, m.check()
}

// check refuses names that lead elsewhere.
func (m Manifest) check() error {
	seen := map[string]bool{}
	for _, f := range m.Files {
		if !filepath.IsLocal(filepath.FromSlash(f.Name)) || seen[f.Name] || f.Size < 0 {
			return fmt.Errorf("a file %q in it", f.Name)
		}
		if beyond := strings.HasPrefix(f.Name, beyondPrefix); beyond != (f.Path != "" && f.Name != parametersName) || beyond && !filepath.IsAbs(f.Path) {
			return fmt.Errorf("a file %q in it, for %q", f.Name, f.Path)
		}
		seen[f.Name] = true
	}
	return nil
}

// free tells where each file outside the data folder goes, if nothing is there.
func free(m Manifest, to Target) (map[string]string, error) {
	const op = "backup.Read"
	places := map[string]string{}
	for _, f := range m.Files {
		switch {
		case f.Name == parametersName:
			places[f.Name] = to.Parameters
		case f.Path != "":
			places[f.Name] = f.Path
		default:
			continue
		}
		if _, err := os.Lstat(places[f.Name]); !errors.Is(err, fs.ErrNotExist) {
			return nil, fault.New(fault.BackupInTheWay, op, places[f.Name], err)
		}
	}
	there, err := os.ReadDir(to.Data)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.Internal, op, to.Data, err)
	}
	if len(there) > 0 {
		return nil, fault.New(fault.BackupInTheWay, op, to.Data, nil)
	}
	return places, nil
}

// unpack writes every file below a folder and compares it with the manifest.
func unpack(ctx context.Context, archive *tar.Reader, m Manifest, folder string) error {
	for _, want := range m.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := archive.Next()
		if err != nil {
			return err
		}
		if h.Name != want.Name || h.Size != want.Size {
			return fmt.Errorf("%q stands where %q should", h.Name, want.Name)
		}
		path := filepath.Join(folder, filepath.FromSlash(want.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		sum := sha256.New()
		_, err = io.Copy(io.MultiWriter(f, sum), archive)
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			return err
		}
		if hex.EncodeToString(sum.Sum(nil)) != want.Sum {
			return fmt.Errorf("%q is damaged", want.Name)
		}
	}
	if _, err := archive.Next(); !errors.Is(err, io.EOF) {
		return errors.Join(errors.New("there is more in it than it says"), err)
	}
	return nil
}

// settle puts what was unpacked into its places. The data folder, without which
// nothing starts, comes last; what came before goes again if a later step fails.
func settle(m Manifest, to Target, staging string, places map[string]string) (err error) {
	const op = "backup.Read"
	var made []string
	defer func() {
		if err == nil {
			return
		}
		for _, path := range made {
			err = errors.Join(err, os.RemoveAll(path))
		}
	}()
	data := filepath.Join(staging, strings.TrimSuffix(dataPrefix, "/"))
	if err := os.MkdirAll(data, 0o700); err != nil {
		return fault.New(fault.Internal, op, data, err)
	}
	if m.Key {
		key, err := os.ReadFile(filepath.Join(staging, keyName))
		if err != nil {
			return fault.New(fault.BackupUnreadable, op, keyName, err)
		}
		if err := to.PutKey(data, key); err != nil {
			return err
		}
	}
	for _, f := range m.Files {
		path, ok := places[f.Name]
		if !ok {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fault.New(fault.Internal, op, path, err)
		}
		if err := moveNew(filepath.Join(staging, filepath.FromSlash(f.Name)), path); err != nil {
			return inTheWay(op, path, err)
		}
		made = append(made, path)
	}
	children, err := os.ReadDir(data)
	if err != nil {
		return fault.New(fault.Internal, op, data, err)
	}
	for _, c := range children {
		path := filepath.Join(to.Data, c.Name())
		if err := os.Rename(filepath.Join(data, c.Name()), path); err != nil {
			return fault.New(fault.Internal, op, path, err)
		}
		made = append(made, path)
	}
	return nil
}

// moveNew copies a file, perhaps to another disk, to where none is.
func moveNew(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return errors.Join(err, os.Remove(to))
	}
	return nil
}
