// Package access owns the service account that opens all mailboxes where
// communication.access says so: which login that is, and whether it may be tried.
//
// It promises that a refused service account costs one attempt for everybody
// together, not one a user: after a refusal it rests for a day, or until its name
// or password changes; somebody who asks lets it be tried once in
// [AskedRest]. What the server refuses has the code
// [fault.ServiceAccountRejected], so that nobody is sent to his own password. The
// refusal outlives a restart.
//
// A login that somebody types in is his own, and is judged by the users' book.
//
// It must not know how a mailbox is opened.
package access

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"
	"time"

	"abgleich/agent/credentials"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/vault"
)

// AskedRest is the least time between two attempts that somebody asks for: lock-out
// rules count attempts within some minutes.
const AskedRest = 5 * time.Minute

const refusedRest = 24 * time.Hour

// Own is the users' book, for logins that are typed in.
type Own interface {
	MayTryOther(ctx context.Context, user pim.UserID, l credentials.Login, asked bool) error
	Took(context.Context, pim.UserID, credentials.Login) error
	Rejected(context.Context, pim.UserID, credentials.Login) error
}

// Notes keep one sealed note; empty for none.
type Notes interface {
	Read() (vault.Secret, error)
	Write(vault.Secret) error
}

// Options of an Account.
type Options struct {
	// Name is the login name; "" for none.
	Name string
	// Password fails with [fault.NotFound] if none is stored. It is asked every
	// time, so that a new one holds at once.
	Password func() (vault.Secret, error)
	Own      Own
	Notes    Notes
	Now      func() time.Time
	// Recovered hears that a refused account works again; may be nil.
	Recovered func()
}

// Account is the service account. It is safe for use by several goroutines.
type Account struct {
	o Options

	mu      sync.Mutex
	read    bool
	refused note
}

// note is what is kept of a refusal. The mark stands inside a sealed note, and only
// there may it be a plain hash.
type note struct {
	Mark string    `json:"mark"`
	At   time.Time `json:"at"`
}

// New makes an account.
func New(o Options) *Account { return &Account{o: o} }

// Login is the service account's for everybody: [fault.ServiceAccountMissing]
// without name or password.
func (a *Account) Login(_ context.Context, user pim.UserID) (credentials.Login, error) {
	const op = "access.Login"
	if a.o.Name == "" {
		return credentials.Login{}, fault.New(fault.ServiceAccountMissing, op, "communication.account", nil)
	}
	s, err := a.o.Password()
	if fault.Has(err, fault.NotFound) {
		return credentials.Login{}, fault.New(fault.ServiceAccountMissing, op, "communication.password", nil)
	}
	if err != nil {
		return credentials.Login{}, err
	}
	return credentials.Login{Name: a.o.Name, Secret: s}, nil
}

// MayTry tells whether the account may be shown to the server:
// [fault.ServiceAccountRejected] while it rests.
func (a *Account) MayTry(ctx context.Context, user pim.UserID, asked bool) error {
	l, err := a.Login(ctx, user)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.load(); err != nil {
		return err
	}
	rest := refusedRest
	if asked {
		rest = AskedRest
	}
	now := a.o.Now()
	if a.refused.Mark != markOf(l) || now.Sub(a.refused.At) >= rest {
		if a.refused.Mark == markOf(l) {
			a.refused.At = now // this attempt counts for all who ask meanwhile
		}
		return nil
	}
	return fault.New(fault.ServiceAccountRejected, "access.MayTry", a.o.Name, nil)
}

// MayTryOther judges a login that was typed in.
func (a *Account) MayTryOther(ctx context.Context, user pim.UserID, l credentials.Login, asked bool) error {
	if own, err := a.Login(ctx, user); err == nil && own.Equal(l) {
		return a.MayTry(ctx, user, asked)
	}
	return a.o.Own.MayTryOther(ctx, user, l, asked)
}

// Accepted notes that the server took the account.
func (a *Account) Accepted(context.Context, pim.UserID) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.load(); err != nil || a.refused.Mark == "" {
		return err
	}
	a.refused = note{}
	if err := a.keep(); err != nil {
		return err
	}
	if a.o.Recovered != nil {
		a.o.Recovered()
	}
	return nil
}

// Took notes that the server took a login: the account's, or one that was typed in.
func (a *Account) Took(ctx context.Context, user pim.UserID, l credentials.Login) error {
	if l.Name != a.o.Name {
		return a.o.Own.Took(ctx, user, l)
	}
	if own, err := a.Login(ctx, user); err != nil || !own.Equal(l) {
		return err // it was changed meanwhile: nothing is known of the new one
	}
	return a.Accepted(ctx, user)
}

// Rejected notes that the server refused a login: one with the account's name, or
// one that was typed in.
func (a *Account) Rejected(ctx context.Context, user pim.UserID, l credentials.Login) error {
	if l.Name != a.o.Name {
		return a.o.Own.Rejected(ctx, user, l)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.read = true
	a.refused = note{markOf(l), a.o.Now()}
	return a.keep()
}

// Judge gives an error of the mail server the code that says whose login it is
// about.
func (a *Account) Judge(err error) error {
	if fault.Has(err, fault.LoginRejected, fault.AccountLocked, fault.PasswordExpired, fault.KerberosUserUnknown) {
		return fault.New(fault.ServiceAccountRejected, "access.Judge", a.o.Name, err)
	}
	return err
}

// load reads the note once. One that can't be opened says nothing. The caller
// holds mu.
func (a *Account) load() error {
	if a.read {
		return nil
	}
	s, err := a.o.Notes.Read()
	if err != nil && !fault.Has(err, fault.NotFound, fault.SecretOfOtherKey, fault.SecretUnreadable, fault.SecretOfOther) {
		return err
	}
	a.read = true
	if err == nil && json.Unmarshal([]byte(s.Reveal()), &a.refused) != nil {
		a.refused = note{}
	}
	return nil
}

func (a *Account) keep() error {
	b, err := json.Marshal(a.refused)
	if err != nil {
		return fault.New(fault.Internal, "access.keep", a.o.Name, err)
	}
	return a.o.Notes.Write(vault.NewSecret(string(b)))
}

func markOf(l credentials.Login) string {
	sum := sha256.Sum256([]byte(l.Name + "\x00" + l.Secret.Reveal()))
	return hex.EncodeToString(sum[:])
}
