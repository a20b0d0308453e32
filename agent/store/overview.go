package store

import (
	"context"
	"time"

	"abgleich/agent/pim"
)

// Overview is how one user and kind stands.
type Overview struct {
	User pim.UserID
	Kind pim.Kind
	// FirstDone is when the first sync was complete, zero if it is not.
	FirstDone time.Time
	// Pairs is how many items are paired.
	Pairs int
}

// Overviews lists every user and kind that was ever synced. Counting the pairs
// reads an index: do it at the start and after runs that wrote, not for each look.
func (s *Store) Overviews(ctx context.Context) ([]Overview, error) {
	return s.overviews(ctx, ` WHERE y.owner = ''`)
}

// Overview is that of one user and kind; the zero counts if there is none.
func (s *Store) Overview(ctx context.Context, user pim.UserID, kind pim.Kind) (Overview, error) {
	list, err := s.overviews(ctx, ` WHERE y.user = ? AND y.kind = ?`, string(user), int64(kind))
	if err != nil || len(list) == 0 {
		return Overview{User: user, Kind: kind}, err
	}
	return list[0], nil
}

func (s *Store) overviews(ctx context.Context, where string, args ...any) ([]Overview, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT y.user, y.kind, COALESCE(y.first_done, 0),
		(SELECT count(*) FROM pairs p WHERE p.sync = y.id) FROM syncs y`+where+` ORDER BY y.user, y.kind`, args...)
	if err != nil {
		return nil, failed("store.Overviews", err)
	}
	defer rows.Close() //nolint:errcheck // read only
	var out []Overview
	for rows.Next() {
		var o Overview
		var first int64
		if err := rows.Scan((*string)(&o.User), &o.Kind, &first, &o.Pairs); err != nil {
			return nil, failed("store.Overviews", err)
		}
		o.FirstDone = fromMillis(first)
		out = append(out, o)
	}
	return out, failed("store.Overviews", rows.Err())
}
