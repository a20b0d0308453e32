// Package vault seals the secrets the agent must keep: the employees' logins
// and the service user's password. It owns the agent's age identity and is the
// only place that can open what was sealed.
//
// The public half ([Vault.Recipient]) may be known to everybody: trays seal a
// password to it (package ipc/seal) before the password enters a pipe. The
// private half stands in a systemd credential, in a file only the agent may
// read, or, on Windows, in a file sealed by the machine (DPAPI).
//
// It promises that a secret opens only under the owner's name it was sealed
// under, and that no error it returns holds a secret. It must not know what a
// secret is for, or where the sealed bytes are kept.
package vault

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"

	"filippo.io/age"

	"abgleich/agent/fault"
	"abgleich/ipc/seal"
)

// maxSealed bounds what [Vault.Open] looks at, in bytes.
const maxSealed = 64 << 10

// Options say where the identity is.
type Options struct {
	// Folder is the agent's data folder, which holds the key file. Needed
	// unless a systemd credential gives the key.
	Folder string
	// CredentialsFolder is systemd's $CREDENTIALS_DIRECTORY; "" for none. A
	// file "abgleich-identity" in it is used before any key file.
	CredentialsFolder string
	// Create makes a new identity when there is none. Leave it off when sealed
	// secrets exist: a new key would not open them, and saying that the key is
	// missing lets a person restore it.
	Create bool
}

// Vault seals and opens. It is safe for use by several goroutines.
type Vault struct {
	identity *age.X25519Identity
}

// Open loads the identity, or makes one if asked to. Codes: KeyMissing,
// KeyInvalid.
func Open(o Options) (*Vault, error) {
	id, err := loadIdentity(o)
	if err != nil {
		return nil, err
	}
	return &Vault{identity: id}, nil
}

// NewInMemory makes a vault whose key is never stored, for an agent that keeps
// no credentials, and for tests.
func NewInMemory() (*Vault, error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, fault.New(fault.Internal, "vault.NewInMemory", "", err)
	}
	return &Vault{identity: id}, nil
}

// Recipient is the public key ("age1…") to seal to. Trays pin it.
func (v *Vault) Recipient() string { return v.identity.Recipient().String() }

// Seal closes a secret for this agent. The owner must be named again to open
// it: a pipe peer's id, or the agent's own name for a secret of its own.
func (v *Vault) Seal(owner string, s Secret) ([]byte, error) {
	b, err := seal.Seal(v.Recipient(), owner, s.Reveal())
	if err != nil {
		return nil, fault.New(fault.Internal, "vault.Seal", owner, err)
	}
	return b, nil
}

// Open opens what [Vault.Seal] or a tray's seal.Seal closed. Codes:
// SecretUnreadable (cut off, changed, nothing sealed), SecretOfOtherKey,
// SecretOfOther (sealed under another owner's name).
func (v *Vault) Open(owner string, sealed []byte) (Secret, error) {
	const op = "vault.Open"
	if len(sealed) > maxSealed {
		return Secret{}, fault.New(fault.SecretUnreadable, op, owner, errors.New("too long"))
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), v.identity)
	if err != nil {
		if _, other := errors.AsType[*age.NoIdentityMatchError](err); other {
			return Secret{}, fault.New(fault.SecretOfOtherKey, op, owner, nil)
		}
		// The cause is dropped: age quotes the bytes it can't read, and someone
		// may have sent the password unsealed.
		return Secret{}, fault.New(fault.SecretUnreadable, op, owner, nil)
	}
	content, err := io.ReadAll(io.LimitReader(r, maxSealed))
	if err != nil {
		return Secret{}, fault.New(fault.SecretUnreadable, op, owner, err)
	}
	var env seal.Envelope
	// A JSON error may quote content, so it isn't passed on.
	if json.Unmarshal(content, &env) != nil || env.Version != seal.Version {
		return Secret{}, fault.New(fault.SecretUnreadable, op, owner, errors.New("unknown content"))
	}
	if env.Owner != owner {
		return Secret{}, fault.New(fault.SecretOfOther, op, owner, nil)
	}
	return NewSecret(string(env.Secret)), nil
}

// Export gives the private half, for a backup that is sealed itself. Wipe it with
// the archive.
func (v *Vault) Export() []byte { return []byte(v.identity.String() + "\n") }

// Import stores a private half that [Vault.Export] gave in a folder that has none.
// Codes: KeyInvalid.
func Import(folder string, private []byte) error {
	path := filepath.Join(folder, keyFile)
	if _, err := parseIdentity(path, private); err != nil {
		return err
	}
	if err := writeKeyFile(path, bytes.Clone(private)); err != nil {
		return fault.New(fault.KeyInvalid, "vault.Import", path, err)
	}
	return nil
}
