package main

import (
	"context"
	"errors"
	"time"

	"abgleich/ui/keyring"
	"abgleich/ui/window"
)

// promptTime is how long the system's own question about its credential store
// may stay open.
const promptTime = 2 * time.Minute

// systemStore keeps logins for one agent in the system's credential store.
type systemStore struct{ agent string }

// loginStore is nil where nothing may be kept.
func loginStore(agent string, keep bool) window.LoginStore {
	if !keep {
		return nil
	}
	return systemStore{agent}
}

// Store opens the store for this one login: a store that was locked or missing
// at the start may be there now.
func (s systemStore) Store(ctx context.Context, login, password string) error {
	ctx, cancel := context.WithTimeout(ctx, promptTime)
	defer cancel()
	store, err := keyring.Open(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	return store.Save(ctx, s.agent, keyring.NewLogin(login, password))
}

// Forget removes the login kept for the agent. Where there is no store, nothing is
// kept.
func (s systemStore) Forget(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, promptTime)
	defer cancel()
	store, err := keyring.Open(ctx)
	if errors.Is(err, keyring.ErrUnavailable) {
		return nil
	}
	if err != nil {
		return err
	}
	defer store.Close()
	return store.Delete(ctx, s.agent)
}
