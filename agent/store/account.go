package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// Account is one user's sync credentials and what became of them.
type Account struct {
	User pim.UserID
	// Etag grows with every change, so that two people can't overwrite each other.
	Etag int64
	// Sync, Appointments and Tasks are the user's switches.
	Sync, Appointments, Tasks bool
	// Login is the Windows user with domain prefix.
	Login string
	// Sealed is the password, sealed by the vault; nil when it is not kept.
	Sealed []byte
	// Verified is when the login was last accepted; Rejected when it was last
	// refused, zero if not since the last change. RejectedMark tells the refused
	// secret from another without being a hash of it; the vault makes it.
	Verified, Rejected time.Time
	RejectedMark       []byte
	Paused             bool
}

const accountColumns = `user, etag, sync, appointments, tasks, login, sealed, verified, rejected, rejected_mark, paused`

func scanAccount(scan func(...any) error) (Account, error) {
	var a Account
	var verified, rejected int64
	err := scan((*string)(&a.User), &a.Etag, &a.Sync, &a.Appointments, &a.Tasks, &a.Login, &a.Sealed, &verified, &rejected, &a.RejectedMark, &a.Paused)
	a.Verified, a.Rejected = fromMillis(verified), fromMillis(rejected)
	return a, err
}

// Account reads one user's account; [fault.NotFound] if there is none.
func (s *Store) Account(ctx context.Context, user pim.UserID) (Account, error) {
	a, err := scanAccount(s.reader.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM accounts WHERE user = ?`, string(user)).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, fault.New(fault.NotFound, "store.Account", string(user), nil)
	}
	return a, failed("store.Account", err)
}

// Accounts lists all accounts by user.
func (s *Store) Accounts(ctx context.Context) ([]Account, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT `+accountColumns+` FROM accounts ORDER BY user`)
	if err != nil {
		return nil, failed("store.Accounts", err)
	}
	defer rows.Close() //nolint:errcheck // read only
	var out []Account
	for rows.Next() {
		a, err := scanAccount(rows.Scan)
		if err != nil {
			return nil, failed("store.Accounts", err)
		}
		out = append(out, a)
	}
	return out, failed("store.Accounts", rows.Err())
}

// SaveAccount writes the whole account. a.Etag must be the stored one, 0 for a
// new account; otherwise [fault.VersionMismatch] and nothing is changed. It gives
// back the account with its new etag.
func (s *Store) SaveAccount(ctx context.Context, a Account) (Account, error) {
	err := s.write(ctx, "store.SaveAccount", func(t *tx) error {
		var have int64
		if _, err := t.row(`SELECT etag FROM accounts WHERE user = ?`, []any{string(a.User)}, &have); err != nil {
			return err
		}
		if have != a.Etag {
			return fault.New(fault.VersionMismatch, "store.SaveAccount", string(a.User), nil)
		}
		a.Etag++
		return t.do(`INSERT OR REPLACE INTO accounts (`+accountColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			string(a.User), a.Etag, flag(a.Sync), flag(a.Appointments), flag(a.Tasks), a.Login, a.Sealed,
			millis(a.Verified), millis(a.Rejected), a.RejectedMark, flag(a.Paused))
	})
	if err != nil {
		return Account{}, err
	}
	return a, nil
}

// DeleteAccount removes an account with its sealed password.
func (s *Store) DeleteAccount(ctx context.Context, user pim.UserID) error {
	return s.one(ctx, "store.DeleteAccount", `DELETE FROM accounts WHERE user = ?`, string(user))
}

// MarkVerified records that the login was accepted. The etag stays: it is no
// person's change.
func (s *Store) MarkVerified(ctx context.Context, user pim.UserID) error {
	return s.one(ctx, "store.MarkVerified", `UPDATE accounts SET verified = ?, rejected = 0, rejected_mark = NULL WHERE user = ?`,
		millis(s.now()), string(user))
}

// MarkRejected records that the login was refused, so that it isn't tried again.
func (s *Store) MarkRejected(ctx context.Context, user pim.UserID, mark []byte) error {
	return s.one(ctx, "store.MarkRejected", `UPDATE accounts SET rejected = ?, rejected_mark = ? WHERE user = ?`,
		millis(s.now()), mark, string(user))
}

// SetPaused pauses or resumes an account.
func (s *Store) SetPaused(ctx context.Context, user pim.UserID, paused bool) error {
	return s.one(ctx, "store.SetPaused", `UPDATE accounts SET paused = ?, etag = etag + 1 WHERE user = ?`, flag(paused), string(user))
}

// Identity is a Windows identity that proved to be an employee.
type Identity struct {
	// ID is the SID, or "uid:1000" on other systems.
	ID   string
	User pim.UserID
	// Name is what the operating system calls it, for display.
	Name string
	At   time.Time
}

// IdentityOf reads who an identity is; [fault.NotFound] if it proved nothing yet.
func (s *Store) IdentityOf(ctx context.Context, id string) (Identity, error) {
	i := Identity{ID: id}
	var at int64
	err := s.reader.QueryRowContext(ctx, `SELECT user, name, at FROM identities WHERE identity = ?`, id).Scan((*string)(&i.User), &i.Name, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return Identity{}, fault.New(fault.NotFound, "store.IdentityOf", "", nil)
	}
	i.At = fromMillis(at)
	return i, failed("store.IdentityOf", err)
}

// Claim ties an identity to an employee. An identity may be tied anew; an
// employee tied to another identity is [fault.EmployeeTaken] unless takeOver.
func (s *Store) Claim(ctx context.Context, i Identity, takeOver bool) error {
	return s.write(ctx, "store.Claim", func(t *tx) error {
		var other string
		taken, err := t.row(`SELECT identity FROM identities WHERE user = ? AND identity <> ?`, []any{string(i.User), i.ID}, &other)
		if err != nil {
			return err
		}
		if taken && !takeOver {
			return fault.New(fault.EmployeeTaken, "store.Claim", string(i.User), nil)
		}
		if taken {
			if err := t.do(`DELETE FROM identities WHERE user = ?`, string(i.User)); err != nil {
				return err
			}
		}
		return t.do(`INSERT OR REPLACE INTO identities (identity, user, name, at) VALUES (?, ?, ?, ?)`,
			i.ID, string(i.User), i.Name, millis(s.now()))
	})
}
