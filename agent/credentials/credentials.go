// Package credentials owns the employees' sync credentials: who syncs what, with
// which Windows login, and whether that login works.
//
// It promises that a password leaves it only towards the mail server's login
// ([Book.Login]); that a rejected login is not offered again until it changes, a
// person asks or a day has passed ([Book.MayTry]); and that an operating system
// identity becomes an employee only by proof ([Book.Prove]): a login whose mailbox
// is the employee's.
//
// It must not know how a login is tried, nor who may ask for what (agent/api).
package credentials

import (
	"context"
	"maps"
	"sync"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/store"
	"abgleich/agent/vault"
)

// Store is what the book needs of agent/store.
type Store interface {
	Account(context.Context, pim.UserID) (store.Account, error)
	Accounts(context.Context) ([]store.Account, error)
	SaveAccount(context.Context, store.Account) (store.Account, error)
	DeleteAccount(context.Context, pim.UserID) error
	MarkVerified(context.Context, pim.UserID) error
	MarkRejected(ctx context.Context, user pim.UserID, mark []byte) error
	IdentityOf(ctx context.Context, id string) (store.Identity, error)
	Claim(ctx context.Context, i store.Identity, takeOver bool) error
}

// Login is what the mail server is shown.
type Login struct {
	// Name is DOMAIN\user or user@domain.
	Name   string
	Secret vault.Secret
}

// Equal tells whether two logins are the same.
func (l Login) Equal(o Login) bool { return l.Name == o.Name && l.Secret.Equal(o.Secret) }

// Settings are what a user decides.
type Settings struct {
	User                      pim.UserID
	Sync, Appointments, Tasks bool
	Login                     string
}

// View is a user's credentials without the password.
type View struct {
	Settings
	// HasPassword tells that the agent holds one.
	HasPassword bool
	// Verified is when the login last worked, Rejected when the server refused it
	// as it is now; zero for never.
	Verified, Rejected time.Time
}

// Options of a Book.
type Options struct {
	Store Store
	Vault *vault.Vault
	// InMemory keeps passwords for the life of the process only.
	InMemory bool
	// Guard hears of every secret, so that logs can be kept free of it; may be nil.
	Guard func(vault.Secret)
	Now   func() time.Time
}

// Book keeps the credentials. It is safe for use by several goroutines.
type Book struct {
	o Options

	// saving keeps one change of an account at a time. Lock order: saving, mu.
	saving sync.Mutex
	mu     sync.Mutex
	memory map[pim.UserID]vault.Secret // with InMemory
	proofs map[string]proof            // by identity
	seen   map[pim.UserID]time.Time    // last acceptance written down
	// refused are the logins the server refused, stored or not; a user who was
	// looked up has an entry. The lists are never changed in place.
	refused map[pim.UserID][]refusal
	// tied is closed and replaced when an identity is tied.
	tied chan struct{}
}

// rejectedRest is how long a refused login rests before it is tried again unasked.
const rejectedRest = 24 * time.Hour

// New makes a book.
func New(o Options) *Book {
	return &Book{o: o, memory: map[pim.UserID]vault.Secret{}, proofs: map[string]proof{}, seen: map[pim.UserID]time.Time{},
		refused: map[pim.UserID][]refusal{}, tied: make(chan struct{})}
}

// Inherit takes over what an earlier book of the same store knew and never wrote
// down. It is called before the book is used.
func (b *Book) Inherit(from *Book) {
	from.mu.Lock()
	defer from.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.o.InMemory && from.o.InMemory {
		b.memory = maps.Clone(from.memory)
	}
	b.proofs, b.seen, b.refused = maps.Clone(from.proofs), maps.Clone(from.seen), maps.Clone(from.refused)
}

// View reads one user's credentials; a user without any has the zero settings.
func (b *Book) View(ctx context.Context, user pim.UserID) (View, error) {
	a, err := b.o.Store.Account(ctx, user)
	if fault.Has(err, fault.NotFound) {
		return View{Settings: Settings{User: user}}, nil
	}
	if err != nil {
		return View{}, err
	}
	return b.view(a), nil
}

// All reads everybody's credentials.
func (b *Book) All(ctx context.Context) ([]View, error) {
	as, err := b.o.Store.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]View, len(as))
	for i, a := range as {
		out[i] = b.view(a)
	}
	return out, nil
}

func (b *Book) view(a store.Account) View {
	v := View{
		Settings:    Settings{User: a.User, Sync: a.Sync, Appointments: a.Appointments, Tasks: a.Tasks, Login: a.Login},
		HasPassword: len(a.Sealed) > 0, Verified: a.Verified, Rejected: a.Rejected,
	}
	if b.o.InMemory {
		b.mu.Lock()
		_, v.HasPassword = b.memory[a.User]
		b.mu.Unlock()
	}
	return v
}

