package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"abgleich/ipc/policy"
	"abgleich/ui/client"
	"abgleich/ui/handover"
	"abgleich/ui/keyring"
	"abgleich/ui/logon"
	"abgleich/ui/preferences"
)

// kept is the login this computer keeps for one agent, where it may keep one.
type kept struct {
	agent string
	file  preferences.File
}

// allowed tells whether person and administrator want it kept.
func (k kept) allowed() bool { return k.file.Load().KeepPassword(policy.Read()).On }

// forget deletes what must not be kept. A store that is locked stays so: nobody is
// asked, and it is tried again with the next start.
func (k kept) forget(ctx context.Context) {
	s, err := keyring.Open(ctx)
	if err != nil {
		return
	}
	defer s.Close()
	if l, err := s.Peek(ctx, k.agent); err != nil || l.Password() == "" {
		return
	}
	if err := s.Delete(ctx, k.agent); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// Peek opens the system's store for this one look: it may have been locked or
// missing before.
func (k kept) Peek(ctx context.Context) (keyring.Login, error) {
	if !k.allowed() {
		return keyring.Login{}, nil
	}
	s, err := keyring.Open(ctx)
	if err != nil {
		return keyring.Login{}, err
	}
	defer s.Close()
	return s.Peek(ctx, k.agent)
}

// passwordEvery is how often Windows is asked whether the password was changed.
const passwordEvery = 3 * time.Hour

// watchPassword tells once for each change of the Windows password that the agent
// doesn't have the new one yet. It waits for news from connected before each look.
func watchPassword(ctx context.Context, k *handover.Keeper, connected <-chan struct{}, file preferences.File, tell func()) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-connected:
		}
		if l, err := logon.Current(time.Now()); err == nil && !l.PasswordSet.IsZero() {
			call, cancel := context.WithTimeout(ctx, client.CallTimeout)
			behind, err := k.Behind(call, l)
			cancel()
			// The age comes in seconds and is subtracted from a clock: a few off is the
			// same change.
			set := l.PasswordSet.Unix()
			if off := set - file.Load().PasswordAsked; err == nil && behind && (off > 60 || off < -60) {
				if file.Change(func(p *preferences.Preferences) { p.PasswordAsked = set }) == nil {
					tell()
				}
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(passwordEvery):
		}
	}
}
