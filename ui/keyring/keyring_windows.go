package keyring

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/danieljoos/wincred"
	"golang.org/x/sys/windows"
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

func (credentialManager) Delete(_ context.Context, agent string) error {
	err := reason("delete", (&wincred.GenericCredential{Credential: wincred.Credential{TargetName: target(agent)}}).Delete())
	if errors.Is(err, ErrNone) {
		return nil
	}
	return err
}

func (credentialManager) Close() error { return nil }

func reason(op string, err error) error {
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
		case windows.ERROR_NO_SUCH_LOGON_SESSION:
			kind = ErrLocked
		}
	}
	return fmt.Errorf("%s login: %w: %w", op, kind, err)
}
