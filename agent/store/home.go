package store

import "context"

// Home tells which business database was last worked with: the life of its feed, and
// where it stood. Both are "" before the first.
func (s *Store) Home(ctx context.Context) (epoch, place string, err error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT name, value FROM meta WHERE name IN ('database-epoch', 'database-place')`)
	if err != nil {
		return "", "", failed("store.Home", err)
	}
	defer rows.Close() //nolint:errcheck // read only
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return "", "", failed("store.Home", err)
		}
		if name == "database-epoch" {
			epoch = value
		} else {
			place = value
		}
	}
	return epoch, place, failed("store.Home", rows.Err())
}

// SetHome remembers which business database is worked with.
func (s *Store) SetHome(ctx context.Context, epoch, place string) error {
	return s.write(ctx, "store.SetHome", func(t *tx) error {
		const put = `INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`
		if err := t.do(put, "database-epoch", epoch); err != nil {
			return err
		}
		return t.do(put, "database-place", place)
	})
}
