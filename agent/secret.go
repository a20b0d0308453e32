package agent

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"abgleich/agent/params"
	"abgleich/agent/vault"
)

// ServicePassword is the key of the service user's password.
const ServicePassword = params.ServicePassword

// SecretKeys are the parameters that are secrets.
func SecretKeys() []string {
	return []string{params.ServicePassword, params.AccountPassword, params.NoticePassword}
}

// HasSecret tells whether a secret parameter is stored, while no agent runs.
func HasSecret(p params.Params, key string) (bool, error) {
	return offline(p, nil).HasSecret(context.Background(), key)
}

// StoreSecret seals a secret parameter while no agent runs. Codes: those of
// [vault.Open] and [fault.ParameterUnknown].
func StoreSecret(p params.Params, key string, secret vault.Secret) error {
	_, err := os.Stat(filepath.Join(p.Data.Folder, "agent.db"))
	v, err := vault.Open(vault.Options{
		Folder: p.Data.Folder, CredentialsFolder: os.Getenv("CREDENTIALS_DIRECTORY"),
		Create: errors.Is(err, fs.ErrNotExist), // as a first start would
	})
	if err != nil {
		return err
	}
	return offline(p, v).SetSecret(context.Background(), key, secret)
}

// offline are the settings of an agent that doesn't run.
func offline(p params.Params, v *vault.Vault) *settings {
	s := &settings{vault: v}
	s.inForce.Store(&p)
	return s
}
