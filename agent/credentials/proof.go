package credentials

import (
	"context"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/store"
)

// proof is a login that an identity has just shown to work.
type proof struct {
	user  pim.UserID
	login Login
	until time.Time
}

// proofLasts is how long a verified login may be saved without another check.
const proofLasts = 15 * time.Minute

// Prove notes that an identity showed a login whose mailbox is the user's. For a
// quarter of an hour [Book.Proved] knows it.
func (b *Book) Prove(identity string, user pim.UserID, l Login) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.o.Now()
	for id, p := range b.proofs {
		if now.After(p.until) {
			delete(b.proofs, id)
		}
	}
	b.proofs[identity] = proof{user, l, now.Add(proofLasts)}
}

// Proved tells which user the identity has just proved to be, and with what.
func (b *Book) Proved(identity string) (pim.UserID, Login, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, ok := b.proofs[identity]
	if !ok || b.o.Now().After(p.until) {
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
// tie: whoever can open the mailbox is its owner. Whom the older one belonged to is
// a stranger from then on.
func (b *Book) Tie(ctx context.Context, identity, name string, user pim.UserID) error {
	was, err := b.o.Store.IdentityOf(ctx, identity)
	if err != nil && !fault.Has(err, fault.NotFound) {
		return err
	}
	if err == nil && was.User == user && was.Name == name {
		return nil
	}
	if err := b.o.Store.Claim(ctx, store.Identity{ID: identity, User: user, Name: name}, true); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.tied)
	b.tied = make(chan struct{})
	return nil
}

// TiesChanged is closed when an identity is next tied to an employee: who watches
// as somebody should ask again who he is.
func (b *Book) TiesChanged() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tied
}
