package credentials

import (
	"context"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/store"
	"abgleich/agent/vault"
)

// MayTry tells whether the stored login may be shown to the server: nil, or
// [fault.LoginRejected] for one the server refused, or
// [fault.CredentialsMissing]. asked lets a refused one pass: a person wants it.
func (b *Book) MayTry(ctx context.Context, user pim.UserID, asked bool) error {
	l, err := b.Login(ctx, user)
	if err != nil {
		return err
	}
	return b.MayTryOther(ctx, user, l, asked)
}

// MayTryOther tells the same of a login that is not stored (yet): it was refused
// before if it is the very one noted, whichever tray hands it over.
func (b *Book) MayTryOther(ctx context.Context, user pim.UserID, l Login, asked bool) error {
	if asked {
		return nil
	}
	b.mu.Lock()
	r, ok := b.refused[user]
	b.mu.Unlock()
	if !ok {
		a, err := b.o.Store.Account(ctx, user)
		if fault.Has(err, fault.NotFound) || err == nil && len(a.RejectedMark) == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		mark, err := b.o.Vault.Open(markOwner(user), a.RejectedMark)
		if err != nil {
			return nil // made with a key that is gone: nothing can be said of it
		}
		r = refusal{mark, a.Rejected}
	}
	if !r.mark.Equal(markOf(l)) || b.now().Sub(r.at) >= rejectedRest {
		return nil
	}
	return fault.New(fault.LoginRejected, "credentials.MayTryOther", string(user), nil)
}

// refusal is the last login of a user that the server refused.
type refusal struct {
	mark vault.Secret
	at   time.Time
}

// markOf and markOwner make the mark of a refused login: the login itself,
// sealed, because a hash of a short password could be guessed.
func markOf(l Login) vault.Secret               { return vault.NewSecret(l.Name + "\x00" + l.Secret.Reveal()) }
func markOwner(user pim.UserID) string          { return "rejected:" + string(user) }
func (b *Book) now() time.Time                  { return b.o.Now() }
func (b *Book) acceptedLately(t time.Time) bool { return b.now().Sub(t) < time.Hour }

// Accepted notes that the server took the stored login. It is cheap to call after
// every run: at most once an hour it is written down.
func (b *Book) Accepted(ctx context.Context, user pim.UserID) error {
	b.mu.Lock()
	lately := b.acceptedLately(b.seen[user])
	if !lately {
		b.seen[user] = b.now()
		delete(b.refused, user)
	}
	b.mu.Unlock()
	if lately {
		return nil
	}
	return b.o.Store.MarkVerified(ctx, user)
}

// Rejected notes that the server refused a login of the user.
func (b *Book) Rejected(ctx context.Context, user pim.UserID, l Login) error {
	mark, err := b.o.Vault.Seal(markOwner(user), markOf(l))
	if err != nil {
		return err
	}
	b.mu.Lock()
	b.refused[user] = refusal{markOf(l), b.now()}
	b.mu.Unlock()
	if stored, err := b.Login(ctx, user); err != nil || !stored.Equal(l) {
		return nil // somebody's attempt says nothing about the login in use
	}
	b.mu.Lock()
	delete(b.seen, user)
	b.mu.Unlock()
	err = b.o.Store.MarkRejected(ctx, user, mark)
	if fault.Has(err, fault.NotFound) {
		return nil // nothing is stored for the user, so nothing would be tried
	}
	return err
}

// Prove notes that an identity showed a login whose mailbox is the user's. For a
// quarter of an hour [Book.Proved] knows it.
func (b *Book) Prove(identity string, user pim.UserID, l Login) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, p := range b.proofs {
		if b.now().After(p.until) {
			delete(b.proofs, id)
		}
	}
	b.proofs[identity] = proof{user, l, b.now().Add(proofLasts)}
}

// Proved tells which user the identity has just proved to be, and with what.
func (b *Book) Proved(identity string) (pim.UserID, Login, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, ok := b.proofs[identity]
	if !ok || b.now().After(p.until) {
		return "", Login{}, false
	}
	return p.user, p.login, true
}

// UserOf is the employee an identity is tied to, or "".
func (b *Book) UserOf(ctx context.Context, identity string) (pim.UserID, error) {
	i, err := b.o.Store.IdentityOf(ctx, identity)
	if fault.Has(err, fault.NotFound) {
		return "", nil
	}
	return i.User, err
}

// Tie ties an identity to the employee it proved to be. A proof beats an older
// tie: whoever can open the mailbox is its owner.
func (b *Book) Tie(ctx context.Context, identity, name string, user pim.UserID) error {
	return b.o.Store.Claim(ctx, store.Identity{ID: identity, User: user, Name: name}, true)
}
