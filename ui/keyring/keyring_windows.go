package keyring

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/danieljoos/wincred"
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// Open gives the Credential Manager of the person logged on.
func Open(context.Context) (Store, error) { return credentialManager{}, nil }

type credentialManager struct{}

func (credentialManager) Save(_ context.Context, agent string, l Login) error {
	b, err := pack(l)
	if err != nil {
		return err
	}
	c := wincred.NewGenericCredential(target(agent))
	c.UserName = l.User
	c.CredentialBlob = b
	c.Persist = wincred.PersistLocalMachine // stays on this machine, in this profile
	return reason("save", c.Write())
}

func (credentialManager) Load(_ context.Context, agent string) (Login, error) {
	c, err := wincred.GetGenericCredential(target(agent))
	if err != nil {
		return Login{}, reason("load", err)
	}
	return unpack(c.CredentialBlob)
}

// Peek is Load: the Credential Manager asks nobody.
func (c credentialManager) Peek(ctx context.Context, agent string) (Login, error) {
	return c.Load(ctx, agent)
}

func (credentialManager) Delete(_ context.Context, agent string) error {
	err := reason("delete", (&wincred.GenericCredential{Credential: wincred.Credential{TargetName: target(agent)}}).Delete())
	if errors.Is(err, ErrNone) {
		return nil
	}
	return err
}

func (credentialManager) Close() error { return nil }

func reason(op string, err error) error { return reasonUnder(op, err, forbidden) }

// reasonUnder tells why the Credential Manager failed. forbidden is asked where its
// code leaves open whether a policy is behind it.
func reasonUnder(op string, err error, forbidden func() bool) error {
	if err == nil {
		return nil
	}
	kind := ErrUnavailable
	if no, ok := errors.AsType[syscall.Errno](err); ok {
		switch no {
		case windows.ERROR_NOT_FOUND:
			kind = ErrNone
		case windows.ERROR_CANCELLED:
			kind = ErrCancelled
		case windows.ERROR_ACCESS_DENIED:
			kind = ErrForbidden
		case windows.ERROR_NO_SUCH_LOGON_SESSION:
			// A session without credentials (logged on over the network), or the policy
			// "do not allow storage of passwords and credentials".
			if forbidden() {
				kind = ErrForbidden
			}
		}
	}
	return fmt.Errorf("%s login: %w: %w", op, kind, err)
}

// forbidden tells whether the policy "Network access: Do not allow storage of
// passwords and credentials for network authentication" is on.
func forbidden() bool {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Control\Lsa`, registry.QUERY_VALUE)
	if err != nil {
		return false
	}
	defer key.Close()
	on, _, err := key.GetIntegerValue("DisableDomainCreds")
	return err == nil && on == 1
}
