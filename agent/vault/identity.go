package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"abgleich/agent/fault"
)

// credentialName is the systemd credential's name (LoadCredentialEncrypted=).
const credentialName = "abgleich-identity"

func loadIdentity(o Options) (*age.X25519Identity, error) {
	const op = "vault.Open"
	if o.CredentialsFolder != "" {
		path := filepath.Join(o.CredentialsFolder, credentialName)
		b, err := os.ReadFile(path)
		if err == nil {
			return parseIdentity(path, b)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, fault.New(fault.KeyInvalid, op, path, err)
		}
	}
	path := filepath.Join(o.Folder, keyFile)
	b, err := readKeyFile(path)
	switch {
	case err == nil:
		return parseIdentity(path, b)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fault.New(fault.KeyInvalid, op, path, err)
	case !o.Create:
		return nil, fault.New(fault.KeyMissing, op, path, nil)
	}
	return createIdentity(path)
}

func createIdentity(path string) (*age.X25519Identity, error) {
	const op = "vault.Open"
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, fault.New(fault.Internal, op, path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fault.New(fault.KeyInvalid, op, path, err)
	}
	err = writeKeyFile(path, []byte(id.String()+"\n"))
	if errors.Is(err, fs.ErrExist) { // another process was first: its key counts
		b, err := readKeyFile(path)
		if err != nil {
			return nil, fault.New(fault.KeyInvalid, op, path, err)
		}
		return parseIdentity(path, b)
	}
	if err != nil {
		return nil, fault.New(fault.KeyInvalid, op, path, err)
	}
	return id, nil
}

// parseIdentity reads an age identity file: comments, then one key. Its errors
// hold nothing of the content.
func parseIdentity(path string, b []byte) (*age.X25519Identity, error) {
	var found *age.X25519Identity
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		id, err := age.ParseX25519Identity(line)
		if err != nil || found != nil {
			return nil, fault.New(fault.KeyInvalid, "vault.Open", path, errors.New("not one age identity"))
		}
		found = id
	}
	if found == nil {
		return nil, fault.New(fault.KeyInvalid, "vault.Open", path, errors.New("no age identity in it"))
	}
	return found, nil
}

// writeNew writes a file that must not exist yet, completely or not at all:
// a temporary file is flushed and then gets its name.
func writeNew(path string, content []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err = f.Write(content); err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	return nameNew(f.Name(), path)
}
