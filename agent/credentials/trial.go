package credentials

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
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
// before if it is one of those noted, whichever tray hands it over.
func (b *Book) MayTryOther(ctx context.Context, user pim.UserID, l Login, asked bool) error {
	if asked {
		return nil
	}
	rs, err := b.refusals(ctx, user)
	if err != nil {
		return err
	}
	for _, r := range rs {
		if r.is(l) && b.o.Now().Sub(r.at) < rejectedRest {
			return fault.New(fault.LoginRejected, "credentials.MayTryOther", string(user), nil)
		}
	}
	return nil
}

// refusal is a login of a user that the server refused: the login itself, because
// a hash of a short password could be guessed.
type refusal struct {
	name   string
	secret vault.Secret
	at     time.Time
}

func (r refusal) is(l Login) bool { return l.Equal(Login{r.name, r.secret}) }

// mostRefusals bounds how many refused logins of a user are remembered. Two trays
// with two wrong passwords must not make each other's be tried again.
const mostRefusals = 16

// noted is a refusal as it stands, sealed, in the store.
type noted struct {
	Name   string    `json:"name"`
	Secret []byte    `json:"secret"` // bytes: a password need not be UTF-8
	At     time.Time `json:"at"`
}

// markOwner is the name refused logins are sealed under.
func markOwner(user pim.UserID) string { return "rejected:" + string(user) }

// refusals gives what was refused, the newest last. At first they come from the store.
func (b *Book) refusals(ctx context.Context, user pim.UserID) ([]refusal, error) {
	b.mu.Lock()
	rs, ok := b.refused[user]
	b.mu.Unlock()
	if ok {
		return rs, nil
	}
	a, err := b.o.Store.Account(ctx, user)
	if err != nil && !fault.Has(err, fault.NotFound) {
		return nil, err
	}
	rs = b.opened(user, a.RejectedMark)
	b.mu.Lock()
	defer b.mu.Unlock()
	if newer, ok := b.refused[user]; ok {
		return newer, nil
	}
	b.refused[user] = rs
	return rs, nil
}

// opened reads a mark. One made with a key that is gone says nothing.
func (b *Book) opened(user pim.UserID, mark []byte) []refusal {
	if len(mark) == 0 {
		return nil
	}
	s, err := b.o.Vault.Open(markOwner(user), mark)
	if err != nil {
		return nil
	}
	var list []noted
	if json.Unmarshal([]byte(s.Reveal()), &list) != nil {
		return nil
	}
	var rs []refusal
	for _, n := range list {
		secret := vault.NewSecret(string(n.Secret))
		b.guard(secret)
		rs = append(rs, refusal{n.Name, secret, n.At})
	}
	return rs
}

// sealedMark is the refusals as they are stored.
func (b *Book) sealedMark(user pim.UserID, rs []refusal) ([]byte, error) {
	list := make([]noted, len(rs))
	for i, r := range rs {
		list[i] = noted{r.name, []byte(r.secret.Reveal()), r.at}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return nil, fault.New(fault.Internal, "credentials.Rejected", string(user), nil)
	}
	return b.o.Vault.Seal(markOwner(user), vault.NewSecret(string(text)))
}

// note adds a refusal, or takes one away where at is zero, and gives what is left.
func (b *Book) note(user pim.UserID, l Login, at time.Time) []refusal {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.o.Now()
	// A new list: the old one may be in somebody's hands.
	rs := slices.DeleteFunc(slices.Clone(b.refused[user]), func(r refusal) bool {
		return r.is(l) || now.Sub(r.at) >= rejectedRest
	})
	if !at.IsZero() {
		rs = append(rs, refusal{l.Name, l.Secret, at})
	}
	rs = rs[max(len(rs)-mostRefusals, 0):]
	b.refused[user] = rs
	return rs
}

// acceptedLasts is how long an acceptance isn't written down again.
const acceptedLasts = time.Hour

// Accepted notes that the server took the stored login. It is cheap to call after
// every run: at most once an hour it is written down.
func (b *Book) Accepted(ctx context.Context, user pim.UserID) error {
	b.mu.Lock()
	at, known := b.seen[user]
	b.mu.Unlock()
	if known && b.o.Now().Sub(at) < acceptedLasts {
		return nil
	}
	l, err := b.Login(ctx, user)
	if err != nil {
		return err
	}
	return b.Took(ctx, user, l)
}

// Took notes that the server took a login of the user. It says nothing of the
// stored login if that is another one by now.
func (b *Book) Took(ctx context.Context, user pim.UserID, l Login) error {
	rs, err := b.refusals(ctx, user)
	if err != nil {
		return err
	}
	b.mu.Lock()
	at, known := b.seen[user]
	lately := known && b.o.Now().Sub(at) < acceptedLasts
	b.mu.Unlock()
	// One that was refused before is taken note of at once: it may be another than
	// the one that was seen.
	if lately && !slices.ContainsFunc(rs, func(r refusal) bool { return r.is(l) }) {
		return nil
	}
	b.note(user, l, time.Time{})
	b.saving.Lock()
	defer b.saving.Unlock()
	stored, err := b.Login(ctx, user)
	if fault.Has(err, fault.CredentialsMissing) || err == nil && !stored.Equal(l) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := b.o.Store.MarkVerified(ctx, user); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen[user] = b.o.Now()
	return nil
}

// Rejected notes that the server refused a login of the user.
func (b *Book) Rejected(ctx context.Context, user pim.UserID, l Login) error {
	if _, err := b.refusals(ctx, user); err != nil {
		return err
	}
	rs := b.note(user, l, b.o.Now())
	b.saving.Lock()
	defer b.saving.Unlock()
	stored, err := b.Login(ctx, user)
	if fault.Has(err, fault.CredentialsMissing) || err == nil && !stored.Equal(l) {
		return nil // somebody's attempt says nothing about the login in use
	}
	if err != nil {
		return err
	}
	b.mu.Lock()
	delete(b.seen, user)
	b.mu.Unlock()
	var mark []byte
	if !b.o.InMemory { // there no password reaches the store, not even a refused one
		if mark, err = b.sealedMark(user, rs); err != nil {
			return err
		}
	}
	return b.o.Store.MarkRejected(ctx, user, mark)
}
