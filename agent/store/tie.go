package store

import (
	"context"

	"abgleich/agent/pim"
)

// Tie says that an employee is kept in sync with another mailbox than his own, or
// with other folders than the default ones. An administrator makes it.
type Tie struct {
	User pim.UserID
	// Mailbox is the address of a shared mailbox or a room, "" for the employee's own.
	Mailbox string
	// Appointments and Tasks name folders, "Team/Room 1"; "" for the default ones.
	Appointments, Tasks string
}

// Empty tells that nothing differs from the usual.
func (t Tie) Empty() bool { return t.Mailbox == "" && t.Appointments == "" && t.Tasks == "" }

// Ties lists all ties by user.
func (s *Store) Ties(ctx context.Context) ([]Tie, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT user, mailbox, appointments, tasks FROM ties ORDER BY user`)
	if err != nil {
		return nil, failed("store.Ties", err)
	}
	defer rows.Close() //nolint:errcheck // read only
	var out []Tie
	for rows.Next() {
		var t Tie
		if err := rows.Scan((*string)(&t.User), &t.Mailbox, &t.Appointments, &t.Tasks); err != nil {
			return nil, failed("store.Ties", err)
		}
		out = append(out, t)
	}
	return out, failed("store.Ties", rows.Err())
}

// Tie reads one user's tie; an empty one if there is none.
func (s *Store) Tie(ctx context.Context, user pim.UserID) (Tie, error) {
	all, err := s.Ties(ctx)
	for _, t := range all {
		if t.User == user {
			return t, err
		}
	}
	return Tie{User: user}, err
}

// SetTie keeps a tie, or ends it when it is empty. Nothing else changes: what was
// paired is put away by the next run, see [Lease.Settle].
func (s *Store) SetTie(ctx context.Context, tie Tie) error {
	return s.write(ctx, "store.SetTie", func(t *tx) error {
		if tie.Empty() {
			return t.do(`DELETE FROM ties WHERE user = ?`, string(tie.User))
		}
		return t.do(`INSERT OR REPLACE INTO ties (user, mailbox, appointments, tasks) VALUES (?, ?, ?, ?)`,
			string(tie.User), tie.Mailbox, tie.Appointments, tie.Tasks)
	})
}
