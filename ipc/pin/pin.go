// Package pin remembers whose key a person's passwords are sealed for. At the first
// contact with an agent over the network its public key is noted, for this person and
// this address; another key later is refused until somebody takes it on purpose. A key
// named by policy or installation (AgentKey) goes before everything remembered.
//
// On its own machine an agent needs none: there the operating system tells who listens
// (package pipe). Over the network it only tells what the other machine says.
//
// The package promises never to take a key unasked in place of another, not even when
// what it remembers can't be read. It must not know what is said over the pipe.
package pin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"abgleich/ipc/policy"
)

// Codes of an [Error]. They equal those of the agent, whose package stands above.
const (
	// CodeChanged is a key other than the one remembered.
	CodeChanged = "agent-key-changed"
	// CodeRefused is a key other than the one policy or installation name.
	CodeRefused = "agent-key-refused"
)

// Error is an agent whose key is not the one expected; nothing was sent to it.
type Error struct {
	// Code is CodeChanged or CodeRefused.
	Code string
	// Address is the agent's.
	Address string
	// Known is the key expected, "" where what was remembered can't be read; Offered
	// is the one the agent has.
	Known, Offered string
	// Err is why it can't be read; may be nil.
	Err error
}

// Error names both keys, which are public.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %s: key %s, expected %s", e.Address, e.Code, e.Offered, e.Known)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Keeper remembers one agent's key. Make it with [For] or [In].
type Keeper struct {
	address string
	path    string // "" where nothing has to be remembered
	// configured is the key that policy or installation name.
	configured func() string
	mu         sync.Mutex
	refused    *Error // what the last Check refused; nil if it took the key
}

// For is the keeper for the agent at an address, whose keys are remembered in the
// person's own configuration folder; it remembers none for an agent of this machine.
func For(address string) *Keeper {
	k := &Keeper{address: address, configured: func() string { return policy.Read().AgentKey }}
	if !remote(address) {
		return k
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		dir = "" // can't be written: a key that can't be remembered is not taken
	}
	k.path = filepath.Join(dir, "abgleich", file)
	return k
}

// In is a keeper for an address that remembers in a folder, whatever the address, and
// takes configured as the key that policy or installation name.
func In(folder, address, configured string) *Keeper {
	return &Keeper{address: address, path: filepath.Join(folder, file), configured: func() string { return configured }}
}

// file holds the keys by address, in small letters.
const file = "agents.json"

// remote tells whether an address is a pipe of another machine.
func remote(address string) bool {
	server, ok := strings.CutPrefix(address, `\\`)
	return ok && !strings.HasPrefix(server, `.\`)
}

// Address is the agent's.
func (k *Keeper) Address() string { return k.address }

// Check takes the agent's key or refuses it with an [*Error]. The first one is
// remembered.
func (k *Keeper) Check(recipient string) error {
	err := k.check(recipient, k.save)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.refused, _ = errors.AsType[*Error](err)
	return err
}

// Refused is what the last [Keeper.Check] refused; nil if it took the key.
func (k *Keeper) Refused() *Error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.refused
}

// Look is Check that remembers nothing.
func (k *Keeper) Look(recipient string) error {
	return k.check(recipient, func(string) error { return nil })
}

func (k *Keeper) check(recipient string, save func(string) error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if want := k.configured(); want != "" && want != recipient {
		return &Error{Code: CodeRefused, Address: k.address, Known: want, Offered: recipient}
	} else if k.path == "" {
		return nil
	} else if want != "" {
		_ = save(recipient) // for the day nobody names it any more
		return nil
	}
	keys, err := k.load()
	if err != nil {
		return &Error{Code: CodeChanged, Address: k.address, Offered: recipient, Err: err}
	}
	switch known := keys[k.place()]; known {
	case recipient:
		return nil
	case "":
		return save(recipient)
	default:
		return &Error{Code: CodeChanged, Address: k.address, Known: known, Offered: recipient}
	}
}

// Accept remembers a key in place of any other: a person has decided.
func (k *Keeper) Accept(recipient string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.path == "" {
		return nil
	}
	return k.save(recipient)
}

// Known is the key remembered, "" for none, and whether anything is remembered for an
// agent at this address.
func (k *Keeper) Known() (recipient string, kept bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.path == "" {
		return "", false
	}
	keys, _ := k.load()
	return keys[k.place()], true
}

// place is the address without differences that mean nothing.
func (k *Keeper) place() string { return strings.ToLower(k.address) }

func (k *Keeper) load() (map[string]string, error) {
	keys := map[string]string{}
	b, err := os.ReadFile(k.path)
	if errors.Is(err, fs.ErrNotExist) {
		return keys, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &keys)
	}
	if err != nil {
		return nil, fmt.Errorf("remembered keys: %w", err)
	}
	return keys, nil
}

// save adds one key; the file is replaced as a whole, and only its owner may read it.
func (k *Keeper) save(recipient string) error {
	keys, err := k.load()
	if err != nil {
		keys = map[string]string{} // only [Keeper.Accept] and a configured key come here
	}
	if keys[k.place()] == recipient {
		return nil
	}
	keys[k.place()] = recipient
	b, err := json.MarshalIndent(keys, "", "  ")
	if err != nil {
		return err
	}
	dir := filepath.Dir(k.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("remember the agent's key: %w", err)
	}
	t, err := os.CreateTemp(dir, "agents-*.tmp") // mode 0600
	if err != nil {
		return fmt.Errorf("remember the agent's key: %w", err)
	}
	defer os.Remove(t.Name()) //nolint:errcheck // gone when all went well
	_, err = t.Write(b)
	if err = errors.Join(err, t.Close()); err == nil {
		err = os.Rename(t.Name(), k.path)
	}
	if err != nil {
		return fmt.Errorf("remember the agent's key: %w", err)
	}
	return nil
}