// Login gives the stored login; [fault.CredentialsMissing] if there is none.
func (b *Book) Login(ctx context.Context, user pim.UserID) (Login, error) {
	missing := fault.New(fault.CredentialsMissing, "credentials.Login", string(user), nil)
	a, err := b.o.Store.Account(ctx, user)
	if fault.Has(err, fault.NotFound) {
		return Login{}, missing
	}
	if err != nil {
		return Login{}, err
	}
	if b.o.InMemory {
		b.mu.Lock()
		s, ok := b.memory[user]
		b.mu.Unlock()
		if !ok || a.Login == "" {
			return Login{}, missing
		}
		return Login{a.Login, s}, nil
	}
	if len(a.Sealed) == 0 || a.Login == "" {
		return Login{}, missing
	}
	s, err := b.o.Vault.Open(owner(user), a.Sealed)
	if err != nil {
		return Login{}, err
	}
	b.guard(s)
	return Login{a.Login, s}, nil
}

// owner is the name a user's password is sealed under.
func owner(user pim.UserID) string { return "user:" + string(user) }

func (b *Book) guard(s vault.Secret) {
	if b.o.Guard != nil {
		b.o.Guard(s)
	}
}

// Save stores settings, and a password unless it is nil: nil keeps the stored
// one, which goes when the login name changes, since it belongs to that name.
// When login or password changed, the account no longer counts as verified, and as
// refused only if the new login is one that was refused.
func (b *Book) Save(ctx context.Context, s Settings, password *vault.Secret) (View, error) {
	b.saving.Lock()
	defer b.saving.Unlock()
	a, err := b.o.Store.Account(ctx, s.User)
	if err != nil && !fault.Has(err, fault.NotFound) {
		return View{}, err
	}
	rs, err := b.refusals(ctx, s.User)
	if err != nil {
		return View{}, err
	}
	renamed := a.Login != s.Login
	var same bool
	if password != nil && !renamed {
		old, err := b.Login(ctx, s.User)
		same = err == nil && old.Secret.Equal(*password)
	}
	changed := renamed || password != nil && !same
	a.User, a.Sync, a.Appointments, a.Tasks, a.Login = s.User, s.Sync, s.Appointments, s.Tasks, s.Login
	if changed {
		a.Sealed, a.Verified, a.Rejected, a.RejectedMark = nil, time.Time{}, time.Time{}, nil
		if len(rs) > 0 && !b.o.InMemory {
			if a.RejectedMark, err = b.sealedMark(s.User, rs); err != nil {
				return View{}, err
			}
		}
	}
	if password != nil {
		b.guard(*password)
		for _, r := range rs {
			if changed && r.is(Login{s.Login, *password}) {
				a.Rejected = r.at
			}
		}
		if !b.o.InMemory {
			if a.Sealed, err = b.o.Vault.Seal(owner(s.User), *password); err != nil {
				return View{}, err
			}
		}
	}
	if a, err = b.o.Store.SaveAccount(ctx, a); err != nil {
		return View{}, err
	}
	b.mu.Lock()
	if changed {
		delete(b.seen, s.User)
		delete(b.memory, s.User)
	}
	if password != nil && b.o.InMemory {
		b.memory[s.User] = *password
	}
	b.mu.Unlock()
	return b.view(a), nil
}

// Forget erases a user's login and password, and what is remembered of refused
// ones. Pairs stay, so that a later login goes on where this one ended.
func (b *Book) Forget(ctx context.Context, user pim.UserID) error {
	b.saving.Lock()
	defer b.saving.Unlock()
	b.mu.Lock()
	delete(b.memory, user)
	delete(b.seen, user)
	delete(b.refused, user)
	for id, p := range b.proofs {
		if p.user == user {
			delete(b.proofs, id)
		}
	}
	b.mu.Unlock()
	err := b.o.Store.DeleteAccount(ctx, user)
	if fault.Has(err, fault.NotFound) {
		return nil
	}
	return err
}

// EraseStored takes every password out of the store. An agent that keeps them in
// memory only calls it at its start: before, it may have kept them.
func (b *Book) EraseStored(ctx context.Context) error {
	b.saving.Lock()
	defer b.saving.Unlock()
	as, err := b.o.Store.Accounts(ctx)
	if err != nil {
		return err
	}
	for _, a := range as {
		if len(a.Sealed) == 0 && len(a.RejectedMark) == 0 {
			continue
		}
		a.Sealed, a.RejectedMark = nil, nil
		if _, err := b.o.Store.SaveAccount(ctx, a); err != nil {
			return err
		}
	}
	return nil
}
