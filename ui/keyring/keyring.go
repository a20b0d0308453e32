// Package keyring keeps a person's login in the operating system's credential
// store: the Windows Credential Manager, or the Secret Service (GNOME Keyring,
// KWallet) on Linux.
//
// One [Login] stands there for each agent, under the name "Abgleich:<agent>".
// The package promises that a login is stored whole or not at all, that no
// error and no printed Login holds the password, and that every way it can fail
// has a reason of its own, since the person must do something different for
// each. It must not know the agent, its contract, or what is done with a login.
package keyring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Reasons; ask with errors.Is.
var (
	// ErrNone means that no login is stored for this agent.
	ErrNone = errors.New("no login stored")
	// ErrLocked means that the store is locked and could not be unlocked here.
	ErrLocked = errors.New("credential store is locked")
	// ErrCancelled means that the person closed the store's own prompt, or that
	// the caller's context ended.
	ErrCancelled = errors.New("cancelled")
	// ErrUnavailable means that this session has no credential store.
	ErrUnavailable = errors.New("no credential store in this session")
	// ErrForbidden means that a policy of this computer lets no login be stored.
	ErrForbidden = errors.New("storing logins is forbidden by policy")
	// ErrTooLong means that the store takes no login this long.
	ErrTooLong = errors.New("login is too long for the credential store")
	// ErrDamaged means that the entry isn't one of ours, or was changed.
	ErrDamaged = errors.New("stored login is unreadable")
)

// Word is a stable word for the reason of an error, such as "locked"; the text for a
// person has the key "keyring.<word>". Every error has one.
func Word(err error) string {
	for _, r := range []struct {
		reason error
		word   string
	}{{ErrCancelled, "cancelled"}, {ErrLocked, "locked"}, {ErrForbidden, "forbidden"}, {ErrTooLong, "long"}, {ErrDamaged, "damaged"}, {ErrNone, "none"}} {
		if errors.Is(err, r.reason) {
			return r.word
		}
	}
	return "unavailable"
}

// Login is what a person typed: a Windows user and a password. Printed, it
// shows the user only.
type Login struct {
	// User with its domain prefix, as typed.
	User     string
	password *string
}

// NewLogin makes a Login.
func NewLogin(user, password string) Login { return Login{User: user, password: &password} }

// Password gives the password away: to sealing, and to nothing else.
func (l Login) Password() string {
	if l.password == nil {
		return ""
	}
	return *l.password
}

// Equal tells whether two logins are the same.
func (l Login) Equal(o Login) bool { return l.User == o.User && l.Password() == o.Password() }

// Format prints the user and "•••" for every verb.
func (l Login) Format(f fmt.State, _ rune) { io.WriteString(f, l.User+" •••") }

// MarshalJSON gives the user only.
func (l Login) MarshalJSON() ([]byte, error) { return json.Marshal(map[string]string{"user": l.User}) }

// Store is one credential store. Its methods may show a prompt of the system
// and wait for the person; ctx ends that.
type Store interface {
	// Save keeps the login for the agent, in place of an older one.
	Save(ctx context.Context, agent string, l Login) error
	// Load gives the login kept for the agent.
	Load(ctx context.Context, agent string) (Login, error)
	// Peek does the same without a prompt: a locked store stays so ([ErrLocked]).
	Peek(ctx context.Context, agent string) (Login, error)
	// Delete forgets it; none stored is no error.
	Delete(ctx context.Context, agent string) error
	// Close gives the connection to the store back.
	Close() error
}

// target is the entry's name in the store.
func target(agent string) string { return "Abgleich:" + agent }

// longest is the longest entry Windows keeps (CRED_MAX_CREDENTIAL_BLOB_SIZE),
// in bytes. It holds everywhere, so that a login that works on one system works
// on the other.
const longest = 2560

// packed is a login as it stands in the store.
type packed struct {
	Version  int    `json:"v"`
	User     string `json:"user"`
	Password string `json:"password"`
}

func pack(l Login) ([]byte, error) {
	b, err := json.Marshal(packed{Version: 1, User: l.User, Password: l.Password()})
	if err != nil {
		return nil, ErrDamaged
	}
	if len(b) > longest {
		return nil, ErrTooLong
	}
	return b, nil
}

func unpack(b []byte) (Login, error) {
	var p packed
	// The JSON error is dropped: it may quote the content.
	if json.Unmarshal(b, &p) != nil || p.Version != 1 {
		return Login{}, ErrDamaged
	}
	return NewLogin(p.User, p.Password), nil
}
